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
  /**
   * Calls `wake` once, in a macrotask of its own, at `when` or as soon after it as can be. A runner has one at a time:
   * it cancels the last before it asks for the next.
   */
  schedule(when: number, wake: () => void): ClockTimer;
  /** The runner has ended. */
  stop?(): void;
}

/** Longest time Node's timers take, milliseconds. */
const LONGEST = 2 ** 31 - 1;

/**
 * A clock from a source of time alone; the real timers wake it. One timer of Node's serves for all: a cancelled one is
 * left to run out, since arming costs more than waking in vain. It does not keep the process alive: live tasks do.
 */
export function createClock(now: () => number = performance.now.bind(performance)): Clock {
  let armed: NodeJS.Timeout | undefined;
  let armedFor = Infinity;
  let wanted: { readonly when: number; readonly wake: () => void } | undefined;

  function arm(when: number): void {
    clearTimeout(armed);
    armedFor = when;
    armed = setTimeout(look, Math.min(LONGEST, Math.ceil(when - now()))).unref();
  }

  function look(): void {
    armed = undefined;
    armedFor = Infinity;
    if (wanted === undefined) return;
    const { when, wake } = wanted;
    // Node's timers may fire a little early, and the longest times are chained.
    if (when - now() > 0) return arm(when);
    wanted = undefined;
    wake();
  }

  return {
    now,
    schedule(when, wake) {
      const own = { when, wake };
      wanted = own;
      if (when < armedFor) arm(when);
      return {
        cancel() {
          if (wanted === own) wanted = undefined;
        },
      };
    },
    stop: () => clearTimeout(armed),
  };
}
