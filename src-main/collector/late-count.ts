/**
 * Late work of which there is too much to keep: only when it was due and when it ran, for the count. A ring of numbers,
 * made when it is first needed.
 */
import type { Nanos } from "../../src-runtime/protocol/time.ts";

const CAPACITY = 1 << 17;

export interface LateCount {
  add(due: Nanos, ran: Nanos): void;
  count(matches: (due: Nanos, ran: Nanos) => boolean): number;
}

export function createLateCount(): LateCount {
  let times: Float64Array | undefined;
  let added = 0;
  return {
    add(due, ran) {
      times ??= new Float64Array(2 * CAPACITY);
      const at = 2 * (added++ % CAPACITY);
      times[at] = due;
      times[at + 1] = ran;
    },
    count(matches) {
      let found = 0;
      const end = 2 * Math.min(added, CAPACITY);
      for (let at = 0; at < end; at += 2) if (matches(times![at] as Nanos, times![at + 1] as Nanos)) found++;
      return found;
    },
  };
}
