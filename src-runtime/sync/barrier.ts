/** A meeting point: tasks wait until as many as agreed have come, then all go on. */
import { currentScope } from "../task/current.ts";
import type { Subject } from "../task/instrument.ts";
import { refuse, type Wait } from "../task/scope.ts";
import { BrokenBarrierError } from "./errors.ts";
import {
  assertSyncOptions,
  assertCount,
  createSubject,
  describeSubject,
  rejected,
  type SyncOptions,
} from "./subject.ts";
import { Waiter, WaitList } from "./wait-list.ts";

/** May be met at again and again. A task that is cancelled while it waits has not come. */
export class Barrier {
  readonly parties: number;
  readonly #subject: Subject;
  readonly #waiters = new WaitList<number>();
  #isBroken = false;

  /** @throws TypeError, RangeError for less than 1 */
  constructor(parties: number, options: SyncOptions = {}) {
    assertSyncOptions(options, "A barrier's options");
    assertCount(parties, "A barrier's parties", 1);
    this.parties = parties;
    this.#subject = createSubject("event", options.name ?? "barrier");
  }

  /** Parties that wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  get broken(): boolean {
    return this.#isBroken;
  }

  /** Answers the place it came in, from 0. @throws BrokenBarrierError, CancelledError, NoCurrentTaskError */
  wait(): Promise<number> {
    try {
      const scope = currentScope("Barrier.wait()");
      if (scope.refusesWaits) return refuse(scope);
      if (this.#isBroken) throw this.#brokenError("it was aborted. Call reset() first");
      if (this.#waiters.size === this.parties - 1) {
        const others = this.#waiters.takeAll();
        for (const [place, waiter] of others.entries()) waiter.resolve(place);
        return Promise.resolve(others.length);
      }
      const waiter = new Waiter<number>(scope, this.#subject, this.#unlink);
      this.#waiters.push(waiter);
      return waiter.promise;
    } catch (error) {
      return rejected(error);
    }
  }

  /** Whoever waits, and whoever comes, is refused until `reset`. */
  abort(): void {
    this.#isBroken = true;
    for (const waiter of this.#waiters.takeAll()) waiter.reject(this.#brokenError("it was aborted"));
  }

  /** As new. Whoever waits is refused. */
  reset(): void {
    this.#isBroken = false;
    for (const waiter of this.#waiters.takeAll()) waiter.reject(this.#brokenError("it was reset"));
  }

  #brokenError(why: string): BrokenBarrierError {
    return new BrokenBarrierError(`wait() at ${describeSubject(this.#subject)}: ${why}.`);
  }

  readonly #unlink = (waiter: Wait<number>): void => this.#waiters.remove(waiter as Waiter<number>);
}
