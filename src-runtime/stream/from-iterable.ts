/** Anything that can be iterated as a stream: read ahead into its buffer, in a task of its own. */
import { describeValue } from "../task/errors.ts";
import type { AgentStream, StreamOptions } from "./agent-stream.ts";
import { pumpIterator } from "./pump.ts";
import { stream } from "./stream.ts";

/**
 * The items of an iterable. A consumer that leaves or is cancelled calls the iterator's `return()`. Of an async
 * generator that is queued behind a pending `next()`: it is waited for at most `grace`.
 */
export function fromIterable<T>(source: Iterable<T> | AsyncIterable<T>, options: StreamOptions = {}): AgentStream<T> {
  const named = { name: "iterable", ...options };
  if (isAsync(source))
    return stream<T>((emit, _signal, control) => pumpIterator(source[Symbol.asyncIterator](), control, emit), named);
  if (!isSync(source)) {
    throw new TypeError(`fromIterable() needs an iterable or async iterable, not ${describeValue(source)}.`);
  }
  return stream<T>(async (emit) => {
    for (const item of source) await emit(item);
  }, named);
}

function isAsync<T>(source: Iterable<T> | AsyncIterable<T>): source is AsyncIterable<T> {
  return typeof (source as Partial<AsyncIterable<T>> | null | undefined)?.[Symbol.asyncIterator] === "function";
}

function isSync<T>(source: Iterable<T>): boolean {
  return typeof (source as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] === "function";
}
