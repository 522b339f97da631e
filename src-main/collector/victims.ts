/**
 * What was ready while a thread's event loop was blocked and ran late because of it. Whatever comes late is noted as it
 * comes; which stall it was that held it up is told when both are known, in either order, and again when a stall is
 * judged anew.
 *
 *     stall      ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
 *     timer          due ●───────▶ ran          exact: its own due time lies in the stall
 *     stream   ● chunk    ○ usual ▶ chunk       an estimate: the first sign of life after it
 *
 * Pure but for its own state; bounded whatever the program does.
 */
import { msToNanos, nanos, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { Victim } from "../api/api.ts";
import type { Change, StallChange } from "../store/rows.ts";
import { createLateCount } from "./late-count.ts";
import { isVictim, LATEST_SIGN, victimsIn, type LateWork, type StallSpan } from "./late-work.ts";
import { createOpenWork } from "./open-work.ts";
import type { SessionEvent } from "./session.ts";

/** Stalls that may still find victims, or be judged anew. */
const KEPT_STALLS = 64;
/** Late work kept for them; of more, what came first is only counted. */
const KEPT_LATE = 5000;
/** Signs of life kept until it is known whether a stall came before them. */
const KEPT_SIGNS = 256;
/** Scopes, sleeps and cancels remembered at a time. */
const KEPT_PENDING = 10_000;
/** Rows of one stall; the count is of all. */
const MOST_ROWS = 200;
/** Less late is what any turn of the event loop takes. */
const MIN_LATE = 2_000_000;
const IO_KINDS: Readonly<Record<string, Victim["kind"]>> = { "child process": "child" };

interface Sleep {
  readonly due: Nanos;
  readonly task: number;
  readonly name: string;
}

interface KnownScope {
  readonly name: string;
  readonly when: Nanos | undefined;
}

interface KnownStall extends StallSpan {
  /** Victims were told of it. */
  hasRows: boolean;
}

export interface ThreadVictims {
  /** Every event of the thread, with what it changed of stalls: `out` from `from` on. Adds victims. */
  apply(event: SessionEvent, out: Change[], from: number): void;
}

export function createThreadVictims(): ThreadVictims {
  const stalls = new Map<number, KnownStall>();
  const dirty = new Set<number>();
  const exact: LateWork[] = [];
  const more = createLateCount();
  const estimates: LateWork[] = [];
  const signs: LateWork[] = [];
  /** When the event loop was seen to wait again, in time. */
  const waits: Nanos[] = [];
  const work = createOpenWork();
  const sleeps = new Map<number, Sleep>();
  const scopes = new Map<number, KnownScope>();
  /** Late deadlines by their cancel: whom it reaches is told after it. */
  const cancels = new Map<number, LateWork>();

  function late(item: LateWork): void {
    if (item.ran - item.due < MIN_LATE) return;
    for (const old of keep(exact, item, KEPT_LATE)) more.add(old.due, old.ran);
    touch(item);
  }

  function sign(item: LateWork | undefined): void {
    if (item === undefined) return;
    if ([...stalls.values()].some((stall) => isNear(item, stall))) {
      keep(estimates, item, KEPT_LATE);
      touch(item);
    } else keep(signs, item, KEPT_SIGNS);
  }

  function touch({ due, ran }: LateWork): void {
    for (const { id, start, end } of stalls.values()) if (ran >= start && due <= end) dirty.add(id);
  }

  function know({ id, start, dur, phase }: StallChange): void {
    if (dur === undefined) return;
    const end = nanos(start + dur);
    const known = stalls.get(id);
    if (known?.start === start && known.end === end && known.phase === phase) return;
    const stall: KnownStall = { id, start, end, phase, hasRows: known?.hasRows ?? false };
    stalls.set(id, stall);
    dirty.add(id);
    for (const oldest of stalls.keys()) {
      if (stalls.size <= KEPT_STALLS) break;
      stalls.delete(oldest);
    }
    for (const item of signs) if (isNear(item, stall) && !estimates.includes(item)) keep(estimates, item, KEPT_LATE);
  }

  function cancelled(event: Extract<SessionEvent, { kind: "cancel" }>): void {
    if (event.source !== "deadline") return;
    const scope = event.scope === undefined ? undefined : scopes.get(event.scope);
    const due = event.due ?? scope?.when;
    if (due === undefined) return;
    const name = event.due === undefined ? scope?.name || "deadline" : "AbortSignal.timeout";
    const task = event.task ?? event.by;
    const item: LateWork = { kind: "deadline", name, task, due, ran: event.at, exact: true, cancelled: 0 };
    late(item);
    remember(cancels, event.cancel, item);
  }

  /** Stalls among the changes: new ones, ones judged anew, ones taken back. */
  function judged(changes: readonly Change[], from: number): void {
    for (let at = from; at < changes.length; at++) {
      const change = changes[at];
      if (change?.do === "stall") know(change.row);
      else if (change?.do === "voidStall") {
        stalls.delete(change.stall);
        dirty.delete(change.stall);
      }
    }
  }

  /** Tells the victims of the stalls about which something is new. */
  function flush(out: Change[]): void {
    const all = [...stalls.values()];
    for (const id of dirty) {
      const stall = stalls.get(id);
      if (stall === undefined) continue;
      const isRun = stall.phase === "run";
      const found = isRun ? victimsIn(stall, all, exact, estimates, waits) : [];
      if (found.length === 0 && !stall.hasRows) continue;
      stall.hasRows = found.length > 0;
      const uncounted = isRun ? more.count((due, ran) => isVictim(due, ran, stall, all)) : 0;
      out.push({ do: "victims", stall: id, rows: found.slice(0, MOST_ROWS), count: found.length + uncounted });
    }
    dirty.clear();
  }

  function note(event: SessionEvent): void {
    switch (event.kind) {
      case "lateTimer": {
        const { at: ran, due, task, delay, repeats, isRefed } = event;
        const name = `${repeats ? "setInterval" : "setTimeout"} ${delay} ms`;
        late({ kind: "timer", name, task, due, ran, exact: true, cancelled: 0, isQuiet: !isRefed && !repeats });
        return;
      }
      case "lateIo": {
        const { at: ran, io, task, handle } = event;
        const kind = IO_KINDS[io] ?? "stream";
        sign({ kind, name: io, task, due: nanos(0), ran, exact: false, cancelled: 0, handle });
        return;
      }
      case "waited":
        keep(waits, event.at, KEPT_SIGNS);
        for (const { id, end } of stalls.values()) if (end <= event.at && event.at <= end + LATEST_SIGN) dirty.add(id);
        return;
      case "wait":
        if (event.waitKind !== "sleep" || event.asked === undefined) return;
        remember(sleeps, event.wait, {
          due: nanos(event.at + msToNanos(event.asked)),
          task: event.task,
          name: `sleep ${Math.round(event.asked)} ms`,
        });
        return;
      case "waitEnd": {
        const sleep = sleeps.get(event.wait);
        sleeps.delete(event.wait);
        if (sleep === undefined || event.outcome !== "completed") return;
        late({ kind: "sleep", ...sleep, ran: event.at, exact: true, cancelled: 0 });
        return;
      }
      case "scope":
        remember(scopes, event.scope, { name: event.name, when: scopes.get(event.scope)?.when });
        return;
      case "deadline":
        remember(scopes, event.scope, { name: scopes.get(event.scope)?.name ?? "", when: event.when });
        return;
      case "scopeEnd":
        scopes.delete(event.scope);
        return;
      case "cancel":
        return cancelled(event);
      case "reached": {
        const item = cancels.get(event.cancel);
        if (item === undefined || item.cancelled !== 0) return;
        item.cancelled = event.task;
        touch(item);
        return;
      }
      case "start":
      case "progress":
      case "end":
        return sign(work.apply(event));
      default:
        return;
    }
  }

  return {
    apply(event, out, from) {
      note(event);
      if (out.length > from) judged(out, from);
      // What came late together is told together.
      if (event.kind === "beat" || event.kind === "bye" || event.kind === "gone") flush(out);
    },
  };
}

/** It ran in the stall or soon after. */
function isNear({ ran }: LateWork, { start, end }: StallSpan): boolean {
  return ran >= start && ran <= end + LATEST_SIGN;
}

/** Answers what had to go. */
function keep<T>(list: T[], item: T, most: number): readonly T[] {
  list.push(item);
  return list.length < 2 * most ? [] : list.splice(0, list.length - most);
}

function remember<V>(map: Map<number, V>, key: number, value: V): void {
  map.set(key, value);
  if (map.size > KEPT_PENDING) map.delete(map.keys().next().value as number);
}
