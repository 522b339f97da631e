/** Everything recorded about one task. */
import type { CancelSource } from "../../src-runtime/protocol/message.ts";
import type { Outcome, TaskKind } from "../../src-runtime/protocol/record.ts";
import type { CancellationDetails, Frame, Site, TaskDetails } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { toStallRow, type StoredStall } from "./stalls.ts";
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
}

export function taskDetails(recording: Recording, id: number): TaskDetails | undefined {
  const row = recording.get<StoredTask>("SELECT * FROM task WHERE id = ?", id);
  if (row === undefined) return undefined;
  const children = recording.get<{ n: number }>("SELECT count(*) AS n FROM task WHERE parent = ?", id)?.n ?? 0;
  const stalls = recording.all<StoredStall>("SELECT * FROM stall WHERE task = ? ORDER BY start", id);
  const cancellation = recording.get<StoredCancellation>(
    "SELECT * FROM cancellation WHERE task = ? OR cancel = ? ORDER BY requested LIMIT 1",
    id,
    id,
  );
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
    ...(cancellation === undefined ? {} : { cancellation: toCancellation(recording, cancellation) }),
    stalls: stalls.map((stall) => toStallRow(recording, stall)),
  };
}

function toCancellation(recording: Recording, row: StoredCancellation): CancellationDetails {
  const stack = JSON.parse(row.stack) as readonly Frame[];
  const by = taskRef(recording, row.by);
  const site = siteOf(stack);
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
  };
}

/** Where a cancellation was asked for: the innermost frame that is not Node's own. */
export function siteOf(stack: readonly Frame[]): Site | undefined {
  const frame = stack.find(({ origin }) => origin !== "node");
  if (frame === undefined) return undefined;
  const { function: fn, file, line, column } = frame;
  return { function: fn, file, line, column, ...(frame.package === undefined ? {} : { package: frame.package }) };
}
