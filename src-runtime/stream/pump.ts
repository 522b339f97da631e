/**
 * From a foreign source into a stream: what adapters share. A source not read to its end is told to stop: at once while
 * a read is pending, since a foreign `await` can't be interrupted, else when the producer leaves.
 */
import { currentScope } from "../task/current.ts";
import { throwIfCancelled } from "../task/scope.ts";
import type { StreamControl } from "./stop-callbacks.ts";

/** Takes the items of an iterator one by one. The `return()` of a generator is queued behind a pending `next()`. */
export async function pumpIterator<T>(
  iterator: AsyncIterator<T>,
  control: StreamControl,
  take: (item: T) => Promise<void>,
): Promise<void> {
  let isOpen = true;
  let isPending = false;
  let leaving: Promise<unknown> | undefined;
  control.onStop(() => {
    if (isPending) leaving = handled(Promise.resolve(iterator.return?.()));
  });
  try {
    for (;;) {
      isPending = true;
      const result = await iterator.next().catch((error: unknown) => {
        isOpen = false;
        throw error;
      });
      isPending = false;
      if (result.done === true) {
        isOpen = false;
        return throwIfStopped();
      }
      await take(result.value);
    }
  } finally {
    isPending = false;
    if (leaving === undefined && isOpen) await iterator.return?.();
    await leaving;
  }
}

/** Takes the chunks of a web stream one by one, pulling. Left early, the source's `cancel` gets the abort's reason. */
export async function pumpWeb<T>(
  source: ReadableStream<T>,
  signal: AbortSignal,
  control: StreamControl,
  take: (chunk: T) => Promise<void>,
): Promise<void> {
  const reader = source.getReader();
  let isOpen = true;
  let leaving: Promise<void> | undefined;
  const leave = (): void => {
    if (isOpen) leaving = handled(reader.cancel(signal.reason));
    isOpen = false;
  };
  control.onStop(leave);
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        isOpen = false;
        throw error;
      });
      if (done) {
        isOpen = false;
        return throwIfStopped();
      }
      await take(value);
    }
  } finally {
    leave();
    await leaving;
    reader.releaseLock();
  }
}

/** The end that our own stop brought about is no end of the source. @throws CancelledError */
export function throwIfStopped(): void {
  throwIfCancelled(currentScope("A stream's producer"));
}

/** It is awaited later: until then a rejection of it is nothing unhandled. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
