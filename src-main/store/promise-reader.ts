/** Promise events out of a recording: only the chunks that a question needs are read and unpacked. */
import { readPromiseChunk, type VisitPromiseEvent } from "./promise-chunk.ts";
import type { Recording } from "./recording.ts";

/** The format from which on promises are recorded. */
export const PROMISE_FORMAT = 3;

interface StoredChunk {
  readonly start: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** Threads whose promises are recorded. */
export function promiseThreads(recording: Recording): readonly number[] {
  if (recording.format < PROMISE_FORMAT) return [];
  return recording
    .all<{ thread: number }>("SELECT thread FROM promise_count ORDER BY thread")
    .map(({ thread }) => thread);
}

/** How many promises there were; undefined below level deep. */
export function promiseCounts(
  recording: Recording,
): { readonly created: number; readonly settled: number } | undefined {
  if (recording.format < PROMISE_FORMAT) return undefined;
  const row = recording.get<{ created: number | null; settled: number | null }>(
    "SELECT sum(created) AS created, sum(settled) AS settled FROM promise_count",
  );
  return { created: row?.created ?? 0, settled: row?.settled ?? 0 };
}

/**
 * The events of every chunk of the thread that reaches into the window, in order: some lie outside it. Stops before
 * there are more than `most`. Answers up to when they are complete.
 */
export function readPromises(
  recording: Recording,
  thread: number,
  window: { readonly from: number; readonly to: number },
  most: number,
  visit: VisitPromiseEvent,
): number {
  const rows = recording.all<{ id: number; count: number; end: number }>(
    "SELECT id, count, end FROM promise_chunk WHERE thread = ? AND end >= ? AND start <= ? ORDER BY end, id",
    thread,
    window.from,
    window.to,
  );
  let left = most;
  let complete = window.from;
  for (const { id, count, end } of rows) {
    left -= count;
    if (left < 0) return complete;
    const chunk = recording.get<StoredChunk>("SELECT start, count, bytes FROM promise_chunk WHERE id = ?", id);
    if (chunk !== undefined) readPromiseChunk(chunk, visit);
    complete = end;
  }
  return Infinity;
}

/** The chunk in which the promise was created; undefined where it is not recorded. */
export function chunkOfPromise(
  recording: Recording,
  thread: number,
  id: number,
): (StoredChunk & { readonly firstId: number; readonly lastId: number }) | undefined {
  const row = recording.get<StoredChunk & { readonly firstId: number; readonly lastId: number }>(
    `SELECT start, count, bytes, first_id AS firstId, last_id AS lastId FROM promise_chunk
     WHERE thread = ? AND last_id >= ? ORDER BY last_id, first_id LIMIT 1`,
    thread,
    id,
  );
  return row === undefined || row.firstId > id ? undefined : row;
}
