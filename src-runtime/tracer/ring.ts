/**
 * The shared ring: one traced thread writes fixed-size records, its watchdog reads them, neither ever waits.
 *
 *     control (256 B)                beat (16 B)      records
 *     | head tail closing … drops |  | at · idle |  | 32 B | 32 B | …            |
 *                                                     ^tail      ^head
 *
 * head and tail count records for ever, modulo 2^32; the slot is the count masked. When less than an eighth is free,
 * handle records are dropped; when nothing is, everything; each drop is counted by kind.
 */
import { FIRST_DROPPED_KIND, RECORD_BYTES, type RecordKind } from "../protocol/record.ts";

const CONTROL_BYTES = 256;
const BEAT_BYTES = 16;
const HEADER_BYTES = CONTROL_BYTES + BEAT_BYTES;
const WORDS = RECORD_BYTES / 4;

/** Indexes into the control words. */
export const Control = {
  head: 0,
  tail: 1,
  /** 1: the thread is at its end and waits for `acknowledged`. */
  closing: 2,
  acknowledged: 3,
  /** Number of the last heartbeat. */
  beat: 4,
  /** Messages posted beside the ring, and taken out by the watchdog. */
  posted: 5,
  taken: 6,
  /** 1: the event loop idles, the heartbeat is slow. */
  idle: 7,
  /** 1: the watchdog gave up; the thread unhooks. */
  dead: 8,
  /** Dropped messages. */
  droppedMessages: 9,
  /** Dropped records, by kind. */
  dropped: 32,
} as const;

const DROPPED_KINDS = 32;

export const RING_CAPACITY = 1 << 17;

export interface RingWriter {
  /** False when the record was dropped (and counted). */
  write(kind: RecordKind, sub: number, at: number, id: number, a: number, b: number, value: number): boolean;
}

export interface RingView {
  readonly buffer: SharedArrayBuffer;
  readonly control: Int32Array;
  /** [at (ms) of the last heartbeat] */
  readonly beat: Float64Array;
}

export function createRing(capacity = RING_CAPACITY): RingView {
  return viewRing(new SharedArrayBuffer(HEADER_BYTES + capacity * RECORD_BYTES));
}

export function viewRing(buffer: SharedArrayBuffer): RingView {
  return {
    buffer,
    control: new Int32Array(buffer, 0, CONTROL_BYTES / 4),
    beat: new Float64Array(buffer, CONTROL_BYTES, BEAT_BYTES / 8),
  };
}

export function createRingWriter(ring: RingView): RingWriter {
  const { control, buffer } = ring;
  const capacity = (buffer.byteLength - HEADER_BYTES) / RECORD_BYTES;
  const mask = capacity - 1;
  const reserve = capacity >>> 3;
  const words = new Int32Array(buffer, HEADER_BYTES);
  const floats = new Float64Array(buffer, HEADER_BYTES);
  let head = 0;
  let tail = 0;
  return {
    write(kind, sub, at, id, a, b, value) {
      if (capacity - (head - tail) <= reserve) {
        const seen = Atomics.load(control, Control.tail) >>> 0;
        tail += (seen - tail) >>> 0;
        const free = capacity - (head - tail);
        if (free <= 0 || (kind >= FIRST_DROPPED_KIND && free <= reserve)) {
          Atomics.add(control, Control.dropped + kind, 1);
          return false;
        }
      }
      const slot = head & mask;
      const word = slot * WORDS;
      const float = slot * (WORDS / 2);
      floats[float] = at;
      words[word + 2] = kind | (sub << 8);
      words[word + 3] = id;
      words[word + 4] = a;
      words[word + 5] = b;
      floats[float + 3] = value;
      head += 1;
      Atomics.store(control, Control.head, head | 0);
      return true;
    },
  };
}

export interface RingReader {
  /** The head now: records before it are complete. */
  head(): number;
  /** Records between the tail and `head`. */
  available(head: number): number;
  /** Copies the records up to `head` into `target` from `offset` and frees them. */
  drain(head: number, target: Uint8Array, offset: number): void;
  /** Drops since the last call, by kind number. */
  takeDropped(): Map<number, number>;
}

export function createRingReader(ring: RingView): RingReader {
  const { control, buffer } = ring;
  const capacity = (buffer.byteLength - HEADER_BYTES) / RECORD_BYTES;
  const bytes = new Uint8Array(buffer, HEADER_BYTES);
  let tail = 0;
  return {
    head: () => Atomics.load(control, Control.head) >>> 0,
    available: (head) => (head - tail) >>> 0,
    drain(head, target, offset) {
      const count = (head - tail) >>> 0;
      const from = tail & (capacity - 1);
      const first = Math.min(count, capacity - from);
      target.set(bytes.subarray(from * RECORD_BYTES, (from + first) * RECORD_BYTES), offset);
      if (count > first) target.set(bytes.subarray(0, (count - first) * RECORD_BYTES), offset + first * RECORD_BYTES);
      tail = head;
      Atomics.store(control, Control.tail, tail | 0);
    },
    takeDropped() {
      const dropped = new Map<number, number>();
      for (let kind = 0; kind < DROPPED_KINDS; kind++) {
        const count = Atomics.exchange(control, Control.dropped + kind, 0);
        if (count > 0) dropped.set(kind, count);
      }
      return dropped;
    },
  };
}
