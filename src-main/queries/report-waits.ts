/** The waits of the report: what tasks of the agent runtime waited for, by kind. */
import type { WaitKind } from "../../src-runtime/protocol/record.ts";
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { RecordingMeta } from "../store/meta.ts";
import type { Recording } from "../store/recording.ts";
import { RUNTIME_FORMAT } from "./task-waits.ts";

export interface WaitTotal {
  readonly kind: WaitKind;
  readonly count: number;
  /** Still waiting at the last instant known; they count up to it. */
  readonly open: number;
  readonly cancelled: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

export function waitTotals(recording: Recording, meta: RecordingMeta): readonly WaitTotal[] {
  if (recording.format < RUNTIME_FORMAT) return [];
  const rows = recording.all<Omit<WaitTotal, "totalMs" | "maxMs"> & { readonly total: number; readonly most: number }>(
    `SELECT kind, count(*) AS count, sum(outcome = 'open') AS open, sum(outcome = 'cancelled') AS cancelled,
            sum(length) AS total, max(length) AS most
     FROM (SELECT kind, outcome, coalesce(dur, max(0, ? - start)) AS length FROM wait)
     GROUP BY kind ORDER BY total DESC, kind`,
    meta.end,
  );
  return rows.map(({ total, most, ...row }) => ({ ...row, totalMs: nanosToMs(total), maxMs: nanosToMs(most) }));
}
