/** Everything the frame of the window needs about one recording. */
import type { Overview, ThreadRow } from "../api/api.ts";
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { Recording } from "../store/recording.ts";
import { describeRecording } from "./recording-row.ts";
import { stallRows } from "./stalls.ts";
import { STALL_FORMAT } from "./victims.ts";

interface StoredThread {
  readonly id: number;
  readonly pid: number;
  readonly thread_id: number;
  readonly program: string | null;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  readonly start: number;
  readonly end: number | null;
  readonly exit_code: number | null;
}

export function overview(recording: Recording): Overview {
  return recording.snapshot(() => {
    const meta = recording.meta();
    const stalls = stallRows(recording);
    const row = describeRecording(recording, meta, stalls);
    return {
      recording: row,
      anchorMs: meta.anchorMs,
      end: meta.end,
      thresholdMs: meta.thresholdMs,
      nodeChosen: meta.nodeFrom,
      threads: threads(recording),
      stalls,
      dropped: droppedByKind(recording),
      notSeen: notSeen(recording),
      events: meta.events,
      ownMs: nanosToMs(ownTime(recording)),
      sentence: row.sentence,
    };
  });
}

/** How long the tracer itself held the first thread, nanoseconds. */
export function ownTime(recording: Recording): number {
  if (recording.format < STALL_FORMAT) return 0;
  return recording.get<{ dur: number }>("SELECT coalesce(sum(dur), 0) AS dur FROM own WHERE thread = 1")?.dur ?? 0;
}

export function threads(recording: Recording): readonly ThreadRow[] {
  const rows = recording.all<StoredThread>(
    `SELECT thread.id, pid, thread_id, program, node, platform, arch, thread.start, end, exit_code
     FROM thread JOIN process ON process.id = thread.process ORDER BY thread.id`,
  );
  return rows.map((row) => ({
    id: row.id,
    pid: row.pid,
    threadId: row.thread_id,
    program: row.program ?? "",
    node: row.node,
    platform: `${row.platform}-${row.arch}`,
    start: row.start,
    ...(row.end === null ? {} : { end: row.end }),
    ...(row.exit_code === null ? {} : { exitCode: row.exit_code }),
  }));
}

export function droppedByKind(recording: Recording): Readonly<Record<string, number>> {
  const rows = recording.all<{ kind: string; count: number }>("SELECT kind, count FROM dropped ORDER BY kind");
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]));
}

export function notSeen(recording: Recording): readonly string[] {
  return recording.all<{ what: string }>("SELECT what FROM not_seen ORDER BY what").map(({ what }) => what);
}
