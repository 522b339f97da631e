/**
 * The report, `"format": "stallscope-report/1"`: what happened, for scripts and for every other form of it. Its fields
 * are described in docs/report.md. Times are milliseconds; unknown is null, never a guess.
 */
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { RecordingState } from "../api/api.ts";
import type { RecordingMeta } from "../store/meta.ts";
import { promiseCounts } from "../store/promise-reader.ts";
import type { Recording } from "../store/recording.ts";
import { droppedByKind, notSeen, ownTime } from "./overview.ts";
import { modelRows, toolRows, type ModelRow, type ToolRow } from "./report-agents.ts";
import { cancellationRows, type CancellationRow } from "./report-cancellations.ts";
import { reportStalls, type ReportStall } from "./report-stalls.ts";
import {
  resilience,
  waitTargets,
  waitTotals,
  type Resilience,
  type WaitTarget,
  type WaitTotal,
} from "./report-waits.ts";
import { SPAN_IDENTITY } from "./span-details.ts";

export interface ReportProcess {
  readonly pid: number;
  readonly node: string;
  readonly argv: readonly string[];
  readonly argCount: number;
  readonly runtime: "node";
  readonly version: string;
  readonly platform: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface Report {
  readonly format: "stallscope-report/1";
  readonly recording: {
    readonly path: string;
    readonly id: string;
    readonly state: RecordingState;
    readonly level: string;
    readonly notSeen: readonly string[];
    readonly startedAt: number;
    readonly durationMs: number;
    readonly dropped: { readonly total: number; readonly byKind: Readonly<Record<string, number>> };
  };
  /** Null: no Node process was seen. */
  readonly process: ReportProcess | null;
  /** All of them, where there are several. */
  readonly processes?: readonly ReportProcess[];
  readonly tasks: Readonly<Record<"created" | "completed" | "failed" | "cancelled" | "abandoned" | "open", number>>;
  readonly handles: { readonly created: number; readonly byType: Readonly<Record<string, number>> };
  /** Null below level deep. */
  readonly promises: { readonly created: number; readonly settled: number } | null;
  readonly cancellations: readonly CancellationRow[];
  readonly waits: readonly WaitTotal[];
  readonly waitTargets: readonly WaitTarget[];
  readonly resilience: Resilience;
  readonly stalls: readonly ReportStall[];
  readonly eventLoop: {
    readonly utilization: number | null;
    readonly blockedMs: number;
    /** How long the tracer itself held the thread: at its start, and taking profiles. Part of no stall. */
    readonly ownMs: number;
    readonly delay: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
  };
  readonly models: readonly ModelRow[];
  readonly tools: readonly ToolRow[];
  readonly spans: { readonly total: number; readonly byScope: Readonly<Record<string, number>> };
  readonly ledger: readonly [];
  readonly verdict: null;
  readonly findings: readonly [];
}

export function report(recording: Recording): Report {
  return recording.snapshot(() => {
    const meta = recording.meta();
    const processes = processRows(recording, meta);
    const byKind = droppedByKind(recording);
    const stalls = reportStalls(recording, meta);
    return {
      format: "stallscope-report/1",
      recording: {
        path: recording.path,
        id: meta.id,
        state: meta.state,
        level: meta.level,
        notSeen: notSeen(recording),
        startedAt: meta.anchorMs,
        durationMs: nanosToMs(meta.end),
        dropped: { total: Object.values(byKind).reduce((sum, count) => sum + count, 0), byKind },
      },
      process: processes[0] ?? null,
      ...(processes.length > 1 ? { processes } : {}),
      tasks: taskCounts(recording),
      handles: handleCounts(recording),
      promises: meta.level === "deep" ? (promiseCounts(recording) ?? null) : null,
      cancellations: cancellationRows(recording, meta),
      waits: waitTotals(recording, meta),
      waitTargets: waitTargets(recording, meta),
      resilience: resilience(recording),
      stalls,
      eventLoop: eventLoop(recording, stalls),
      models: modelRows(recording),
      tools: toolRows(recording),
      spans: spanCounts(recording),
      ledger: [],
      verdict: null,
      findings: [],
    };
  });
}

function processRows(recording: Recording, meta: RecordingMeta): readonly ReportProcess[] {
  const rows = recording.all<{
    id: number;
    pid: number;
    program: string | null;
    arg_count: number;
    args: string | null;
    node: string;
    platform: string;
    arch: string;
    exit_code: number | null;
  }>(
    `SELECT process.*, (SELECT exit_code FROM thread WHERE process = process.id AND thread_id = 0) AS exit_code
     FROM process ORDER BY process.id`,
  );
  return rows.map((row, index) => {
    const isFirst = index === 0;
    const args = row.args === null ? [] : (JSON.parse(row.args) as readonly string[]);
    return {
      pid: row.pid,
      node: meta.nodeFrom,
      argv: [...(row.program === null ? [] : [row.program]), ...args],
      argCount: row.arg_count,
      runtime: "node",
      version: row.node,
      platform: `${row.platform}-${row.arch}`,
      exitCode: row.exit_code ?? (isFirst && rows.length === 1 ? (meta.exitCode ?? null) : null),
      signal: isFirst && rows.length === 1 ? (meta.signal ?? null) : null,
    };
  });
}

function taskCounts(recording: Recording): Report["tasks"] {
  const counts = { created: 0, completed: 0, failed: 0, cancelled: 0, abandoned: 0, open: 0 };
  const rows = recording.all<{ outcome: Exclude<keyof typeof counts, "created">; n: number }>(
    "SELECT outcome, count(*) AS n FROM task GROUP BY outcome",
  );
  for (const { outcome, n } of rows) {
    counts[outcome] += n;
    counts.created += n;
  }
  return counts;
}

function handleCounts(recording: Recording): Report["handles"] {
  const rows = recording.all<{ type: string; n: number }>(
    "SELECT type, sum(count) AS n FROM handle_type GROUP BY type ORDER BY n DESC, type",
  );
  return {
    created: rows.reduce((sum, { n }) => sum + n, 0),
    byType: Object.fromEntries(rows.map(({ type, n }) => [type, n])),
  };
}

function spanCounts(recording: Recording): Report["spans"] {
  const rows = recording.all<{ scope: string; n: number }>(
    `SELECT coalesce(attributes ->> '$."${SPAN_IDENTITY.scope}"', '') AS scope, count(*) AS n FROM span GROUP BY scope ORDER BY n DESC`,
  );
  return {
    total: rows.reduce((sum, { n }) => sum + n, 0),
    byScope: Object.fromEntries(rows.map(({ scope, n }) => [scope, n])),
  };
}

/** Of the first thread. Its delays are taken over buckets of 50 ms and more, each by its longest. */
function eventLoop(recording: Recording, stalls: readonly ReportStall[]): Report["eventLoop"] {
  const rows = recording.all<{ dur: number; busy_ms: number; delay_ms: number }>(
    "SELECT dur, busy_ms, delay_ms FROM loop WHERE thread = 1 AND level = 0 ORDER BY delay_ms",
  );
  const total = nanosToMs(rows.reduce((sum, { dur }) => sum + dur, 0));
  const busy = rows.reduce((sum, { busy_ms: ms }) => sum + ms, 0);
  const at = (share: number): number | null =>
    rows[Math.min(rows.length - 1, Math.floor(share * rows.length))]?.delay_ms ?? null;
  const blockedMs = stalls.reduce(
    (sum, { phase, durationMs, seenMs = 0 }) => sum + (phase === "run" ? (durationMs ?? seenMs) : 0),
    0,
  );
  return {
    utilization: total === 0 ? null : Math.min(1, busy / total),
    blockedMs,
    ownMs: nanosToMs(ownTime(recording)),
    delay: { p50: at(0.5), p99: at(0.99), max: rows.at(-1)?.delay_ms ?? null },
  };
}
