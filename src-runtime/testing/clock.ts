/**
 * A clock that stands still until it is pushed. Timers fire in order, each at exactly its instant, and everything that
 * follows from one runs to its end before the next.
 */
import type { ClockTimer, TimerClock } from "../task/clock.ts";
import { assertTime } from "../task/errors.ts";

export interface TestClock extends TimerClock {
  /** Moves time on by `ms` milliseconds, firing what comes due on the way. @throws RangeError for less than 0 */
  advance(ms: number): Promise<void>;
  /** Milliseconds of the clock at which the next timer is due, Infinity: none. */
  next(): number;
  /** Goes to the next timer's instant and fires it. */
  jump(): void;
}

interface Timer {
  readonly when: number;
  readonly wake: () => void;
}

/** Turns of the event loop that let a chain of promises, immediates included, come to rest. */
const TURNS = 3;

/** Fake timers may replace the global one. */
const { setImmediate } = globalThis;

/** @param settle lets everything that a fired timer set off come to rest. */
export function createTestClock(start = 0, settle: () => Promise<void> = rest): TestClock {
  let time = start;
  const timers = new Set<Timer>();

  function head(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.when <= until && (first === undefined || timer.when < first.when)) first = timer;
    }
    return first;
  }

  function jump(until = Infinity): boolean {
    const timer = head(until);
    if (timer === undefined) return false;
    timers.delete(timer);
    time = Math.max(time, timer.when);
    timer.wake();
    return true;
  }

  return {
    now: () => time,
    schedule(when, wake): ClockTimer {
      const timer = { when, wake };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    next: () => head(Infinity)?.when ?? Infinity,
    jump: () => void jump(),
    async advance(ms) {
      assertTime(ms, "advance's time");
      if (ms < 0) throw new RangeError(`advance(${ms}): time does not go back.`);
      const until = time + ms;
      await settle();
      while (jump(until)) await settle();
      time = Math.max(time, until);
    },
  };
}

/** Lets everything that can run do so. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
}
