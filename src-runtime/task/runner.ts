/**
 * The run: main and everything it starts, up to the end of the last of them.
 *
 *     run(main) ─▶ main task ─▶ left-over tasks cancelled, waited for (grace) ─▶ streams, pools, workers closed ─▶ done
 *
 * The first SIGINT or SIGTERM cancels main, the second cuts the grace, the third ends the process.
 */
import { channel } from "node:diagnostics_channel";
import { createClock, type Clock, type TimerClock } from "./clock.ts";
import { Context } from "./context.ts";
import { currentScopeOrNone, currentTaskOrNone, enterScope } from "./current.ts";
import type { CancelledError } from "./errors.ts";
import { InterruptedError, UsageError, assertFunction, assertTime, describeValue, assertOptions } from "./errors.ts";
import type { Instrument } from "./instrument.ts";
import { assertSignal, followSignal } from "./follow.ts";
import { createObserverBus, type Observer } from "./observers.ts";
import { passCancellations } from "./rejections.ts";
import { RunnerState, keepAlive, type Closable, type ErrorReport, type TaskInfo } from "./runner-state.ts";
import { RUN_SIGNALS, endQuietlyIfUncaught, exitCodeOf, listenToSignals, type RunSignal } from "./signals.ts";
import { SLOW_STEP_MS, watchSteps } from "./slow-steps.ts";
import { TaskImpl, type TaskOwner } from "./task.ts";

const SHUTDOWN_GRACE_MS = 10_000;
const CLEANUP_MS = 10_000;
/** Longest time Node's timers take, milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** Where a runner asks who wants to listen: subscribers push their instrument. */
export const OPENING_CHANNEL = "stallscope:runner";

export interface RunnerOpening {
  readonly instruments: Instrument[];
  /** The running task of this copy of the runtime. */
  readonly current: () => TaskImpl | undefined;
}

export interface RunnerOptions {
  /** Slow steps, creation stacks, unresponsive cancels and more are reported. */
  readonly debug?: boolean;
  /** In debug mode: steps of this length and more are reported, milliseconds. Default 100. */
  readonly slowStep?: number;
  readonly clock?: Clock;
  /** Listened to during a run. Default: both. */
  readonly signals?: readonly RunSignal[];
  /** How long left-over tasks may take to end, milliseconds. Default 10,000. */
  readonly shutdownGrace?: number;
  /** Errors nobody looked at. Default: stderr. */
  readonly onError?: (report: ErrorReport) => void;
  readonly observers?: readonly Observer[];
  /** Most live tasks. Default: unlimited. */
  readonly maxTasks?: number;
  /** How long a disposer, release or rollback may take, milliseconds. Default 10,000. */
  readonly cleanupTimeout?: number;
}

export interface RunOptions extends RunnerOptions {
  /** Cancels main when aborted. */
  readonly signal?: AbortSignal;
}

const MAIN: TaskOwner = { looks: true, taskEnded() {} };

export class Runner implements AsyncDisposable {
  readonly #state: RunnerState;
  readonly #signals: readonly RunSignal[];
  readonly #shutdownGrace: number;
  readonly #context = new Context();
  readonly #bus: ReturnType<typeof createObserverBus>;
  readonly #watch: Disposable | undefined;
  #main: TaskImpl | undefined;
  #closing: Promise<void> | undefined;
  /** Ends the waiting of a close, at its last moment. */
  #cutGrace: (() => void) | undefined;
  #isGraceCut = false;
  #received = 0;
  /** Of main, by a signal. */
  #interrupted: InterruptedError | undefined;
  #mainGrace: NodeJS.Timeout | undefined;

  constructor(options: RunnerOptions = {}) {
    assertOptions(options, "A Runner's options");
    const { clock, maxTasks = Infinity, cleanupTimeout = CLEANUP_MS, shutdownGrace = SHUTDOWN_GRACE_MS } = options;
    const { slowStep = SLOW_STEP_MS } = options;
    assertTime(slowStep, "slowStep");
    assertTime(shutdownGrace, "shutdownGrace");
    assertTime(cleanupTimeout, "cleanupTimeout");
    if (typeof maxTasks !== "number" || !(maxTasks >= 1)) {
      throw new RangeError(`maxTasks must be a number of at least 1, not ${describeValue(maxTasks)}.`);
    }
    if (options.onError !== undefined) assertFunction(options.onError, "onError");
    if (clock !== undefined) assertFunction((clock as { now?: unknown } | null)?.now, "The clock's now");
    this.#signals = signalsOf(options.signals);
    this.#shutdownGrace = shutdownGrace;
    const opening: RunnerOpening = { instruments: [], current: currentTaskOrNone };
    const openings = channel(OPENING_CHANNEL);
    if (openings.hasSubscribers) openings.publish(opening);
    this.#state = new RunnerState(
      timerClockOf(clock),
      { debug: options.debug === true, slowStep, maxTasks, cleanupTimeout, onError: options.onError ?? writeReport },
      undefined,
    );
    this.#bus = createObserverBus(this.#state, opening.instruments);
    for (const observer of options.observers ?? []) this.#bus.add(observer);
    this.#watch = this.#state.settings.debug ? watchSteps(this.#state) : undefined;
  }

  /**
   * Runs `main` as the main task. Several times in a row if wanted: context variables are kept between runs. Tasks that
   * main leaves behind go on until `close`. Inside a task of another runner its cancel reaches main.
   * @throws UsageError on a closed runner, and while it runs
   */
  async run<T>(main: () => PromiseLike<T>, options: { readonly signal?: AbortSignal } = {}): Promise<T> {
    assertFunction(main, "run's main");
    assertOptions(options, "run's options");
    if (options.signal !== undefined) assertSignal(options.signal, "run's signal");
    if (this.#closing !== undefined) throw new UsageError("This runner is closed. Make a new one.");
    if (this.#main !== undefined)
      throw new UsageError("This runner is running already. Await its run, or make another one.");
    const state = this.#state;
    const task = new TaskImpl<T>(state, state.root, MAIN, main, undefined, this.#context, "main");
    this.#main = task as unknown as TaskImpl;
    this.#received = 0;
    this.#interrupted = undefined;
    this.#isGraceCut = false;
    state.instrument?.emit("run.start", this.#main, undefined, 0, 0);
    using _signals = listenToSignals(this.#signals, this.#onSignal);
    using _rejections = passCancellations(this.#lost);
    using _signal = options.signal === undefined ? undefined : followSignal(task.scope, options.signal);
    const outer = currentScopeOrNone();
    const unfollow = outer?.whenCancelled(() => {
      task.cancelBy("parent", outer.effective?.reason, false, outer.effective);
    });
    try {
      task.queue();
      return await enterScope(undefined, () => task.join());
    } catch (error) {
      if (task.cancelled()) throw this.#interruption(task.error as CancelledError) ?? task.error;
      throw task.abandoned() && this.#interrupted !== undefined ? interrupt(this.#interrupted) : error;
    } finally {
      unfollow?.();
      clearTimeout(this.#mainGrace);
      this.#main = undefined;
      state.instrument?.emit("run.end", task as unknown as TaskImpl, undefined, 0, 0);
    }
  }

  /**
   * Cancels what is left, waits for it, closes streams, pools and workers. Safe to call again.
   * @throws UsageError in a task of this runner, which would wait for itself
   */
  close(reason?: unknown): Promise<void> {
    const here = currentScopeOrNone();
    if (here?.runner === this.#state && here.task?.done() === false) {
      const message = `${here.task.label} closes its own runner: it would wait for itself. Let main return instead.`;
      return Promise.reject(new UsageError(message));
    }
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  /** Tasks that have not ended. */
  tasks(): readonly TaskInfo[] {
    return [...this.#state.tasks()].map((task) => task.info());
  }

  /** Listens from now on; disposing stops it. Adding the same observer again changes nothing. */
  observe(observer: Observer): Disposable {
    return this.#bus.add(observer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(reason: unknown): Promise<void> {
    const state = this.#state;
    const release = keepAlive();
    using _signals = listenToSignals(this.#signals, this.#onSignal);
    using _rejections = passCancellations(this.#lost);
    try {
      const by = currentScopeOrNone()?.task;
      state.instrument?.emit("shutdown.begin", undefined, undefined, state.live, 0);
      state.root.cancel(state.cancelOf(state.root, "shutdown", reason, by));
      await this.#drain();
      for (const closable of [...state.closables].reverse()) await this.#closeOne(closable);
      // Errors of the last tasks get the macrotask that all errors get.
      await new Promise((resolve) => setImmediate(resolve));
      state.flushReports();
      state.instrument?.emit("shutdown.end", undefined, undefined, state.orphans.size, 0);
    } finally {
      release();
      this.#watch?.[Symbol.dispose]();
      state.closed = true;
      state.timers.stop();
    }
  }

  /** Until no task is left, at the longest for the grace; who is left then is abandoned and named. */
  async #drain(): Promise<void> {
    const state = this.#state;
    if (state.live > 0) {
      const idle = new Promise<void>((resolve) => (state.onIdle = resolve));
      await this.#within(idle, this.#shutdownGrace);
      state.onIdle = undefined;
    }
    const left = Array.from(state.tasks());
    for (const task of left) {
      if (task.done()) continue;
      this.#abandon(task);
    }
  }

  #abandon(task: TaskImpl): void {
    task.abandon();
    const within = this.#isGraceCut
      ? "when the shutdown was cut short"
      : `within ${this.#shutdownGrace} ms (shutdownGrace)`;
    const message = `${task.label} did not end ${within} and was abandoned.`;
    this.#state.report(new UsageError(message), message, task);
  }

  async #closeOne(closable: Closable): Promise<void> {
    const { what } = closable;
    const { cleanupTimeout } = this.#state.settings;
    let isClosed = false;
    const closing = (async () => closable.close())()
      .catch((error: unknown) => this.#state.report(error, `Closing ${what} failed.`))
      .then(() => void (isClosed = true));
    await this.#within(closing, cleanupTimeout);
    if (isClosed) return;
    const message = `Closing ${what} did not end within ${cleanupTimeout} ms (cleanupTimeout) and was abandoned.`;
    this.#state.report(new UsageError(message), message);
  }

  /** Real time, whatever the runner's clock: the end of a process does not wait for a clock that is pushed. */
  async #within(ending: Promise<void>, ms: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const grace = this.#isGraceCut ? 0 : Math.max(0, ms);
    const timer = grace > LONGEST_MS ? undefined : setTimeout(over.resolve, grace);
    // What ends in microtasks still does.
    this.#cutGrace = () => setImmediate(over.resolve);
    await Promise.race([ending, over.promise]);
    clearTimeout(timer);
    this.#cutGrace = undefined;
  }

  readonly #lost = (error: unknown): void => {
    this.#state.instrument?.emit("error.suppressed", undefined, error, 0, 0);
  };

  readonly #onSignal = (signal: RunSignal): void => {
    const main = this.#main;
    this.#received++;
    this.#state.instrument?.emit("signal.received", main, signal, this.#received, 0);
    if (this.#received >= 3) process.exit(exitCodeOf(signal));
    if (this.#received > 1 || main === undefined) return this.#cutShort();
    this.#interrupted = new InterruptedError(signal);
    main.cancelBy("signal", this.#interrupted, false);
    this.#boundMain(this.#shutdownGrace);
  };

  #cutShort(): void {
    this.#isGraceCut = true;
    this.#cutGrace?.();
    if (this.#main !== undefined) this.#boundMain(0);
  }

  #boundMain(ms: number): void {
    clearTimeout(this.#mainGrace);
    if (ms > LONGEST_MS) return;
    this.#mainGrace = setTimeout(() => this.#abandonMain(), Math.max(0, ms));
  }

  #abandonMain(): void {
    if (this.#main?.done() === false) this.#abandon(this.#main);
  }

  #interruption(error: CancelledError): InterruptedError | undefined {
    if (error.source !== "signal" || !(error.reason instanceof InterruptedError)) return undefined;
    return interrupt(error.reason);
  }
}

/** The process ends by it, unless the program sets another exit code. */
function interrupt(interrupted: InterruptedError): InterruptedError {
  process.exitCode = exitCodeOf(interrupted.signal as RunSignal);
  endQuietlyIfUncaught();
  return interrupted;
}

function signalsOf(signals: unknown = RUN_SIGNALS): readonly RunSignal[] {
  if (!Array.isArray(signals)) throw new TypeError(`signals must be an array, not ${describeValue(signals)}.`);
  const unknown = signals.find((signal) => !RUN_SIGNALS.includes(signal as RunSignal)) as unknown;
  if (unknown !== undefined || signals.includes(undefined)) {
    throw new TypeError(`signals may hold ${RUN_SIGNALS.join(" and ")}, not ${describeValue(unknown)}.`);
  }
  return [...(signals as readonly RunSignal[])];
}

/**
 * Runs `main` on a runner of its own, to the end of everything it started.
 *
 *     await run(async () => { … });
 *
 * @throws what main throws; InterruptedError when SIGINT or SIGTERM ended it
 */
export async function run<T>(main: () => PromiseLike<T>, options: RunOptions = {}): Promise<T> {
  assertOptions(options, "run's options");
  const runner = new Runner(options);
  try {
    return await runner.run(main, options.signal === undefined ? {} : { signal: options.signal });
  } finally {
    await runner.close();
  }
}

function timerClockOf(clock: Clock | undefined): TimerClock {
  if (clock === undefined) return createClock();
  return clock.schedule === undefined ? createClock(() => clock.now()) : (clock as TimerClock);
}

function writeReport({ error, message }: ErrorReport): void {
  const text = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  process.stderr.write(`stallscope: ${message}\n${text.includes(message) ? "" : `${text}\n`}`);
}
