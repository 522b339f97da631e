/** The causes of a stall, in words. "Cannot tell" stands in the same place as any other answer. */
import type { Cause, Phase, StallDetails } from "../../src-main/api/api.ts";

const WORDS: Readonly<Record<Cause, string>> = {
  "own-code": "own code",
  native: "one long native call",
  "sync-io": "synchronous I/O",
  gc: "garbage collection",
  starvation: "many short callbacks",
  host: "host starved",
  sleep: "the machine slept",
  unknown: "cannot tell",
};

export function causeWords(cause: Cause, phase?: Phase): string {
  if (phase === "startup" && cause === "unknown") return "start-up";
  return WORDS[cause];
}

export interface Evidence {
  readonly what: string;
  /** The function that `what` speaks of. */
  readonly code?: string;
  readonly value: string;
  readonly says: string;
}

/** A thread that computes uses its processor; one that waits for a disk, a lock or the host does not. */
const COMPUTING = 0.8;
const IDLE = 0.2;
/** The watchdog wakes itself every few milliseconds: if it was late too, the host did not run us. */
const HOST_LATE_MS = 50;

/** What speaks for or against the cause, in the order a person would ask. Unknown figures say so. */
export function evidenceOf(details: StallDetails): readonly Evidence[] {
  const { samples, stall } = details;
  const { cpuRatio, watchdogLateMs } = details.evidence;
  const agreeing = samples.filter(({ agrees }) => agrees).length;
  const ran = cpuRatio === undefined ? "not measured" : cpuSays(cpuRatio);
  return [
    { what: "Thread CPU ÷ wall", value: cpuRatio === undefined ? "—" : cpuRatio.toFixed(2), says: ran },
    {
      what: stall.blame === undefined ? "Samples" : "Samples in",
      ...(stall.blame === undefined ? {} : { code: stall.blame.function }),
      value:
        samples.length === 0
          ? "none"
          : stall.blame === undefined
            ? `${samples.length}`
            : `${agreeing} of ${samples.length}`,
      says: samples.length === 0 ? "no stack was taken" : "taken during the stall",
    },
    {
      what: "Watchdog woke late by",
      value:
        watchdogLateMs === undefined
          ? "—"
          : `${watchdogLateMs < 9.95 ? watchdogLateMs.toFixed(1) : Math.round(watchdogLateMs)} ms`,
      says:
        watchdogLateMs === undefined
          ? "not measured"
          : watchdogLateMs < HOST_LATE_MS
            ? "host not starved"
            : "host starved",
    },
  ];
}

function cpuSays(ratio: number): string {
  if (ratio >= COMPUTING) return "computing";
  return ratio <= IDLE ? "not computing" : "computing in part";
}
