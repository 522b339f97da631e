/**
 * What of the AI SDK's messages may be recorded: each attribute is copied by name from a field by name, and contents
 * (prompts, answers, tool inputs and results) only when content capture is on.
 */
import type { Attributes, AttributeValue } from "../../protocol/message.ts";

/** Characters of one content attribute, at most. */
const MAX_CONTENT = 100_000;

/** The fields of the SDK's events that are read; anything may be missing. */
export interface AiEvent {
  readonly callId?: string;
  readonly operationId?: string;
  readonly functionId?: string;
  readonly provider?: string;
  readonly modelId?: string;
  readonly stepNumber?: number;
  readonly toolCall?: { readonly toolCallId?: string; readonly toolName?: string; readonly input?: unknown };
  readonly instructions?: unknown;
  readonly messages?: unknown;
  readonly prompt?: unknown;
  readonly value?: unknown;
  readonly values?: unknown;
  readonly query?: unknown;
  readonly content?: unknown;
  readonly finishReason?: string;
  readonly usage?: { readonly inputTokens?: number; readonly outputTokens?: number; readonly tokens?: number };
  readonly performance?: {
    readonly responseTimeMs?: number;
    readonly timeToFirstOutputMs?: number;
    readonly timeBetweenOutputChunksMs?: { readonly avg?: number; readonly p90?: number; readonly max?: number };
  };
  /** Of a model call that makes an object. */
  readonly msToFirstChunk?: number;
  readonly promptMessages?: unknown;
  readonly objectText?: unknown;
}

const OPERATIONS: Readonly<Record<string, string>> = {
  generateText: "invoke_agent",
  streamText: "invoke_agent",
  generateObject: "invoke_agent",
  streamObject: "invoke_agent",
  languageModelCall: "chat",
  executeTool: "execute_tool",
  embed: "embeddings",
  embedMany: "embeddings",
};

export function startAttributes(type: string, event: AiEvent, captureContent: boolean): Attributes {
  const { toolCall } = event;
  return defined({
    "gen_ai.operation.name": type === "step" ? undefined : (OPERATIONS[type] ?? type),
    "gen_ai.provider.name": event.provider,
    "gen_ai.request.model": event.modelId,
    "gen_ai.tool.name": toolCall?.toolName,
    "gen_ai.tool.call.id": toolCall?.toolCallId,
    ...(captureContent
      ? {
          "gen_ai.system_instructions": content(event.instructions),
          // A tool's event repeats the conversation that led to it.
          "gen_ai.input.messages":
            toolCall === undefined
              ? content(
                  event.messages ?? event.promptMessages ?? event.prompt ?? event.value ?? event.values ?? event.query,
                )
              : undefined,
          "gen_ai.tool.call.arguments": content(toolCall?.input),
        }
      : {}),
  });
}

/** Of a model call that is over. */
export function modelAttributes(event: AiEvent, captureContent: boolean): Attributes {
  const { usage, performance } = event;
  return defined({
    "gen_ai.response.finish_reasons": typeof event.finishReason === "string" ? [event.finishReason] : undefined,
    "gen_ai.usage.input_tokens": usage?.inputTokens ?? usage?.tokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "ai.response.ms": performance?.responseTimeMs,
    "ai.response.ms_to_first_output": performance?.timeToFirstOutputMs,
    "ai.response.ms_between_chunks": performance?.timeBetweenOutputChunksMs?.avg,
    "ai.response.ms_between_chunks_max": performance?.timeBetweenOutputChunksMs?.max,
    ...(captureContent ? { "gen_ai.output.messages": content(event.content ?? event.objectText) } : {}),
  });
}

export function toolResultAttributes(output: unknown): Attributes {
  return defined({ "gen_ai.tool.call.result": content(output) });
}

function content(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return value.slice(0, MAX_CONTENT);
  try {
    return JSON.stringify(value)?.slice(0, MAX_CONTENT);
  } catch {
    // Circular, or a BigInt: nothing that could be sent to a model as it is.
    return undefined;
  }
}

/** Without what is missing, and without what is not of the type it should be. */
function defined(values: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(values)) {
    if (typeof value === "string" || (typeof value === "number" && Number.isFinite(value))) attributes[key] = value;
    else if (Array.isArray(value)) attributes[key] = value as readonly string[];
  }
  return attributes;
}
