/** What is known of one stall's stacks, to be written as a profile. */
import type { Flame } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { flameOf } from "./stall-flame.ts";
import { storedStalls, type StoredStall } from "./stalls.ts";

export interface StallProfile {
  /** 0: there is no such stall. */
  readonly id: number;
  readonly start: number;
  readonly end: number;
  /** Absent: no stack was seen of it. */
  readonly flame?: Flame;
}

const NONE: StallProfile = { id: 0, start: 0, end: 0 };

export function stallProfile(recording: Recording, id: number): StallProfile {
  return recording.snapshot(() => {
    const stored = recording.get<StoredStall>("SELECT * FROM stall WHERE id = ?", id);
    return stored === undefined ? NONE : profileOf(recording, stored);
  });
}

/** Of the longest stall of the program's run of which a stack was seen; else of the longest. */
export function worstStallProfile(recording: Recording): StallProfile {
  return recording.snapshot(() => {
    const ofRun = storedStalls(recording)
      .filter(({ phase }) => phase === "run")
      .sort((a, b) => lengthOf(b) - lengthOf(a));
    let worst: StallProfile | undefined;
    for (const stored of ofRun) {
      const profile = profileOf(recording, stored);
      if (profile.flame !== undefined) return profile;
      worst ??= profile;
    }
    return worst ?? NONE;
  });
}

function profileOf(recording: Recording, stored: StoredStall): StallProfile {
  const flame = flameOf(recording, stored);
  const { id, start } = stored;
  return { id, start, end: start + lengthOf(stored), ...(flame === undefined ? {} : { flame }) };
}

/** As measured, or as seen where nobody saw the end. */
export function lengthOf({ start, dur, seen }: StoredStall): number {
  return dur ?? Math.max(0, (seen ?? start) - start);
}
