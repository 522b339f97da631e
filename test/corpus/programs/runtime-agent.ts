/** An agent of the runtime: its tools block, one of them twice, in a group of tasks. */
import { MockLanguageModelV3 } from "ai/test";
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
  doGenerate: async () => {
    await truth.pause(30);
    const calls = call++ === 0;
    return {
      content: calls
        ? [{ type: "tool-call", toolCallId: "c1", toolName: "collect", input: "{}" }]
        : [{ type: "text", text: "Done." }],
      finishReason: { unified: calls ? "tool-calls" : "stop", raw: undefined },
      usage,
      warnings: [],
    };
  },
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

const xml = feed(await truth.size("parse", 180, (count: number) => parseFeed(feed(count))));
const rounds = await truth.size("dedupe", 120, dedupe);
const collect = tool({
  name: "collect",
  run: async () => {
    await taskGroup(async (group) => {
      group.start(async () => {
        await sleep(40);
        truth.stall("parse", { function: "parseFeed", package: "fast-xml-parser" }, () => parseFeed(xml));
      });
      group.start(async () => {
        await sleep(400);
        truth.stall("dedupe", { function: "dedupe" }, () => dedupe(rounds));
      });
    });
    return "collected";
  },
});
await run(async () => agent({ name: "collector", model, tools: [collect] }).run("Go."));
await truth.pause();
