/**
 * One attempt at a model call: one step of the AI SDK's `streamText`, with tools it can't run (we run them), without
 * its retries (ours) and without its telemetry (the tracer would see the call twice).
 */
import type { FinishReason, ModelMessage, StreamTextResult, TextStreamPart, ToolSet } from "ai";
import { currentScope } from "../task/current.ts";
import { withinGrace, GRACE_MS } from "../task/grace.ts";
import { throwIfCancelled } from "../task/scope.ts";
import { cancellable } from "../task/sleep.ts";
import { timeout } from "../task/timeout.ts";
import { withChunkDeadlines, type ChunkClock } from "./chunk-deadlines.ts";
import { ModelError } from "./errors.ts";
import type { AiLibrary } from "./library.ts";
import { modelNames, type AgentModel, type AgentSettings } from "./options.ts";
import { NO_USAGE, type AgentMessage, type AgentPart, type Usage } from "./result.ts";

/** A tool call as the AI SDK read it. */
export interface ModelToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly input: unknown;
  /** Why it can't be run: there is no such tool, or its input is no JSON. */
  readonly invalid: unknown;
}

export interface Answer {
  readonly text: string;
  readonly reasoning: string;
  /** Those we have to run. */
  readonly toolCalls: readonly ModelToolCall[];
  readonly messages: readonly AgentMessage[];
  readonly usage: Usage;
  readonly finishReason: FinishReason;
  readonly responseId: string | undefined;
  readonly responseModel: string | undefined;
}

export interface ModelRequest {
  readonly ai: AiLibrary;
  readonly model: AgentModel;
  readonly settings: AgentSettings;
  readonly tools: ToolSet;
  readonly messages: readonly ModelMessage[];
  readonly step: number;
  /** Called for each chunk with its size in characters. */
  readonly onChunk: (size: number) => void;
  /** Who reads along; the model is held up until it has taken the part. */
  readonly emit: ((part: AgentPart) => Promise<void>) | undefined;
}

/** @throws TimeoutError, ModelError, what the AI SDK throws */
export async function attempt(request: ModelRequest): Promise<Answer> {
  const { timeouts } = request.settings;
  const { model: ms, firstChunk, chunk } = timeouts;
  const what = `Model ${modelNames(request.model).id}`;
  const ask = (): Promise<Answer> =>
    withChunkDeadlines(what, firstChunk, chunk, async (clock) => {
      const scope = currentScope("agent()");
      throwIfCancelled(scope);
      const reading = read(request, clock, scope.signal);
      try {
        return await cancellable(reading);
      } catch (error) {
        // The connection is closed before anything else is done.
        const closed = reading.then(
          () => true,
          () => true,
        );
        if (scope.effective !== undefined) await withinGrace(scope, closed, GRACE_MS);
        throw error;
      }
    });
  return ms === undefined ? ask() : timeout(ms, ask);
}

async function read(request: ModelRequest, clock: ChunkClock, signal: AbortSignal): Promise<Answer> {
  const { step, onChunk, emit } = request;
  const result = start(request, signal);
  let [text, reasoning] = ["", ""];
  const toolCalls: ModelToolCall[] = [];
  let finish: Extract<TextStreamPart<ToolSet>, { readonly type: "finish-step" }> | undefined;
  for await (const part of result.stream) {
    const size = sizeOf(part);
    if (size !== undefined) {
      clock.arrived();
      onChunk(size);
    }
    if (part.type === "error") throw errorOf(request.model, part.error);
    if (part.type === "abort") throw signal.reason;
    if (part.type === "finish-step") finish = part;
    if (part.type === "text-delta") {
      text += part.text;
      await emit?.({ type: "text-delta", step, text: part.text });
    }
    if (part.type === "reasoning-delta") {
      reasoning += part.text;
      await emit?.({ type: "reasoning-delta", step, text: part.text });
    }
    if (part.type === "tool-call" && part.providerExecuted !== true) {
      const { toolCallId, toolName, input } = part;
      toolCalls.push({ toolCallId, toolName, input, invalid: part.invalid === true ? part.error : undefined });
      await emit?.({ type: "tool-call", step, toolCallId, toolName, input });
    }
    if (size !== undefined) clock.waiting();
  }
  if (finish === undefined || finish.finishReason === "interrupted")
    throw new ModelError(modelNames(request.model).id, "its answer broke off in the middle.");
  return {
    text,
    reasoning,
    toolCalls,
    // The results of tools are ours to write, those of calls that could not be read included.
    messages: (await result.responseMessages).filter(({ role }) => role === "assistant"),
    usage: usageOf(finish.usage),
    finishReason: finish.finishReason,
    responseId: finish.response.id,
    responseModel: finish.response.modelId,
  };
}

type Result = Pick<StreamTextResult<ToolSet, Record<string, unknown>, never>, "stream" | "responseMessages">;

function start({ ai, model, settings, tools, messages }: ModelRequest, abortSignal: AbortSignal): Result {
  const { instructions, providerOptions } = settings;
  const { toolChoice, headers, ...rest } = settings.settings;
  return ai.streamText({
    ...rest,
    ...(toolChoice === undefined ? {} : { toolChoice: toolChoice as "auto" }),
    ...(headers === undefined ? {} : { headers }),
    ...(providerOptions === undefined ? {} : { providerOptions }),
    ...(instructions === undefined ? {} : { instructions }),
    model,
    tools,
    messages: [...messages],
    allowSystemInMessages: true,
    abortSignal,
    maxRetries: 0,
    telemetry: { isEnabled: false },
    // It would write errors to the console; they come out as parts.
    onError() {},
  }) as Result;
}

/** Characters of what the model said in a part, undefined for parts that say nothing. */
function sizeOf(part: TextStreamPart<ToolSet>): number | undefined {
  switch (part.type) {
    case "text-delta":
    case "reasoning-delta":
      return part.text.length;
    case "tool-input-delta":
      return part.delta.length;
    case "tool-input-start":
    case "tool-call":
    case "file":
    case "source":
      return 0;
    default:
      return undefined;
  }
}

/** Providers also put texts and plain objects into their streams as errors. */
function errorOf(model: AgentModel, error: unknown): unknown {
  if (error instanceof Error) return error;
  const message = typeof error === "string" ? error : JSON.stringify(error);
  return new ModelError(modelNames(model).id, message, { cause: error });
}

function usageOf(usage: Extract<TextStreamPart<ToolSet>, { readonly type: "finish-step" }>["usage"]): Usage {
  const { inputTokens = 0, outputTokens = 0, inputTokenDetails, outputTokenDetails } = usage;
  return {
    ...NO_USAGE,
    inputTokens,
    outputTokens,
    totalTokens: usage.totalTokens ?? inputTokens + outputTokens,
    reasoningTokens: outputTokenDetails.reasoningTokens ?? 0,
    cacheReadTokens: inputTokenDetails.cacheReadTokens ?? 0,
    cacheWriteTokens: inputTokenDetails.cacheWriteTokens ?? 0,
  };
}
