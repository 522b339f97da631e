/** An AI SDK agent whose tool counts tokens on the event loop; the model is scripted. */
import { generateText, isStepCount, tool } from "ai";
import { MockLanguageModelV3 } from "ai/test";
import { encode } from "gpt-tokenizer";
import { z } from "zod";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/ai-tool.ts");
const usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
};
let call = 0;
const model = new MockLanguageModelV3({
  doGenerate: async () => {
    await truth.pause(40);
    const calls = call++ < 2;
    return {
      content: calls
        ? [{ type: "tool-call", toolCallId: `c${call}`, toolName: call === 1 ? "measure" : "rank", input: "{}" }]
        : [{ type: "text", text: "Done." }],
      finishReason: { unified: calls ? "tool-calls" : "stop", raw: undefined },
      usage,
      warnings: [],
    };
  },
});

function measureNotes(text: string): number {
  return encode(text).length;
}
function rankNotes(rounds: number): number {
  let best = 0;
  for (let round = 0; round < rounds * 2000; round++) best = Math.max(best, Math.sqrt(round % 1000) * (round % 7));
  return best;
}

const notes = words(await truth.size("measure", 300, measureNotes, words), 6);
const rounds = await truth.size("rank", 150, rankNotes);
const tools = {
  measure: tool({
    inputSchema: z.object({}),
    execute: async () =>
      truth.stall("measure", { function: "measureNotes", package: "gpt-tokenizer" }, () => measureNotes(notes)),
  }),
  rank: tool({
    inputSchema: z.object({}),
    execute: async () => {
      await truth.pause(30);
      return truth.stall("rank", { function: "rankNotes" }, () => rankNotes(rounds));
    },
  }),
};
await generateText({ model, prompt: "Go.", tools, stopWhen: isStepCount(4) });
await truth.pause();
