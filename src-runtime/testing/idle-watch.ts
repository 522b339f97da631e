/**
 * Knows when nothing of a runner can run, and then moves its clock on.
 *
 *     event ─▶ turn ─▶ turn ─▶ turn, all blocked and nothing happened ─┬▶ somebody waits for that: tell them
 *                                                                      ├▶ a promise outside is pending: hold the clock
 *                                                                      ├▶ a timer is due some time: jump there
 *                                                                      ╰▶ none: deadlock
 *
 * A task is blocked when it is in a runtime wait that only another task, or the clock, can end. A task in an ordinary
 * `await` may be about to run: it is never taken for blocked. It is driven by events; nothing polls.
 */
import type { EventKind } from "../task/instrument.ts";
import type { RunnerState } from "../task/runner-state.ts";
import type { TaskImpl } from "../task/task.ts";
import { rest, type TestClock } from "./clock.ts";
import { externalsOf } from "./external.ts";

/** Turns of the event loop without any event, after which it is at rest. */
const TURNS = 3;
/**
 * How long the world outside may take, of real time, before it is taken for one that waits for the clock itself, or for
 * one that will not come.
 */
const HOLD_MS = 1000;

/** Fake timers may replace the global ones. */
const { setImmediate, setTimeout, clearTimeout } = globalThis;

export class IdleWatch {
  /** Jumps even without a main task: cancelled tasks are run to their ends. */
  isDraining = false;
  /** Time is moved by hand just now. */
  pauses = 0;
  readonly #runner: RunnerState;
  readonly #clock: TestClock;
  readonly #onDeadlock: () => void;
  readonly #whenIdle = new Set<() => void>();
  /** What the clock was held for long enough. */
  readonly #heldFor = new WeakSet<object>();
  #runningOut: { jumps: number; readonly end: () => void } | undefined;
  #isMainRunning = false;
  #isScheduled = false;
  #isStopped = false;
  #looks = 0;
  #quietTurns = 0;
  #hold: NodeJS.Timeout | undefined;

  constructor(runner: RunnerState, clock: TestClock, onDeadlock: () => void) {
    this.#runner = runner;
    this.#clock = clock;
    this.#onDeadlock = onDeadlock;
  }

  onEvent(kind: EventKind): void {
    if (kind === "run.start") this.#isMainRunning = true;
    else if (kind === "run.end") this.#isMainRunning = false;
    this.look();
  }

  /** Looks whether it is at rest, some turns from now. */
  look(): void {
    this.#looks++;
    this.#quietTurns = 0;
    clearTimeout(this.#hold);
    this.#schedule();
  }

  /** Resolves when no task can run. */
  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.onIdle(resolve);
    });
  }

  /** Calls back once when no task can run. Answers how to forget it. */
  onIdle(callback: () => void): () => void {
    this.#whenIdle.add(callback);
    this.look();
    return () => void this.#whenIdle.delete(callback);
  }

  /** Jumps on without a main task, until no timer is due, at most `jumps` times. */
  runOut(jumps: number): Promise<void> {
    return new Promise((resolve) => {
      this.#runningOut = { jumps, end: resolve };
      this.look();
    });
  }

  /** Whether a timer would be due, did not some task await what the clock knows nothing of. */
  isHeldUp(): boolean {
    return this.#clock.next() < Infinity && !this.#isBlocked();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#hold);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    // What can run says so by an event when it has run.
    if (this.#isStopped || !this.#isBlocked()) return;
    if (++this.#quietTurns < TURNS) this.#schedule();
    else this.#rest();
  };

  #isBlocked(): boolean {
    for (const task of this.#runner.tasks()) if (!task.done() && canRun(task)) return false;
    return true;
  }

  #rest(): void {
    if (this.#whenIdle.size > 0) {
      const callbacks = [...this.#whenIdle];
      this.#whenIdle.clear();
      for (const callback of callbacks) callback();
      return;
    }
    const runningOut = this.#runningOut;
    if (this.pauses > 0 || !(this.#isMainRunning || this.isDraining || runningOut !== undefined)) return;
    const outside = this.#outside();
    const hasNext = this.#clock.next() < Infinity;
    if (outside.length > 0) {
      this.#after(HOLD_MS, () => {
        for (const one of outside) this.#heldFor.add(one);
        this.look();
      });
    } else if (runningOut !== undefined && (!hasNext || runningOut.jumps-- === 0)) {
      this.#runningOut = undefined;
      runningOut.end();
    } else if (hasNext) {
      this.#clock.jump();
      this.look();
    } else if (this.#isMainRunning && externalsOf(this.#runner).size === 0) {
      this.#after(HOLD_MS, this.#onDeadlock);
    }
  }

  /** If nothing happens until then. What has come in meanwhile, on an event loop that was blocked, comes first. */
  #after(ms: number, act: () => void): void {
    clearTimeout(this.#hold);
    const looks = this.#looks;
    this.#hold = setTimeout(() => {
      void rest().then(() => {
        if (looks === this.#looks && !this.#isStopped) act();
      });
    }, ms);
  }

  /** What goes on in real time. */
  #outside(): readonly object[] {
    const found: object[] = [...externalsOf(this.#runner)];
    for (const task of this.#runner.tasks()) {
      for (const wait of task.pendingWaits()) if (wait.kind === "thread") found.push(wait);
    }
    return found.filter((one) => !this.#heldFor.has(one));
  }
}

function canRun(task: TaskImpl): boolean {
  if (task.waits === 0) return true;
  for (const wait of task.pendingWaits()) if (wait.kind === "checkpoint") return true;
  return false;
}
