/**
 * What ran late, said by what ran: when the event loop turns again after it was held up, each callback that begins
 * tells since when it was due. A timer knows it itself, `refresh` and `setInterval` included, so nothing has to be kept
 * of the timers that are pending.
 *
 *     beat ──┬───────── blocked ─────────┬─ before(timer) ─ before(socket) ─ …  until it waits again
 *            │        due ●──────────────│──────▶ late by
 *
 * Node's timers count in milliseconds of the event loop's own clock, whose zero nobody tells. A timer never runs before
 * it is due: the least that any was seen to be late is the distance of the two clocks. Our own timers, which run all the
 * time, keep it right to a millisecond.
 */
import { executionAsyncResource } from "node:async_hooks";
import { performance } from "node:perf_hooks";
import { LateFlag, RecordKind } from "../protocol/record.ts";
import type { RingWriter } from "./ring.ts";

/** A heartbeat older than this means that the event loop idled or was held up, milliseconds. */
const HELD_UP_MS = 20;
/** For how long after that callbacks are asked at most, milliseconds. */
const WINDOW_MS = 250;
/** Waiting, not the grain of the clock. Milliseconds. */
const WAITED_MS = 0.2;
/** Less late is the clock's grain, milliseconds. */
const MIN_LATE_MS = 2;
/** The clock of Node's own fetch ticks so, unreferenced: nobody waits for it. */
const FETCH_TICK_MS = 499;
const MAX_U32 = 2 ** 32 - 1;

/** Node's own classes for what waits in the kernel, in the order of LATE_IO. */
const IO_CLASSES = ["Process", "Pipe", "TCP", "TTY"];
/** Classes of what is queued inside the process: `setImmediate`, `process.nextTick`. */
const QUEUED = ["Immediate", "Object"];

/** Fields of Node's Timeout; anything else has none of them. */
interface MaybeTimer {
  readonly _idleStart?: unknown;
  readonly _idleTimeout?: unknown;
  readonly _repeat?: unknown;
  readonly hasRef?: unknown;
  readonly constructor?: { readonly name?: unknown };
}

export interface LateTurns {
  /** A callback of the program begins: writes its record. */
  before(id: number, at: number): void;
  /** A callback of ours begins. */
  ownBefore(at: number): void;
}

/** @param beat where the heartbeat leaves its stamp */
export function createLateTurns(writer: RingWriter, beat: Float64Array, current: () => number): LateTurns {
  const { nodeTiming } = performance;
  const running = executionAsyncResource as () => MaybeTimer | undefined;
  /** Milliseconds of `performance.now()` at zero of the event loop's clock; Infinity: no timer seen yet. */
  let zero = Infinity;
  let until = 0;
  /** How long the event loop had waited in all when it was found held up. Milliseconds. */
  let waited = 0;
  /** The heartbeat that was missed. */
  let lateBeat = -1;

  /** When it was due on the event loop's clock, NaN: it is no timer. */
  function dueOf(timer: MaybeTimer | undefined): number {
    const start = timer?._idleStart;
    const delay = timer?._idleTimeout;
    return typeof start === "number" && typeof delay === "number" && delay >= 0 ? start + delay : NaN;
  }

  function look(at: number): void {
    const last = beat[0] ?? 0;
    if (at - last <= HELD_UP_MS) return;
    if (last !== lateBeat) waited = nodeTiming.idleTime;
    lateBeat = last;
    until = at + WINDOW_MS;
  }

  /** Whether it said more than that a callback began. */
  function tell(id: number, at: number): boolean {
    const resource = running();
    const due = dueOf(resource);
    if (!Number.isNaN(due)) {
      if (at - due < zero) zero = at - due;
      const late = at - due - zero;
      if (late < MIN_LATE_MS) return false;
      const repeat = typeof resource?._repeat === "number" ? LateFlag.repeats : 0;
      const quiet = isRefed(resource) ? 0 : LateFlag.unrefed;
      const delay = Math.min(MAX_U32, Math.round(Number(resource?._idleTimeout)));
      if (delay === FETCH_TICK_MS && quiet !== 0) return false;
      const lateUs = Math.min(MAX_U32, Math.round(late * 1000));
      writer.write(RecordKind.handleBefore, LateFlag.timer | repeat | quiet, at, id, lateUs, delay, current());
      return true;
    }
    const name = resource?.constructor?.name;
    if (typeof name === "string" && QUEUED.includes(name)) return false;
    if (nodeTiming.idleTime - waited > WAITED_MS) {
      until = 0;
      writer.write(RecordKind.handleBefore, LateFlag.waited, at, id, 0, 0, 0);
      return true;
    }
    const io = typeof name === "string" ? IO_CLASSES.indexOf(name) : -1;
    if (io < 0) return false;
    writer.write(RecordKind.handleBefore, LateFlag.io, at, id, io, 0, current());
    return true;
  }

  /** The resource may be of the program's own making. */
  function tellSafely(id: number, at: number): boolean {
    try {
      return tell(id, at);
    } catch {
      return false;
    }
  }

  return {
    before(id, at) {
      look(at);
      if (at < until && tellSafely(id, at)) return;
      writer.write(RecordKind.handleBefore, 0, at, id, 0, 0, 0);
    },
    ownBefore(at) {
      look(at);
      const due = dueOf(running());
      if (at - due < zero) zero = at - due;
    },
  };
}

function isRefed(timer: MaybeTimer | undefined): boolean {
  return typeof timer?.hasRef !== "function" || (timer.hasRef as () => unknown).call(timer) !== false;
}
