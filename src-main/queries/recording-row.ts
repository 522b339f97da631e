/** One line of the recordings list: what is known of a recording at a glance. */
import { statSync } from "node:fs";
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { RecordingRow, StallRow } from "../api/api.ts";
import type { RecordingMeta } from "../store/meta.ts";
import type { Recording } from "../store/recording.ts";
import { sentenceOf } from "./sentence.ts";
import { stallRows } from "./stalls.ts";
import { strip } from "./strip.ts";

const BUSY_BUCKETS = 64;

export function recordingRow(recording: Recording): RecordingRow {
  return recording.snapshot(() => {
    const meta = recording.meta();
    return describeRecording(recording, meta, stallRows(recording));
  });
}

export function describeRecording(
  recording: Recording,
  meta: RecordingMeta,
  stalls: readonly StallRow[],
): RecordingRow {
  const count = (sql: string): number => recording.get<{ n: number | null }>(sql)?.n ?? 0;
  const ofRun = stalls.filter(({ phase }) => phase === "run");
  const worst = ofRun.reduce<StallRow | undefined>(
    (most, stall) => (durOf(stall, meta) > (most === undefined ? -1 : durOf(most, meta)) ? stall : most),
    undefined,
  );
  const end = Math.max(1, meta.end);
  return {
    id: meta.id,
    name: meta.name,
    startedAtMs: meta.anchorMs,
    durationMs: nanosToMs(meta.end),
    state: meta.state,
    level: meta.level,
    pid: count("SELECT pid AS n FROM process WHERE id = 1"),
    sizeBytes: statSync(recording.path, { throwIfNoEntry: false })?.size ?? 0,
    stalls: ofRun.length,
    blockedMs: nanosToMs(ofRun.reduce((sum, stall) => sum + durOf(stall, meta), 0)),
    cancellations: count("SELECT count(*) AS n FROM cancellation WHERE task NOT IN (SELECT cancel FROM cancellation)"),
    tasks: count("SELECT count(*) AS n FROM task"),
    failed: count("SELECT count(*) AS n FROM task WHERE outcome = 'failed'"),
    modelCalls: count("SELECT count(*) AS n FROM task WHERE kind = 'model'"),
    tools: count("SELECT count(*) AS n FROM task WHERE kind = 'tool'"),
    tokens: count(
      `SELECT sum(coalesce(attributes ->> '$."gen_ai.usage.input_tokens"', 0) + coalesce(attributes ->> '$."gen_ai.usage.output_tokens"', 0)) AS n
       FROM task WHERE kind = 'model'`,
    ),
    dropped: count("SELECT sum(count) AS n FROM dropped"),
    ...(meta.exitCode === undefined ? {} : { exitCode: meta.exitCode }),
    ...(meta.signal === undefined ? {} : { signal: meta.signal }),
    ...(worst === undefined
      ? {}
      : {
          worstStall: {
            durationMs: nanosToMs(durOf(worst, meta)),
            phase: worst.phase,
            ...(worst.blame === undefined ? {} : { blame: worst.blame }),
          },
        }),
    busy: [...strip(recording, 1, 0, end, BUSY_BUCKETS).busy],
    stallMarks: stalls.map((stall) => ({
      from: stall.start / end,
      to: Math.min(1, (stall.start + durOf(stall, meta)) / end),
      phase: stall.phase,
    })),
    sentence: sentenceOf(recording, meta, stalls),
  };
}

/** Measured, or up to the last instant anything is known of. */
function durOf(stall: StallRow, meta: RecordingMeta): number {
  return stall.dur ?? Math.max(0, meta.end - stall.start);
}
