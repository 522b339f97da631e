/** Tells the recording of the chunks of an answer: the first at once, those that follow closely together as one. */
import type { TaskImpl } from "../task/task.ts";

/** Milliseconds. */
const TOGETHER_MS = 5;

export interface ChunkMeter {
  /** `size` in characters. */
  readonly chunk: (size: number) => void;
  /** Tells what is still held back. */
  flush(): void;
  /** Milliseconds from the start to the first chunk. */
  firstMs(): number | undefined;
}

export function createChunkMeter(task: TaskImpl): ChunkMeter {
  const { runner } = task.scope;
  const startedAt = runner.clock.now();
  let first: number | undefined;
  let toldAt = -Infinity;
  let held = 0;
  let isHeld = false;

  function tell(): void {
    runner.instrument?.emit("task.chunk", task, undefined, held, 0);
    held = 0;
    isHeld = false;
  }

  return {
    chunk(size) {
      if (first === undefined) first = runner.clock.now() - startedAt;
      if (runner.instrument === undefined) return;
      held += size;
      isHeld = true;
      const now = runner.clock.now();
      if (now - toldAt < TOGETHER_MS) return;
      toldAt = now;
      tell();
    },
    flush() {
      if (isHeld) tell();
    },
    firstMs: () => first,
  };
}
