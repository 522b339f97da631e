/** What was measured of a stall, each figure with what it says: for or against its cause. */
import type { StallDetails } from "../../src-main/api/api.ts";
import { formatCount, formatCountOf, formatMs } from "../../src-main/api/format.ts";

export interface Evidence {
  readonly what: string;
  /** The function that `what` speaks of. */
  readonly code?: string;
  readonly value: string;
  readonly says: string;
  /** It speaks against a cause, and for no other. */
  readonly denies?: true;
}

/** A thread that computes uses its processor; one that waits for a disk, a lock or the host does not. */
const COMPUTING = 0.8;
const IDLE = 0.2;
/** The watchdog wakes itself every few milliseconds: if it was late too, the host did not run us. */
const HOST_LATE_MS = 50;
/** From these shares of the stall on, a figure speaks for most of it, or for some of it. */
const MOST = 0.5;
const SOME = 0.1;

/**
 * In the order a person would ask. The processor, the samples and the watchdog are said of every stall, if only that
 * they were not measured; other figures where there are some.
 */
export function evidenceOf(details: StallDetails): readonly Evidence[] {
  const { evidence, stall } = details;
  const lastedMs = ((stall.dur ?? Math.max(0, (stall.seen ?? stall.start) - stall.start)) || NaN) / 1e6;
  const { cpuRatio, watchdogLateMs, callbacks, longestCallbackMs, gaveWay, longestTurnMs } = evidence;
  const rows: (Evidence | undefined)[] = [
    {
      what: "Thread CPU ÷ wall",
      value: cpuRatio === undefined ? "—" : cpuRatio.toFixed(2),
      says: cpuRatio === undefined ? "not measured" : cpuSays(cpuRatio),
    },
    samplesOf(details),
    part("In one native call", evidence.unansweredMs, lastedMs, "V8 did not answer", "V8 answered"),
    part("In synchronous calls", evidence.syncCallMs, lastedMs, "waiting for a file or a child"),
    part("Asleep in the kernel", evidence.parkedMs, lastedMs, "waiting, not computing"),
    part("Garbage collection", evidence.gcMs, lastedMs, "most of it"),
    gaveWay === undefined
      ? undefined
      : {
          what: "Gave way to other work",
          value: gaveWay === 0 ? "never" : formatCountOf(gaveWay, "time"),
          says:
            gaveWay === 0
              ? "one long stretch"
              : longestTurnMs === undefined
                ? ""
                : `at most ${formatMs(longestTurnMs)} at a time`,
        },
    callbacks === undefined
      ? undefined
      : {
          what: "Callbacks in it",
          value: formatCount(callbacks),
          says: callbacksSay(callbacks, longestCallbackMs),
        },
    part("Ready without a CPU", evidence.runDelayMs, lastedMs, "the host ran others", "host not starved"),
    part("Stopped from outside", evidence.stoppedMs, lastedMs, "a signal or a debugger"),
    part("The machine slept", evidence.sleptMs, lastedMs, "so did the program"),
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
  return rows.filter((row) => row !== undefined);
}

/** How much of what was seen stands in the blamed function. */
function samplesOf({ samples, stall, flame }: StallDetails): Evidence {
  const { blame } = stall;
  const head = blame === undefined ? { what: "Samples" } : { what: "Samples in", code: blame.function };
  const count = Math.max(samples.length, flame?.source === "profile" ? stall.samples : 0);
  if (count === 0) return { ...head, value: "none", says: "no stack was taken" };
  if (blame === undefined) return { ...head, value: formatCount(count), says: "taken during the stall" };
  if (flame?.source !== "profile") {
    const agreeing = samples.filter(({ agrees }) => agrees).length;
    return { ...head, value: `${agreeing} of ${samples.length}`, says: "taken during the stall" };
  }
  // Parents come first, so that a node knows of its callers.
  const stands: boolean[] = [];
  for (const [frame, parent] of flame.nodes) {
    const { function: name, file } = flame.frames[frame] ?? { function: undefined, file: undefined };
    stands.push(stands[parent] === true || (name === blame.function && file === blame.file));
  }
  const all = flame.runs.reduce((sum, [, , dur]) => sum + dur, 0);
  const blamed = flame.runs.reduce((sum, [node, , dur]) => sum + (stands[node] === true ? dur : 0), 0);
  return { ...head, value: all === 0 ? "—" : `${Math.round((100 * blamed) / all)} %`, says: "of the time sampled" };
}

/** A stretch of the stall: `says` where it is much of it, `denies` where it is next to nothing. */
function part(
  what: string,
  ms: number | undefined,
  lastedMs: number,
  says: string,
  denies = "not the cause",
): Evidence | undefined {
  if (ms === undefined) return undefined;
  const share = ms / lastedMs;
  const value = ms === 0 ? "0 ms" : formatMs(ms);
  if (share >= SOME) return { what, value, says: share >= MOST ? says : "some of it" };
  return { what, value, says: denies, denies: true };
}

function callbacksSay(count: number, longestMs: number | undefined): string {
  if (count === 0) return "of promises only";
  if (count === 1) return "one alone";
  return longestMs === undefined ? "" : `the longest ${formatMs(longestMs)}`;
}

function cpuSays(ratio: number): string {
  if (ratio >= COMPUTING) return "computing";
  return ratio <= IDLE ? "not computing" : "computing in part";
}
