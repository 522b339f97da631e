/**
 * The run: main and everything it starts, up to the end of the last of them.
 *
 *     run(main) ─▶ main task ─▶ left-over tasks cancelled, waited for (grace) ─▶ streams, pools, workers closed ─▶ done
 *
 * The first SIGINT or SIGTERM cancels main, the second cuts the grace, the third ends the process.
 */
import { channel } from "node:diagnostics_channel";
import { createClock, type Clock } from "./clock.ts";
import { Context } from "./context.ts";
import { currentScopeOrNone, currentTaskOrNone, enterScope } from "./current.ts";
import type { CancelledError } from "./errors.ts";
import { InterruptedError, UsageError, assertFunction, assertTime } from "./errors.ts";
import type { Instrument } from "./instrument.ts";
import { followSignal } from "./follow.ts";
import { createObserverBus, type Observer } from "./observers.ts";
import { RunnerState, type ErrorReport, type TaskInfo } from "./runner-state.ts";
import { endQuietly, exitCodeOf, listenToSignals, type RunSignal } from "./signals.ts";
import { SLOW_STEP_MS, watchSteps } from "./slow-steps.ts";
import { TaskImpl, type TaskOwner } from "./task.ts";

const SHUTDOWN_GRACE_MS = 10_000;
const CLEANUP_MS = 10_000;
/** A process that only waits on us has nothing else to keep it alive. */
const KEEP_ALIVE_MS = 2 ** 30;

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
  readonly clock?: Pick<Clock, "now"> & Partial<Clock>;
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
  #cutGrace: (() => void) | undefined;
  #received = 0;

  constructor(options: RunnerOptions = {}) {
    const { clock, maxTasks = Infinity, cleanupTimeout = CLEANUP_MS, shutdownGrace = SHUTDOWN_GRACE_MS } = options;
    const { slowStep = SLOW_STEP_MS } = options;
    assertTime(slowStep, "slowStep");
    assertTime(shutdownGrace, "shutdownGrace");
    assertTime(cleanupTimeout, "cleanupTimeout");
    if (!(maxTasks >= 1)) throw new RangeError(`maxTasks must be at least 1, not ${maxTasks}.`);
    this.#signals = options.signals ?? ["SIGINT", "SIGTERM"];
    this.#shutdownGrace = shutdownGrace;
    const opening: RunnerOpening = { instruments: [], current: currentTaskOrNone };
    const openings = channel(OPENING_CHANNEL);
    if (openings.hasSubscribers) openings.publish(opening);
    const source =
      clock === undefined
        ? createClock()
        : clock.schedule === undefined
          ? createClock(() => clock.now())
          : (clock as Clock);
    this.#state = new RunnerState(
      source,
      { debug: options.debug === true, slowStep, maxTasks, cleanupTimeout, onError: options.onError ?? writeReport },
      undefined,
    );
    this.#bus = createObserverBus(this.#state, opening.instruments);
    for (const observer of options.observers ?? []) this.#bus.add(observer);
    this.#watch = this.#state.settings.debug ? watchSteps(this.#state) : undefined;
  }

  /**
   * Runs `main` as the main task. Several times in a row if wanted: context variables are kept between runs. Tasks that
   * main leaves behind go on until `close`. @throws UsageError on a closed runner, and while it runs
   */
  async run<T>(main: () => Promise<T>, options: { readonly signal?: AbortSignal } = {}): Promise<T> {
    assertFunction(main, "run's main");
    if (this.#closing !== undefined) throw new UsageError("This runner is closed. Make a new one.");
    if (this.#main !== undefined)
      throw new UsageError("This runner is running already. Await its run, or make another one.");
    const state = this.#state;
    const task = new TaskImpl<T>(state, state.root, MAIN, main, undefined, this.#context, "main");
    this.#main = task as unknown as TaskImpl;
    this.#received = 0;
    state.instrument?.emit("run.start", this.#main, undefined, 0, 0);
    const keepAlive = setInterval(() => undefined, KEEP_ALIVE_MS);
    using _signals = listenToSignals(this.#signals, this.#onSignal);
    using _signal = options.signal === undefined ? undefined : followSignal(task.scope, options.signal);
    try {
      task.queue();
      return await enterScope(undefined, () => task.join());
    } catch (error) {
      if (!task.cancelled()) throw error;
      throw this.#interruption(task.error as CancelledError) ?? task.error;
    } finally {
      clearInterval(keepAlive);
      this.#main = undefined;
      state.instrument?.emit("run.end", task as unknown as TaskImpl, undefined, 0, 0);
    }
  }

  /** Cancels what is left, waits for it, closes streams, pools and workers. Safe to call again. */
  close(reason?: unknown): Promise<void> {
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
    const keepAlive = setInterval(() => undefined, KEEP_ALIVE_MS);
    using _signals = listenToSignals(this.#signals, this.#onSignal);
    try {
      const by = currentScopeOrNone()?.task;
      state.instrument?.emit("shutdown.begin", undefined, undefined, state.live, 0);
      state.root.cancel(state.cancelOf(state.root, "shutdown", reason, by));
      await this.#drain();
      for (const closable of [...state.closables].reverse()) {
        await closable.close().catch((error: unknown) => state.report(error, `Closing ${closable.what} failed.`));
      }
      // Errors of the last tasks get the macrotask that all errors get.
      await new Promise((resolve) => setImmediate(resolve));
      state.flushReports();
      state.instrument?.emit("shutdown.end", undefined, undefined, state.orphans.size, 0);
    } finally {
      clearInterval(keepAlive);
      this.#watch?.[Symbol.dispose]();
      state.closed = true;
      state.timers.stop();
    }
  }

  /** Until no task is left, at the longest for the grace; who is left then is abandoned and named. */
  async #drain(): Promise<void> {
    const state = this.#state;
    if (state.live > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#shutdownGrace === Infinity ? undefined : setTimeout(resolve, this.#shutdownGrace);
        const end = (): void => {
          clearTimeout(timer);
          resolve();
        };
        state.onIdle = end;
        this.#cutGrace = end;
      });
      state.onIdle = this.#cutGrace = undefined;
    }
    const left = Array.from(state.tasks());
    for (const task of left) {
      if (task.done()) continue;
      task.abandon();
      const message = `Task ${task.name} did not end within the shutdown grace (${this.#shutdownGrace} ms) and was abandoned.`;
      state.report(new UsageError(message), message, task);
    }
  }

  readonly #onSignal = (signal: RunSignal): void => {
    this.#received++;
    this.#state.instrument?.emit("signal.received", this.#main, signal, this.#received, 0);
    const isClosing = this.#cutGrace !== undefined;
    if (this.#received >= 3) process.exit(exitCodeOf(signal));
    if (this.#received === 1 && !isClosing) this.#main?.cancelBy("signal", new InterruptedError(signal), false);
    else this.#cutGrace?.();
  };

  #interruption(error: CancelledError): InterruptedError | undefined {
    if (error.source !== "signal" || !(error.reason instanceof InterruptedError)) return undefined;
    const code = exitCodeOf(error.reason.signal as RunSignal);
    process.exitCode = code;
    return error.reason;
  }
}

/**
 * Runs `main` on a runner of its own, to the end of everything it started.
 *
 *     await run(async () => { … });
 *
 * @throws what main throws; InterruptedError when SIGINT or SIGTERM ended it
 */
export async function run<T>(main: () => Promise<T>, options: RunOptions = {}): Promise<T> {
  const runner = new Runner(options);
  try {
    return await runner.run(main, options.signal === undefined ? {} : { signal: options.signal });
  } catch (error) {
    await runner.close();
    if (error instanceof InterruptedError) endQuietly(error, exitCodeOf(error.signal as RunSignal));
    throw error;
  } finally {
    await runner.close();
  }
}

function writeReport({ error, message }: ErrorReport): void {
  const text = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  process.stderr.write(`stallscope: ${message}\n${text.includes(message) ? "" : `${text}\n`}`);
}
