/** A streaming answer whose consumer re-parses the whole text at each chunk, and an onFinish that stores it. */
import { streamText } from "ai";
import { MockLanguageModelV3, simulateReadableStream } from "ai/test";
import { marked } from "marked";
import { openTruth } from "../truth.mjs";
import { markdown } from "./text.mjs";

const truth = openTruth("programs/ai-stream.ts");
const usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
};

function renderChat(text: string): string {
  return marked.parse(text, { async: false });
}
function storeAnswer(rounds: number): number {
  let hash = 0;
  for (let round = 0; round < rounds * 1000; round++) hash = Math.imul(hash ^ round, 16777619);
  return hash;
}

const history = markdown(await truth.size("render", 130, renderChat, markdown));
const rounds = await truth.size("store", 200, storeAnswer);
const deltas = ["The ", "answer ", "is ", "here."];
const model = new MockLanguageModelV3({
  doStream: async () => ({
    stream: simulateReadableStream({
      initialDelayInMs: 50,
      chunkDelayInMs: 60,
      chunks: [
        { type: "stream-start" as const, warnings: [] },
        { type: "text-start" as const, id: "1" },
        ...deltas.map((delta) => ({ type: "text-delta" as const, id: "1", delta })),
        { type: "text-end" as const, id: "1" },
        { type: "finish" as const, finishReason: { unified: "stop" as const, raw: undefined }, usage },
      ],
    }),
  }),
});

let stored = false;
const result = streamText({
  model,
  prompt: "Go.",
  onFinish: async () => {
    await truth.pause(70);
    truth.stall("store", { function: "storeAnswer" }, () => storeAnswer(rounds));
    stored = true;
  },
});
let turn = 0;
for await (const text of result.textStream) {
  truth.stall(`render-${turn++}`, { function: "renderChat", package: "marked" }, () => renderChat(history + text));
}
while (!stored) await truth.pause(20);
await truth.pause();
