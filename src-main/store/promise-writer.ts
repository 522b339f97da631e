/** Promise events of all threads into the recording: a row a chunk, and how many promises there were. */
import { createPromiseIntake, type PromiseIntake } from "./promise-intake.ts";
import type { PromiseChunk } from "./promise-chunk.ts";
import type { Statements } from "./statements.ts";

/** How long events may wait for a full chunk, milliseconds. */
const WAIT_MS = 500;

export interface PromiseBatch {
  readonly thread: number;
  readonly words: Int32Array;
  readonly offsetNs: number;
}

export interface PromiseWriter {
  /** Answers the instant of the last event, nanoseconds, and whether there is something to write. */
  push(batch: PromiseBatch): { readonly end: number; readonly isDue: boolean };
  /** Within a transaction: what is full or has waited, at the end everything. Answers how many events that were. */
  flush(isLast: boolean): number;
}

interface Thread {
  readonly intake: PromiseIntake;
  full: PromiseChunk[];
  since: number;
}

export function createPromiseWriter(sql: Pick<Statements, "promiseChunk" | "promiseCount">): PromiseWriter {
  const threads = new Map<number, Thread>();
  return {
    push({ thread: id, words, offsetNs }) {
      let thread = threads.get(id);
      if (thread === undefined) {
        thread = { intake: createPromiseIntake(offsetNs), full: [], since: 0 };
        threads.set(id, thread);
      }
      const { intake } = thread;
      const wasEmpty = intake.pending === 0;
      const chunks = intake.push(words);
      for (const chunk of chunks) thread.full.push(chunk);
      if (wasEmpty || chunks.length > 0) thread.since = performance.now();
      return { end: intake.end, isDue: thread.full.length > 0 };
    },
    flush(isLast) {
      const now = performance.now();
      let events = 0;
      for (const [id, { intake, full, since }] of threads) {
        if (isLast || now - since >= WAIT_MS) full.push(...intake.flush());
        if (full.length === 0) continue;
        for (const { start, end, firstId, lastId, count, bytes } of full) {
          sql.promiseChunk.run(id, start, end, firstId, lastId, count, bytes);
          events += count;
        }
        full.length = 0;
        sql.promiseCount.run(id, intake.created, intake.settled);
      }
      return events;
    },
  };
}
