/** Everything recorded about one stall: the evidence behind the blame. */
import type { Frame, StallDetails, StallSample, TaskRef } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { blameOf, evidenceOf, toStallRow, type StoredStall } from "./stalls.ts";
import { flameOf } from "./stall-flame.ts";
import { victimsOf } from "./victims.ts";
import { ancestorsOf } from "./tasks.ts";

const MAX_OPEN = 20;

export function stallDetails(recording: Recording, id: number): StallDetails | undefined {
  const stored = recording.get<StoredStall>("SELECT * FROM stall WHERE id = ?", id);
  if (stored === undefined) return undefined;
  const count = (sql: string, ...values: number[]): number => recording.get<{ n: number }>(sql, ...values)?.n ?? 0;
  const stall = toStallRow(recording, stored);
  const span = recording.get<{ id: number; name: string }>("SELECT id, name FROM span WHERE id = ?", stored.span);
  const flame = flameOf(recording, stored);
  return {
    kind: "stall",
    stall,
    place: count("SELECT count(*) AS n FROM stall WHERE (start, id) <= (?, ?)", stored.start, stored.id),
    of: count("SELECT count(*) AS n FROM stall"),
    evidence: evidenceOf(stored),
    ...(flame === undefined ? {} : { flame }),
    ...victimsOf(recording, stored, true),
    ...(span === undefined ? {} : { span }),
    ancestors: stored.task === 0 ? [] : ancestorsOf(recording, stored.task),
    frames: JSON.parse(stored.frames) as readonly Frame[],
    samples: samplesOf(recording, stored),
    open: openDuring(recording, stored),
  };
}

function samplesOf(recording: Recording, stored: StoredStall): readonly StallSample[] {
  const blame = blameOf(stored);
  const rows = recording.all<{ at: number; took_ms: number; frames: string }>(
    "SELECT at, took_ms, frames FROM sample WHERE stall = ? ORDER BY at",
    stored.id,
  );
  return rows.map(({ at, took_ms: tookMs, frames: json }) => {
    const frames = JSON.parse(json) as readonly Frame[];
    const agrees = frames.some((frame) => frame.function === blame?.function && frame.file === blame.file);
    return { at, tookMs, frames, agrees };
  });
}

/** Work that was open while the event loop was blocked: evidence, not blame. */
function openDuring(recording: Recording, { thread, start, dur, task }: StoredStall): readonly TaskRef[] {
  return recording.all<TaskRef>(
    `SELECT id, name, kind FROM task
     WHERE thread = ? AND id != ? AND created < ? AND (settled IS NULL OR settled > ?) AND kind IN ('step', 'tool', 'model', 'request')
     ORDER BY created DESC LIMIT ${MAX_OPEN}`,
    thread,
    task,
    dur === null ? Number.MAX_SAFE_INTEGER : start + dur,
    start,
  );
}
