/** Which stalls were there? */
import type { Cause, Phase, Site, StallRow } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { taskRef } from "./tasks.ts";

export interface StoredStall {
  readonly id: number;
  readonly thread: number;
  readonly start: number;
  readonly dur: number | null;
  readonly phase: Phase;
  readonly cause: Cause;
  readonly cpu_ratio: number | null;
  readonly watchdog_late_ms: number | null;
  readonly task: number;
  readonly span: number;
  readonly blame: string | null;
  readonly frames: string;
  readonly samples: number;
  readonly captured_during: number;
}

/** In time. */
export function storedStalls(recording: Recording): readonly StoredStall[] {
  return recording.all<StoredStall>("SELECT * FROM stall ORDER BY start, id");
}

export function toStallRow(recording: Recording, stored: StoredStall): StallRow {
  const task = taskRef(recording, stored.task);
  const blame = blameOf(stored);
  return {
    id: stored.id,
    thread: stored.thread,
    start: stored.start,
    ...(stored.dur === null ? {} : { dur: stored.dur }),
    phase: stored.phase,
    cause: stored.cause,
    ...(blame === undefined ? {} : { blame }),
    ...(task === undefined ? {} : { task }),
    samples: stored.samples,
  };
}

export function blameOf(stored: Pick<StoredStall, "blame">): Site | undefined {
  return stored.blame === null ? undefined : (JSON.parse(stored.blame) as Site);
}

export function stallRows(recording: Recording): readonly StallRow[] {
  return storedStalls(recording).map((stored) => toStallRow(recording, stored));
}
