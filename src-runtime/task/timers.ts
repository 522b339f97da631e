/**
 * The deadlines of one runner: a heap, and one timer of the clock for its head.
 *
 * Deadlines of the same instant fire in one step, the older first; others one by one, with everything that follows from
 * one run to its end before the next, also when a blocked event loop finds several due at once.
 *
 * Most deadlines are removed long before they are due. They stay in the heap as dead until they come to its head or
 * make up half of it.
 */
import type { ClockTimer, TimerClock } from "./clock.ts";

export interface Deadline {
  /** Milliseconds of the clock. */
  readonly when: number;
  /** Set by `insert`. */
  order: number;
  /** Place in the heap, -1 when removed or fired. Set by the heap. */
  index: number;
  /** `late`: by how many milliseconds. */
  fire(late: number): void;
}

/** A heap of fewer dead than this is left as it is. */
const MIN_DEAD = 64;

export class Timers {
  readonly #clock: TimerClock;
  #heap: Deadline[] = [];
  #dead = 0;
  #order = 0;
  #timer: ClockTimer | undefined;
  #armedFor = Infinity;
  #firing = false;

  constructor(clock: TimerClock) {
    this.#clock = clock;
  }

  /** Deadlines that have neither fired nor been removed. */
  get size(): number {
    return this.#heap.length - this.#dead;
  }

  /** When the next one is due, Infinity: none. */
  next(): number {
    return this.#heap[0]?.when ?? Infinity;
  }

  now(): number {
    return this.#clock.now();
  }

  add(when: number, fire: (late: number) => void): Deadline {
    const deadline: Deadline = { when, order: 0, fire, index: 0 };
    this.insert(deadline);
    return deadline;
  }

  /** For those that are a deadline themselves. */
  insert(deadline: Deadline): void {
    const { when } = deadline;
    deadline.order = this.#order++;
    deadline.index = this.#heap.length;
    this.#heap.push(deadline);
    this.#up(deadline);
    // What is due already fires in the next macrotask, also where time has to be pushed. Each has a macrotask of its own,
    // so that none of several waits for the others' turns.
    if (when <= this.#clock.now()) setImmediate(this.#fireDue);
    else if (!this.#firing && when < this.#armedFor) this.#arm();
  }

  remove(deadline: Deadline): void {
    const { index } = deadline;
    if (index < 0) return;
    deadline.index = -1;
    this.#dead++;
    if (index === 0) {
      this.#dropDeadHeads();
      if (!this.#firing && this.#clock.wakesInVain !== true) this.#arm();
    } else if (this.#dead > MIN_DEAD && this.#dead * 2 > this.#heap.length) this.#dropAllDead();
  }

  /** No timer of the clock is left behind. */
  stop(): void {
    for (const deadline of this.#heap) deadline.index = -1;
    this.#heap = [];
    this.#dead = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = Infinity;
  }

  /** The head of a heap is never dead. */
  #dropDeadHeads(): void {
    for (let head = this.#heap[0]; head !== undefined && head.index < 0; head = this.#heap[0]) {
      this.#dead--;
      const last = this.#heap.pop()!;
      if (last !== head) this.#sink(last, 0);
    }
  }

  #dropAllDead(): void {
    const heap = this.#heap.filter(({ index }) => index >= 0);
    this.#heap = heap;
    this.#dead = 0;
    for (const [index, deadline] of heap.entries()) deadline.index = index;
    for (let index = (heap.length >> 1) - 1; index >= 0; index--) this.#sink(heap[index]!, index);
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
      place(heap, above, index);
      index = parent;
    }
    place(heap, deadline, index);
  }

  #sink(deadline: Deadline, from: number): void {
    const heap = this.#heap;
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      const below = heap[child]!;
      if (!isBefore(below, deadline)) break;
      place(heap, below, index);
      index = child;
    }
    place(heap, deadline, index);
  }
}

/** The dead keep their -1. */
function place(heap: Deadline[], deadline: Deadline, index: number): void {
  heap[index] = deadline;
  if (deadline.index >= 0) deadline.index = index;
}

function isBefore(a: Deadline, b: Deadline): boolean {
  return a.when < b.when || (a.when === b.when && a.order < b.order);
}
