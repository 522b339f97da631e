/**
 * A team: a supervisor has two agents as its tools, asks both at the same time, and each has tools of its own. Whatever
 * happens below belongs to who asked for it, down to the last call.
 *
 *     stallscope run examples/patterns/agent-team.ts
 */
import { agent, run, scriptedModel, sleep, team, tool } from "stallscope";
import { z } from "zod";

const searchLogs = tool({
  name: "search_logs",
  description: "Finds lines in the logs of a service.",
  input: z.object({ service: z.string(), words: z.string() }),
  async run({ service, words }) {
    await sleep(150);
    return [`${service}: ${words} at 14:02:11`, `${service}: ${words} at 14:02:41`];
  },
});

const readMetrics = tool({
  name: "read_metrics",
  description: "Reads a metric of a service.",
  input: z.object({ service: z.string(), metric: z.string() }),
  async run({ metric }) {
    await sleep(100);
    return { metric, p50: 4, p99: 1900 };
  },
});

const readCode = tool({
  name: "read_code",
  description: "Reads a file of the repository.",
  input: z.object({ file: z.string() }),
  async run({ file }) {
    await sleep(80);
    return `// ${file}\nexport const total = (rows) => rows.reduce(sum, 0);`;
  },
});

const operator = agent({
  name: "operator",
  description: "Knows what the servers did: logs and metrics.",
  tools: [searchLogs, readMetrics],
  model: scriptedModel(
    [
      {
        toolCalls: [
          { name: "search_logs", input: { service: "checkout", words: "timeout" } },
          { name: "read_metrics", input: { service: "checkout", metric: "event loop delay" } },
        ],
      },
      { text: "Two timeouts, 30 s apart. The event loop was late by 1.9 s each time.", usage: { inputTokens: 310 } },
    ],
    { modelId: "small" },
  ),
});

const developer = agent({
  name: "developer",
  description: "Knows the code.",
  tools: [readCode],
  model: scriptedModel(
    [
      { toolCalls: [{ name: "read_code", input: { file: "checkout/total.js" } }] },
      { text: "The total is summed up over all rows, on the event loop.", usage: { inputTokens: 240 } },
    ],
    { modelId: "small" },
  ),
});

const lead = team.supervisor({
  name: "lead",
  members: [operator, developer],
  model: scriptedModel(
    [
      {
        toolCalls: [
          { name: "operator", input: { prompt: "What did checkout do at two o'clock?" } },
          { name: "developer", input: { prompt: "What does checkout compute?" } },
        ],
      },
      "Checkout times out because it sums up all rows on the event loop. Move that to a worker thread.",
    ],
    { modelId: "large" },
  ),
  onStep: ({ step, toolResults }) => {
    for (const { toolName, output } of toolResults) console.log(`step ${step}, ${toolName}: ${String(output)}`);
  },
});

const { text, steps } = await run(() => lead.run("Why does checkout time out?"));
console.log(`step ${steps.length}, lead: ${text}`);
