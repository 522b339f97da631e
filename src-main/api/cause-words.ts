/**
 * The causes of a stall and what speaks for them, in words, everywhere: the interface, the reports, the terminal.
 * "Cannot tell" stands in the same place as any other answer.
 */
import type { Cause, Phase, StallEvidence } from "./api.ts";
import { formatCount, formatCountOf, formatMs } from "./format.ts";

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

/** As stored, or as in the report, where what was not measured may be null. */
export type Figures = { readonly [K in keyof StallEvidence]?: StallEvidence[K] | null };

/** Below this, or this share of the stall, a figure speaks for nothing: any stall has it. Milliseconds. */
const TELLING_MS = 5;
const TELLING_SHARE = 0.1;
/** V8 answers within this; later it was inside one call. Milliseconds. */
const ANSWER_MS = 20;

interface Measured extends Figures {
  readonly durMs: number;
}

type Say = (measured: Measured) => string | undefined;

const SAYS = {
  cpu: ({ cpuRatio }) => (typeof cpuRatio === "number" ? `CPU ${cpuRatio.toFixed(2)}` : undefined),
  silent: (measured) => {
    const { unansweredMs } = measured;
    return typeof unansweredMs !== "number" || isAnswer(measured)
      ? undefined
      : `V8 did not answer for ${formatMs(unansweredMs)}`;
  },
  answered: (measured) => (isAnswer(measured) ? "V8 answered" : undefined),
  gc: telling("gcMs", (length) => `${length} collecting garbage`),
  runDelay: telling("runDelayMs", (length) => `ready for ${length} without a CPU`),
  stopped: telling("stoppedMs", (length) => `stopped for ${length} by a signal or a debugger`),
  parked: telling("parkedMs", (length) => `asleep in the kernel for ${length}`),
  watchdog: telling("watchdogLateMs", (length) => `our watchdog woke ${length} late too`),
  slept: telling("sleptMs", (length) => `${length} of sleep`),
  syncCall: telling("syncCallMs", (length) => `${length} in synchronous calls`),
  gaveWay: ({ gaveWay, longestTurnMs }) => {
    if (typeof gaveWay !== "number" || gaveWay === 0) return undefined;
    const longest = typeof longestTurnMs === "number" ? `, at most ${formatMs(longestTurnMs)} at a time` : "";
    return `gave way ${formatCountOf(gaveWay, "time")}${longest}`;
  },
  callbacks: ({ callbacks, longestCallbackMs }) => {
    if (typeof callbacks !== "number" || callbacks < 2) return undefined;
    const longest = typeof longestCallbackMs === "number" ? `, the longest ${formatMs(longestCallbackMs)}` : "";
    return `${formatCount(callbacks)} callbacks${longest}`;
  },
} satisfies Readonly<Record<string, Say>>;

/** What to name for each cause, the most telling first. */
const TELLING: Readonly<Record<Cause, readonly (keyof typeof SAYS)[]>> = {
  "own-code": ["cpu", "runDelay", "silent", "answered", "gc"],
  native: ["silent", "cpu", "runDelay"],
  "sync-io": ["syncCall", "parked", "cpu"],
  gc: ["gc", "cpu"],
  starvation: ["gaveWay", "callbacks", "cpu"],
  host: ["runDelay", "stopped", "watchdog", "cpu"],
  sleep: ["slept", "watchdog"],
  unknown: ["cpu", "silent", "answered", "runDelay", "stopped", "parked", "syncCall", "gc", "watchdog", "gaveWay"],
};

/**
 * The figures that speak for the cause, the most telling first; none: nothing was measured.
 * @param durMs of the stall: what is a small part of it is not said.
 */
export function evidenceWords(cause: Cause, figures: Figures, durMs: number): readonly string[] {
  return TELLING[cause].flatMap((name) => {
    const say: Say = SAYS[name];
    const words = say({ ...figures, durMs });
    return words === undefined ? [] : [words];
  });
}

function isAnswer({ unansweredMs, durMs }: Measured): boolean {
  return typeof unansweredMs === "number" && unansweredMs < Math.max(ANSWER_MS, TELLING_SHARE * durMs);
}

type Length = Exclude<keyof StallEvidence, "cpuRatio" | "callbacks" | "gaveWay">;

function telling(name: Length, words: (length: string) => string): Say {
  return (measured) => {
    const ms = measured[name];
    if (typeof ms !== "number" || ms < Math.max(TELLING_MS, TELLING_SHARE * measured.durMs)) return undefined;
    return words(formatMs(ms));
  };
}
