/**
 * A token bucket, kept as the one instant up to which its tokens are spent: nothing is counted, nothing runs while
 * nobody waits, and rounding can't add up.
 *
 *     now ─────┬───────────┬──────── spentUntil        each token moves spentUntil on by per / limit;
 *              └─ interval ┘                           a full bucket lies `burst` intervals back
 *
 * Strict FIFO. A waiter that is cancelled has taken nothing.
 */
import { currentScope, currentScopeOrNone } from "../task/current.ts";
import { describeValue } from "../task/errors.ts";
import type { Subject } from "../task/instrument.ts";
import type { RunnerState } from "../task/runner-state.ts";
import { refuse, type Scope, type Wait } from "../task/scope.ts";
import type { Deadline } from "../task/timers.ts";
import type { Guard } from "./permits.ts";
import { assertSyncOptions, assertCount, createSubject, rejected, type SyncOptions } from "./subject.ts";
import { Waiter, WaitList } from "./wait-list.ts";

export interface RateLimiterOptions extends SyncOptions {
  /** How many in `per`. */
  readonly limit: number;
  /** Milliseconds. */
  readonly per: number;
  /** How many at once after a pause. Default: `limit`, rounded up. */
  readonly burst?: number;
}

export interface RateLimiterStats {
  /** Free now. */
  readonly tokens: number;
  /** Tasks that wait. */
  readonly waiters: number;
}

/** A token is spent, so there is nothing to give back. */
const SPENT: Guard = Object.freeze({ [Symbol.dispose]() {} });

/**
 * Lets `limit` through in each `per` milliseconds of the runner's clock, evenly once a burst is spent.
 *
 *     await limiter.acquire();
 */
export class RateLimiter {
  readonly #subject: Subject;
  readonly #interval: number;
  readonly #burst: number;
  readonly #waiters = new WaitList<Guard>();
  #spentUntil = -Infinity;
  /** Armed for the first waiter, on its runner. */
  #timer: { readonly deadline: Deadline; readonly runner: RunnerState } | undefined;

  /** @throws TypeError, RangeError */
  constructor(options: RateLimiterOptions) {
    assertSyncOptions(options, "A RateLimiter's options");
    const { limit, per } = options;
    assertPositive(limit, "limit");
    assertPositive(per, "per");
    const burst = options.burst ?? Math.ceil(limit);
    assertCount(burst, "burst", 1);
    this.#interval = per / limit;
    this.#burst = burst;
    this.#subject = createSubject("rate", options.name);
  }

  /** Disposing the guard does nothing. @throws CancelledError, NoCurrentTaskError */
  acquire(): Promise<Guard> {
    try {
      const scope = currentScope("RateLimiter.acquire()");
      if (scope.refusesWaits) return refuse(scope);
      if (this.#waiters.size === 0 && this.#isDue(scope.runner)) {
        this.#spend(scope, 0);
        return Promise.resolve(SPENT);
      }
      const waiter = new Waiter<Guard>(scope, this.#subject, this.#unlink);
      this.#waiters.push(waiter);
      scope.runner.instrument?.emit("sync.wait", scope.task, this.#subject, this.#waiters.size, 0);
      if (this.#waiters.size === 1) this.#arm();
      return waiter.promise;
    } catch (error) {
      return rejected(error);
    }
  }

  /** Undefined: the tokens are spent, or others wait. Never waits. @throws NoCurrentTaskError */
  tryAcquire(): Guard | undefined {
    const scope = currentScope("RateLimiter.tryAcquire()");
    if (this.#waiters.size > 0 || !this.#isDue(scope.runner)) return undefined;
    this.#spend(scope, 0);
    return SPENT;
  }

  get stats(): RateLimiterStats {
    const runner = this.#waiters.first?.scope.runner ?? currentScopeOrNone()?.runner;
    const tokens =
      this.#spentUntil === -Infinity || runner === undefined
        ? this.#burst
        : Math.floor((runner.timers.now() - this.#spentUntil) / this.#interval) + this.#burst;
    return { tokens: Math.max(0, Math.min(this.#burst, tokens)), waiters: this.#waiters.size };
  }

  /** When the next token is free, milliseconds. */
  #next(): number {
    return this.#spentUntil - (this.#burst - 1) * this.#interval;
  }

  #isDue({ timers }: RunnerState): boolean {
    return this.#burst === Infinity || this.#next() <= timers.now();
  }

  #spend(scope: Scope, waited: number): void {
    const { instrument, timers } = scope.runner;
    this.#spentUntil = Math.max(this.#spentUntil, timers.now()) + this.#interval;
    instrument?.emit("sync.acquired", scope.task, this.#subject, waited, 0);
  }

  /** For whoever is first now. */
  #arm(): void {
    if (this.#timer !== undefined) this.#timer.runner.timers.remove(this.#timer.deadline);
    this.#timer = undefined;
    const { first } = this.#waiters;
    if (first === undefined) return;
    const { runner } = first.scope;
    this.#timer = { deadline: runner.timers.add(this.#next(), this.#onDue), runner };
  }

  readonly #onDue = (): void => {
    this.#timer = undefined;
    for (
      let { first } = this.#waiters;
      first !== undefined && this.#isDue(first.scope.runner);
      { first } = this.#waiters
    ) {
      this.#waiters.remove(first);
      this.#spend(first.scope, first.waited());
      first.resolve(SPENT);
    }
    this.#arm();
  };

  readonly #unlink = (wait: Wait<Guard>): void => {
    const waiter = wait as Waiter<Guard>;
    const wasFirst = this.#waiters.first === waiter;
    this.#waiters.remove(waiter);
    waiter.scope.runner.instrument?.emit("sync.cancelled", waiter.scope.task, this.#subject, waiter.waited(), 0);
    if (wasFirst) this.#arm();
  };
}

function assertPositive(value: unknown, name: string): void {
  if (typeof value !== "number") {
    throw new TypeError(`A RateLimiter's ${name} must be a number, not ${describeValue(value)}.`);
  }
  if (value > 0 && value < Infinity) return;
  throw new RangeError(`A RateLimiter's ${name} must be more than 0 and finite, not ${value}.`);
}
