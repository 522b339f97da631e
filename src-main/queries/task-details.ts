/** Everything recorded about one task. */
import type { CancelSource } from "../../src-runtime/protocol/message.ts";
import type { Outcome, TaskKind } from "../../src-runtime/protocol/record.ts";
import type { CancellationDetails, Frame, Site, TaskDetails } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { toStallRow, type StoredStall } from "./stalls.ts";
import { holdsOf, scopeOf, scopesOf, waitsOf } from "./task-waits.ts";
import { ancestorsOf, taskRef } from "./tasks.ts";

interface StoredTask {
  readonly id: number;
  readonly name: string;
  readonly kind: TaskKind;
  readonly origin: string;
  readonly created: number;
  readonly settled: number | null;
  readonly outcome: Outcome;
  readonly error: string | null;
  readonly first_chunk: number | null;
  readonly chunks: number;
  readonly attributes: string;
  /** Since format 2. */
  readonly started?: number | null;
  readonly site?: string | null;
}

export interface StoredCancellation {
  readonly id: number;
  readonly cancel: number;
  readonly task: number;
  readonly requested: number;
  readonly settled: number | null;
  readonly source: CancelSource;
  readonly reason: string;
  readonly by: number;
  readonly stack: string;
  readonly ignored: number;
  /** Since format 2. */
  readonly scope?: number;
  readonly delivered?: number | null;
}

const MAX_CANCELLATIONS = 20;

export function taskDetails(recording: Recording, id: number): TaskDetails | undefined {
  const row = recording.get<StoredTask>("SELECT * FROM task WHERE id = ?", id);
  if (row === undefined) return undefined;
  const children = recording.get<{ n: number }>("SELECT count(*) AS n FROM task WHERE parent = ?", id)?.n ?? 0;
  const stalls = recording.all<StoredStall>("SELECT * FROM stall WHERE task = ? ORDER BY start", id);
  const [cancellation, ...later] = recording
    .all<StoredCancellation>(
      "SELECT * FROM cancellation WHERE task = ? OR cancel = ? ORDER BY requested, id LIMIT ?",
      id,
      id,
      MAX_CANCELLATIONS,
    )
    .map((stored) => toCancellation(recording, stored));
  const site = siteOf(JSON.parse(row.site ?? "[]") as readonly Frame[]);
  const waits = waitsOf(recording, id);
  const holds = holdsOf(recording, id);
  const scopes = scopesOf(recording, id);
  return {
    kind: "task",
    task: { id: row.id, name: row.name, kind: row.kind },
    ancestors: ancestorsOf(recording, id),
    ...(row.origin === "" ? {} : { origin: row.origin }),
    start: row.created,
    ...(row.settled === null ? {} : { end: row.settled }),
    outcome: row.outcome,
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.first_chunk === null ? {} : { firstChunk: row.first_chunk }),
    chunks: row.chunks,
    children,
    attributes: JSON.parse(row.attributes) as Record<string, unknown>,
    ...(cancellation === undefined ? {} : { cancellation }),
    // An abort is shown by the first task it reached.
    ...(later.length === 0 || row.origin === "abort" ? {} : { laterCancellations: later }),
    stalls: stalls.map((stall) => toStallRow(recording, stall)),
    ...(site === undefined ? {} : { site }),
    ...(typeof row.started === "number" ? { queued: Math.max(0, row.started - row.created) } : {}),
    ...(waits === undefined ? {} : { waits }),
    ...(holds.length === 0 ? {} : { holds }),
    ...(scopes.length === 0 ? {} : { scopes }),
  };
}

function toCancellation(recording: Recording, row: StoredCancellation): CancellationDetails {
  const stack = JSON.parse(row.stack) as readonly Frame[];
  const by = taskRef(recording, row.by);
  const site = siteOf(stack);
  const scope = scopeOf(recording, row.scope ?? 0);
  return {
    id: row.id,
    requestedAt: row.requested,
    ...(row.settled === null ? {} : { settledAt: row.settled }),
    reason: row.reason,
    source: row.source,
    ...(by === undefined ? {} : { by }),
    ...(site === undefined ? {} : { site }),
    stack,
    ignored: row.ignored === 1,
    ...(typeof row.delivered === "number" ? { deliveredAt: row.delivered } : {}),
    ...(scope === undefined ? {} : { scope }),
  };
}

/** Where a cancellation was asked for: the innermost frame that is not Node's own. */
export function siteOf(stack: readonly Frame[]): Site | undefined {
  const frame = stack.find(({ origin }) => origin !== "node");
  if (frame === undefined) return undefined;
  const { function: fn, file, line, column } = frame;
  return { function: fn, file, line, column, ...(frame.package === undefined ? {} : { package: frame.package }) };
}
