/** The models and tools of the report. */
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { Recording } from "../store/recording.ts";

export interface ModelRow {
  readonly provider: string | null;
  readonly model: string;
  readonly calls: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Null: no call told. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly timeToFirstChunkMs: { readonly p50: number; readonly p95: number } | null;
}

export interface ToolRow {
  readonly name: string;
  readonly calls: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly totalMs: number;
}

interface StoredModel extends Omit<ModelRow, "timeToFirstChunkMs"> {
  readonly waits: string;
}

export function modelRows(recording: Recording): readonly ModelRow[] {
  const rows = recording.all<StoredModel>(
    `SELECT attributes ->> '$."gen_ai.provider.name"' AS provider,
            coalesce(attributes ->> '$."gen_ai.request.model"', name) AS model,
            count(*) AS calls, sum(outcome = 'failed') AS failed, sum(outcome = 'cancelled') AS cancelled,
            sum(attributes ->> '$."gen_ai.usage.input_tokens"') AS inputTokens,
            sum(attributes ->> '$."gen_ai.usage.output_tokens"') AS outputTokens,
            json_group_array(first_chunk - created) FILTER (WHERE first_chunk IS NOT NULL) AS waits
     FROM task WHERE kind = 'model' GROUP BY provider, model ORDER BY calls DESC, model`,
  );
  return rows.map(({ waits, ...row }) => ({ ...row, timeToFirstChunkMs: percentiles(JSON.parse(waits) as number[]) }));
}

export function toolRows(recording: Recording): readonly ToolRow[] {
  const rows = recording.all<Omit<ToolRow, "totalMs"> & { readonly ns: number | null }>(
    `SELECT name, count(*) AS calls, sum(outcome = 'failed') AS failed, sum(outcome = 'cancelled') AS cancelled, sum(settled - created) AS ns
     FROM task WHERE kind = 'tool' GROUP BY name ORDER BY ns DESC, name`,
  );
  return rows.map(({ ns, ...row }) => ({ ...row, totalMs: nanosToMs(ns ?? 0) }));
}

function percentiles(waits: readonly number[]): ModelRow["timeToFirstChunkMs"] {
  if (waits.length === 0) return null;
  const sorted = [...waits].sort((a, b) => a - b);
  const at = (share: number): number =>
    nanosToMs(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { p50: at(0.5), p95: at(0.95) };
}
