/** How long a stall lasted, or has lasted, or is known to have lasted. Nanos. */
import type { StallRow } from "../../src-main/api/api.ts";

export interface StallLength {
  readonly length: number;
  /** over: measured · now: it goes on · atLeast: nobody saw its end. */
  readonly state: "over" | "now" | "atLeast";
}

/** @param now the live end, or the end of the recording. */
export function stallLength(
  stall: Pick<StallRow, "start" | "dur" | "seen">,
  isLive: boolean,
  now: number,
): StallLength {
  const { start, dur, seen } = stall;
  if (dur !== undefined) return { length: dur, state: "over" };
  if (isLive) return { length: Math.max(0, now - start), state: "now" };
  return { length: Math.max(0, (seen ?? now) - start), state: "atLeast" };
}
