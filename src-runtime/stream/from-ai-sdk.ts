/**
 * What the AI SDK's `streamText` gives, as a stream. The SDK doesn't throw at an abort: it sends an `abort` part, or
 * just ends. Where a scope of ours was cancelled, that is the cancellation, and no short answer.
 */
import { currentScope, currentScopeOrNone } from "../task/current.ts";
import { assertFunction, describeValue } from "../task/errors.ts";
import { throwIfCancelled, type Scope } from "../task/scope.ts";
import type { AgentStream, StreamOptions } from "./agent-stream.ts";
import { pumpIterator } from "./pump.ts";
import { stream } from "./stream.ts";

/** A result of `streamText` (its parts are read), or one of its streams: `stream`, `fullStream`, `textStream`. */
export type AiSdkSource<T> =
  | AsyncIterable<T>
  | { readonly stream: AsyncIterable<T> }
  | { readonly fullStream: AsyncIterable<T> };

/**
 * The parts of a `streamText` result, or the text of its `textStream`.
 *
 *     fromAiSdk((signal) => streamText({ model, prompt, abortSignal: signal }).textStream)
 *
 * Given a function, the call is made at the first read, and a consumer that leaves or is cancelled aborts it down to
 * the connection. Given a result, only the call's own `abortSignal` can do that: the SDK keeps a second reader.
 * An `abort` part of an abort that is none of ours is passed on like any part.
 */
export function fromAiSdk<T>(
  source: AiSdkSource<T> | ((signal: AbortSignal) => AiSdkSource<T>),
  options: StreamOptions = {},
): AgentStream<T> {
  const caller = currentScopeOrNone();
  if (typeof source === "function") assertFunction(source, "fromAiSdk's call");
  else if (iterableOf(source) === undefined) throw notAResult(source);
  return stream<T>(
    async (emit, signal, control) => {
      const iterable = iterableOf(typeof source === "function" ? source(signal) : source);
      if (iterable === undefined) throw notAResult(source);
      let isText = false;
      await pumpIterator(iterable[Symbol.asyncIterator](), control, async (part) => {
        isText = typeof part === "string";
        if ((part as { type?: unknown } | undefined)?.type === "abort") throwIfAborted(caller);
        await emit(part);
      });
      // A text that was aborted just ends.
      if (isText) throwIfAborted(caller);
    },
    { name: "ai-sdk", ...options },
  );
}

/** The producer's own cancel, or that of the scope the call was made in, which becomes the producer's. */
function throwIfAborted(caller: Scope | undefined): void {
  const scope = currentScope("fromAiSdk()");
  const cancel = caller?.effective;
  if (scope.effective === undefined && cancel !== undefined)
    scope.task.cancelBy("parent", cancel.reason, false, cancel);
  throwIfCancelled(scope);
}

function iterableOf<T>(source: AiSdkSource<T>): AsyncIterable<T> | undefined {
  const { stream: parts, fullStream } = (source ?? {}) as { stream?: unknown; fullStream?: unknown };
  return [source, parts, fullStream].find(
    (each): each is AsyncIterable<T> =>
      typeof (each as Partial<AsyncIterable<T>> | null | undefined)?.[Symbol.asyncIterator] === "function",
  );
}

function notAResult(source: unknown): TypeError {
  return new TypeError(
    `fromAiSdk() needs the result of streamText, one of its streams, or a function that gives one, not ${describeValue(source)}.`,
  );
}
