/**
 * What a test gets as `rt`: a runner of its own with a clock of its own, and at the end the account of what the test
 * left behind. Tests that run at the same time share nothing.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { currentScopeOrNone } from "../task/current.ts";
import { RuntimeWarning, addSuppressed, assertFunction } from "../task/errors.ts";
import { OPENING_CHANNEL, Runner, type RunnerOpening } from "../task/runner.ts";
import type { ErrorReport, RunnerState } from "../task/runner-state.ts";
import { UNOWNED, spawn } from "../task/spawn.ts";
import type { Task, TaskOptions } from "../task/handle.ts";
import type { TaskImpl } from "../task/task.ts";
import type { TaskGroup } from "../task/task-group.ts";
import { Wait } from "../task/scope.ts";
import type { Instrument, Subject } from "../task/instrument.ts";
import { createTestClock, rest, type TestClock } from "./clock.ts";
import { IdleWatch } from "./idle-watch.ts";
import { LeftBehindError, leftovers, unretrieved } from "./leftovers.ts";
import { taskTree } from "./task-tree.ts";

export interface TestRuntime {
  readonly runner: Runner;
  readonly clock: {
    /** Milliseconds since the test began. */
    now(): number;
    /** Moves time on by `ms`, firing what comes due on the way. @throws RangeError for less than 0 */
    advance(ms: number): Promise<void>;
  };
  /** Its tasks may live on: they are cancelled at the end of the test. */
  readonly background: Pick<TaskGroup, "createTask">;
  /** Errors nobody looked at; they fail the test. A test that expects one takes it out. */
  readonly errors: ErrorReport[];
  createTask<T>(fn: () => Promise<T>, options?: TaskOptions): Task<T>;
  /** Resolves when no task can run. Time stands still for it. */
  allBlocked(): Promise<void>;
}

/** Real milliseconds that tasks may take to end once the test is over. */
const END_MS = 1000;
/** How far left-over tasks are run on, to see the errors on their way. */
const MAX_LATE_JUMPS = 100;
/** More turns than a chain of checkpoints has. */
const MAX_TURNS = 1000;

/** Our own frames, in a checkout. */
const OWN = /[\\/]src-runtime[\\/]testing[\\/]/;

const ALL_BLOCKED: Subject = { kind: "event", name: "allBlocked()", tag: 0, holders: () => [] };

const runtimes = new WeakMap<TestRuntime, TestRun>();

/** What the fixture does with a test's runtime. Undefined: the test has put something else in its place. */
export function testRunOf(runtime: unknown): TestRun | undefined {
  return runtimes.get(runtime as TestRuntime);
}

export async function createTestRun(): Promise<TestRun> {
  const listeners: Instrument["emit"][] = [];
  const errors: ErrorReport[] = [];
  const warnings: ErrorReport[] = [];
  const clock = createTestClock(0, () => settle(state));
  const runner = listenedTo(
    { emit: (...event) => listeners.forEach((listen) => listen(...event)) },
    () =>
      new Runner({
        debug: true,
        clock,
        signals: [],
        shutdownGrace: 0,
        onError: (report) => void (report.error instanceof RuntimeWarning ? warnings : errors).push(report),
      }),
  );
  const state: RunnerState = await runner.run(async () => currentScopeOrNone()!.runner);
  const run = new TestRun(runner, state, clock, errors, warnings);
  listeners.push(run.onEvent);
  return run;
}

/** As a tracer would listen: whoever makes a runner asks for instruments. */
function listenedTo(instrument: Instrument, make: () => Runner): Runner {
  const onOpening = (opening: unknown): void => void (opening as RunnerOpening).instruments.push(instrument);
  subscribe(OPENING_CHANNEL, onOpening);
  try {
    return make();
  } finally {
    unsubscribe(OPENING_CHANNEL, onOpening);
  }
}

export class TestRun {
  readonly runtime: TestRuntime;
  readonly #runner: Runner;
  readonly #state: RunnerState;
  readonly #watch: IdleWatch;
  readonly #errors: ErrorReport[];
  readonly #warnings: ErrorReport[];
  readonly #background = new Set<TaskImpl>();
  /** Tasks whose errors nobody awaited. */
  readonly #unretrieved: TaskImpl[] = [];
  readonly #deadlock = Promise.withResolvers<never>();
  #hasFailed = false;

  constructor(runner: Runner, state: RunnerState, clock: TestClock, errors: ErrorReport[], warnings: ErrorReport[]) {
    this.#runner = runner;
    this.#state = state;
    this.#errors = errors;
    this.#warnings = warnings;
    this.#watch = new IdleWatch(state, clock, () =>
      this.#deadlock.reject(this.#failure(new Error(this.#deadlockText()))),
    );
    this.#deadlock.promise.catch(() => undefined);
    const background = this.#background;
    this.runtime = {
      runner,
      clock: { now: () => clock.now(), advance: (ms) => this.#advance(clock, ms) },
      background: {
        createTask(fn, options) {
          assertFunction(fn, "A background task");
          const task = spawn(state.root, UNOWNED, fn, options);
          background.add(task as unknown as TaskImpl);
          return task;
        },
      },
      errors,
      createTask(fn, options) {
        assertFunction(fn, "A task");
        return spawn(state.root, UNOWNED, fn, options);
      },
      allBlocked: () => this.#allBlocked(),
    };
    runtimes.set(this.runtime, this);
  }

  readonly onEvent: Instrument["emit"] = (kind, task) => {
    if (kind === "error.unretrieved" && task !== undefined) this.#unretrieved.push(task);
    this.#watch.onEvent(kind);
  };

  /** The body of the test, as the main task. */
  async run<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await Promise.race([this.#runner.run(async () => body()), this.#deadlock.promise]);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  /** The test has run out of time: its error says what everything waits for. */
  timedOut(error: Error): void {
    this.#hasFailed = true;
    this.#failure(error);
  }

  /** Ends what is left, and answers what is to be held against the test. */
  async end(): Promise<Error | undefined> {
    const { root } = this.#state;
    const left = this.#hasFailed ? [] : leftovers(this.#state, (task) => this.#isBackground(task));
    for (const task of this.#background) task.cancelBy("shutdown", "The test has ended.", false);
    if (left.length > 0) await this.#runOn();
    this.#watch.isDraining = true;
    root.cancel(this.#state.cancelOf(root, "shutdown", "The test has ended.", undefined));
    await this.#untilNoTask();
    const isAtRest = this.#state.live === 0 && this.#state.closables.size === 0 && left.length === 0;
    if (isAtRest && !this.#hasFailed && this.#state.timers.size > 0) {
      const { timers } = this.#state;
      left.push({ text: `${timers.size} pending timers of the runtime, the next due at ${timers.next()} ms` });
    }
    const known = this.#errors.length;
    await this.#runner.close("The test has ended.");
    this.#watch.stop();
    // Who is left behind is named once.
    if (left.length > 0 || this.#hasFailed) this.#errors.splice(known);
    const errors: unknown[] = this.#errors.map(({ error }) => error);
    for (const task of this.#unretrieved) if (errors.includes(task.error)) left.push(unretrieved(task));
    if (left.length > 0) errors.push(new LeftBehindError(left));
    if (errors.length === 0) return undefined;
    return errors.length === 1 && errors[0] instanceof Error
      ? errors[0]
      : new AggregateError(errors, "The test left errors behind.");
  }

  /** Errors on their way are waited for, as long as only the clock holds them up. */
  async #runOn(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, END_MS);
    await Promise.race([this.#watch.runOut(MAX_LATE_JUMPS), late.promise]);
    clearTimeout(timer);
    // An error is said to be unretrieved a macrotask after its task's end.
    await rest();
  }

  /** All are cancelled. Who doesn't end is abandoned by the runner. */
  async #untilNoTask(): Promise<void> {
    const state = this.#state;
    if (state.live > 0) {
      const isOver = Promise.withResolvers<void>();
      const timer = setTimeout(isOver.resolve, END_MS);
      state.onIdle = isOver.resolve;
      await isOver.promise;
      state.onIdle = undefined;
      clearTimeout(timer);
    }
    await rest();
  }

  async #advance(clock: TestClock, ms: number): Promise<void> {
    this.#watch.pauses++;
    try {
      await clock.advance(ms);
    } finally {
      this.#watch.pauses--;
      this.#watch.look();
    }
  }

  async #allBlocked(): Promise<void> {
    const scope = currentScopeOrNone();
    if (scope?.task === undefined) return this.#watch.whenIdle();
    let forget: () => void = () => undefined;
    const wait = new Wait<void>(scope, "event", ALL_BLOCKED, () => forget());
    forget = this.#watch.onIdle(() => wait.resolve());
    return wait.promise;
  }

  #isBackground(task: TaskImpl): boolean {
    for (let one: TaskImpl | undefined = task; one !== undefined; one = one.parent) {
      if (this.#background.has(one)) return true;
    }
    return false;
  }

  #deadlockText(): string {
    const warned = this.#warnings.filter(({ message }) => message.startsWith("Deadlock")).map(({ message }) => message);
    return [
      "The test timed out early: every task waits, and no timer is due.",
      ...warned,
      "Should something outside wake one of them, declare it: await external(promise).",
    ].join("\n");
  }

  /** Takes up what is going on, and the errors that were reported before, which this one now comes out ahead of. */
  #failure(error: Error): Error {
    this.#hasFailed = true;
    const before = this.#errors.splice(0);
    const parts = [error.message, "", "Live tasks:", indent(taskTree(this.#state))];
    if (this.#watch.isHeldUp()) {
      parts.push(
        "",
        "Time stands still while a task awaits a promise that is not the runtime's. Declare it: external(promise).",
      );
    }
    for (const { error: earlier, message } of before) {
      addSuppressed(error, earlier);
      const text = earlier instanceof Error ? `${earlier.name}: ${earlier.message}` : String(earlier);
      parts.push("", `Reported before: ${message}`, indent(text));
    }
    const message = parts.join("\n");
    const { stack = "" } = error;
    const frames = stack.split("\n").filter((line) => /^ +at /.test(line) && !OWN.test(line));
    error.message = message;
    error.stack = [`${error.name}: ${message}`, ...frames].join("\n");
    if (before.length > 0) {
      const suppressed = before.map(({ error: earlier }) => earlier);
      Object.defineProperty(error, "suppressed", { value: suppressed, enumerable: true, configurable: true });
    }
    return error;
  }
}

/** Until nothing more follows: chains of checkpoints are longer than some turns. */
async function settle(state: RunnerState): Promise<void> {
  await rest();
  for (let turn = 0; turn < MAX_TURNS && hasCheckpoint(state); turn++) await rest();
}

function hasCheckpoint(state: RunnerState): boolean {
  for (const task of state.tasks()) {
    if (task.done()) continue;
    if (task.state === "created") return true;
    for (const wait of task.pendingWaits()) if (wait.kind === "checkpoint") return true;
  }
  return false;
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
