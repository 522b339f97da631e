/**
 * The attributes of an agent's tasks and spans: names of the GenAI conventions as of version 1.41, and only names,
 * numbers and models, never what was said.
 */
import type { AttributeValue, Attributes } from "../protocol/message.ts";
import type { Usage } from "./result.ts";

/** What the conventions call the providers of the AI SDK, by the first part of the SDK's name. */
const PROVIDERS: Readonly<Record<string, string>> = {
  "amazon-bedrock": "aws.bedrock",
  azure: "azure.ai.openai",
  "google.generative-ai": "gcp.gemini",
  "google.vertex": "gcp.vertex_ai",
  google: "gcp.gemini",
  mistral: "mistral_ai",
  moonshotai: "moonshot_ai",
  xai: "x_ai",
};

/** `openai.chat` is openai. */
export function providerName(provider: string): string {
  for (const [prefix, name] of Object.entries(PROVIDERS)) {
    if (provider === prefix || provider.startsWith(`${prefix}.`)) return name;
  }
  return provider.split(".", 1)[0] ?? provider;
}

export function agentAttributes(agent: string, provider: string | undefined, model: string): Attributes {
  return defined({
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": agent,
    "gen_ai.provider.name": provider,
    "gen_ai.request.model": model,
  });
}

/** The settings of a model call that the conventions know. */
export interface RequestSettings {
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly seed?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly presencePenalty?: number | undefined;
}

export function requestAttributes(provider: string | undefined, model: string, settings: RequestSettings): Attributes {
  return defined({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": provider,
    "gen_ai.request.model": model,
    "gen_ai.request.max_tokens": settings.maxOutputTokens,
    "gen_ai.request.temperature": settings.temperature,
    "gen_ai.request.top_p": settings.topP,
    "gen_ai.request.top_k": settings.topK,
    "gen_ai.request.seed": settings.seed,
    "gen_ai.request.stop_sequences": settings.stopSequences,
    "gen_ai.request.frequency_penalty": settings.frequencyPenalty,
    "gen_ai.request.presence_penalty": settings.presencePenalty,
  });
}

export interface ResponseFacts {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly finishReason: string;
  readonly usage: Usage;
  /** Milliseconds from the call to the first chunk. */
  readonly firstChunkMs: number | undefined;
}

export function responseAttributes({ id, model, finishReason, usage, firstChunkMs }: ResponseFacts): Attributes {
  return defined({
    "gen_ai.response.id": id,
    "gen_ai.response.model": model,
    "gen_ai.response.finish_reasons": [finishReason],
    "gen_ai.response.time_to_first_chunk": firstChunkMs === undefined ? undefined : firstChunkMs / 1000,
    ...usageAttributes(usage),
    "gen_ai.usage.cache_read.input_tokens": usage.cacheReadTokens || undefined,
    "gen_ai.usage.cache_creation.input_tokens": usage.cacheWriteTokens || undefined,
  });
}

export function usageAttributes({ inputTokens, outputTokens }: Usage): Attributes {
  return { "gen_ai.usage.input_tokens": inputTokens, "gen_ai.usage.output_tokens": outputTokens };
}

export function toolAttributes(name: string, callId: string, description: string | undefined): Attributes {
  return defined({
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": name,
    "gen_ai.tool.type": "function",
    "gen_ai.tool.call.id": callId,
    "gen_ai.tool.description": description,
  });
}

export function teamAttributes(name: string): Attributes {
  return { "gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": name };
}

function defined(values: Readonly<Record<string, AttributeValue | undefined>>): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(values)) if (value !== undefined) attributes[key] = value;
  return attributes;
}
