/**
 * The runner's clock: monotonic milliseconds and a timer at an instant of them. Tests push their own.
 */
import { performance } from "node:perf_hooks";

export interface ClockTimer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds, never going back. */
  now(): number;
  /** Calls `wake` once, in a macrotask of its own, at `when` or as soon after it as can be. */
  schedule(when: number, wake: () => void): ClockTimer;
}

/** Longest time Node's timers take, milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** A clock from a source of time alone; the real timers wake it. */
export function createClock(now: () => number = performance.now.bind(performance)): Clock {
  return {
    now,
    schedule(when, wake) {
      let handle: { clear(): void } = arm();
      function arm(): { clear(): void } {
        const timer = setTimeout(look, Math.min(LONGEST, Math.ceil(when - now())));
        return { clear: () => clearTimeout(timer) };
      }
      function look(): void {
        // Node's timers may fire a little early, and the longest times are chained.
        if (when - now() > 0) handle = arm();
        else wake();
      }
      return { cancel: () => handle.clear() };
    },
  };
}
