/**
 * Streams of ours for those who read web or Node streams. They read from outside any task: their reads are waits of a
 * scope of the runner, so that the end of the run ends them.
 */
import { Readable } from "node:stream";
import { currentScope } from "../task/current.ts";
import { describeValue, assertOptions } from "../task/errors.ts";
import { Scope } from "../task/scope.ts";
import type { AgentStream } from "./agent-stream.ts";
import { StreamImpl } from "./stream-impl.ts";

/** What both adapters read from. Each gives the scope back at the end. */
class Outlet<T> {
  readonly #stream: StreamImpl<T>;
  readonly #scope: Scope;

  constructor(source: AgentStream<T>, what: string) {
    if (!(source instanceof StreamImpl)) {
      throw new TypeError(`${what} needs a stream of stream(), not ${describeValue(source)}. See fromIterable().`);
    }
    const { runner, context } = currentScope(what);
    source.claim();
    this.#stream = source as StreamImpl<T>;
    this.#scope = new Scope("context", runner, runner.root, undefined, context.copy());
  }

  async next(): Promise<IteratorResult<T, void>> {
    try {
      const result = await this.#stream.nextIn(this.#scope);
      if (result.done === true) this.#scope.close();
      return result;
    } catch (error) {
      this.#scope.close();
      throw error;
    }
  }

  leave(reason: unknown): Promise<void> {
    this.#scope.close();
    return this.#stream.leave(reason);
  }

  async leaveWith(error: unknown): Promise<never> {
    this.#scope.close();
    return this.#stream.leaveWith(error);
  }
}

/**
 * A web `ReadableStream` of the stream's items: an item is asked for when the reader pulls, and `highWaterMark` (default
 * 0) more are kept. `cancel(reason)` cancels the producer and waits for its cleanup.
 * @throws NoCurrentTaskError outside a run, UsageError for a stream that is read already
 */
export function toReadableStream<T>(
  source: AgentStream<T>,
  options: { readonly highWaterMark?: number } = {},
): ReadableStream<T> {
  assertOptions(options, "toReadableStream's options");
  const outlet = new Outlet(source, "toReadableStream()");
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await outlet.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => outlet.leave(reason),
    },
    { highWaterMark: options.highWaterMark ?? 0 },
  );
}

/**
 * A Node `Readable` of the stream's items, as `Readable.from` makes it: in object mode with a `highWaterMark` of 1 if
 * not told otherwise. `destroy()` cancels the producer, and `close` comes after its cleanup.
 * @throws NoCurrentTaskError outside a run, UsageError for a stream that is read already
 */
export function toNodeReadable<T>(
  source: AgentStream<T>,
  options: { readonly highWaterMark?: number; readonly objectMode?: boolean } = {},
): Readable {
  assertOptions(options, "toNodeReadable's options");
  const outlet = new Outlet(source, "toNodeReadable()");
  const iterator: AsyncIterator<T, void, undefined> = {
    next: () => outlet.next(),
    async return() {
      await outlet.leave(undefined);
      return { done: true, value: undefined };
    },
    throw: (error: unknown) => outlet.leaveWith(error),
  };
  return Readable.from({ [Symbol.asyncIterator]: () => iterator }, { objectMode: true, highWaterMark: 1, ...options });
}
