/**
 * The ring of promise events (protocol/promise-words.ts): as the ring of records, one writes, one reads, nobody waits;
 * but its own, so that a flood of promises can push out no task and no stall.
 *
 *     control (64 B)                 words
 *     | head tail clock full dropped… | | 4 B | 4 B | …   head and tail count words, modulo 2^32
 *
 * `clock` is moved by the watchdog whenever it wakes: while it stands still, no time worth speaking of has passed.
 */

const CONTROL_BYTES = 64;

export const PromiseControl = {
  head: 0,
  tail: 1,
  clock: 2,
  /** 1: the writer wants it emptied before the watchdog's usual time. */
  full: 3,
  /** Dropped events, by PromiseEvent. */
  dropped: 4,
} as const;

const PROMISE_EVENTS = 4;

/** 8 MB: a tenth of a second of the worst flood there is, seconds of a busy program's. */
export const PROMISE_RING_WORDS = 1 << 21;

export interface PromiseRing {
  readonly buffer: SharedArrayBuffer;
  readonly control: Int32Array;
  readonly words: Int32Array;
}

export function createPromiseRing(words = PROMISE_RING_WORDS): PromiseRing {
  return viewPromiseRing(new SharedArrayBuffer(CONTROL_BYTES + words * 4));
}

export function viewPromiseRing(buffer: SharedArrayBuffer): PromiseRing {
  return {
    buffer,
    control: new Int32Array(buffer, 0, CONTROL_BYTES / 4),
    words: new Int32Array(buffer, CONTROL_BYTES),
  };
}

export interface PromiseReader {
  /** Words that are complete and not yet taken. */
  available(): number;
  /** Copies the oldest `count` words into `target` from `offset` and frees them. */
  take(count: number, target: Uint8Array, offset: number): void;
  /** Tells the writer that time passes. */
  tick(): void;
  /** Resolves when the writer wants it emptied, as Atomics.waitAsync does; `emptied` says that it is. */
  whenFull(): ReturnType<typeof Atomics.waitAsync>;
  emptied(): void;
  /** Drops since the last call, by PromiseEvent. */
  takeDropped(): readonly number[];
}

export function createPromiseReader(ring: PromiseRing): PromiseReader {
  const { control, words } = ring;
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  let tail = 0;
  return {
    available: () => (Atomics.load(control, PromiseControl.head) - tail) >>> 0,
    take(count, target, offset) {
      const from = (tail >>> 0) % words.length;
      const first = Math.min(count, words.length - from);
      target.set(bytes.subarray(from * 4, (from + first) * 4), offset);
      if (count > first) target.set(bytes.subarray(0, (count - first) * 4), offset + first * 4);
      tail = (tail + count) | 0;
      Atomics.store(control, PromiseControl.tail, tail);
    },
    tick: () => void Atomics.add(control, PromiseControl.clock, 1),
    whenFull: () => Atomics.waitAsync(control, PromiseControl.full, 0),
    emptied: () => void Atomics.store(control, PromiseControl.full, 0),
    takeDropped: () =>
      Array.from({ length: PROMISE_EVENTS }, (_, event) =>
        Atomics.exchange(control, PromiseControl.dropped + event, 0),
      ),
  };
}
