/** A flag that tasks wait for. */
import { currentScope } from "../task/current.ts";
import type { Subject } from "../task/instrument.ts";
import { refuse, type Wait } from "../task/scope.ts";
import { assertSyncOptions, createSubject, DONE, rejected, type SyncOptions } from "./subject.ts";
import { Waiter, WaitList } from "./wait-list.ts";

/** A flag: everybody waits until it is set. */
export class Event {
  readonly #subject: Subject;
  readonly #waiters = new WaitList<void>();
  #isSet = false;

  constructor(options: SyncOptions = {}) {
    assertSyncOptions(options, "An event's options");
    this.#subject = createSubject("event", options.name);
  }

  isSet(): boolean {
    return this.#isSet;
  }

  /** Lets everybody on who waits now, also if it is cleared in the same step. */
  set(): void {
    this.#isSet = true;
    for (const waiter of this.#waiters.takeAll()) waiter.resolve();
  }

  clear(): void {
    this.#isSet = false;
  }

  /** @throws CancelledError, NoCurrentTaskError */
  wait(): Promise<void> {
    try {
      const scope = currentScope("Event.wait()");
      if (scope.refusesWaits) return refuse(scope);
      if (this.#isSet) return DONE;
      const waiter = new Waiter<void>(scope, this.#subject, this.#unlink);
      this.#waiters.push(waiter);
      return waiter.promise;
    } catch (error) {
      return rejected(error);
    }
  }

  get stats(): { readonly waiters: number } {
    return { waiters: this.#waiters.size };
  }

  readonly #unlink = (waiter: Wait<void>): void => this.#waiters.remove(waiter as Waiter<void>);
}
