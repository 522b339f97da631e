/**
 * A research agent on the AI SDK with what real agents have: it streams, calls four tools at once, gives up on one that
 * is too slow, cancels another when the answer is in, and blocks the event loop by tokenizing a long text in a tool.
 *
 *     stallscope run examples/research-agent.ts
 */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { isStepCount, streamText, tool } from "ai";
import { encode } from "gpt-tokenizer";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { modelBeside } from "./model-server/beside.ts";

const ARCHIVE_LIMIT_MS = 900;
const NOTES_WORDS = 100_000;

await using model = await modelBeside(import.meta.url);
const provider = createOpenAICompatible({ name: "local", baseURL: model.url, includeUsage: true });
/** Cancelled when the search has found enough. */
const notes = new AbortController();

async function fetchPage(name: string, after: number, words = 500, signal?: AbortSignal): Promise<string> {
  const response = await fetch(
    `${model.url}/pages/${name}?after=${after}&words=${words}`,
    signal === undefined ? {} : { signal },
  );
  return response.text();
}

const search = tool({
  description: "Searches the web.",
  inputSchema: z.object({ query: z.string() }),
  async execute({ query }) {
    const pages = await Promise.all([fetchPage("rate-limits", 250), fetchPage("pricing", 400)]);
    notes.abort(new Error(`"${query}" is answered`));
    return `${pages.length} pages about ${query}`;
  },
});

const fetchPages = tool({
  description: "Fetches pages one after the other.",
  inputSchema: z.object({ names: z.array(z.string()) }),
  async execute({ names }) {
    let characters = 0;
    for (const name of names) characters += (await fetchPage(name, 120)).length;
    return `${characters} characters`;
  },
});

const readNotes = tool({
  description: "Reads the notes on a topic.",
  inputSchema: z.object({ topic: z.string() }),
  async execute({ topic }) {
    return fetchPage(`notes-${topic}`, 5000, 500, notes.signal);
  },
});

const searchArchive = tool({
  description: "Searches the archive, which is slow.",
  inputSchema: z.object({ query: z.string() }),
  async execute() {
    return fetchPage("archive", 5000, 500, AbortSignal.timeout(ARCHIVE_LIMIT_MS));
  },
});

/** Counts the tokens of every note, on the event loop: this is what Stallscope is to find. */
function countTokens(text: string): number {
  return encode(text).length;
}

const summarise = tool({
  description: "Reads everything that was found and makes it short.",
  inputSchema: z.object({ topic: z.string() }),
  async execute({ topic }) {
    const text = await fetchPage(topic.replaceAll(" ", "-"), 100, NOTES_WORDS);
    await pause(50);
    const tokens = countTokens(text);
    return `${tokens} tokens read`;
  },
});

const result = streamText({
  model: provider("research"),
  prompt: "Why does my agent stop answering while a tool runs?",
  tools: { search, fetchPages, readNotes, searchArchive, summarise },
  stopWhen: isStepCount(5),
});
for await (const text of result.textStream) process.stdout.write(text);
process.stdout.write("\n");
