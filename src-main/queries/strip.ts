/** How busy was one thread's event loop, in equal buckets? */
import type { LoopStrip } from "../api/api.ts";
import { loopBucketNs, loopLevelFor } from "../store/loop-levels.ts";
import type { Recording } from "../store/recording.ts";

interface Row {
  readonly start: number;
  readonly dur: number;
  readonly busy_ms: number;
  readonly delay_ms: number;
}

export function strip(recording: Recording, thread: number, from: number, to: number, buckets: number): LoopStrip {
  const width = (to - from) / buckets;
  const level = loopLevelFor(width);
  const rows = recording.all<Row>(
    "SELECT start, dur, busy_ms, delay_ms FROM loop WHERE thread = ? AND level = ? AND start < ? AND start >= ? ORDER BY start",
    thread,
    level,
    to,
    from - lookBack(recording, thread, level),
  );
  const busyNs = new Float64Array(buckets);
  const knownNs = new Float64Array(buckets);
  const delay = new Float32Array(buckets).fill(NaN);
  for (const row of rows) {
    const length = level === 0 ? row.dur : loopBucketNs(level);
    if (length <= 0) continue;
    const first = Math.max(0, Math.floor((row.start - from) / width));
    const last = Math.min(buckets - 1, Math.ceil((row.start + length - from) / width) - 1);
    for (let bucket = first; bucket <= last; bucket++) {
      const left = Math.max(row.start, from + bucket * width);
      const right = Math.min(row.start + length, from + (bucket + 1) * width);
      const share = Math.max(0, right - left) / length;
      busyNs[bucket] = (busyNs[bucket] ?? 0) + row.busy_ms * 1e6 * share;
      knownNs[bucket] = (knownNs[bucket] ?? 0) + row.dur * share;
      if (share > 0) delay[bucket] = Math.max(row.delay_ms, Number.isNaN(delay[bucket]) ? 0 : (delay[bucket] ?? 0));
    }
  }
  const busy = new Float32Array(buckets).fill(NaN);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const known = knownNs[bucket] ?? 0;
    if (known > 0) busy[bucket] = Math.min(1, (busyNs[bucket] ?? 0) / known);
  }
  return { thread, from, to, busy, delay };
}

/** A level-0 bucket is as long as the event loop was blocked; those above have a fixed length. */
function lookBack(recording: Recording, thread: number, level: number): number {
  if (level > 0) return loopBucketNs(level);
  return (
    recording.get<{ dur: number | null }>("SELECT max(dur) AS dur FROM loop WHERE thread = ? AND level = 0", thread)
      ?.dur ?? 0
  );
}
