/**
 * Level `deep`: every promise's creation, runs, settlement and parent, by V8's own promise hooks (async_hooks would
 * cost three times as much). They run at each of up to forty million events a second, so they write numbers only, and
 * look at the clock only when it may have moved.
 *
 * A promise carries its id in a private field, stamped on by a class whose constructor returns it: as fast as a
 * property, and invisible to the program.
 */
import { performance } from "node:perf_hooks";
import v8 from "node:v8";
import {
  DISTANCE_MASK,
  DISTANCE_SHIFT,
  FAR,
  FAR_WORDS,
  ID_MASK,
  LONG,
  LONG_WORDS,
  LOST,
  MAX_TICKS,
  PromiseEvent,
  TASK,
  TASK_WORDS,
  TICKS_MS,
  TICKS_SHIFT,
} from "../protocol/promise-words.ts";
import { PromiseControl, type PromiseRing } from "./promise-ring.ts";

/** Events between two looks at how fast they come. */
const BLOCK_EVENTS = 64;
/** A block in less than this is a flood: the clock is then read once a block, and when the watchdog has woken. Ticks. */
const FLOOD_TICKS = 250;
const UNKNOWN = -1;
const STALE = -1;

export interface Stretch {
  /** Milliseconds of the thread's clock. */
  readonly start: number;
  readonly end: number;
}

export interface PromiseHooks {
  /** Hands over what has been written: the hooks themselves only do it now and then. */
  publish(): void;
  /** A callback of another kind begins or ends: time has passed. */
  turn(): void;
  /** The longest uninterrupted run of a promise's reaction since the last call. */
  longest(): Stretch | undefined;
  stop(): void;
}

class Itself {
  constructor(promise: object) {
    return promise;
  }
}

class Stamped extends Itself {
  readonly #id: number;

  constructor(promise: object, id: number) {
    super(promise);
    this.#id = id;
  }

  /** UNKNOWN for a promise from before the hooks. */
  static idOf(promise: object): number {
    return #id in promise ? promise.#id : UNKNOWN;
  }
}

/**
 * @param canSkip whether `turn` will be called around every callback of another kind: only then may the clock be left
 * alone in a flood
 */
export function startPromiseHooks(
  ring: PromiseRing,
  current: () => number,
  canSkip: boolean,
  onError: (error: unknown) => void,
): PromiseHooks {
  const now = performance.now.bind(performance);
  const { control, words } = ring;
  const mask = words.length - 1;
  /** Words in the ring up to which there is room for any event and a task. */
  const most = words.length - LONG_WORDS - TASK_WORDS;
  /** Words from which on the watchdog is woken. */
  const wanted = words.length >>> 3;
  /** Numbers that would each be a fresh object in a variable. Ticks: of the last stamp, of the block's and run's start. */
  const ticks = new Float64Array(5);
  const STAMP = 0;
  const BLOCK = 1;
  const RUN = 2;
  const LONGEST_START = 3;
  const LONGEST = 4;
  /** Events that could not even be written, by kind. */
  const missed = new Int32Array(4);
  let head = 0;
  let tail = 0;
  let newest = 0;
  let task = 0;
  let left = BLOCK_EVENTS;
  let isFlood = false;
  /** The watchdog's clock when ours was read; STALE: read it at the next event. */
  let seenClock = STALE;
  /** The next event has to be a whole one: the first, and after a loss. */
  let isWhole = true;
  let hasLost = false;
  /** Promises from before the hooks that run now: their `after` is not told either. */
  let foreign = 0;

  function write(kind: PromiseEvent, distance: number): void {
    let since = 0;
    if (--left === 0 || control[PromiseControl.clock] !== seenClock) since = readClock();
    if ((head - tail) >>> 0 > most && !makeRoom(kind)) return;
    if (since > MAX_TICKS || isWhole) return writeWhole(kind, distance);
    if (distance > DISTANCE_MASK) {
      words[head & mask] = kind | LONG | FAR | (since << TICKS_SHIFT);
      words[(head + 1) & mask] = distance;
      head = (head + FAR_WORDS) | 0;
      return;
    }
    words[head & mask] = kind | (distance << DISTANCE_SHIFT) | (since << TICKS_SHIFT);
    head = (head + 1) | 0;
  }

  /** Ticks since the last stamp. */
  function readClock(): number {
    const at = Math.floor(now() * TICKS_MS);
    const since = at - ticks[STAMP]!;
    ticks[STAMP] = at;
    if (left === 0) {
      isFlood = canSkip && at - ticks[BLOCK]! < FLOOD_TICKS;
      ticks[BLOCK] = at;
      left = BLOCK_EVENTS;
      publish();
      if ((head - tail) >>> 0 > wanted) wake();
    }
    seenClock = isFlood ? control[PromiseControl.clock]! : STALE;
    return since;
  }

  function wake(): void {
    tail = Atomics.load(control, PromiseControl.tail);
    if ((head - tail) >>> 0 <= wanted || Atomics.exchange(control, PromiseControl.full, 1) === 1) return;
    Atomics.notify(control, PromiseControl.full);
  }

  function makeRoom(kind: PromiseEvent): boolean {
    tail = Atomics.load(control, PromiseControl.tail);
    if ((head - tail) >>> 0 <= most) return true;
    Atomics.add(control, PromiseControl.dropped + kind, 1);
    isWhole = true;
    hasLost = true;
    return false;
  }

  function writeWhole(kind: PromiseEvent, distance: number): void {
    const at = ticks[STAMP]!;
    words[head & mask] = kind | LONG | (hasLost ? LOST : 0);
    words[(head + 1) & mask] = newest;
    words[(head + 2) & mask] = distance;
    words[(head + 3) & mask] = at % 2 ** 32;
    words[(head + 4) & mask] = at / 2 ** 32;
    head = (head + LONG_WORDS) | 0;
    if (hasLost) tellMissed();
    isWhole = false;
    hasLost = false;
  }

  function tellTask(next: number): void {
    if ((head - tail) >>> 0 > most) return;
    task = next;
    words[head & mask] = LONG | TASK;
    words[(head + 1) & mask] = next;
    head = (head + TASK_WORDS) | 0;
  }

  function publish(): void {
    Atomics.store(control, PromiseControl.head, head);
  }

  function tellMissed(): void {
    for (const [kind, count] of missed.entries()) Atomics.add(control, PromiseControl.dropped + kind, count);
    missed.fill(0);
  }

  const stopHooks = v8.promiseHooks.createHook({
    init(promise, parent) {
      try {
        newest = (newest + 1) & ID_MASK;
        new Stamped(promise, newest);
        const from = parent === undefined ? UNKNOWN : Stamped.idOf(parent);
        write(PromiseEvent.init, from === UNKNOWN ? 0 : (newest - from) & ID_MASK);
      } catch (error) {
        fail(PromiseEvent.init, error);
      }
    },
    before(promise) {
      try {
        const id = Stamped.idOf(promise);
        if (id === UNKNOWN) {
          foreign++;
          return;
        }
        const of = current();
        if (of !== task) tellTask(of);
        write(PromiseEvent.before, (newest - id) & ID_MASK);
        ticks[RUN] = ticks[STAMP]!;
        // What it runs may never end. In a flood the block that is open is what a kill would cost.
        if (!isFlood) publish();
      } catch (error) {
        fail(PromiseEvent.before, error);
      }
    },
    after() {
      try {
        if (foreign > 0) {
          foreign--;
          return;
        }
        write(PromiseEvent.after, 0);
        const length = ticks[STAMP]! - ticks[RUN]!;
        if (length > ticks[LONGEST]!) {
          ticks[LONGEST] = length;
          ticks[LONGEST_START] = ticks[RUN]!;
        }
      } catch (error) {
        fail(PromiseEvent.after, error);
      }
    },
    settled(promise) {
      try {
        const id = Stamped.idOf(promise);
        if (id !== UNKNOWN) write(PromiseEvent.settled, (newest - id) & ID_MASK);
      } catch (error) {
        fail(PromiseEvent.settled, error);
      }
    },
  }) as () => void;

  function fail(kind: PromiseEvent, error: unknown): void {
    // The program is about to overflow its stack, and it met us: its error will come by itself.
    if (error instanceof RangeError) {
      missed[kind]!++;
      isWhole = true;
      hasLost = true;
      return;
    }
    stopHooks();
    onError(error);
  }

  return {
    publish,
    turn() {
      seenClock = STALE;
    },
    longest() {
      const length = ticks[LONGEST]!;
      if (length === 0) return undefined;
      const start = ticks[LONGEST_START]!;
      ticks[LONGEST] = 0;
      return { start: start / TICKS_MS, end: (start + length) / TICKS_MS };
    },
    stop: () => stopHooks(),
  };
}
