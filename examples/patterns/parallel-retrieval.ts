/**
 * Retrieval for an answer: all sources are asked at once (`gather`), the passages they have are compared with the
 * question three at a time (`mapConcurrent`), and a source that fails costs its own passages only.
 *
 *     stallscope run examples/patterns/parallel-retrieval.ts
 */
import { agent, currentSignal, gather, mapConcurrent, now, run, scriptedModel, tool } from "stallscope";
import { z } from "zod";
import { modelBeside } from "../model-server/beside.ts";

const AT_A_TIME = 3;

await using server = await modelBeside(import.meta.url);

/** Over a real connection, which the task's signal closes when the agent is cancelled. */
async function call(path: string, body?: object): Promise<Response> {
  const post = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${server.url}/${path}`, { ...post, signal: currentSignal() });
  if (!response.ok) throw new Error(`${path} answered with status ${response.status}`);
  return response;
}

async function passagesAt(path: string): Promise<readonly string[]> {
  const text = await (await call(path)).text();
  return text.match(/.{80,160}?(?:\s|$)/g) ?? [];
}

// A task is named after its function.
const manual = (): Promise<readonly string[]> => passagesAt("pages/manual?words=80&after=200");
const tickets = (): Promise<readonly string[]> => passagesAt("pages/tickets?words=80&after=300");
const wiki = (): Promise<readonly string[]> => passagesAt("wiki-that-has-moved");

async function embed(input: string): Promise<readonly number[]> {
  const response = await call("embeddings", { model: "embedding", input });
  const { data } = (await response.json()) as { readonly data: readonly [{ readonly embedding: readonly number[] }] };
  return data[0].embedding;
}

function likeness(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

const retrieve = tool({
  name: "retrieve",
  description: "Finds the passages that are closest to a question.",
  input: z.object({ question: z.string() }),
  async run({ question }) {
    const began = now();
    const found = await gather([manual, tickets, wiki], { returnExceptions: true });
    console.log(`3 sources in ${Math.round(now() - began)} ms, the slowest takes 300`);
    for (const one of found) if (one instanceof Error) console.log(`left out: ${one.message}`);

    const passages = found.flatMap((one) => (one instanceof Error ? [] : one));
    const asked = await embed(question);
    const ranked = await mapConcurrent(passages, AT_A_TIME, async function compare(passage) {
      return { passage, score: likeness(asked, await embed(passage)) };
    });
    ranked.sort((a, b) => b.score - a.score);
    console.log(`${ranked.length} passages compared, ${AT_A_TIME} at a time`);
    return ranked.slice(0, 3).map(({ passage }) => passage);
  },
});

const librarian = agent({
  name: "librarian",
  tools: [retrieve],
  model: scriptedModel([
    { toolCalls: [{ name: "retrieve", input: { question: "Why did the deadline fire late?" } }] },
    "Because the event loop was blocked when it was due: the manual and two tickets say so.",
  ]),
});

const { text } = await run(() => librarian.run("Why did the deadline fire late?"));
console.log(text);
