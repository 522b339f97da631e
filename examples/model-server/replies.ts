/** What the models answer: a script, so that every run is the same. The model's name chooses the behaviour. */
import type { ChatRequest } from "./request.ts";

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: object;
}

export interface Reply {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
}

const ANSWER =
  "An agent shares one thread with everything it does. While a tool tokenizes a long text, no chunk of the stream is read, " +
  "no timeout fires on time and no other tool goes on; the provider looks slow though it is not. Move the work to a worker " +
  "thread, or give the event loop a turn between pieces. Then the stream flows, deadlines hold, and cancelling works at once.";

/** The research agent: four tools at once, then one that reads everything, then the answer. */
function research({ messages }: ChatRequest): Reply {
  const results = messages.filter(({ role }) => role === "tool").length;
  if (results === 0) {
    return {
      text: "I look in four places at once.",
      toolCalls: [
        { id: "call_search", name: "search", input: { query: "what blocks an event loop" } },
        { id: "call_pages", name: "fetchPages", input: { names: ["timers", "streams", "workers"] } },
        { id: "call_notes", name: "readNotes", input: { topic: "starvation" } },
        { id: "call_archive", name: "searchArchive", input: { query: "event loop" } },
      ],
    };
  }
  if (results < 5)
    return { text: "", toolCalls: [{ id: "call_summarise", name: "summarise", input: { topic: "event loops" } }] };
  return { text: ANSWER, toolCalls: [] };
}

export function replyTo(request: ChatRequest): Reply {
  if (request.model === "research" && request.tools.length > 0) return research(request);
  const last = request.messages.findLast(({ role }) => role === "user")?.content ?? "";
  return { text: request.model === "research" ? ANSWER : `You said: ${last}`, toolCalls: [] };
}

/** About how a tokenizer would count. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** A vector that depends on the text alone, of length 1. */
export function embeddingOf(text: string, dimensions = 64): readonly number[] {
  let seed = 2_166_136_261;
  for (const character of text) seed = Math.imul(seed ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  const values = Array.from({ length: dimensions }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 31 - 1;
  });
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}
