/** The waits of the report: what tasks of the agent runtime waited for, by kind and by target; and what was tried again. */
import type { RuntimeEventKind, WaitKind } from "../../src-runtime/protocol/record.ts";
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { RecordingMeta } from "../store/meta.ts";
import type { Recording } from "../store/recording.ts";
import type { Ref } from "./report-parts.ts";
import { RUNTIME_FORMAT } from "./task-waits.ts";

/** Targets told of, at most. */
const MAX_TARGETS = 20;
/** Who waits for tasks waits for what those wait for; what an agent waits for itself are its models. */
const IS_TOLD = `wait.kind NOT IN ('task', 'gather', 'wait', 'group', 'checkpoint')
  AND NOT (wait.kind = 'external' AND coalesce(task.kind, '') IN ('agent', 'step', 'model'))`;

export interface WaitTotal {
  readonly kind: WaitKind;
  readonly count: number;
  /** Still waiting at the last instant known; they count up to it. */
  readonly open: number;
  readonly cancelled: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

export interface WaitTarget extends WaitTotal {
  /** Null: a sleep, a promise from elsewhere. */
  readonly name: string | null;
  /** The task that held it longest at a time. Null: it is nothing that is held. */
  readonly heldLongestBy: (Ref & { readonly ms: number }) | null;
}

export interface Resilience {
  /** Attempts after a failed one. */
  readonly retries: number;
  /** Given up after the last attempt. */
  readonly gaveUp: number;
  readonly fallbacks: number;
  /** Times a circuit breaker opened. */
  readonly breakersOpened: number;
}

interface StoredTotal extends Omit<WaitTarget, "totalMs" | "maxMs" | "heldLongestBy"> {
  readonly total: number;
  readonly most: number;
}

/** By kind and name; without targets by kind alone. The longest in all first. */
function totals(recording: Recording, { end }: RecordingMeta, byTarget: boolean): readonly StoredTotal[] {
  if (recording.format < RUNTIME_FORMAT) return [];
  return recording.all<StoredTotal>(
    `SELECT kind, name, count(*) AS count, sum(outcome = 'open') AS open, sum(outcome = 'cancelled') AS cancelled,
            sum(length) AS total, max(length) AS most
     FROM (SELECT wait.kind, ${byTarget ? "subject.name" : "NULL AS name"}, wait.outcome,
                  coalesce(dur, max(0, ? - start)) AS length
           FROM wait LEFT JOIN subject ON subject.id = wait.target LEFT JOIN task ON task.id = wait.task
           ${byTarget ? `WHERE ${IS_TOLD}` : ""})
     GROUP BY kind, name ORDER BY total DESC, kind, name`,
    end,
  );
}

export function waitTotals(recording: Recording, meta: RecordingMeta): readonly WaitTotal[] {
  return totals(recording, meta, false).map(({ kind, count, open, cancelled, total, most }) => ({
    kind,
    count,
    open,
    cancelled,
    totalMs: nanosToMs(total),
    maxMs: nanosToMs(most),
  }));
}

export function waitTargets(recording: Recording, meta: RecordingMeta): readonly WaitTarget[] {
  return totals(recording, meta, true)
    .slice(0, MAX_TARGETS)
    .map(({ total, most, ...row }) => ({
      ...row,
      totalMs: nanosToMs(total),
      maxMs: nanosToMs(most),
      heldLongestBy: longestHold(recording, meta, row),
    }));
}

function longestHold(
  recording: Recording,
  { end }: RecordingMeta,
  { kind, name }: Pick<WaitTarget, "kind" | "name">,
): WaitTarget["heldLongestBy"] {
  if (name === null) return null;
  const row = recording.get<{ id: number; name: string; length: number }>(
    `SELECT task.id, task.name, coalesce(dur, max(0, ? - acquired)) AS length
     FROM hold JOIN subject ON subject.id = hold.subject JOIN task ON task.id = hold.task
     WHERE subject.kind = ? AND subject.name = ? ORDER BY length DESC LIMIT 1`,
    end,
    kind,
    name,
  );
  return row === undefined ? null : { id: String(row.id), name: row.name, ms: nanosToMs(row.length) };
}

export function resilience(recording: Recording): Resilience {
  if (recording.format < RUNTIME_FORMAT) return { retries: 0, gaveUp: 0, fallbacks: 0, breakersOpened: 0 };
  const count = (kind: RuntimeEventKind, where = ""): number =>
    recording.get<{ n: number }>(`SELECT count(*) AS n FROM runtime_event WHERE kind = ?${where}`, kind)?.n ?? 0;
  return {
    retries: count("retry.scheduled"),
    gaveUp: count("retry.gave_up"),
    fallbacks: count("fallback.used", " AND b >= 0"),
    breakersOpened: count("breaker.state", " AND b = 1"),
  };
}
