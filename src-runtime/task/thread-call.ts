/**
 * What a thread of `toThread` knows of the task that waits for it. It is kept with the global object: the thread's entry
 * and the program's own import of this package may be two copies of it. A thread works on one call at a time.
 */
import type { CancelSource } from "../protocol/message.ts";

export interface ThreadCall {
  readonly flag: CancelFlag;
  /** Of the waiting scope. */
  readonly scopeId: string;
  /** Context variables of the waiting task, by name. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** Shared by both threads: at 0 whether it is cancelled (1 and the place of the source), at 8 since when. */
export type CancelFlag = SharedArrayBuffer;

const SOURCES: readonly CancelSource[] = [
  "explicit",
  "deadline",
  "group",
  "parent",
  "signal",
  "shutdown",
  "abortSignal",
  "limit",
];

const KEY = Symbol.for("stallscope.thread-call");

const here = globalThis as { [KEY]?: ThreadCall | undefined };

/** Undefined where no call of `toThread` runs. */
export function threadCall(): ThreadCall | undefined {
  return here[KEY];
}

export function setThreadCall(call: ThreadCall | undefined): void {
  here[KEY] = call;
}

export function createCancelFlag(): CancelFlag {
  return new SharedArrayBuffer(16);
}

/** Tells the thread that it is cancelled, and since when: milliseconds of the runner's clock. */
export function raiseCancelFlag(flag: CancelFlag, source: CancelSource, at: number): void {
  new Float64Array(flag)[1] = at;
  Atomics.store(new Int32Array(flag), 0, 1 + SOURCES.indexOf(source));
}

export function readCancelFlag(flag: CancelFlag): { readonly source: CancelSource; readonly at: number } | undefined {
  const source = SOURCES[Atomics.load(new Int32Array(flag), 0) - 1];
  return source === undefined ? undefined : { source, at: new Float64Array(flag)[1]! };
}
