/**
 * Tasks that wait for one thing, in the order they came. Whoever is cancelled leaves at once from wherever it stands,
 * so ten thousand may be cancelled one by one.
 */
import { Wait, type Scope } from "../task/scope.ts";
import type { Subject } from "../task/instrument.ts";

export class Waiter<T> extends Wait<T> {
  /** When it began to wait, milliseconds of its runner's clock. */
  readonly since: number;
  before: Waiter<T> | undefined;
  after: Waiter<T> | undefined;
  isListed = false;

  /** Without `unlink` no cancel ends it. */
  constructor(scope: Scope, subject: Subject, unlink: ((waiter: Wait<T>) => void) | undefined) {
    super(scope, subject.kind, subject, unlink);
    this.since = scope.runner.clock.now();
  }

  /** Milliseconds up to now. */
  waited(): number {
    return this.scope.runner.clock.now() - this.since;
  }
}

export class WaitList<T, W extends Waiter<T> = Waiter<T>> {
  size = 0;
  #first: W | undefined;
  #last: W | undefined;

  get first(): W | undefined {
    return this.#first;
  }

  push(waiter: W): void {
    waiter.isListed = true;
    waiter.before = this.#last;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.after = waiter;
    this.#last = waiter;
    this.size++;
  }

  shift(): W | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(waiter: W): void {
    if (!waiter.isListed) return;
    const { before, after } = waiter;
    if (before === undefined) this.#first = after as W | undefined;
    else before.after = after;
    if (after === undefined) this.#last = before as W | undefined;
    else after.before = before;
    waiter.before = waiter.after = undefined;
    waiter.isListed = false;
    this.size--;
  }

  /** Empties the list and answers who was in it. */
  takeAll(): readonly W[] {
    const all: W[] = [];
    for (let waiter = this.shift(); waiter !== undefined; waiter = this.shift()) all.push(waiter);
    return all;
  }
}
