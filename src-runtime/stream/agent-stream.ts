/** What a stream is to those who use it. */
import type { StreamControl } from "./stop-callbacks.ts";

export interface StreamOptions {
  /** How many items the producer may be ahead of the consumer: a whole number, or Infinity. Default 16; 0: rendezvous. */
  readonly buffer?: number;
  readonly name?: string;
  /** How long a consumer that leaves waits for the producer's cleanup, milliseconds. Default 5000. */
  readonly grace?: number;
}

export interface StreamStats {
  /** Items the producer has emitted and nobody has taken. */
  readonly buffered: number;
  readonly capacity: number;
  /** Items emitted so far. */
  readonly chunks: number;
  /** Who waits for the other now: the producer for room, or the consumer for an item. */
  readonly waiting: "producer" | "consumer" | undefined;
  /** How long the producer has waited for room, milliseconds. */
  readonly pausedMs: number;
}

/** Hands an item over; a runtime wait. See `stream`. */
export type Emit<T> = (item: T) => Promise<void>;

export type Producer<T> = (emit: Emit<T>, signal: AbortSignal, control: StreamControl) => Promise<void>;

export interface AgentStream<T> extends AsyncIterable<T>, AsyncDisposable {
  readonly name: string;
  readonly stats: StreamStats;
  /** Once only. @throws UsageError the second time */
  [Symbol.asyncIterator](): AsyncIterator<T, void, undefined>;
  /**
   * Calls `fn` with each item, one after the other. As `for await`, but an error of `fn` and one of the producer's
   * cleanup both come out, in an ExceptionGroup (the consumer's first).
   */
  forEach(fn: (item: T) => void | Promise<void>): Promise<void>;
  /**
   * Ends the stream from anywhere: cancels the producer, waits for its cleanup, drops what is buffered. Its consumer's
   * next read throws TaskCancelledError. Safe to call again. @throws what the cleanup throws
   */
  close(reason?: unknown): Promise<void>;
}
