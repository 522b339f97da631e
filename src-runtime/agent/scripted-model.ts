/**
 * A model that says what a script tells it to, for tests and examples: no network, no key, the same every time. Its
 * delays are of the runner's clock, so a test can push them.
 */
import type { LanguageModel } from "ai";
import { currentScopeOrNone } from "../task/current.ts";
import { UsageError, assertOptions, assertTime, describeValue } from "../task/errors.ts";
import type { Timers } from "../task/timers.ts";
import { loadAi } from "./library.ts";
import { parseReply, type ScriptedFailure, type ScriptedReply } from "./scripted-reply.ts";

type Model = Extract<LanguageModel, { readonly specificationVersion: "v4" }>;
type CallOptions = Parameters<Model["doStream"]>[0];
type StreamPart = Awaited<ReturnType<Model["doStream"]>>["stream"] extends ReadableStream<infer Part> ? Part : never;

export type Script =
  | readonly (ScriptedReply | string)[]
  | ((call: ScriptedCall) => ScriptedReply | string | Promise<ScriptedReply | string>);

/** A call of the model: what it was sent, and which one it is, from 1. */
export interface ScriptedCall {
  readonly number: number;
  readonly prompt: CallOptions["prompt"];
  readonly options: CallOptions;
}

export interface ScriptedModelOptions {
  /** Default: scripted. */
  readonly modelId?: string;
  /** Characters in one chunk. Default 8. */
  readonly chunkSize?: number;
  /** Before each chunk but the first, milliseconds. Default 0. */
  readonly chunkDelay?: number;
}

export interface ScriptedModel extends Omit<Model, "provider" | "modelId"> {
  readonly provider: string;
  readonly modelId: string;
  /** Every call so far. */
  readonly calls: readonly ScriptedCall[];
}

/**
 * A model for `agent()` and the AI SDK. Replies are used one per call; a call after the last one fails.
 * @throws TypeError, RangeError
 */
export function scriptedModel(script: Script, options: ScriptedModelOptions = {}): ScriptedModel {
  assertOptions(options, "The options of scriptedModel()");
  const { modelId = "scripted", chunkSize = 8, chunkDelay = 0 } = options;
  if (typeof script !== "function" && !Array.isArray(script)) {
    throw new TypeError(
      `scriptedModel() takes an array of replies or a function that makes them, not ${describeValue(script)}.`,
    );
  }
  if (!Number.isInteger(chunkSize) || chunkSize < 1)
    throw new RangeError(`chunkSize must be a whole number of at least 1, not ${describeValue(chunkSize)}.`);
  assertTime(chunkDelay, "chunkDelay");
  if (typeof script !== "function")
    for (const [index, reply] of script.entries()) parseReply(reply, `Reply ${index + 1} of model ${modelId}`);
  const calls: ScriptedCall[] = [];

  async function replyTo(call: ScriptedCall): Promise<ScriptedReply> {
    if (typeof script !== "function" && call.number > script.length) {
      throw new UsageError(
        `The script of model ${modelId} has ${script.length} replies, and this is call ${call.number}.`,
      );
    }
    const reply = typeof script === "function" ? await script(call) : script[call.number - 1];
    try {
      return parseReply(reply, `Reply ${call.number} of model ${modelId}`);
    } catch (cause) {
      // Of the kind that is not tried again.
      throw new UsageError((cause as Error).message, { cause });
    }
  }

  async function open(callOptions: CallOptions): Promise<AsyncGenerator<StreamPart, void, undefined>> {
    callOptions.abortSignal?.throwIfAborted();
    const call = { number: calls.length + 1, prompt: callOptions.prompt, options: callOptions };
    calls.push(call);
    const pause = createPause(callOptions.abortSignal);
    const reply = await replyTo(call);
    if (reply.delay !== undefined) await pause(reply.delay);
    if (reply.error !== undefined && reply.text === undefined && reply.reasoning === undefined)
      throw await errorOf(reply.error, modelId);
    return say(reply, call, pause);
  }

  async function* say(
    reply: ScriptedReply,
    call: ScriptedCall,
    pause: (ms: number) => Promise<void>,
  ): AsyncGenerator<StreamPart, void, undefined> {
    yield { type: "stream-start", warnings: [] };
    yield { type: "response-metadata", id: `${modelId}-${call.number}`, modelId };
    let isFirst = true;
    const { reasoning = "", text = "", toolCalls = [], error, hang = false } = reply;
    for (const [kind, whole] of [
      ["reasoning", reasoning],
      ["text", text],
    ] as const) {
      if (whole === "") continue;
      yield { type: `${kind}-start`, id: kind };
      for (let at = 0; at < whole.length; at += chunkSize) {
        if (!isFirst && chunkDelay > 0) await pause(chunkDelay);
        isFirst = false;
        yield { type: `${kind}-delta`, id: kind, delta: whole.slice(at, at + chunkSize) };
      }
      yield { type: `${kind}-end`, id: kind };
    }
    if (error !== undefined) throw await errorOf(error, modelId);
    for (const [index, { name, input = {}, id = `call_${call.number}_${index + 1}` }] of toolCalls.entries()) {
      const sent = typeof input === "string" ? input : JSON.stringify(input);
      yield { type: "tool-call", toolCallId: id, toolName: name, input: sent };
    }
    if (hang) await pause(Infinity);
    yield finish(reply);
  }

  return {
    specificationVersion: "v4",
    provider: "scripted",
    modelId,
    supportedUrls: {},
    get calls() {
      return calls;
    },
    async doStream(callOptions) {
      const parts = await open(callOptions);
      return { stream: toReadable(parts) };
    },
    async doGenerate(callOptions) {
      return whole(await open(callOptions));
    },
  };
}

function finish({ toolCalls = [], finishReason, text = "", usage }: ScriptedReply): StreamPart {
  const { inputTokens = 10, outputTokens = Math.ceil(text.length / 4) + toolCalls.length } = usage ?? {};
  return {
    type: "finish",
    finishReason: { unified: finishReason ?? (toolCalls.length > 0 ? "tool-calls" : "stop"), raw: undefined },
    usage: {
      inputTokens: { total: inputTokens, noCache: inputTokens, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: outputTokens, text: outputTokens, reasoning: undefined },
    },
  };
}

async function whole(
  parts: AsyncGenerator<StreamPart, void, undefined>,
): Promise<Awaited<ReturnType<Model["doGenerate"]>>> {
  const content: Awaited<ReturnType<Model["doGenerate"]>>["content"] = [];
  const texts = { reasoning: "", text: "" };
  for await (const part of parts) {
    if (part.type === "text-delta") texts.text += part.delta;
    else if (part.type === "reasoning-delta") texts.reasoning += part.delta;
    else if (part.type === "tool-call") content.push(part);
    else if (part.type === "finish") {
      const { finishReason, usage } = part;
      if (texts.text !== "") content.unshift({ type: "text", text: texts.text });
      if (texts.reasoning !== "") content.unshift({ type: "reasoning", text: texts.reasoning });
      return { content, finishReason, usage, warnings: [] };
    }
  }
  throw new UsageError("The scripted reply has no end.");
}

function toReadable(parts: AsyncGenerator<StreamPart, void, undefined>): ReadableStream<StreamPart> {
  return new ReadableStream<StreamPart>(
    {
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await parts.return();
      },
    },
    { highWaterMark: 0 },
  );
}

async function errorOf(error: Error | ScriptedFailure, model: string): Promise<Error> {
  if (error instanceof Error) return error;
  const { APICallError } = await loadAi();
  const { status, retryAfter, message = `The model answered with status ${status}.` } = error;
  return new APICallError({
    message,
    url: `scripted:${model}`,
    requestBodyValues: {},
    statusCode: status,
    ...(retryAfter === undefined ? {} : { responseHeaders: { "retry-after": String(retryAfter) } }),
    isRetryable: status === 408 || status === 409 || status === 429 || status >= 500,
  });
}

/** Waits on the clock of the run it was made in, else on the real one. Rejects with the signal's reason. */
function createPause(signal: AbortSignal | undefined): (ms: number) => Promise<void> {
  const timers: Timers | undefined = currentScopeOrNone()?.runner.timers;
  return (ms) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      function end(): void {
        clear?.();
        signal?.removeEventListener("abort", onAbort);
      }
      function onAbort(): void {
        end();
        reject(signal?.reason as Error);
      }
      function onTime(): void {
        end();
        resolve();
      }
      const clear = ms === Infinity ? undefined : startTimer(timers, ms, onTime);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
}

function startTimer(timers: Timers | undefined, ms: number, wake: () => void): () => void {
  if (timers === undefined) {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  }
  const deadline = timers.add(timers.now() + ms, wake);
  return () => timers.remove(deadline);
}
