/**
 * The continuous CPU profile of this thread: what names the stalls that no capture can look into (JSON.parse, crypto,
 * native addons), and gives every stall its flame graph. V8's sampler runs from the start, since one started during a
 * stall sees nothing; two profiles overlap when one takes over from the other, which costs next to nothing.
 *
 *     ├──── profile 1 ────┤ stop: stalls 1 and 2 in it
 *           stall 1  stall 2 ├──── profile 2 ────┤ nothing in it: thrown away
 *
 * The text that V8 makes of a profile goes to the watchdog as it is: cutting out the stalls is work for another thread.
 */
import v8 from "node:v8";
import type { OwnMessage } from "../protocol/message.ts";

/** Between samples, microseconds. Every sample wakes the thread: at one a millisecond it would show in an idle one. */
export const INTERVAL_US = 5000;
const USUAL_INTERVAL_US = 1000;
/** A profile without a stall is replaced when it is so old: V8 keeps every sample. Milliseconds. */
const MAX_AGE_MS = 10_000;
/** Profiles are taken so that they cost at most this share of the time. */
const COST_SHARE = 0.02;
const MIN_PAUSE_MS = 100;

/** One stall, by the beat before it, and its stamps. */
export type ProfiledWindow = readonly [beat: number, from: number, to: number];

export interface RawProfile {
  readonly t: "rawProfile";
  /** As V8 tells it: the format of .cpuprofile files; times in microseconds of the monotonic clock, modulo 2^32. */
  readonly text: string;
  /** Stamp of its end. */
  readonly at: number;
  readonly windows: readonly ProfiledWindow[];
}

export interface Profiler {
  stalled(beat: number, from: number, to: number): void;
  /** Takes the profile if it is time to; whether it did. */
  tend(at: number): boolean;
  /** Takes it if a stall is in it. */
  finish(): void;
  stop(): void;
}

/** Whether this Node can: 24.12 and later. */
export function canProfile(): boolean {
  return typeof (v8 as Partial<typeof v8>).startCpuProfile === "function";
}

export function startProfiler(now: () => number, post: (message: RawProfile | OwnMessage) => void): Profiler {
  const start = v8.startCpuProfile.bind(v8);
  v8.setFlagsFromString(`--cpu-profiler-sampling-interval=${INTERVAL_US}`);
  let profile = start();
  v8.setFlagsFromString(`--cpu-profiler-sampling-interval=${USUAL_INTERVAL_US}`);
  let since = now();
  let notBefore = 0;
  let windows: ProfiledWindow[] = [];

  function take(): void {
    const next = start();
    const at = now();
    const text = profile.stop() as string | undefined;
    profile = next;
    since = at;
    if (windows.length > 0 && text !== undefined) post({ t: "rawProfile", text, at, windows });
    windows = [];
    const end = now();
    post({ t: "own", what: "profile", at, ms: end - at });
    notBefore = end + Math.max(MIN_PAUSE_MS, (end - at) / COST_SHARE);
  }

  return {
    stalled: (beat, from, to) => void windows.push([beat, from, to]),
    tend(at) {
      const isTime = windows.length === 0 ? at - since > MAX_AGE_MS : at >= notBefore;
      if (isTime) take();
      return isTime;
    },
    finish() {
      if (windows.length > 0) take();
    },
    stop: () => void profile.stop(),
  };
}
