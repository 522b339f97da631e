/**
 * Streams: a producer that is a task of its own, and a consumer that reads with `for await`.
 *
 * An async generator can't be this: its `return()` is queued behind a pending `next()`, so a `break` would wait for
 * the network, and its body sees the context of whoever steps it.
 */
import { assertFunction, assertTime, describeValue, assertOptions } from "../task/errors.ts";
import { GRACE_MS } from "../task/grace.ts";
import type { AgentStream, Producer, StreamOptions } from "./agent-stream.ts";
import { StreamImpl } from "./stream-impl.ts";

/** Tokens a producer may be ahead by default. */
const BUFFER = 16;

/**
 * A stream of what `producer` emits. The producer is a task of the runner with a scope of its own and the context of
 * the place that called `stream`; it starts at the first read, and a stream that is never read never starts.
 *
 *     const tokens = stream<string>(async (emit, signal) => {
 *       for await (const token of model.call({ signal })) await emit(token);
 *     });
 *     for await (const token of tokens) show(token);
 *
 * `emit` resolves when there is room for the next item: with a buffer of n, n + 1 items can be on their way, the one in
 * the consumer's hands counted. So with 0 the code after `emit` runs when the consumer asks for the next. Await it. It
 * throws CancelledError in a cancelled scope, and then takes nothing; a cancel that hits while it waits leaves the item
 * in the stream, as with a `yield`. Other tasks and callbacks may emit too while the producer lives; after its end it
 * is a UsageError.
 *
 * The consumer gets what was emitted, in order, then the producer's error as it is. `break` cancels the producer at
 * once and waits for its cleanup, at most `grace`; then the producer is abandoned, and reported. An error of that
 * cleanup comes out of the loop. If the loop's body threw, JavaScript drops what `return()` throws, and `return()` can't
 * know: so an error of a cleanup is reported too (`onError`); `forEach` throws both instead. A cancelled read does the
 * same before it throws.
 *
 * Reads at the same time are served in order. @throws TypeError, RangeError
 */
export function stream<T>(producer: Producer<T>, options: StreamOptions = {}): AgentStream<T> {
  assertFunction(producer, "A stream's producer");
  assertOptions(options, "A stream's options", 'Give a name as { name: "…" }.');
  const { buffer = BUFFER, grace = GRACE_MS, name } = options;
  if (typeof buffer !== "number") {
    throw new TypeError(`A stream's buffer must be a number of items, not ${describeValue(buffer)}.`);
  }
  if (!(buffer >= 0) || (buffer !== Infinity && !Number.isInteger(buffer))) {
    throw new RangeError(`A stream's buffer must be a whole number of items from 0, or Infinity, not ${buffer}.`);
  }
  assertTime(grace, "A stream's grace");
  return new StreamImpl<T>(producer, buffer, grace, name ?? (producer.name === "" ? "stream" : producer.name));
}
