/**
 * Which reactions of promises were ready during a stall and ran late because of it? Exact: a reaction is ready when it
 * exists and what it waits for has settled, and V8 says when it ran.
 *
 *     parent settled   stall ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒   ran
 *            │─────────── late ─────────────────────│
 */
import { PromiseEvent } from "../../src-runtime/protocol/promise-words.ts";
import type { VisitPromiseEvent } from "../store/promise-chunk.ts";
import { PROMISE_FORMAT, readPromises } from "../store/promise-reader.ts";
import type { Recording } from "../store/recording.ts";

/** How long before a stall a reaction may have become ready, and after it have run. Nanoseconds. */
const LOOK_AROUND_NS = 100e6;
const MAX_EVENTS = 400_000;
/** Less is what any turn of the event loop takes. */
const MIN_LATE_MS = 1;
const THREAD_IDS = 2 ** 32;

export interface LateReaction {
  /** Of its thread. */
  readonly promise: number;
  readonly readyAt: number;
  readonly ranAt: number;
  readonly lateMs: number;
  /** The task it ran in, 0 none or unknown. */
  readonly task: number;
}

export interface StallWindow {
  readonly thread: number;
  readonly start: number;
  readonly end: number;
}

/** The worst first, at most `limit`. None below level deep. */
export function lateReactions(recording: Recording, stall: StallWindow, limit: number): readonly LateReaction[] {
  if (recording.format < PROMISE_FORMAT) return [];
  const window = { from: stall.start - LOOK_AROUND_NS, to: stall.end + LOOK_AROUND_NS };
  return findLateReactions((visit) => readPromises(recording, stall.thread, window, MAX_EVENTS, visit), stall, limit);
}

/** Pure: `events` hands every promise event of the thread around the stall to its visitor, in order. */
export function findLateReactions(
  events: (visit: VisitPromiseEvent) => void,
  { thread, start, end }: StallWindow,
  limit: number,
): readonly LateReaction[] {
  const created = new Map<number, { readonly at: number; readonly parent: number }>();
  const settled = new Map<number, number>();
  let late: LateReaction[] = [];
  let floor = MIN_LATE_MS;
  events((kind, at, id, parent, task) => {
    if (kind === PromiseEvent.init) created.set(id, { at, parent });
    else if (kind === PromiseEvent.settled) settled.set(id, at);
    if (kind !== PromiseEvent.before || at <= start) return;
    const readyAt = readySince(id);
    const lateMs = readyAt === undefined ? 0 : (at - readyAt) / 1e6;
    if (readyAt === undefined || readyAt >= end || lateMs < floor) return;
    late.push({ promise: id, readyAt, ranAt: at, lateMs, task: task === 0 ? 0 : thread * THREAD_IDS + task });
    if (late.length < 2 * limit) return;
    late = worst(late, limit);
    floor = Math.max(floor, late.at(-1)?.lateMs ?? 0);
  });

  /** Undefined where it can't be told: never a guess. */
  function readySince(id: number): number | undefined {
    const own = created.get(id);
    // It adopted another promise, and runs to hear of that.
    const adopted = settled.get(id);
    if (adopted !== undefined) return adopted;
    if (own === undefined || own.parent === 0) return undefined;
    const parentSettled = settled.get(own.parent);
    if (parentSettled !== undefined) return Math.max(parentSettled, own.at);
    // Its parent is older than what was read, and had settled: or it could not have run.
    return created.has(own.parent) ? undefined : own.at;
  }

  return worst(late, limit);
}

function worst(late: readonly LateReaction[], limit: number): LateReaction[] {
  return late.toSorted((a, b) => b.lateMs - a.lateMs).slice(0, limit);
}
