/**
 * Deadlines on blocks of code. At the deadline the block's scope is cancelled; when that cancel leaves the block, and no
 * enclosing scope is cancelled, it becomes a TimeoutError. A block that ends otherwise keeps its own outcome.
 */
import { currentScope, enterScope } from "./current.ts";
import {
  CancelledError,
  TimeoutError,
  UsageError,
  addSuppressed,
  assertFunction,
  assertTime,
  assertOptions,
} from "./errors.ts";
import { withinGrace } from "./grace.ts";
import { leaveScope, leaveWithValue } from "./leave.ts";
import { Scope, deliver } from "./scope.ts";
import type { Deadline } from "./timers.ts";

export type TimeoutState = "active" | "expiring" | "expired" | "finished";

export interface Timeout {
  /** Milliseconds of the runner's clock; null: never. */
  when(): number | null;
  /** Moves the deadline, while the block is active. @throws UsageError */
  reschedule(when: number | null): void;
  expired(): boolean;
  readonly state: TimeoutState;
}

export interface TimeoutOptions {
  /** How long the block may take to end after the deadline, milliseconds. Default: for ever. */
  readonly grace?: number;
}

/** Ends `body` after `ms`; null never, zero and less at the next turn of the event loop. @throws TimeoutError */
export async function timeout<T>(
  ms: number | null,
  body: (timeout: Timeout) => PromiseLike<T>,
  options: TimeoutOptions = {},
): Promise<T> {
  assertFunction(body, "timeout's body");
  if (ms !== null) assertTime(ms, "timeout's time");
  assertOptions(options, "timeout's options");
  const { timers } = currentScope("timeout()").runner;
  return runTimeout(ms === null ? null : timers.now() + ms, body, options, ms);
}

/** As `timeout`, at an instant of the runner's clock (`now()`). @throws TimeoutError */
export async function timeoutAt<T>(
  when: number | null,
  body: (timeout: Timeout) => PromiseLike<T>,
  options: TimeoutOptions = {},
): Promise<T> {
  assertFunction(body, "timeoutAt's body");
  if (when !== null) assertTime(when, "timeoutAt's time");
  assertOptions(options, "timeoutAt's options");
  return runTimeout(when, body, options, null);
}

export type MoveOnResult<T> =
  | { readonly timedOut: false; readonly value: T }
  | { readonly timedOut: true; readonly value?: undefined };

/** As `timeout`, but its own deadline is a result and no error. */
export async function moveOnAfter<T>(ms: number | null, body: () => PromiseLike<T>): Promise<MoveOnResult<T>> {
  assertFunction(body, "moveOnAfter's body");
  if (ms !== null) assertTime(ms, "moveOnAfter's time");
  const block = new TimeoutBlock(ms === null ? null : currentScope("moveOnAfter()").runner.timers.now() + ms, ms);
  const ending = await block.run(body, Infinity);
  if (ending.timedOut) return { timedOut: true };
  return { timedOut: false, value: ending.value };
}

async function runTimeout<T>(
  when: number | null,
  body: (timeout: Timeout) => PromiseLike<T>,
  options: TimeoutOptions,
  ms: number | null,
): Promise<T> {
  const { grace = Infinity } = options;
  assertTime(grace, "grace");
  const block = new TimeoutBlock(when, ms);
  const ending = await block.run(() => body(block), grace);
  if (!ending.timedOut) return ending.value;
  throw block.error(ending.cancelled);
}

type Ending<T> =
  | { readonly timedOut: false; readonly value: T }
  | { readonly timedOut: true; readonly cancelled: CancelledError };

class TimeoutBlock implements Timeout {
  state: TimeoutState = "active";
  readonly #scope: Scope;
  readonly #ms: number | null;
  #when: number | null;
  #deadline: Deadline | undefined;
  #expired = false;

  constructor(when: number | null, ms: number | null) {
    const outer = currentScope("timeout()");
    this.#when = when;
    this.#ms = ms;
    this.#scope = new Scope("timeout", outer.runner, outer, outer.task, outer.context);
    this.#arm();
  }

  when(): number | null {
    return this.#when;
  }

  expired(): boolean {
    return this.#expired;
  }

  reschedule(when: number | null): void {
    if (when !== null) assertTime(when, "reschedule's time");
    if (this.state !== "active")
      throw new UsageError(`The timeout is ${this.state}: only an active one can be rescheduled.`);
    this.#disarm();
    this.#when = when;
    this.#scope.runner.instrument?.emit("timeout.rescheduled", this.#scope.task, this.#scope, when ?? Infinity, 0);
    this.#arm();
  }

  error(cancelled: CancelledError): TimeoutError {
    const { task, runner } = this.#scope;
    runner.instrument?.emit("timeout.raised", task, this.#scope, this.#when ?? 0, 0);
    const what = this.#ms === null ? `its deadline at ${this.#when} ms` : `${this.#ms} ms`;
    const message = `A block of ${task?.mention ?? "a task"} did not end within ${what}.`;
    return new TimeoutError(message, { cause: cancelled, ...(this.#ms === null ? {} : { ms: this.#ms }) });
  }

  async run<T>(body: () => PromiseLike<T>, grace: number): Promise<Ending<T>> {
    const scope = this.#scope;
    try {
      const running = enterScope(scope, async () => body());
      const value = grace === Infinity ? await running : await this.#bounded(running, grace);
      this.state = this.#expired ? "expired" : "finished";
      if (this.#expired) {
        // A shield was its last wait: what it held off is thrown here.
        if (scope.holdsCancel && scope.cancelled !== undefined && !scope.isCancelledFromAbove)
          return { timedOut: true, cancelled: deliver(scope, scope.cancelled) };
        leaveWithValue(scope);
      }
      return { timedOut: false, value };
    } catch (error) {
      this.state = this.#expired ? "expired" : "finished";
      const leaving = leaveScope(scope, error);
      if (leaving.absorbed && scope.cancelled?.source === "deadline")
        return { timedOut: true, cancelled: leaving.cancelled };
      const out = leaving.absorbed ? leaving.cancelled : leaving.error;
      if (this.#expired && !(out instanceof CancelledError))
        addSuppressed(out, this.error(new CancelledError(scope.cancelled)));
      throw out;
    } finally {
      this.#disarm();
      scope.close();
    }
  }

  async #bounded<T>(running: Promise<T>, grace: number): Promise<T> {
    const ended = await withinGrace(
      this.#scope,
      running.then((value) => ({ value })),
      grace,
    );
    if (ended !== undefined) return ended.value;
    const { runner, task } = this.#scope;
    running.catch((error: unknown) => runner.instrument?.emit("error.suppressed", task, error, 0, 0));
    throw new CancelledError(this.#scope.effective);
  }

  #arm(): void {
    const when = this.#when;
    if (when === null || when === Infinity) return;
    const scope = this.#scope;
    const { runner } = scope;
    runner.instrument?.emit("timeout.armed", scope.task, scope, when, 0);
    this.#deadline = runner.timers.add(when, (late) => {
      this.#deadline = undefined;
      runner.instrument?.emit("timeout.fired", scope.task, scope, when, late);
      if (scope.cancelled !== undefined) return;
      this.#expired = true;
      this.state = "expiring";
      scope.cancel(runner.cancelOf(scope, "deadline", undefined, undefined));
    });
  }

  #disarm(): void {
    const deadline = this.#deadline;
    if (deadline === undefined) return;
    const { runner, task } = this.#scope;
    runner.timers.remove(deadline);
    this.#deadline = undefined;
    runner.instrument?.emit("timeout.disarmed", task, this.#scope, this.#when ?? Infinity, 0);
  }
}
