/**
 * Which class of cause a stall has, from its figures and its stacks. Pure.
 *
 * A wrong class is worse than `unknown`: each is said only where something speaks for it and nothing against it. Asked
 * in this order, since what comes first also bends the figures of what comes after:
 *
 *     sleep, host   the thread did not get to run: nothing else can be told of that time
 *     gc            whatever the code was, collecting took most of it
 *     starvation    no continuation was long, there were many
 *     sync-io       it waited, or let the kernel work, inside a call that waits by its nature
 *     native        one call outside JavaScript
 *     own-code      JavaScript that computed
 */
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { Cause, Frame, Site, StallEvidence } from "../api/api.ts";
import { SILENT_MS, type TimedStack } from "./blame.ts";

/** Most of a stall, where another class would explain the rest of it. */
const HALF = 0.5;
/** Most of a stall, where stacks or the host are weighed: sampled figures of a short stall are off by a tenth. */
const MOST = 0.6;
/** A thread that computes has 0.9 and more of the time it is let run; collecting garbage takes some to other threads. */
const COMPUTING = 0.7;
/** One that waits has next to nothing. */
const WAITING = 0.4;
/** A machine sleeps for seconds: where sleep is not measured, a watchdog this late may have slept. Milliseconds. */
const SLEEP_MS = 1000;
/** The default threshold: a continuation as long as this is a stall by itself, and no part of a crowd. Milliseconds. */
const LONG_MS = 50;
/** Continuations up to this share of a stall are some of many. */
const SMALL = 0.25;
/** A single sign that the thread gave way may have been the end of one callback, unless it came this soon … */
const SOON_MS = 10;
/** … and the stall lasted on for a while: the first is asked for when 45 ms of it are over. Milliseconds. */
const SINGLE_MS = 70;
/** Callbacks from which on they are many. */
const MANY = 4;
/** A share of run delay that may have made a stall out of work too short for one … */
const DELAYED = 0.25;
/** … and one beside which the program's part does not matter, whatever it was. */
const STARVED = 0.8;

export interface StallFacts {
  readonly durMs: number;
  readonly evidence: StallEvidence;
  /** The profile's stacks where there is one, else those captured. */
  readonly stacks: readonly TimedStack[];
  /** The stacks are the profile's: calls into native code stand in them, and none while the process is frozen. */
  readonly isProfiled: boolean;
  /** Captures that V8 answered at once: what comes after a silence may have been taken behind the call's end. */
  readonly captures: number;
  readonly blame: Site | undefined;
}

export function causeOf(facts: StallFacts): Cause {
  const { durMs, evidence } = facts;
  const cpu = cpuShare(facts);
  const seen = weigh(facts);
  const delay = (evidence.runDelayMs ?? 0) / durMs;
  const absent = absence(facts, cpu, delay, seen);
  if (absent !== undefined) return absent;
  if ((evidence.gcMs ?? 0) >= HALF * durMs) return "gc";
  // Alone it would not have taken long enough to be a stall: it is the host's as much as the program's.
  if (delay >= DELAYED && (1 - delay) * durMs < LONG_MS) return "unknown";
  const crowd = cpu === undefined || cpu >= WAITING * (1 - delay) ? crowdOf(facts) : "none";
  if (crowd !== "none") return crowd === "many" ? "starvation" : "unknown";
  if (seen.waiting >= MOST) return "sync-io";
  if (cpu === undefined) return "unknown";
  // Asleep inside a call of an addon, or of a stream whose reader does not read. Atomics.wait is no such call.
  const isParked = (evidence.parkedMs ?? 0) >= HALF * durMs && cpu < WAITING;
  if (isParked) return seen.native >= MOST ? "sync-io" : "unknown";
  // Of the time that it was let run.
  if (cpu < COMPUTING * (1 - delay)) return "unknown";
  if (seen.native >= MOST || isSilent(facts)) return "native";
  if (facts.blame === undefined || seen.script < HALF) return "unknown";
  // Asked, and not once answered: too little silence for a native call, and no sign of JavaScript.
  if (facts.captures === 0 && (evidence.unansweredMs ?? 0) >= SILENT_MS) return "unknown";
  return "own-code";
}

/** CPU time over wall time; where Node does not tell it, what the kernel leaves for it. */
function cpuShare({ durMs, evidence }: StallFacts): number | undefined {
  const { cpuRatio, runDelayMs, parkedMs, stoppedMs = 0 } = evidence;
  if (cpuRatio !== undefined) return cpuRatio;
  if (runDelayMs === undefined || parkedMs === undefined) return undefined;
  return Math.max(0, 1 - (runDelayMs + parkedMs + stoppedMs) / durMs);
}

/** The thread did not run: the machine slept, or the host ran something else, or stopped it. */
function absence(
  { durMs, evidence, isProfiled }: StallFacts,
  cpu: number | undefined,
  delay: number,
  seen: Weights,
): Cause | undefined {
  if (cpu !== undefined && cpu >= WAITING) return undefined;
  /** Alone it would have been a stall too: what it did is the cause, and the host made it longer. */
  const isOwnStall = cpu !== undefined && cpu * durMs >= LONG_MS;
  const { sleptMs, stoppedMs = 0, watchdogLateMs = 0 } = evidence;
  if (cpu !== undefined && sleptMs !== undefined && sleptMs >= HALF * durMs) return "sleep";
  if (stoppedMs >= HALF * durMs || delay >= STARVED || (delay >= MOST && !isOwnStall)) return "host";
  // All of the process stood still if its watchdog did too, and the profiler, which else samples a waiting thread.
  if (cpu === undefined || watchdogLateMs < MOST * durMs || (isProfiled && seen.covered >= MOST)) return undefined;
  // Captures alone don't tell the two apart.
  if (!isProfiled && seen.waiting >= MOST) return "unknown";
  return sleptMs === undefined && watchdogLateMs >= SLEEP_MS ? "unknown" : "host";
}

/** Whether many short continuations filled it, none of which would have been a stall by itself. */
function crowdOf({ durMs, evidence }: StallFacts): "many" | "unclear" | "none" {
  const { gaveWay = 0, longestTurnMs = 0, callbacks = 0, longestCallbackMs = 0, longestStretchMs } = evidence;
  // Timers, ticks and immediates, one after the other, and nothing of length after one of them.
  if (callbacks >= MANY && longestStretchMs !== undefined && longestStretchMs < SMALL * durMs) {
    // One of thousands may be long because it was interrupted.
    if (longestStretchMs < LONG_MS || durMs / callbacks < LONG_MS * SMALL) return "many";
  }
  if (longestCallbackMs >= LONG_MS || longestCallbackMs >= HALF * durMs) return "none";
  // Promises: what was queued in the middle came round, and the stall went on.
  if (longestTurnMs >= HALF * durMs) return "none";
  if (longestTurnMs >= LONG_MS) return gaveWay >= 2 && (evidence.runDelayMs ?? 0) >= longestTurnMs ? "unclear" : "none";
  if (gaveWay >= 2) return longestTurnMs < SMALL * durMs ? "many" : "unclear";
  if (gaveWay === 0 || longestTurnMs > SOON_MS) return "none";
  return durMs >= SINGLE_MS ? "many" : "unclear";
}

/** V8 did not answer for most of it, or never did: it was inside one call. */
function isSilent({ durMs, evidence, captures }: StallFacts): boolean {
  const { unansweredMs = 0, runDelayMs = 0, gcMs = 0, watchdogLateMs = 0 } = evidence;
  // Nobody answers without a CPU, nor while garbage is collected: silence beyond that, of the time without that.
  const excused = runDelayMs + gcMs;
  const silentMs = unansweredMs - excused;
  if (silentMs >= SILENT_MS && silentMs >= HALF * (durMs - excused)) return true;
  return captures === 0 && silentMs - watchdogLateMs >= Math.max(SILENT_MS, 0.3 * durMs);
}

/** Shares of the stacks' time, and of the stall's that they cover. */
interface Weights {
  readonly waiting: number;
  readonly native: number;
  readonly script: number;
  readonly covered: number;
}

function weigh({ durMs, evidence, stacks, isProfiled }: StallFacts): Weights {
  const times = { waiting: 0, native: 0, script: 0 };
  for (const { frames, length } of stacks) times[innermost(frames, isProfiled)] += nanosToMs(length);
  const total = times.waiting + times.native + times.script;
  const share = (time: number): number => (total === 0 ? 0 : time / total);
  return {
    waiting: share(times.waiting),
    native: share(times.native),
    script: share(times.script),
    covered: (total + (evidence.gcMs ?? 0)) / durMs,
  };
}

/** Time of the innermost frames in synchronous calls of Node that wait. Milliseconds. */
export function syncCallMs(stacks: readonly TimedStack[], isProfiled: boolean): number {
  return stacks.reduce(
    (sum, { frames, length }) => (innermost(frames, isProfiled) === "waiting" ? sum + nanosToMs(length) : sum),
    0,
  );
}

/** What a stack was in, from Node's frames above the program's innermost one. */
function innermost(frames: readonly Frame[], isProfiled: boolean): "waiting" | "native" | "script" {
  const program = frames.findIndex(({ origin }) => origin !== "node");
  const above = program < 0 ? frames : frames.slice(0, program);
  if (above.some(isWaitingCall)) return "waiting";
  if (above.some(isNativeCall)) return "native";
  const [leaf] = above;
  // A capture shows JavaScript's own built-ins without a file too; the profile only calls out of V8.
  const isOutside = isProfiled && leaf?.file === "" && !leaf.function.startsWith("RegExp:");
  return isOutside && !above.some(({ file }) => CLOCKS.has(file)) ? "native" : "script";
}

/** Calls that take no time: a loop that asks them how late it is computes. */
const CLOCKS: ReadonlySet<string> = new Set([
  "node:internal/perf/performance",
  "node:internal/perf/utils",
  "node:internal/process/per_thread",
]);

/** Files and child processes: every call of these that ends in "Sync" waits by its nature. */
function isWaitingCall({ function: name, file }: Frame): boolean {
  const isWaitingFile =
    file === "node:fs" ||
    file.startsWith("node:internal/fs/") ||
    file === "node:child_process" ||
    file === "node:internal/child_process";
  return isWaitingFile && name.endsWith("Sync");
}

/** Functions of Node whose own time is that of a native call, and modules that do nothing else. */
const NATIVE_FUNCTIONS: ReadonlySet<string> = new Set([
  "structuredClone node:internal/worker/js_transferable",
  "serialize node:v8",
  "deserialize node:v8",
  "Script node:vm",
  "compileFunction node:vm",
  "wrapSafe node:internal/modules/cjs/loader",
]);

function isNativeCall({ function: name, file }: Frame): boolean {
  if (file === "node:zlib" || file.startsWith("node:internal/crypto/") || file === "node:sqlite") return true;
  return NATIVE_FUNCTIONS.has(`${name.split(".").at(-1) ?? name} ${file}`);
}
