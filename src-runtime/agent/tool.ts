/** Tools: what a model may call, with an input that has been checked before the tool sees it. */
import type { ToolResultPart } from "ai";
import type { z } from "zod";
import { UsageError, assertFunction, assertOptions, assertTime, describeValue } from "../task/errors.ts";
import { kindWithoutObjects } from "./schema-kind.ts";

/** What a tool's result becomes in the conversation, as the AI SDK has it. */
export type ToolOutput = ToolResultPart["output"];

/** What a tool is told besides its input. */
export interface ToolContext {
  /** Aborted when the call is cancelled or its time is over. Hand it to everything that takes one. */
  readonly signal: AbortSignal;
  readonly toolCallId: string;
  /** Name of the agent that called. */
  readonly agent: string;
  /** From 1. */
  readonly step: number;
}

export interface ToolOptions<S extends z.ZodType, R> {
  /** What the model calls it: letters, digits, `_` and `-`. */
  readonly name: string;
  /** When and how the model should use it. */
  readonly description?: string;
  /** A zod schema of an object. Without it the tool takes no input. */
  readonly input?: S;
  /** How long a call may take, milliseconds. Default: the agent's `timeouts.tool`. */
  readonly timeout?: number;
  /** How long a cancelled call may take to end, milliseconds; then it is abandoned. Default: the agent's `toolGrace`. */
  readonly grace?: number;
  /** What the model is told of a result. Default: text as text, everything else as JSON. */
  readonly toModelOutput?: (result: R) => ToolOutput;
  readonly run: (input: z.output<S>, context: ToolContext) => Promise<R> | R;
}

/** Made by `tool()`. */
export interface Tool<I = never, R = unknown> {
  readonly name: string;
  readonly description: string | undefined;
  readonly timeout: number | undefined;
  readonly grace: number | undefined;
  readonly run: (input: I, context: ToolContext) => Promise<R> | R;
}

/** What agents see of a tool. `schema` is what the AI SDK takes for one; undefined: no input. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string | undefined;
  readonly schema: unknown;
  readonly timeout: number | undefined;
  readonly grace: number | undefined;
  readonly toOutput: (result: unknown) => ToolOutput;
  readonly run: (input: unknown, context: ToolContext) => unknown;
  /** The agent's run is over after the step in which it was called. */
  readonly isLast: boolean;
}

const definitions = new WeakMap<object, ToolDefinition>();

/** Providers take no other names. */
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * A tool for agents. Its errors are told to the model, unless the agent's `onToolError` says otherwise.
 * @throws TypeError, RangeError for what can't be a tool
 */
export function tool<S extends z.ZodType = z.ZodType<Record<string, never>>, R = unknown>(
  options: ToolOptions<S, R>,
): Tool<z.output<S>, R> {
  assertOptions(options, "The options of tool()");
  const { input, toModelOutput, run } = options;
  if (input !== undefined && !isSchema(input))
    throw new TypeError(`The input of tool ${options.name} must be a zod schema, not ${describeValue(input)}.`);
  const kind = kindWithoutObjects(input);
  if (kind !== undefined)
    throw new TypeError(
      `The input of tool ${options.name} must be a zod schema of an object, since models send no other; not of ${kind}. Put it into one: z.object({ … }).`,
    );
  if (toModelOutput !== undefined) assertFunction(toModelOutput, `toModelOutput of tool ${options.name}`);
  return makeTool<z.output<S>, R>({
    ...options,
    schema: input,
    toOutput: (toModelOutput as ((result: unknown) => ToolOutput) | undefined) ?? toOutput,
    run,
  });
}

export interface ToolParts<I, R> {
  readonly name: string;
  readonly description?: string | undefined;
  readonly schema: unknown;
  readonly timeout?: number | undefined;
  readonly grace?: number | undefined;
  readonly toOutput?: (result: unknown) => ToolOutput;
  readonly isLast?: boolean;
  readonly run: (input: I, context: ToolContext) => Promise<R> | R;
}

/** A tool from a schema of any kind the AI SDK takes. */
export function makeTool<I, R>(parts: ToolParts<I, R>): Tool<I, R> {
  const { name, description, timeout, grace, run } = parts;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new TypeError(
      `A tool's name must be 1 to 64 letters, digits, _ or -, since models take no other; not ${describeValue(name)}.`,
    );
  }
  if (description !== undefined && typeof description !== "string")
    throw new TypeError(`The description of tool ${name} must be a text, not ${describeValue(description)}.`);
  if (timeout !== undefined) assertTime(timeout, `The timeout of tool ${name}`);
  if (grace !== undefined) assertTime(grace, `The grace of tool ${name}`);
  assertFunction(run, `run of tool ${name}`);
  const made: Tool<I, R> = Object.freeze({ name, description, timeout, grace, run });
  definitions.set(made, {
    name,
    description,
    schema: parts.schema,
    timeout,
    grace,
    toOutput: parts.toOutput ?? toOutput,
    run: run as (input: unknown, context: ToolContext) => unknown,
    isLast: parts.isLast ?? false,
  });
  return made;
}

/** @throws TypeError for what was not made by `tool()` */
export function definitionOf(made: unknown): ToolDefinition {
  const definition = typeof made === "object" && made !== null ? definitions.get(made) : undefined;
  if (definition === undefined)
    throw new TypeError(`An agent's tools are made by tool() or asTool(); ${describeValue(made)} is none.`);
  return definition;
}

/** @throws UsageError when two have the same name */
export function definitionsOf(tools: Iterable<unknown>): readonly ToolDefinition[] {
  const all = Array.from(tools, definitionOf);
  const names = new Set<string>();
  for (const { name } of all) {
    if (names.has(name)) throw new UsageError(`Two tools are named ${name}: the model could not tell them apart.`);
    names.add(name);
  }
  return all;
}

/** @throws TypeError for what JSON can't hold: a function, a BigInt, a circle */
function toOutput(result: unknown): ToolOutput {
  if (typeof result === "string") return { type: "text", value: result };
  if (result === undefined) return { type: "json", value: null };
  const text: string | undefined = JSON.stringify(result);
  if (text === undefined) throw new TypeError(`The tool's result can't be told to a model: ${describeValue(result)}.`);
  return { type: "json", value: JSON.parse(text) };
}

/** zod 4, and zod 3 since it knows Standard Schema. */
function isSchema(value: unknown): boolean {
  return typeof value === "object" && value !== null && "~standard" in value;
}
