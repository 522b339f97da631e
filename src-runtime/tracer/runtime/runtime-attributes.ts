/**
 * What an agent says of its model and tool calls, without what was said in them: the runtime tells names and numbers
 * only, and should it ever tell more, this is where it ends.
 */
import type { Attributes } from "../../protocol/message.ts";

const CONTENTS: ReadonlySet<string> = new Set([
  "gen_ai.input.messages",
  "gen_ai.output.messages",
  "gen_ai.system_instructions",
  "gen_ai.tool.call.arguments",
  "gen_ai.tool.call.result",
  "gen_ai.tool.definitions",
  "gen_ai.prompt",
  "gen_ai.completion",
]);

/** The set itself where there is nothing to take out: sets that repeat are sent once. */
export function withoutContents(attributes: Attributes): Attributes {
  const names = Object.keys(attributes);
  if (!names.some((name) => CONTENTS.has(name))) return attributes;
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !CONTENTS.has(name)));
}
