/**
 * Rows that begin and end in one batch are written once, whole: most tasks and waits are that short, and an insert
 * followed by an update costs twice. What is still open at the end of the batch is written as it is.
 *
 * Invariant: a row is in the file before anything else updates it (`settle`), and at the end of the batch at the latest.
 */
import type { Outcome } from "../../src-runtime/protocol/record.ts";
import { UNMERGED_CLASS } from "./level.ts";
import type { Change } from "./rows.ts";
import type { Statements } from "./statements.ts";

type Of<K extends Change["do"]> = Extract<Change, { do: K }>;

export interface YoungRows {
  task(row: Of<"task">["row"]): void;
  endTask(change: Of<"endTask">): void;
  /** The task's row is about to be updated. */
  settleTask(task: number): void;
  wait(row: Of<"wait">["row"]): void;
  endWait(change: Of<"endWait">): void;
  slice(row: Of<"slice">["row"]): void;
  /** `class` as it is when closed. */
  endSlice(slice: number, size: number, dur: number, outcome: Outcome, firstChunk: number | undefined): void;
  /** The batch is over. */
  flush(): void;
}

export function createYoungRows(sql: Statements): YoungRows {
  const tasks = new Map<number, Of<"task">["row"]>();
  const waits = new Map<number, Of<"wait">["row"]>();
  const slices = new Map<number, Of<"slice">["row"]>();

  function putTask(row: Of<"task">["row"], end: Of<"endTask"> | undefined): void {
    const { id, thread, parent, kind, name, origin, created, scope } = row;
    const outcome = end?.outcome ?? "open";
    sql.task.run(id, thread, parent, kind, name, origin, created, scope, end?.at ?? null, outcome, end?.error ?? null);
  }

  function putWait(row: Of<"wait">["row"], end: Of<"endWait"> | undefined): void {
    const { id, task, kind, target, holder, asked, start } = row;
    const outcome = end?.outcome ?? "open";
    sql.wait.run(id, task, kind, target, holder, asked ?? null, start, end?.dur ?? null, outcome, end?.by ?? null);
  }

  function putSlice(
    row: Of<"slice">["row"],
    size: number,
    dur: number | null,
    outcome: Outcome,
    firstChunk: number | undefined,
  ): void {
    const { id, track, depth, kind, subject, start, label } = row;
    sql.slice.run(id, track, size, start, dur, depth, kind, outcome, subject, label, firstChunk ?? null);
  }

  return {
    task: (row) => void tasks.set(row.id, row),
    endTask(change) {
      const { task, at, outcome, error } = change;
      const row = tasks.get(task);
      if (row === undefined) sql.endTask.run(at, outcome, error ?? null, task);
      else {
        tasks.delete(task);
        putTask(row, change);
      }
    },
    settleTask(task) {
      const row = tasks.get(task);
      if (row === undefined) return;
      tasks.delete(task);
      putTask(row, undefined);
    },
    wait: (row) => void waits.set(row.id, row),
    endWait(change) {
      const { wait, dur, outcome, by } = change;
      const row = waits.get(wait);
      if (row === undefined) sql.endWait.run(dur, outcome, by, wait);
      else {
        waits.delete(wait);
        putWait(row, change);
      }
    },
    slice: (row) => void slices.set(row.id, row),
    endSlice(slice, size, dur, outcome, firstChunk) {
      const row = slices.get(slice);
      if (row === undefined) sql.endSlice.run(size, dur, outcome, firstChunk ?? null, slice);
      else {
        slices.delete(slice);
        putSlice(row, size, dur, outcome, firstChunk);
      }
    },
    flush() {
      for (const row of tasks.values()) putTask(row, undefined);
      for (const row of waits.values()) putWait(row, undefined);
      for (const row of slices.values()) putSlice(row, UNMERGED_CLASS, null, "open", undefined);
      tasks.clear();
      waits.clear();
      slices.clear();
    },
  };
}
