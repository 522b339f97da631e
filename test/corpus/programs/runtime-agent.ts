/** An agent of the runtime: its tools block, one of them twice, in a group of tasks. */
import { MockLanguageModelV3, simulateReadableStream } from "ai/test";
import { agent, run, sleep, taskGroup, tool } from "stallscope";
import { XMLParser } from "fast-xml-parser";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/runtime-agent.ts");
const usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
};
let call = 0;
const model = new MockLanguageModelV3({
  doStream: async () => ({
    stream: simulateReadableStream({
      initialDelayInMs: 40,
      chunks:
        call++ === 0
          ? [
              { type: "tool-call" as const, toolCallId: "c1", toolName: "collect", input: "{}" },
              { type: "finish" as const, finishReason: { unified: "tool-calls" as const, raw: undefined }, usage },
            ]
          : [
              { type: "text-start" as const, id: "1" },
              { type: "text-delta" as const, id: "1", delta: "Done." },
              { type: "text-end" as const, id: "1" },
              { type: "finish" as const, finishReason: { unified: "stop" as const, raw: undefined }, usage },
            ],
    }),
  }),
});
const parser = new XMLParser();
const feed = (count: number) =>
  `<f>${Array.from({ length: count }, (_, index) => `<e><t>${words(6, index)}</t><n>${index}</n></e>`).join("")}</f>`;

function parseFeed(xml: string): unknown {
  return parser.parse(xml);
}
function dedupe(rounds: number): number {
  let same = 0;
  for (let a = 0; a < rounds * 40; a++) for (let b = 0; b < 500; b++) if ((a * 31 + b) % 97 === (b * 17) % 89) same++;
  return same;
}

const xml = feed(await truth.size("parse", 180, parseFeed, feed));
const rounds = await truth.size("dedupe", 120, dedupe);
const collect = tool({
  name: "collect",
  run: async () => {
    await taskGroup(async (group) => {
      group.createTask(async () => {
        await sleep(40);
        truth.stall("parse", { function: "parseFeed", package: "fast-xml-parser" }, () => parseFeed(xml));
      });
      group.createTask(async () => {
        await sleep(400);
        truth.stall("dedupe", { function: "dedupe" }, () => dedupe(rounds));
      });
    });
    return "collected";
  },
});
await run(async () => agent({ name: "collector", model, tools: [collect] }).run("Go."));
await truth.pause();
