/** Tokens of which each borrower may have one, and whose total may change. With a bounded queue it is a bulkhead. */
import { currentScope, currentScopeOrNone } from "../task/current.ts";
import { UsageError } from "../task/errors.ts";
import { refuse } from "../task/scope.ts";
import { LimiterFull } from "./errors.ts";
import { Permits, type Guard } from "./permits.ts";
import { assertSyncOptions, assertCount, describeSubject, rejected, type SyncOptions } from "./subject.ts";

export interface CapacityLimiterOptions extends SyncOptions {
  /** Most tasks that may wait; the next is refused at once. Default: unlimited. */
  readonly maxQueue?: number;
}

export interface BorrowOptions {
  /** Whose token it is. Default: the running task. */
  readonly borrower?: unknown;
}

export interface CapacityLimiterStats {
  readonly total: number;
  readonly borrowed: number;
  readonly available: number;
  /** Tasks that wait. */
  readonly waiters: number;
}

/**
 * Lets `total` borrowers in at once, each with one token.
 *
 *     using token = await limiter.acquire();
 */
export class CapacityLimiter {
  readonly #permits: Permits;
  readonly #maxQueue: number;
  readonly #borrowers = new Set<unknown>();
  #total: number;

  /** @throws TypeError, RangeError for less than 0 */
  constructor(total: number, options: CapacityLimiterOptions = {}) {
    assertSyncOptions(options, "A limiter's options");
    const { name, maxQueue = Infinity } = options;
    assertCount(total, "A limiter's total", 0);
    assertCount(maxQueue, "maxQueue", 0);
    this.#total = total;
    this.#maxQueue = maxQueue;
    this.#permits = new Permits("limiter", name, total, this.#borrowers);
  }

  /** May be changed at any time: waiters get in when it goes up, borrowers stay when it goes down. */
  get total(): number {
    return this.#total;
  }

  set total(total: number) {
    assertCount(total, "A limiter's total", 0);
    const old = this.#total;
    if (total === old) return;
    const { task } = currentScopeOrNone() ?? {};
    task?.scope.runner.instrument?.emit("sync.limit_changed", task, this.#permits, old, total);
    this.#total = total;
    this.#permits.resize(total);
  }

  get borrowed(): number {
    return this.#permits.held;
  }

  get available(): number {
    return Math.max(0, this.#permits.free);
  }

  /**
   * @throws UsageError when the borrower has a token or waits for one already. LimiterFull when `maxQueue` tasks wait.
   * CancelledError, NoCurrentTaskError
   */
  acquire(options?: BorrowOptions): Promise<Guard> {
    const permits = this.#permits;
    try {
      const scope = currentScope("CapacityLimiter.acquire()");
      if (scope.refusesWaits) return refuse(scope);
      const borrower = options?.borrower ?? scope.task;
      this.#assertNew(borrower);
      if (permits.free > 0) return Promise.resolve(permits.take(scope.task, borrower));
      if (permits.waiting >= this.#maxQueue) {
        throw new LimiterFull(
          `${permits.waiting === 1 ? "1 task waits" : `${permits.waiting} tasks wait`} for ${describeSubject(permits)} already (maxQueue). Try again later.`,
        );
      }
      return permits.wait(scope, borrower);
    } catch (error) {
      return rejected(error);
    }
  }

  /** Undefined: none is free. Never waits. @throws UsageError when the borrower has a token and another is free */
  tryAcquire(options?: BorrowOptions): Guard | undefined {
    const permits = this.#permits;
    if (permits.free <= 0) return undefined;
    const task = currentScopeOrNone()?.task;
    // Outside a run each call is a borrower of its own.
    const borrower = options?.borrower ?? task ?? {};
    this.#assertNew(borrower);
    return permits.take(task, borrower);
  }

  /** Disposes the token of the running task, for code that keeps no guard. @throws UsageError when it has none */
  release(): void {
    const guard = this.#permits.guardOf(currentScopeOrNone()?.task);
    if (guard === undefined) {
      throw new UsageError(`release() of ${describeSubject(this.#permits)} by a task that has no token of it.`);
    }
    guard.release();
  }

  get stats(): CapacityLimiterStats {
    const { total, borrowed, available } = this;
    return { total, borrowed, available, waiters: this.#permits.waiting };
  }

  #assertNew(borrower: unknown): void {
    if (!this.#borrowers.has(borrower)) return;
    throw new UsageError(
      `This borrower has a token of ${describeSubject(this.#permits)} already, or waits for one. Make each piece of ` +
        `work a task (gather, mapConcurrent), name another borrower (acquire({ borrower })), or use a Semaphore.`,
    );
  }
}
