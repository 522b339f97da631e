/** Web and Node streams as streams of ours: read only as fast as they are consumed, and closed when the consumer goes. */
import { finished, type Readable } from "node:stream";
import { describeValue } from "../task/errors.ts";
import type { AgentStream, StreamOptions } from "./agent-stream.ts";
import { pumpIterator, pumpWeb, throwIfStopped } from "./pump.ts";
import type { StreamControl } from "./stop-callbacks.ts";
import { stream } from "./stream.ts";

/**
 * The chunks of a web `ReadableStream` or a Node `Readable`. A consumer that leaves or is cancelled cancels the web
 * stream (its source gets the CancelledError), or destroys the Node stream. Not read: not locked, not touched.
 */
export function fromReadable<T>(source: ReadableStream<T>, options?: StreamOptions): AgentStream<T>;
export function fromReadable<T = Uint8Array>(source: Readable, options?: StreamOptions): AgentStream<T>;
export function fromReadable<T>(source: ReadableStream<T> | Readable, options: StreamOptions = {}): AgentStream<T> {
  const named = { name: "readable", ...options };
  if (isWeb(source)) return stream<T>((emit, signal, control) => pumpWeb(source, signal, control, emit), named);
  if (isNode(source)) return stream<T>((emit, _signal, control) => pumpNode<T>(source, emit, control), named);
  throw new TypeError(`fromReadable() needs a web ReadableStream or a Node Readable, not ${describeValue(source)}.`);
}

function isWeb<T>(source: ReadableStream<T> | Readable): source is ReadableStream<T> {
  return typeof (source as Partial<ReadableStream<T>> | null | undefined)?.getReader === "function";
}

function isNode(source: unknown): source is Readable {
  const { read, destroy } = (source ?? {}) as Partial<Readable>;
  return typeof read === "function" && typeof destroy === "function";
}

async function pumpNode<T>(source: Readable, take: (chunk: T) => Promise<void>, control: StreamControl): Promise<void> {
  // At once: the iterator's return() would be queued behind a read that may hang.
  control.onStop(() => void source.destroy());
  let isRead = false;
  try {
    await pumpIterator<T>(source[Symbol.asyncIterator](), control, take);
    isRead = true;
  } catch (error) {
    if (isEarlyClose(error)) throwIfStopped();
    throw error;
  } finally {
    if (!isRead) await closed(source.destroy());
  }
}

/** Until what the stream held is given back. That it was closed early is no error: we did it. */
function closed(source: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    finished(source, (error) => {
      if (error === undefined || error === null || isEarlyClose(error)) resolve();
      else reject(error);
    });
  });
}

function isEarlyClose(error: unknown): boolean {
  return (error as { code?: unknown } | null | undefined)?.code === "ERR_STREAM_PREMATURE_CLOSE";
}
