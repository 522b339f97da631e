/** A mutex: one task at a time. Strict FIFO; handed over in the step that releases it. */
import { currentScope, currentScopeOrNone } from "../task/current.ts";
import { UsageError } from "../task/errors.ts";
import { refuse } from "../task/scope.ts";
import { Permits, type Guard } from "./permits.ts";
import { assertSyncOptions, describeSubject, rejected, type SyncOptions } from "./subject.ts";

export interface SyncStats {
  readonly locked: boolean;
  /** Id of the task that holds it. */
  readonly owner?: string;
  /** Tasks that wait. */
  readonly waiters: number;
}

/** The lock's inside, for conditions. */
export let permitsOf: (lock: Lock) => Permits;

/**
 * One task at a time.
 *
 *     using guard = await lock.acquire();
 *
 * A guard not disposed when its task ends is reported and released.
 */
export class Lock {
  readonly #permits: Permits;

  static {
    permitsOf = (lock) => lock.#permits;
  }

  constructor(options: SyncOptions = {}) {
    assertSyncOptions(options, "A lock's options");
    this.#permits = new Permits("lock", options.name, 1);
  }

  /** @throws UsageError when this task holds it: it would wait for itself. CancelledError. NoCurrentTaskError */
  acquire(): Promise<Guard> {
    const permits = this.#permits;
    try {
      const scope = currentScope("Lock.acquire()");
      if (scope.refusesWaits) return refuse(scope);
      if (permits.free > 0) return Promise.resolve(permits.take(scope.task, undefined));
      if (permits.guardOf(scope.task) !== undefined) {
        throw new UsageError(
          `${scope.task.label} holds ${describeSubject(permits)} already and would wait for itself. ` +
            `Release it first, or hand the guard on.`,
        );
      }
      return permits.wait(scope, undefined);
    } catch (error) {
      return rejected(error);
    }
  }

  /** Undefined: it is held. Never waits; also allowed outside a run, where no task's end releases it. */
  tryAcquire(): Guard | undefined {
    const permits = this.#permits;
    return permits.free > 0 ? permits.take(currentScopeOrNone()?.task, undefined) : undefined;
  }

  /** Disposes the guard of the running task, for code that keeps none. @throws UsageError when the task holds none */
  release(): void {
    const permits = this.#permits;
    const guard = permits.guardOf(currentScopeOrNone()?.task);
    if (guard === undefined) {
      const [owner] = permits.holders();
      const who = owner === undefined ? "nobody" : owner.mention;
      throw new UsageError(
        `release() of ${describeSubject(permits)}, which is held by ${permits.held === 0 ? "nobody" : who}: ` +
          `only the task that acquired it can release it.`,
      );
    }
    guard.release();
  }

  locked(): boolean {
    return this.#permits.held > 0;
  }

  get stats(): SyncStats {
    const { waiting: waiters } = this.#permits;
    const [owner] = this.#permits.holders();
    return { locked: this.locked(), waiters, ...(owner === undefined ? {} : { owner: owner.id }) };
  }
}
