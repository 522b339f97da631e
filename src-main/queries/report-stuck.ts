/**
 * What is stuck, as a script reads it: `"format": "stallscope-stuck/1"`. Its fields are described in docs/report.md. Times
 * ending in `At` are epoch milliseconds, durations milliseconds; unknown is null.
 */
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { Cause, PendingTask, RecordingState, StallEvidence, Stuck, StuckLoop, TaskRef } from "../api/api.ts";
import type { RecordingMeta } from "../store/meta.ts";
import type { Recording } from "../store/recording.ts";
import { epochMs, reportSite, type Ref, type ReportSite } from "./report-parts.ts";

interface KindRef extends Ref {
  readonly kind: TaskRef["kind"];
}

export interface StuckReport {
  readonly format: "stallscope-stuck/1";
  readonly recording: {
    readonly path: string;
    readonly id: string;
    readonly state: RecordingState;
    readonly level: string;
    readonly startedAt: number;
  };
  /** What it is judged at: the last instant anything is known of. */
  readonly knownAt: number;
  readonly heardAgoMs: number | null;
  readonly eventLoops: readonly {
    readonly pid: number;
    readonly thread: number;
    readonly program: string;
    readonly blocked: StuckBlock | null;
  }[];
  readonly pending: readonly StuckTask[];
  readonly pendingCount: number;
  readonly cycles: readonly (readonly KindRef[])[];
}

export interface StuckBlock {
  /** Of the stall. */
  readonly id: string;
  readonly sinceAt: number;
  /** Up to the last instant at which it was seen to last. */
  readonly forMs: number;
  /** As far as it can be told while it lasts. */
  readonly cause: Cause;
  readonly evidence: StallEvidence;
  readonly blame: ReportSite | null;
  readonly frames: readonly ReportSite[];
  readonly task: KindRef | null;
  readonly tool: string | null;
  readonly step: string | null;
  readonly agent: string | null;
  readonly span: string | null;
}

export interface StuckTask {
  readonly task: KindRef;
  readonly sinceAt: number;
  readonly ageMs: number;
  readonly site: ReportSite | null;
  readonly firstChunkAt: number | null;
  readonly waits: readonly {
    readonly kind: PendingTask["waits"][number]["kind"];
    readonly name: string | null;
    readonly task: KindRef | null;
    readonly holders: readonly KindRef[];
    readonly sinceAt: number;
    readonly forMs: number;
    readonly askedMs: number | null;
  }[];
  readonly chain: readonly KindRef[];
}

export function stuckReport(recording: Recording, stuck: Stuck): StuckReport {
  const meta = recording.meta();
  return {
    format: "stallscope-stuck/1",
    recording: {
      path: recording.path,
      id: meta.id,
      state: stuck.state,
      level: meta.level,
      startedAt: meta.anchorMs,
    },
    knownAt: epochMs(meta, stuck.at),
    heardAgoMs: stuck.heardAgoMs ?? null,
    eventLoops: stuck.loops.map(({ thread, blocked }) => ({
      pid: thread.pid,
      thread: thread.threadId,
      program: thread.program,
      blocked: blocked === undefined ? null : toBlock(blocked, meta),
    })),
    pending: stuck.pending.map((task) => toTask(task, stuck.at, meta)),
    pendingCount: stuck.pendingCount,
    cycles: stuck.cycles.map((cycle) => cycle.map(refOf)),
  };
}

/** How long it was seen to be blocked, Nanos. */
export function blockedFor({ stall }: NonNullable<StuckLoop["blocked"]>): number {
  return Math.max(0, (stall.seen ?? stall.start) - stall.start);
}

function toBlock(blocked: NonNullable<StuckLoop["blocked"]>, meta: RecordingMeta): StuckBlock {
  const { stall, evidence, ancestors, span, frames } = blocked;
  const around = [...ancestors, ...(stall.task === undefined ? [] : [stall.task])];
  const nearest = (kind: TaskRef["kind"]): string | null => around.findLast((task) => task.kind === kind)?.name ?? null;
  return {
    id: String(stall.id),
    sinceAt: epochMs(meta, stall.start),
    forMs: nanosToMs(blockedFor(blocked)),
    cause: stall.cause,
    evidence,
    blame: stall.blame === undefined ? null : reportSite(stall.blame),
    frames: frames.map(reportSite),
    task: stall.task === undefined ? null : refOf(stall.task),
    tool: nearest("tool"),
    step: nearest("step"),
    agent: nearest("agent"),
    span: span ?? null,
  };
}

function toTask(pending: PendingTask, at: number, meta: RecordingMeta): StuckTask {
  const { task, since, site, firstChunk, waits, chain } = pending;
  return {
    task: refOf(task),
    sinceAt: epochMs(meta, since),
    ageMs: nanosToMs(Math.max(0, at - since)),
    site: site === undefined ? null : reportSite(site),
    firstChunkAt: firstChunk === undefined ? null : epochMs(meta, firstChunk),
    waits: waits.map((wait) => ({
      kind: wait.kind,
      name: wait.name ?? null,
      task: wait.target === undefined ? null : refOf(wait.target),
      holders: wait.holders.map(refOf),
      sinceAt: epochMs(meta, wait.since),
      forMs: nanosToMs(Math.max(0, at - wait.since)),
      askedMs: wait.asked === undefined ? null : nanosToMs(wait.asked),
    })),
    chain: chain.map(refOf),
  };
}

function refOf({ id, name, kind }: TaskRef): KindRef {
  return { id: String(id), name, kind };
}
