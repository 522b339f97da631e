/** What a scripted model was told in one of its calls. */
import type { ScriptedModel } from "../../../../src-runtime/agent/scripted-model.ts";

/** The results of tools it was sent in call `number` (from 1), by the name of the tool or the id of the call. */
export function toldOf(
  model: ScriptedModel,
  number: number,
  by: "toolName" | "toolCallId" = "toolName",
): Readonly<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  for (const { role, content } of model.calls[number - 1]?.prompt ?? []) {
    if (role !== "tool") continue;
    for (const part of content) if (part.type === "tool-result") told[part[by]] = part.output;
  }
  return told;
}
