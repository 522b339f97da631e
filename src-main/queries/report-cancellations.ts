/** The cancellations of the report: one for each task that one reached, and one for an abort that reached none we see. */
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { CancelSource } from "../../src-runtime/protocol/message.ts";
import type { ScopeKind } from "../../src-runtime/protocol/record.ts";
import type { Frame } from "../api/api.ts";
import type { RecordingMeta } from "../store/meta.ts";
import type { Recording } from "../store/recording.ts";
import { epochMs, reportSite, type Ref, type ReportSite } from "./report-parts.ts";
import { siteOf, type StoredCancellation } from "./task-details.ts";
import { scopeOf } from "./task-waits.ts";
import { taskRef } from "./tasks.ts";

const MAX_CHAIN = 20;

export interface CancellationRow {
  /** The task it reached; the abort itself where it reached none we see. */
  readonly task: Ref;
  readonly requestedAt: number;
  readonly settledAt: number | null;
  readonly latencyMs: number | null;
  readonly reason: string;
  readonly source: CancelSource;
  readonly by: Ref | null;
  readonly site: ReportSite | null;
  readonly ignored: boolean;
  /** From the request until it was thrown into the task or aborted a signal of its. Null: not seen. */
  readonly deliveredMs: number | null;
  /** The block of the task that was cancelled, null the whole task. */
  readonly scope: { readonly kind: ScopeKind; readonly name: string } | null;
}

export function cancellationRows(recording: Recording, meta: RecordingMeta): readonly CancellationRow[] {
  const rows = recording.all<StoredCancellation>("SELECT * FROM cancellation ORDER BY requested, id");
  const byAbort = new Map(rows.map((row) => [row.cancel, row]));
  // What only handed it on, a signal that another follows, is told by what that one reached.
  const reached = rows.filter(({ task }) => !byAbort.has(task));
  return reached.map((row) => {
    const subject = row.task === 0 ? row.cancel : row.task;
    const root = rootOf(row, byAbort);
    const by = taskRef(recording, root.by);
    const site = siteOf(JSON.parse(root.stack) as readonly Frame[]);
    const { delivered = null } = row;
    const scope = scopeOf(recording, row.scope ?? 0);
    return {
      task: { id: String(subject), name: taskRef(recording, subject)?.name ?? "abort" },
      requestedAt: epochMs(meta, row.requested),
      settledAt: row.settled === null ? null : epochMs(meta, row.settled),
      latencyMs: row.settled === null ? null : nanosToMs(row.settled - row.requested),
      reason: root.reason,
      source: row.source,
      by: by === undefined ? null : { id: String(by.id), name: by.name },
      site: site === undefined ? null : reportSite(site),
      ignored: row.ignored === 1,
      deliveredMs: delivered === null ? null : nanosToMs(delivered - row.requested),
      scope: scope === undefined ? null : { kind: scope.kind, name: scope.name },
    };
  });
}

/** The abort that began a chain of signals following each other: who asked, why and where is told there. */
function rootOf(row: StoredCancellation, byAbort: ReadonlyMap<number, StoredCancellation>): StoredCancellation {
  let root = row;
  for (let steps = 0; root.source === "abortSignal" && steps < MAX_CHAIN; steps++) root = byAbort.get(root.by) ?? root;
  return root;
}
