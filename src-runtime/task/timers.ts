/**
 * The deadlines of one runner: a heap, and one timer of the clock for its head.
 *
 * Deadlines of the same instant fire in one step, the older first; others one by one, with everything that follows from
 * one run to its end before the next, also when a blocked event loop finds several due at once.
 */
import type { Clock, ClockTimer } from "./clock.ts";

export interface Deadline {
  /** Milliseconds of the clock. */
  readonly when: number;
  readonly order: number;
  readonly fire: (late: number) => void;
  /** Place in the heap, -1 when not in it. */
  index: number;
}

export class Timers {
  readonly #clock: Clock;
  readonly #heap: Deadline[] = [];
  #order = 0;
  #timer: ClockTimer | undefined;
  #armedFor = Infinity;
  #firing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** When the next one is due, Infinity: none. */
  next(): number {
    return this.#heap[0]?.when ?? Infinity;
  }

  now(): number {
    return this.#clock.now();
  }

  add(when: number, fire: (late: number) => void): Deadline {
    const deadline: Deadline = { when, order: this.#order++, fire, index: this.#heap.length };
    this.#heap.push(deadline);
    this.#up(deadline);
    // What is due already fires in the next macrotask, also where time has to be pushed. Each has a macrotask of its own,
    // so that none of several waits for the others' turns.
    if (when <= this.#clock.now()) setImmediate(this.#fireDue);
    else if (!this.#firing && when < this.#armedFor) this.#arm();
    return deadline;
  }

  remove(deadline: Deadline): void {
    const { index } = deadline;
    if (index < 0) return;
    deadline.index = -1;
    const last = this.#heap.pop();
    if (last !== undefined && last !== deadline) {
      last.index = index;
      this.#heap[index] = last;
      this.#up(last);
      this.#down(last);
    }
    if (index === 0 && !this.#firing) this.#arm();
  }

  /** No timer of the clock is left behind. */
  stop(): void {
    for (const deadline of this.#heap) deadline.index = -1;
    this.#heap.length = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = Infinity;
  }

  #arm(): void {
    const when = this.next();
    if (when === this.#armedFor) return;
    this.#timer?.cancel();
    this.#armedFor = when;
    if (when === Infinity) this.#timer = undefined;
    else if (when > this.#clock.now()) this.#timer = this.#clock.schedule(when, this.#wake);
    else {
      const immediate = setImmediate(this.#wake);
      this.#timer = { cancel: () => clearImmediate(immediate) };
    }
  }

  readonly #wake = (): void => {
    this.#timer = undefined;
    this.#armedFor = Infinity;
    this.#fireDue();
  };

  readonly #fireDue = (): void => {
    const now = this.#clock.now();
    const due = this.next();
    this.#firing = true;
    try {
      // A deadline added by a fired one is not due in this step, whatever its time.
      const until = this.#order;
      while (due <= now) {
        const head = this.#heap[0];
        if (head === undefined || head.when !== due || head.order >= until) break;
        this.remove(head);
        head.fire(now - due);
      }
    } finally {
      this.#firing = false;
      this.#arm();
    }
  };

  #up(deadline: Deadline): void {
    const heap = this.#heap;
    let { index } = deadline;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent]!;
      if (!isBefore(deadline, above)) break;
      heap[index] = above;
      above.index = index;
      index = parent;
    }
    heap[index] = deadline;
    deadline.index = index;
  }

  #down(deadline: Deadline): void {
    const heap = this.#heap;
    let { index } = deadline;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      const below = heap[child]!;
      if (!isBefore(below, deadline)) break;
      heap[index] = below;
      below.index = index;
      index = child;
    }
    heap[index] = deadline;
    deadline.index = index;
  }
}

function isBefore(a: Deadline, b: Deadline): boolean {
  return a.when < b.when || (a.when === b.when && a.order < b.order);
}
