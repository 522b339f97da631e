/** What did a task wait for, hold, and open? Of recordings since format 2, which know. */
import type { Outcome, ScopeKind, WaitKind } from "../../src-runtime/protocol/record.ts";
import { msToNanos } from "../../src-runtime/protocol/time.ts";
import type { HoldDetails, ScopeDetails, WaitDetails, WaitSummary } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { taskRef } from "./tasks.ts";

/** The format from which on waits, scopes and holds are recorded. */
export const RUNTIME_FORMAT = 2;
const MAX_LISTED = 20;

interface StoredWait {
  readonly id: number;
  readonly kind: WaitKind;
  readonly target: number;
  readonly holder: number;
  readonly by: number | null;
  readonly asked_ms: number | null;
  readonly start: number;
  readonly dur: number | null;
  readonly outcome: Outcome;
  readonly name: string | null;
}

interface StoredScope {
  readonly id: number;
  readonly kind: ScopeKind;
  readonly name: string;
  readonly opened: number;
  readonly closed: number | null;
  readonly deadline: number | null;
  readonly shielded: number;
  readonly cancelled_at: number | null;
}

export function waitsOf(recording: Recording, task: number): WaitSummary | undefined {
  if (recording.format < RUNTIME_FORMAT) return undefined;
  const { end } = recording.meta();
  const byKind = recording.all<{ kind: WaitKind; count: number; total: number }>(
    `SELECT kind, count(*) AS count, sum(coalesce(dur, max(0, ? - start))) AS total
     FROM wait WHERE task = ? GROUP BY kind ORDER BY total DESC, kind`,
    end,
    task,
  );
  if (byKind.length === 0) return undefined;
  const rows = recording.all<StoredWait>(
    `SELECT wait.*, subject.name FROM wait LEFT JOIN subject ON subject.id = wait.target
     WHERE task = ? ORDER BY dur IS NOT NULL, dur DESC, start LIMIT ?`,
    task,
    MAX_LISTED,
  );
  return {
    count: byKind.reduce((sum, { count }) => sum + count, 0),
    total: byKind.reduce((sum, { total }) => sum + total, 0),
    byKind,
    longest: rows.map((row) => toWait(recording, row)),
  };
}

function toWait(recording: Recording, row: StoredWait): WaitDetails {
  const target = row.kind === "task" ? taskRef(recording, row.target) : undefined;
  const holder = taskRef(recording, row.holder);
  const by = taskRef(recording, row.by ?? 0);
  return {
    id: row.id,
    kind: row.kind,
    ...(row.name === null ? {} : { name: row.name }),
    ...(target === undefined ? {} : { target }),
    ...(holder === undefined ? {} : { holder }),
    ...(by === undefined ? {} : { by }),
    ...(row.asked_ms === null ? {} : { asked: msToNanos(row.asked_ms) }),
    start: row.start,
    ...(row.dur === null ? {} : { dur: row.dur }),
    outcome: row.outcome,
  };
}

export function holdsOf(recording: Recording, task: number): readonly HoldDetails[] {
  if (recording.format < RUNTIME_FORMAT) return [];
  const rows = recording.all<Omit<HoldDetails, "dur"> & { readonly dur: number | null }>(
    `SELECT hold.id, subject.kind, subject.name, acquired, waited, dur FROM hold JOIN subject ON subject.id = hold.subject
     WHERE task = ? ORDER BY dur IS NOT NULL, dur DESC, acquired LIMIT ?`,
    task,
    MAX_LISTED,
  );
  return rows.map(({ dur, ...row }) => (dur === null ? row : { ...row, dur }));
}

export function scopesOf(recording: Recording, task: number): readonly ScopeDetails[] {
  if (recording.format < RUNTIME_FORMAT) return [];
  const rows = recording.all<StoredScope>(
    "SELECT * FROM scope WHERE task = ? ORDER BY cancelled_at IS NULL, opened LIMIT ?",
    task,
    MAX_LISTED,
  );
  return rows.map(toScope);
}

export function scopeOf(recording: Recording, id: number): ScopeDetails | undefined {
  if (id === 0 || recording.format < RUNTIME_FORMAT) return undefined;
  const row = recording.get<StoredScope>("SELECT * FROM scope WHERE id = ?", id);
  return row === undefined ? undefined : toScope(row);
}

function toScope(row: StoredScope): ScopeDetails {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    opened: row.opened,
    ...(row.closed === null ? {} : { closed: row.closed }),
    ...(row.deadline === null ? {} : { deadline: row.deadline }),
    shielded: row.shielded === 1,
    ...(row.cancelled_at === null ? {} : { cancelledAt: row.cancelled_at }),
  };
}
