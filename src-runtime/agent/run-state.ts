/** What all parts of one run of an agent share. */
import type { Context } from "@opentelemetry/api";
import type { ModelMessage, ToolSet } from "ai";
import type { CapacityLimiter } from "../sync/capacity-limiter.ts";
import type { AiLibrary } from "./library.ts";
import type { AgentSettings } from "./options.ts";
import type { AgentPart } from "./result.ts";
import type { Telemetry } from "./telemetry.ts";
import type { ToolDefinition } from "./tool.ts";

export interface RunState {
  readonly ai: AiLibrary;
  readonly telemetry: Telemetry;
  readonly settings: AgentSettings;
  /** By name: those of the agent, and those of this run. */
  readonly tools: ReadonlyMap<string, ToolDefinition>;
  /** The same, as the AI SDK tells models of them. */
  readonly toolSet: ToolSet;
  /** Parent of the spans below. */
  readonly context: Context | undefined;
  /** Who may run a tool now; undefined: everyone. */
  readonly limiter: CapacityLimiter | undefined;
  readonly emit: ((part: AgentPart) => Promise<void>) | undefined;
  /** The conversation so far; grows step by step. */
  readonly messages: ModelMessage[];
}

/** Tools without `execute`: the AI SDK hands their calls to us. */
export function toolSetOf(ai: AiLibrary, tools: Iterable<ToolDefinition>): ToolSet {
  const set: ToolSet = {};
  for (const { name, description, schema } of tools) {
    // Of the schema only its shape goes to the model: the check of the input is a part of the tool's own task.
    const inputSchema = ai.jsonSchema(() => ai.asSchema(schema as Parameters<typeof ai.asSchema>[0]).jsonSchema);
    set[name] = ai.tool({ inputSchema, ...(description === undefined ? {} : { description }) }) as ToolSet[string];
  }
  return set;
}
