/**
 * Event-loop utilisation at every zoom: level 0 is as measured (buckets of 50 ms and more), level n sums them into
 * buckets of 50 ms × 4^n, aligned to the recording's zero.
 */
const BASE_NS = 50e6;
export const LOOP_LEVELS = 12;

export interface LoopBucket {
  readonly thread: number;
  readonly level: number;
  readonly start: number;
  /** Measured time in it, nanoseconds. */
  dur: number;
  busyMs: number;
  delayMs: number;
}

export interface LoopLevels {
  add(thread: number, start: number, dur: number, busyMs: number, delayMs: number): void;
  /** The buckets that changed since the last call; each to be written over its earlier self. */
  takeChanged(): Iterable<LoopBucket>;
}

export function loopBucketNs(level: number): number {
  return BASE_NS * 4 ** level;
}

/** The coarsest level whose buckets are no longer than `bucketNs`. */
export function loopLevelFor(bucketNs: number): number {
  const level = Math.floor(Math.log(bucketNs / BASE_NS) / Math.log(4) + 1e-9);
  return Math.min(LOOP_LEVELS, Math.max(0, level));
}

export function createLoopLevels(): LoopLevels {
  const current = new Map<number, LoopBucket[]>();
  let changed = new Set<LoopBucket>();
  return {
    add(thread, start, dur, busyMs, delayMs) {
      let buckets = current.get(thread);
      if (buckets === undefined) {
        buckets = [];
        current.set(thread, buckets);
      }
      changed.add({ thread, level: 0, start, dur, busyMs, delayMs });
      for (let level = 1; level <= LOOP_LEVELS; level++) {
        const width = loopBucketNs(level);
        const at = Math.floor(start / width) * width;
        let bucket = buckets[level];
        if (bucket === undefined || bucket.start !== at) {
          bucket = { thread, level, start: at, dur: 0, busyMs: 0, delayMs: 0 };
          buckets[level] = bucket;
        }
        bucket.dur += dur;
        bucket.busyMs += busyMs;
        bucket.delayMs = Math.max(bucket.delayMs, delayMs);
        changed.add(bucket);
      }
    },
    takeChanged() {
      const taken = changed;
      changed = new Set();
      return taken;
    },
  };
}
