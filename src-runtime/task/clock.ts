/**
 * The runner's clock: monotonic milliseconds and a timer at an instant of them. Tests push their own.
 */
import { performance } from "node:perf_hooks";

export interface ClockTimer {
  cancel(): void;
}

/** A source of time. Where it can't wake the runner itself, real timers do. */
export interface Clock {
  /** Milliseconds, never going back. */
  now(): number;
  /**
   * Calls `wake` once, in a macrotask of its own, at `when` or as soon after it as can be. A runner has one at a time:
   * it cancels the last before it asks for the next.
   */
  schedule?(when: number, wake: () => void): ClockTimer;
  /** It may wake for a deadline that was removed. Not where time jumps to the next one. */
  readonly wakesInVain?: boolean;
}

/** A clock that wakes. */
export type TimerClock = Clock & Required<Pick<Clock, "schedule">>;

/** Longest time Node's timers take, milliseconds. */
const LONGEST = 2 ** 31 - 1;

/**
 * A clock from a source of time alone; the real timers wake it. They don't keep the process alive: live tasks do. A timer
 * that is not needed any more is left to run out, since arming costs more than waking in vain.
 */
export function createClock(now: () => number = performance.now.bind(performance)): TimerClock {
  return {
    now,
    wakesInVain: true,
    schedule(when, wake) {
      let timer: NodeJS.Timeout;
      function arm(): void {
        timer = setTimeout(look, Math.min(LONGEST, Math.max(0, Math.ceil(when - now())))).unref();
      }
      function look(): void {
        // Node's timers may fire a little early, and the longest times are chained.
        if (when - now() > 0) arm();
        else wake();
      }
      arm();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
