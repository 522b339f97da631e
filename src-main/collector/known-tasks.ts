/**
 * The tasks and spans a recording has seen, for those who name them later: children find the row they belong under, a
 * stall the row of the task that held the event loop. Ended ones are forgotten after many more have come, so that a
 * recording of any length folds in the same memory.
 */
import type { Nanos } from "../../src-runtime/protocol/time.ts";
import type { Lanes } from "./lanes.ts";

/** Ended tasks that are remembered, about. */
const KEPT = 100_000;

export interface Pack {
  readonly track: number;
  readonly lanes: Lanes;
  /** Not everything fits into its lanes. */
  isOverfull: boolean;
}

export interface KnownTask {
  readonly id: number;
  readonly name: string;
  readonly isSpan: boolean;
  readonly isRuntime: boolean;
  /** The row it is drawn on, 0 none; and the one its children belong under. */
  readonly track: number;
  readonly home: number;
  readonly depth: number;
  /** 0: it is not drawn. */
  readonly slice: number;
  readonly pack: Pack | undefined;
  isOpen: boolean;
  firstChunk: Nanos | undefined;
  chunks: number;
}

export interface KnownTasks {
  add(task: KnownTask): void;
  /** The task while it has not ended. */
  open(id: number): KnownTask | undefined;
  any(id: number): KnownTask | undefined;
}

export function createKnownTasks(kept = KEPT): KnownTasks {
  const tasks = new Map<number, KnownTask>();

  /** A map keeps the order of insertion: the oldest come first. */
  function prune(): void {
    for (const [id, task] of tasks) {
      if (tasks.size <= kept) return;
      if (!task.isOpen) tasks.delete(id);
    }
  }

  return {
    add(task) {
      tasks.set(task.id, task);
      if (tasks.size > 2 * kept) prune();
    },
    open(id) {
      const task = tasks.get(id);
      return task?.isOpen === true ? task : undefined;
    },
    any: (id) => tasks.get(id),
  };
}
