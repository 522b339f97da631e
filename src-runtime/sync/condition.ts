/**
 * Waiting, inside a lock, for something to become true.
 *
 * The lock is held before and after `wait`, whatever comes out of it. A notified waiter takes its place in the lock's
 * queue in the step of the notify. A notify is no hand-over: who is cancelled before it has the lock back passes it on.
 */
import { currentScope, currentScopeOrNone } from "../task/current.ts";
import { UsageError, assertFunction, describeValue, type Cancel } from "../task/errors.ts";
import type { Subject } from "../task/instrument.ts";
import { deliver, refuse, type Scope, type Wait } from "../task/scope.ts";
import { Lock, permitsOf, type SyncStats } from "./lock.ts";
import type { Guard, PermitGuard, Permits } from "./permits.ts";
import { assertSyncOptions, assertCount, createSubject, describeSubject, type SyncOptions } from "./subject.ts";
import { Waiter, WaitList } from "./wait-list.ts";

class ConditionWaiter extends Waiter<Promise<Cancel | undefined>> {
  readonly guard: PermitGuard;

  constructor(
    scope: Scope,
    subject: Subject,
    unlink: (waiter: Wait<Promise<Cancel | undefined>>) => void,
    guard: PermitGuard,
  ) {
    super(scope, subject, unlink);
    this.guard = guard;
  }
}

/**
 * Several may share a lock.
 *
 *     using guard = await condition.acquire();
 *     await condition.waitFor(() => items.length > 0);
 */
export class Condition {
  readonly #lock: Lock;
  readonly #permits: Permits;
  readonly #subject: Subject;
  readonly #waiters = new WaitList<Promise<Cancel | undefined>, ConditionWaiter>();

  constructor(lock?: Lock, options: SyncOptions = {}) {
    assertSyncOptions(options, "A condition's options");
    if (lock !== undefined && !(lock instanceof Lock)) {
      throw new TypeError(`A Condition takes a Lock, not ${describeValue(lock)}.`);
    }
    this.#lock = lock ?? new Lock(options);
    this.#permits = permitsOf(this.#lock);
    this.#subject = createSubject("condition", options.name);
  }

  /** As of its lock. */
  acquire(): Promise<Guard> {
    return this.#lock.acquire();
  }

  /** As of its lock. */
  tryAcquire(): Guard | undefined {
    return this.#lock.tryAcquire();
  }

  /** As of its lock. */
  release(): void {
    this.#lock.release();
  }

  locked(): boolean {
    return this.#lock.locked();
  }

  /**
   * Releases the lock, waits for a notify, and takes the lock again; that last part no cancel can end.
   * @throws UsageError when this task does not hold the lock. CancelledError, with the lock held
   */
  async wait(): Promise<void> {
    const scope = currentScope("Condition.wait()");
    if (scope.refusesWaits) await refuse(scope);
    const guard = this.#guard("wait()");
    const waiter = new ConditionWaiter(scope, this.#subject, this.#unlink, guard);
    this.#waiters.push(waiter);
    this.#permits.suspend(guard);
    let cancel: Cancel | undefined;
    try {
      cancel = await waiter.promise;
    } catch (error) {
      await this.#permits.resume(guard, scope);
      throw error;
    }
    if (cancel === undefined) return;
    this.#notify(1);
    throw deliver(scope, cancel);
  }

  /** Waits until `predicate` holds; it is looked at now and after each notify. Throws as `wait`, and what it throws. */
  async waitFor(predicate: () => boolean): Promise<void> {
    assertFunction(predicate, "Condition.waitFor's predicate");
    const scope = currentScope("Condition.waitFor()");
    if (scope.refusesWaits) await refuse(scope);
    this.#guard("waitFor()");
    while (!predicate()) await this.wait();
  }

  /** Wakes the `n` that wait longest. @throws UsageError when this task does not hold the lock */
  notify(n = 1): void {
    assertCount(n, "notify's count", 0);
    this.#guard("notify()");
    this.#notify(n);
  }

  /** @throws UsageError when this task does not hold the lock */
  notifyAll(): void {
    this.#guard("notifyAll()");
    this.#notify(Infinity);
  }

  /** The lock's, but for `waiters`: tasks in `wait`. */
  get stats(): SyncStats {
    return { ...this.#lock.stats, waiters: this.#waiters.size };
  }

  #notify(n: number): void {
    for (let left = n; left > 0; left--) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) return;
      waiter.resolve(this.#permits.resume(waiter.guard, waiter.scope));
    }
  }

  #guard(what: string): PermitGuard {
    const guard = this.#permits.guardOf(currentScopeOrNone()?.task);
    if (guard !== undefined) return guard;
    throw new UsageError(
      `${what} of ${describeSubject(this.#subject)} by a task that does not hold its lock. Call acquire() first.`,
    );
  }

  readonly #unlink = (waiter: Wait<Promise<Cancel | undefined>>): void =>
    this.#waiters.remove(waiter as ConditionWaiter);
}
