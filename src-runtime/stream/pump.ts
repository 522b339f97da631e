/** From a foreign source into a stream: what adapters share. A source not read to its end is told to stop. */
import { cancellable } from "../task/sleep.ts";

/** Takes the items of an iterator one by one. Its `return()` may be queued behind a `next()` that hangs. */
export async function pumpIterator<T>(iterator: AsyncIterator<T>, take: (item: T) => Promise<void>): Promise<void> {
  let isOpen = true;
  const step = async (): Promise<IteratorResult<T>> => {
    try {
      const result = await iterator.next();
      if (result.done === true) isOpen = false;
      return result;
    } catch (error) {
      isOpen = false;
      throw error;
    }
  };
  try {
    for (;;) {
      const result = await cancellable(step());
      if (result.done === true) return;
      await take(result.value);
    }
  } finally {
    if (isOpen) await iterator.return?.();
  }
}

/** Takes the chunks of a web stream one by one, pulling. Left early, the source's `cancel` gets the abort's reason. */
export async function pumpWeb<T>(
  source: ReadableStream<T>,
  signal: AbortSignal,
  take: (chunk: T) => Promise<void>,
): Promise<void> {
  const reader = source.getReader();
  let isOpen = true;
  try {
    for (;;) {
      const { done, value } = await cancellable(reader.read());
      if (done) {
        isOpen = false;
        return;
      }
      await take(value);
    }
  } finally {
    if (isOpen) await reader.cancel(signal.reason);
    reader.releaseLock();
  }
}
