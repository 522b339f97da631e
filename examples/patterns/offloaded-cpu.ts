/**
 * Work that computes, off the event loop: the model may search a log with patterns of its own, each in a thread
 * (`toThread`). One of them never comes to an end. Its tool's deadline ends the thread itself.
 *
 *     stallscope run examples/patterns/offloaded-cpu.ts
 */
import { extname } from "node:path";
import { CapacityLimiter, agent, run, scriptedModel, toThread, tool } from "stallscope";
import { z } from "zod";

/** Beside this file, as source or built. */
const MATCH_LINES = new URL(`./offloaded-cpu/match-lines${extname(import.meta.url)}`, import.meta.url);
const LOG = Array.from({ length: 4000 }, (_, index) =>
  index % 1000 === 0
    ? `timeout after ${index} ms in checkout`
    : `request ${index} answered with status 200 and nothing else!`,
).join("\n");

/** Other work of the process needs processors too. */
const searches = new CapacityLimiter(2, { name: "searches" });

const searchLog = tool({
  name: "search_log",
  description: "Finds the lines of the log that match a regular expression.",
  input: z.object({ pattern: z.string() }),
  timeout: 1000,
  run: ({ pattern }) => toThread<readonly string[]>(MATCH_LINES, "matchLines", [LOG, pattern], { limiter: searches }),
});

const detective = agent({
  name: "detective",
  tools: [searchLog],
  model: scriptedModel([
    {
      toolCalls: [
        { name: "search_log", input: { pattern: "^timeout after (\\d+) ms" } },
        // Tries every way to cut a line into words, of which there are 2 to the power of its length.
        { name: "search_log", input: { pattern: "^(\\w+\\s?)+$" } },
      ],
    },
    "There were four timeouts, all in checkout. My other pattern was too expensive.",
  ]),
});

await run(async () => {
  let beats = 0;
  const heart = setInterval(() => beats++, 10);
  const { text, toolResults } = await detective.run("What went wrong in checkout?");
  clearInterval(heart);
  for (const { status, output, error } of toolResults) {
    console.log(
      `search_log: ${status}, ${output === undefined ? (error as Error).message : `${(output as string[]).length} lines`}`,
    );
  }
  console.log(text);
  console.log(beats > 30 ? "the event loop went on all the time" : "the event loop was held up");
});
