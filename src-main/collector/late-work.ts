/**
 * Which late work a stall held up. Pure.
 *
 * Exact: it was due in the stall, by its own time, and ran in the first turns after it, or in it after the rest of a
 * burst. An estimate: the first sign of life of something that waits for the outside, in the first turns after the
 * stall, unless it was not to be expected before its end; it was ready at the earliest when the stall began.
 */
import { msToNanos, nanos, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { Phase } from "../api/api.ts";
import type { VictimRow } from "../store/rows.ts";

/** The first turns after a stall: what was due runs in them, one after another. */
const TURNS = msToNanos(50);
/** What waits in the kernel is taken in the very first: where it is not known when the event loop waited again. */
const FIRST_TURN = msToNanos(10);
/** Later after a stall nothing is held up by it. */
export const LATEST_SIGN = msToNanos(250);
/** In a stall, what ran less late than this may have come in time for its turn. */
const MIN_WITHIN = msToNanos(10);
/** Node's timers count whole milliseconds and may be armed a little after their deadline. */
const SAME_DUE = msToNanos(3);
const SAME_TURN = msToNanos(20);
/** From a socket's callback to what it brought. */
const SAME_READ = msToNanos(20);

export interface LateWork extends Omit<VictimRow, "cancelled"> {
  /** As far as known: told after it. */
  cancelled: number;
  /** A timer that keeps no process alive, once: the runtime's deadlines and Node's own are such. */
  readonly isQuiet?: boolean;
  /** Of an estimate: the async id behind it, where no task is. */
  readonly handle?: number;
  /** Of an estimate: when the work began, absent for ever. What began in a stall had not reached anyone before its end. */
  readonly opened?: Nanos;
  /** Of an estimate: the task within which it is. */
  readonly parent?: number;
}

export interface StallSpan {
  readonly id: number;
  readonly start: Nanos;
  readonly end: Nanos;
  readonly phase: Phase;
}

/** The latest first. */
export function victimsIn(
  stall: StallSpan,
  stalls: readonly StallSpan[],
  exact: readonly LateWork[],
  estimates: readonly LateWork[],
  waits: readonly Nanos[],
): readonly VictimRow[] {
  const ready = exact.filter(({ due, ran }) => isVictim(due, ran, stall, stalls));
  const told = ready.filter(({ kind }) => kind === "sleep" || kind === "deadline");
  const own = ready.filter((item) => item.isQuiet !== true || !told.some((other) => isBehind(item, other)));
  const last = nanos(Math.max(stall.end, ...own.map(({ ran }) => ran)));
  const waited = waits.find((at) => at >= stall.end && at <= stall.end + LATEST_SIGN);
  return [...own, ...estimated(stall, estimates, last, waited)]
    .map(rowOf)
    .toSorted((a, b) => b.ran - b.due - (a.ran - a.due));
}

/** Whether what was due and ran then was held up by the stall, given all stalls. */
export function isVictim(due: Nanos, ran: Nanos, { start, end }: StallSpan, stalls: readonly StallSpan[]): boolean {
  if (due < start || due > end) return false;
  return (ran >= end || ran - due >= MIN_WITHIN) && isSoonAfterOne(ran, stalls);
}

/** What is late for longer was held up by something else too, unless stalls follow one another. */
function isSoonAfterOne(ran: Nanos, stalls: readonly StallSpan[]): boolean {
  return stalls.some(({ start, end }) => ran >= start && ran <= end + TURNS);
}

/** A deadline is a timer of Node's underneath. */
function isBehind(timer: LateWork, told: LateWork): boolean {
  return Math.abs(timer.due - told.due) <= SAME_DUE && Math.abs(timer.ran - told.ran) <= SAME_TURN;
}

/**
 * @param last when the last of what was due in the stall ran: one thing after another pushes the first turns on
 * @param waited the event loop waited before this: what comes then was not there in the stall
 */
function estimated(
  { start, end }: StallSpan,
  signs: readonly LateWork[],
  last: Nanos,
  waited: Nanos | undefined,
): readonly LateWork[] {
  const firsts = new Map<string, LateWork>();
  let after = last;
  for (const item of signs.toSorted((a, b) => a.ran - b.ran)) {
    if (item.opened !== undefined && item.opened >= start) continue;
    const due = nanos(Math.max(start, item.due));
    const soon = waited === undefined ? Math.min(after + FIRST_TURN, end + TURNS) : waited - 1;
    if (due >= end || item.ran - due < MIN_WITHIN || item.ran > soon) continue;
    const key = item.handle === undefined ? `task ${item.task}` : `handle ${item.handle}`;
    const known = firsts.get(key);
    // What came while the stall lasted may have come before what held it up.
    if (known !== undefined && known.ran >= end) continue;
    firsts.set(key, { ...item, due });
    if (item.ran > after) after = item.ran;
  }
  const found = [...firsts.values()];
  const within = new Set(found.map(({ parent }) => parent));
  // A request says more than its socket, and a child that ended more than its pipes.
  const telling = found.filter(({ handle, kind }) => handle === undefined || kind === "child");
  return found.filter((item) => {
    if (item.handle === undefined) return !within.has(item.task);
    return item.kind === "child" || !telling.some(({ ran }) => Math.abs(ran - item.ran) <= SAME_READ);
  });
}

function rowOf({ kind, name, task, due, ran, exact, cancelled }: LateWork): VictimRow {
  return { kind, name, task, due, ran, exact, cancelled };
}
