/** What comes out of an agent: the answer, step by step, and what it cost. */
import type { AssistantModelMessage, FinishReason as ModelFinishReason, ToolModelMessage } from "ai";

/** Tokens; 0 where the provider says nothing. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly reasoningTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

export const NO_USAGE: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  reasoningTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
};

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
  };
}

/**
 * Why an agent stopped: what the model said last; `max-steps`: it would have gone on, but had no steps left;
 * `hand-off`: it passed the work on to another.
 */
export type AgentFinishReason = ModelFinishReason | "max-steps" | "hand-off";

/** Messages an agent adds to a conversation. */
export type AgentMessage = AssistantModelMessage | ToolModelMessage;

export interface AgentToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly input: unknown;
}

/** How a call ended. `invalid`: there is no such tool, or it was called with what its schema refuses. */
export type ToolStatus = "completed" | "failed" | "timeout" | "cancelled" | "abandoned" | "invalid";

export interface AgentToolResult extends AgentToolCall {
  readonly status: ToolStatus;
  /** What the tool returned, when completed. */
  readonly output?: unknown;
  /** What it failed with, else. */
  readonly error?: unknown;
  /** From its start to its end, milliseconds, waiting for a free place left out. */
  readonly ms: number;
}

/** One round: a model call, and the tools it asked for. */
export interface AgentStep {
  /** From 1. */
  readonly step: number;
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly AgentToolCall[];
  /** In the order of the calls. */
  readonly toolResults: readonly AgentToolResult[];
  readonly finishReason: ModelFinishReason;
  readonly usage: Usage;
  /** Id of the model that answered. */
  readonly model: string;
  /** A fallback answered, not the agent's own model. */
  readonly degraded: boolean;
  /** Why the models before it were left, in their order. */
  readonly fallbackErrors: readonly unknown[];
  readonly messages: readonly AgentMessage[];
}

export interface AgentResult {
  /** Name of the agent. */
  readonly agent: string;
  /** What the last step said. */
  readonly text: string;
  /** What was added to the conversation: append it to the input to go on with it. */
  readonly messages: readonly AgentMessage[];
  readonly steps: readonly AgentStep[];
  /** Of all steps, in the order of the calls. */
  readonly toolResults: readonly AgentToolResult[];
  /** Of all steps. */
  readonly usage: Usage;
  readonly finishReason: AgentFinishReason;
  /** A fallback answered in at least one step. */
  readonly degraded: boolean;
}

/** What `agent.stream()` yields. `step` is from 1. */
export type AgentPart =
  | { readonly type: "step-start"; readonly step: number }
  | { readonly type: "text-delta"; readonly step: number; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly step: number; readonly text: string }
  | ({ readonly type: "tool-call"; readonly step: number } & AgentToolCall)
  | ({ readonly type: "tool-result"; readonly step: number } & AgentToolResult)
  | {
      readonly type: "step-finish";
      readonly step: number;
      readonly finishReason: ModelFinishReason;
      readonly usage: Usage;
    }
  | { readonly type: "finish"; readonly finishReason: AgentFinishReason; readonly usage: Usage };
