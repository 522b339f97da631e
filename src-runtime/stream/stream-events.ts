/**
 * What a stream tells listeners. Chunks come by the thousand, so they are told some at once, and a pause is one
 * episode however often the two sides meet in it: at most one of each per window of 64 chunks or 50 ms.
 */
import type { Subject } from "../task/instrument.ts";
import type { RunnerState } from "../task/runner-state.ts";
import type { TaskImpl } from "../task/task.ts";

const CHUNKS = 64;
const WINDOW_MS = 50;

/** Who is the slow one. */
export const Slow = { producer: 0, consumer: 1 } as const;
export type Slow = (typeof Slow)[keyof typeof Slow];

export class StreamEvents {
  readonly #runner: RunnerState;
  readonly #subject: Subject;
  readonly #task: TaskImpl;
  readonly #openedAt: number;
  #toldAt: number;
  #untold = 0;
  #hadFirst = false;
  #slow: Slow | undefined;
  #slowSince = 0;
  #mayPause = true;

  constructor(runner: RunnerState, subject: Subject, task: TaskImpl, capacity: number) {
    this.#runner = runner;
    this.#subject = subject;
    this.#task = task;
    this.#openedAt = this.#toldAt = runner.clock.now();
    runner.instrument?.emit("stream.open", task, subject, capacity, 0);
  }

  chunk(depth: number): void {
    const now = this.#runner.clock.now();
    if (!this.#hadFirst) {
      this.#hadFirst = true;
      this.#toldAt = now;
      this.#emit("stream.first", now - this.#openedAt, 0);
    }
    this.#untold++;
    if (this.#untold >= CHUNKS || now - this.#toldAt >= WINDOW_MS) this.#tell(depth, now);
  }

  /** One side begins to wait for the other. Waiting for the first chunk is no pause. */
  pause(slow: Slow, depth: number): void {
    if (this.#slow === slow || !this.#hadFirst) return;
    this.#resume();
    if (!this.#mayPause) return;
    this.#mayPause = false;
    this.#slow = slow;
    this.#slowSince = this.#runner.clock.now();
    this.#emit("stream.paused", slow, depth);
  }

  /** The other side went on without a wait. */
  flow(slow: Slow): void {
    if (this.#slow === slow) this.#resume();
  }

  left(chunks: number): void {
    this.#finish();
    this.#emit("stream.break", chunks, 0);
  }

  ended(chunks: number): void {
    this.#finish();
    const task = this.#task;
    this.#emit("stream.end", chunks, task.completed() ? 0 : task.failed() ? 1 : 2);
  }

  #finish(): void {
    this.#resume();
    if (this.#untold > 0) this.#tell(0, this.#runner.clock.now());
  }

  #tell(depth: number, now: number): void {
    this.#emit("stream.chunk", this.#untold, depth);
    this.#untold = 0;
    this.#toldAt = now;
    this.#mayPause = true;
  }

  #resume(): void {
    if (this.#slow === undefined) return;
    const slow = this.#slow;
    this.#slow = undefined;
    this.#emit("stream.resumed", slow, this.#runner.clock.now() - this.#slowSince);
  }

  #emit(
    kind: "stream.first" | "stream.chunk" | "stream.paused" | "stream.resumed" | "stream.end" | "stream.break",
    a: number,
    b: number,
  ): void {
    this.#runner.instrument?.emit(kind, this.#task, this.#subject, a, b);
  }
}
