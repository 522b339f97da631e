/**
 * The emitter as the instrumentations use it, which also knows the tasks that have not ended.
 */
import type { Emitter } from "../emitter.ts";

export interface OpenTasks {
  readonly emitter: Emitter;
  isOpen(task: number): boolean;
}

export function trackOpenTasks(emitter: Emitter): OpenTasks {
  const open = new Set<number>();
  return {
    emitter: {
      ...emitter,
      start(kind, ...rest) {
        const task = emitter.start(kind, ...rest);
        if (kind !== "span") open.add(task);
        return task;
      },
      end(task, ...rest) {
        open.delete(task);
        emitter.end(task, ...rest);
      },
    },
    isOpen: (task) => open.has(task),
  };
}
