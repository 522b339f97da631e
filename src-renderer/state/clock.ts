/**
 * The instant that is now in a recording, Nanos. A live recording's end is heard of in notices some milliseconds apart;
 * between them the window's own clock carries on, but never further than the recorder could have meant: when notices
 * stop, time on screen stops too.
 */
import type { RecordingState } from "../../src-main/api/api.ts";

export interface Clock {
  now(): number;
  /** The recorder said: this far, in this state. */
  heard(end: number, state: RecordingState): void;
}

/** Notices of a live recording come several times a second. */
const LONGEST_LEAD_NS = 2e9;

/** @param elapsedMs a clock that only goes forward, such as `performance.now()`. */
export function createClock(elapsedMs: () => number): Clock {
  let end = 0;
  let live = false;
  /** now = elapsed + offset. The notice that took least on its way gives the largest. */
  let offset = Number.NEGATIVE_INFINITY;
  return {
    now() {
      if (!live) return end;
      return Math.max(end, Math.min(elapsedMs() * 1e6 + offset, end + LONGEST_LEAD_NS));
    },
    heard(nextEnd, state) {
      end = nextEnd;
      live = state === "live";
      offset = Math.max(offset, nextEnd - elapsedMs() * 1e6);
    },
  };
}
