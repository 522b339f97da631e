/** Where a queue keeps its items: first in first out, last in first out, or by order. */
import { describeValue } from "../task/errors.ts";

export interface ItemStore<T> {
  readonly size: number;
  /** Refuses what can't be kept, before anything happens. @throws TypeError */
  check?(item: T): void;
  push(item: T): void;
  /** Only when there is one. */
  shift(): T;
}

/** A ring that doubles, since shifting a long array moves all of it. */
export function createFifo<T>(): ItemStore<T> {
  let ring: (T | undefined)[] = Array.from({ length: 8 });
  let head = 0;
  let size = 0;

  function grow(): void {
    const mask = ring.length - 1;
    const items = ring;
    ring = Array.from({ length: items.length * 2 }, (_, index) =>
      index < size ? items[(head + index) & mask] : undefined,
    );
    head = 0;
  }

  return {
    get size() {
      return size;
    },
    push(item) {
      if (size === ring.length) grow();
      ring[(head + size++) & (ring.length - 1)] = item;
    },
    shift() {
      const item = ring[head] as T;
      ring[head] = undefined;
      head = (head + 1) & (ring.length - 1);
      size--;
      return item;
    },
  };
}

export function createLifo<T>(): ItemStore<T> {
  const items: T[] = [];
  return {
    get size() {
      return items.length;
    },
    push(item) {
      items.push(item);
    },
    shift: () => items.pop() as T,
  };
}

/** Less than 0: `a` comes first. */
export type Compare<T> = (a: T, b: T) => number;

interface Entry<T> {
  readonly item: T;
  readonly order: number;
}

/** A heap, the least first, among equals the older. A `compare` that throws leaves it as it was. */
export function createHeap<T>(compare: Compare<T> | undefined): ItemStore<T> {
  const heap: Entry<T>[] = [];
  const by = compare ?? compareNatural;
  let order = 0;

  function isBefore(a: Entry<T>, b: Entry<T>): boolean {
    const sign = by(a.item, b.item);
    return sign < 0 || (sign === 0 && a.order < b.order);
  }

  /** The places an entry moves through from `index` towards the root. */
  function pathUp(entry: Entry<T>, index: number): number[] {
    const path = [index];
    for (let place = index; place > 0;) {
      place = (place - 1) >> 1;
      if (!isBefore(entry, heap[place]!)) break;
      path.push(place);
    }
    return path;
  }

  /** The places an entry moves through from the root down, in a heap of `size`. */
  function pathDown(entry: Entry<T>, size: number): number[] {
    const path = [0];
    for (let place = 0; ;) {
      let child = 2 * place + 1;
      if (child >= size) return path;
      if (child + 1 < size && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, entry)) return path;
      path.push(child);
      place = child;
    }
  }

  /** Puts the entry at the end of the path; what lies on it moves one place back. */
  function moveAlong(path: readonly number[], entry: Entry<T>): void {
    for (let step = 1; step < path.length; step++) heap[path[step - 1]!] = heap[path[step]!]!;
    heap[path.at(-1)!] = entry;
  }

  return {
    get size() {
      return heap.length;
    },
    ...(compare === undefined ? { check: (item: T) => assertNatural(item, heap[0]?.item) } : {}),
    push(item) {
      const entry = { item, order: order++ };
      moveAlong(pathUp(entry, heap.length), entry);
    },
    shift() {
      const [top] = heap;
      const last = heap.at(-1)!;
      const path = heap.length > 1 ? pathDown(last, heap.length - 1) : undefined;
      heap.pop();
      if (path !== undefined) moveAlong(path, last);
      return top!.item;
    },
  };
}

/** Numbers, strings, dates by `<`; arrays place by place, as Python's tuples. */
function compareNatural(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      const sign = compareNatural(a[index], b[index]);
      if (sign !== 0) return sign;
    }
    return a.length - b.length;
  }
  const [left, right] = [a as number, b as number];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** An array needs an order in its first place only: `[priority, anything]`. `other`: one that is there. */
function assertNatural(item: unknown, other: unknown): void {
  const key = keyOf(item);
  const isOrdered =
    typeof key === "string" ||
    typeof key === "bigint" ||
    (typeof key === "number" && !Number.isNaN(key)) ||
    key instanceof Date;
  if (isOrdered) {
    if (other === undefined) return;
    const isAlike = (typeof key === "string") === (typeof keyOf(other) === "string");
    if (isAlike && Array.isArray(item) === Array.isArray(other)) return;
    throw new TypeError(
      `A PriorityQueue has no order between ${describeValue(item)} and ${describeValue(other)}, which is in it. ` +
        "Put items of one kind, or give compare.",
    );
  }
  throw new TypeError(
    `A PriorityQueue has no order for ${describeValue(key)}. Put numbers, strings or [priority, item], or give compare.`,
  );
}

function keyOf(item: unknown): unknown {
  return Array.isArray(item) ? item[0] : item;
}
