/** What a scripted model is told to say in one call, checked before it says anything. */
import type { FinishReason } from "ai";
import { assertOptions, assertTime, describeValue } from "../task/errors.ts";
import { assertKeys } from "./checks.ts";

export interface ScriptedToolCall {
  readonly name: string;
  /** Sent as JSON; a text is sent as it is, so that broken JSON can be tried. */
  readonly input?: unknown;
  readonly id?: string;
}

/** An answer of a server that failed. */
export interface ScriptedFailure {
  /** HTTP status: 429 and 5xx are worth trying again. */
  readonly status: number;
  /** Seconds, as in the Retry-After header. */
  readonly retryAfter?: number;
  readonly message?: string;
}

/** What the model says in one call, in this order. */
export interface ScriptedReply {
  /** Before the first chunk, milliseconds. Infinity: for ever. */
  readonly delay?: number;
  readonly reasoning?: string;
  readonly text?: string;
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** Thrown as it is, or made the error of a status. After a text: in the middle of the answer. */
  readonly error?: Error | ScriptedFailure;
  /** Says nothing more, for ever. */
  readonly hang?: boolean;
  readonly finishReason?: FinishReason;
  readonly usage?: { readonly inputTokens?: number; readonly outputTokens?: number };
}

const REPLY = ["delay", "reasoning", "text", "toolCalls", "error", "hang", "finishReason", "usage"] as const;
const TOOL_CALL = ["name", "input", "id"] as const;
const FAILURE = ["status", "retryAfter", "message"] as const;
const USAGE = ["inputTokens", "outputTokens"] as const;

/** `what` names the reply in errors. @throws TypeError, RangeError */
export function parseReply(reply: unknown, what: string): ScriptedReply {
  if (typeof reply === "string") return { text: reply };
  if (typeof reply !== "object" || reply === null)
    throw new TypeError(`${what} must be a text or an object, not ${describeValue(reply)}.`);
  assertKeys(reply, REPLY, what);
  const { delay, reasoning, text, toolCalls = [], error, usage } = reply as ScriptedReply;
  if (delay !== undefined) assertTime(delay, `The delay of ${lower(what)}`);
  for (const [key, said] of Object.entries({ reasoning, text })) {
    if (said !== undefined && typeof said !== "string")
      throw new TypeError(`The ${key} of ${lower(what)} must be a text, not ${describeValue(said)}.`);
  }
  if (!Array.isArray(toolCalls))
    throw new TypeError(`The toolCalls of ${lower(what)} must be an array, not ${describeValue(toolCalls)}.`);
  for (const call of toolCalls as readonly Partial<ScriptedToolCall>[]) {
    assertPart(call, TOOL_CALL, `A tool call of ${lower(what)}`);
    if (typeof call.name !== "string")
      throw new TypeError(`A tool call of ${lower(what)} needs the name of a tool, not ${describeValue(call.name)}.`);
  }
  if (error !== undefined && !(error instanceof Error)) assertPart(error, FAILURE, `The error of ${lower(what)}`);
  if (usage !== undefined) assertPart(usage, USAGE, `The usage of ${lower(what)}`);
  return reply;
}

function assertPart(part: object, known: readonly string[], what: string): void {
  assertOptions(part, what);
  assertKeys(part, known, what);
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
