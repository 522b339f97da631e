/**
 * Deadlines in each other: of a request, of the tool that makes it, of the agent's whole run. An inner one that passes
 * is an error its own block can handle; when an outer one passes, every block inside is left, down to the connection.
 *
 *     stallscope run examples/patterns/nested-timeouts.ts
 */
import { TimeoutError, agent, currentSignal, now, run, scriptedModel, timeout, tool } from "stallscope";
import { z } from "zod";
import { modelBeside } from "../model-server/beside.ts";

const REQUEST_MS = 250;
const TOOL_MS = 650;
const RUN_MS = 2000;

await using server = await modelBeside(import.meta.url);

async function fetchFrom(mirror: string, name: string): Promise<string> {
  const response = await fetch(`${server.url}/pages/${name}-at-${mirror}?after=5000`, { signal: currentSignal() });
  return response.text();
}

const fetchReport = tool({
  name: "fetch_report",
  description: "Fetches a report from the first mirror that answers.",
  input: z.object({ name: z.string() }),
  timeout: TOOL_MS,
  async run({ name }) {
    const began = now();
    for (const mirror of ["berlin", "paris", "oslo"]) {
      try {
        return await timeout(REQUEST_MS, () => fetchFrom(mirror, name));
      } catch (error) {
        // The tool's own deadline is no TimeoutError here: nobody inside can take it for a slow mirror.
        const isOwn = error instanceof TimeoutError;
        console.log(`${mirror}: ${isOwn ? "too slow" : "left"} after ${Math.round(now() - began)} ms`);
        if (!isOwn) throw error;
      }
    }
    return "no mirror answers";
  },
});

const analyst = agent({
  name: "analyst",
  tools: [fetchReport],
  timeouts: { total: RUN_MS },
  model: scriptedModel([
    { toolCalls: [{ name: "fetch_report", input: { name: "outages" } }] },
    "The report can't be had at the moment. From what I know, two outages this week came from blocked event loops.",
  ]),
});

const { text, toolResults } = await run(() => analyst.run("What were this week's outages?"));
for (const { toolName, status, ms } of toolResults) console.log(`${toolName}: ${status} after ${Math.round(ms)} ms`);
console.log(text);
