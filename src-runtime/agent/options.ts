/** What an agent may be told, checked before anything is done with it. */
import type { LanguageModel, ModelMessage, ToolChoice } from "ai";
import { assertFunction, assertOptions, assertTime, describeValue } from "../task/errors.ts";
import { GRACE_MS } from "../task/grace.ts";
import { assertPolicy, type RetryPolicy } from "../resilience/retry.ts";
import { assertCount, assertKeys, assertOneOf } from "./checks.ts";
import type { AgentStep } from "./result.ts";
import { definitionsOf, type Tool, type ToolDefinition } from "./tool.ts";

/** A text from the user, or a conversation. */
export type AgentInput = string | readonly ModelMessage[];

/** An AI SDK model, or its id, which the AI SDK's own default provider looks up. */
export type AgentModel = LanguageModel;

type ProviderOptions = NonNullable<ModelMessage["providerOptions"]>;

/** A model's answer is judged by nobody but the model. */
export type AgentRetryPolicy = Omit<RetryPolicy, "shouldRetryResult">;

/** Limits, milliseconds. What runs into one fails with TimeoutError. */
export interface AgentTimeouts {
  /** The whole run. */
  readonly total?: number;
  /** A step with its model call, retries and tools. */
  readonly step?: number;
  /** One attempt of a model call. */
  readonly model?: number;
  /** Until the first chunk of an attempt. */
  readonly firstChunk?: number;
  /** Between two chunks; time in which the consumer holds the stream up is not counted. */
  readonly chunk?: number;
  /** One call of a tool; the tool's own `timeout` comes first. The model is told, the run goes on. */
  readonly tool?: number;
}

/** Passed to the model as they are. */
export interface ModelSettings {
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly stopSequences?: string[];
  readonly seed?: number;
  readonly toolChoice?: ToolChoice<Record<string, never>> | { readonly type: "tool"; readonly toolName: string };
  readonly headers?: Record<string, string>;
}

export interface AgentOptions {
  readonly name: string;
  /** What it is good for: what other agents are told of it. */
  readonly description?: string;
  readonly model: AgentModel;
  /** The system prompt. */
  readonly instructions?: string;
  readonly tools?: readonly Tool[];
  /** Model calls in one run, at most. Default 20. */
  readonly maxSteps?: number;
  readonly timeouts?: AgentTimeouts;
  /** Tools of one run that may run at the same time. Default: all. */
  readonly toolConcurrency?: number;
  /** `model`: the model is told of a tool's error and goes on. `throw`: the run fails with ToolError. Default: model. */
  readonly onToolError?: "model" | "throw";
  /** What a failed tool does to the others of its step. Default: `continue`, with `onToolError: "throw"` `cancel`. */
  readonly siblings?: "continue" | "cancel";
  /** How long a cancelled tool may take to end, milliseconds; then it is abandoned. Default 5000. */
  readonly toolGrace?: number;
  /** For model calls. Default: 2 retries of what may pass by itself (429, 5xx, a broken connection, a timeout). */
  readonly retry?: AgentRetryPolicy;
  /** Models to ask, in this order, when the model can't answer. */
  readonly fallback?: readonly AgentModel[];
  readonly settings?: ModelSettings;
  readonly providerOptions?: ProviderOptions;
  /** Called after each step; the next one waits for it. */
  readonly onStep?: (step: AgentStep) => void | Promise<void>;
}

/** For one run. */
export interface AgentRunOptions {
  /** Cancels the run when aborted. */
  readonly signal?: AbortSignal;
  readonly maxSteps?: number;
  readonly timeouts?: AgentTimeouts;
  readonly onStep?: (step: AgentStep) => void | Promise<void>;
}

/** Options with every default in place. */
export interface AgentSettings {
  readonly name: string;
  readonly models: readonly [AgentModel, ...AgentModel[]];
  readonly description: string | undefined;
  readonly instructions: string | undefined;
  readonly tools: readonly ToolDefinition[];
  readonly maxSteps: number;
  readonly timeouts: AgentTimeouts;
  readonly toolConcurrency: number;
  readonly onToolError: "model" | "throw";
  readonly siblings: "continue" | "cancel";
  readonly toolGrace: number;
  readonly retry: AgentRetryPolicy;
  readonly settings: ModelSettings;
  readonly providerOptions: ProviderOptions | undefined;
  readonly onStep: ((step: AgentStep) => void | Promise<void>) | undefined;
}

const TIMEOUTS = ["total", "step", "model", "firstChunk", "chunk", "tool"] as const;

/** @throws TypeError, RangeError, UsageError */
export function parseAgent(options: AgentOptions): AgentSettings {
  assertOptions(options, "The options of agent()");
  const { name, description, model, instructions, tools = [], retry = {}, fallback = [] } = options;
  const { onToolError = "model", siblings = onToolError === "throw" ? "cancel" : "continue" } = options;
  const { maxSteps = 20, toolConcurrency = Infinity, timeouts = {}, toolGrace = GRACE_MS, onStep } = options;
  if (typeof name !== "string" || name === "")
    throw new TypeError(`An agent needs a name, not ${describeValue(name)}: it is what the recording calls it.`);
  const of = `of agent ${name}`;
  assertModel(model, `The model ${of}`);
  if (!Array.isArray(fallback)) throw new TypeError(`fallback ${of} must be an array of models.`);
  for (const other of fallback) assertModel(other, `A fallback ${of}`);
  if (instructions !== undefined && typeof instructions !== "string")
    throw new TypeError(`instructions ${of} must be a text, not ${describeValue(instructions)}.`);
  if (description !== undefined && typeof description !== "string")
    throw new TypeError(`description ${of} must be a text, not ${describeValue(description)}.`);
  if (!Array.isArray(tools)) throw new TypeError(`tools ${of} must be an array, not ${describeValue(tools)}.`);
  assertCount(maxSteps, `maxSteps ${of}`);
  assertCount(toolConcurrency, `toolConcurrency ${of}`);
  assertOneOf(onToolError, ["model", "throw"], `onToolError ${of}`);
  assertOneOf(siblings, ["continue", "cancel"], `siblings ${of}`);
  assertTime(toolGrace, `toolGrace ${of}`);
  assertTimeouts(timeouts, of);
  if (typeof retry !== "object" || retry === null)
    throw new TypeError(`retry ${of} must be a retry policy, not ${describeValue(retry)}.`);
  assertPolicy(retry);
  if (onStep !== undefined) assertFunction(onStep, `onStep ${of}`);
  return {
    name,
    models: [model, ...(fallback as readonly AgentModel[])],
    description,
    instructions,
    tools: definitionsOf(tools),
    maxSteps,
    timeouts,
    toolConcurrency,
    onToolError,
    siblings,
    toolGrace,
    retry,
    settings: options.settings ?? {},
    providerOptions: options.providerOptions,
    onStep,
  };
}

/** The agent's settings with those of one run above them. @throws TypeError, RangeError */
export function withRunOptions(settings: AgentSettings, options: AgentRunOptions): AgentSettings {
  const of = `of a run of agent ${settings.name}`;
  assertOptions(options, `The options ${of}`);
  const { maxSteps = settings.maxSteps, timeouts = {}, onStep = settings.onStep, signal } = options;
  assertCount(maxSteps, `maxSteps ${of}`);
  assertTimeouts(timeouts, of);
  if (onStep !== undefined) assertFunction(onStep, `onStep ${of}`);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError(`signal ${of} must be an AbortSignal, not ${describeValue(signal)}.`);
  return { ...settings, maxSteps, onStep, timeouts: { ...settings.timeouts, ...timeouts } };
}

/** @throws TypeError */
export function parseInput(input: AgentInput): readonly ModelMessage[] {
  if (typeof input === "string") return [{ role: "user", content: input }];
  if (!Array.isArray(input))
    throw new TypeError(`An agent's input must be a text or an array of messages, not ${describeValue(input)}.`);
  if (input.length === 0) throw new TypeError("An agent's input has no messages: there is nothing to answer.");
  return input as readonly ModelMessage[];
}

/** Id and provider, for names. The provider of a model given by its id is not known before it is asked. */
export function modelNames(model: AgentModel): { readonly id: string; readonly provider: string | undefined } {
  return typeof model === "string"
    ? { id: model, provider: undefined }
    : { id: model.modelId, provider: model.provider };
}

function assertModel(model: unknown, what: string): void {
  if (typeof model === "string" && model !== "") return;
  if (typeof model === "object" && model !== null && "specificationVersion" in model && "doStream" in model) return;
  throw new TypeError(
    `${what} must be a model of the AI SDK, such as openai("gpt-5"), or the id of one; not ${describeValue(model)}.`,
  );
}

function assertTimeouts(timeouts: AgentTimeouts, of: string): void {
  assertOptions(timeouts, `timeouts ${of}`);
  assertKeys(timeouts, TIMEOUTS, `timeouts ${of}`);
  for (const name of TIMEOUTS) if (timeouts[name] !== undefined) assertTime(timeouts[name], `timeouts.${name} ${of}`);
}
