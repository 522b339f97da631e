/** Which stalls were there? */
import type { Cause, Phase, Site, StallEvidence, StallRow } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { taskRef } from "./tasks.ts";

export interface StoredStall {
  readonly id: number;
  readonly thread: number;
  readonly start: number;
  readonly dur: number | null;
  readonly phase: Phase;
  readonly cause: Cause;
  readonly task: number;
  readonly span: number;
  readonly blame: string | null;
  readonly frames: string;
  readonly samples: number;
  readonly captured_during: number;
  /** As JSON; before format 3 there were two columns instead. */
  readonly evidence?: string;
  readonly seen?: number;
  readonly cpu_ratio?: number | null;
  readonly watchdog_late_ms?: number | null;
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
    ...(stored.dur === null && stored.seen !== undefined ? { seen: stored.seen } : {}),
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

export function evidenceOf(stored: StoredStall): StallEvidence {
  const { evidence, cpu_ratio: cpuRatio, watchdog_late_ms: watchdogLateMs } = stored;
  if (evidence !== undefined) return JSON.parse(evidence) as StallEvidence;
  return {
    ...(typeof cpuRatio === "number" ? { cpuRatio } : {}),
    ...(typeof watchdogLateMs === "number" ? { watchdogLateMs } : {}),
  };
}

export function stallRows(recording: Recording): readonly StallRow[] {
  return storedStalls(recording).map((stored) => toStallRow(recording, stored));
}
