/** A number of permits. Strict FIFO; handed over in the step that releases one. */
import { currentScope, currentScopeOrNone } from "../task/current.ts";
import { UsageError } from "../task/errors.ts";
import { refuse } from "../task/scope.ts";
import { Permits, type Guard } from "./permits.ts";
import { assertSyncOptions, assertCount, describeSubject, rejected, type SyncOptions } from "./subject.ts";

export interface SemaphoreStats {
  /** Nothing is free. */
  readonly locked: boolean;
  readonly free: number;
  /** Permits held by guards. */
  readonly held: number;
  /** Tasks that wait. */
  readonly waiters: number;
}

/**
 * Lets as many in at once as it has permits.
 *
 *     using permit = await semaphore.acquire();
 *
 * A guard not disposed when its task ends is reported and released.
 */
export class Semaphore {
  readonly #permits: Permits;

  /** @throws TypeError, RangeError for less than 0 */
  constructor(permits: number, options: SyncOptions = {}) {
    assertSyncOptions(options, "A semaphore's options");
    assertCount(permits, "A semaphore's permits", 0);
    this.#permits = new Permits("semaphore", options.name, permits);
  }

  /** @throws CancelledError, NoCurrentTaskError */
  acquire(): Promise<Guard> {
    const permits = this.#permits;
    try {
      const scope = currentScope("Semaphore.acquire()");
      if (scope.refusesWaits) return refuse(scope);
      if (permits.free > 0) return Promise.resolve(permits.take(scope.task, undefined));
      return permits.wait(scope, undefined);
    } catch (error) {
      return rejected(error);
    }
  }

  /** Undefined: none is free. Never waits. */
  tryAcquire(): Guard | undefined {
    const permits = this.#permits;
    return permits.free > 0 ? permits.take(currentScopeOrNone()?.task, undefined) : undefined;
  }

  /** Disposes the latest guard of the running task, for code that keeps none. A task without one adds a permit. */
  release(): void {
    const guard = this.#permits.guardOf(currentScopeOrNone()?.task);
    if (guard === undefined) this.addPermit();
    else guard.release();
  }

  locked(): boolean {
    return this.#permits.free <= 0;
  }

  get stats(): SemaphoreStats {
    const { free, held, waiting: waiters } = this.#permits;
    return { locked: this.locked(), free, held, waiters };
  }

  protected addPermit(): void {
    this.#permits.add();
  }

  protected describe(): string {
    return describeSubject(this.#permits);
  }
}

/** A semaphore that never has more permits than it was made with. */
export class BoundedSemaphore extends Semaphore {
  protected override addPermit(): void {
    throw new UsageError(
      `release() of ${this.describe()} by a task that holds none of its permits: there would be more than at first.`,
    );
  }
}
