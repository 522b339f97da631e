/**
 * Sources of two programs of the corpus: `programs/bundled.mjs` (source map beside it) and
 * `programs/minified.mjs` (minified, source map inside). `node test/corpus/bundle.js` builds them.
 */
import { openTruth } from "../truth.mjs";
import { words } from "../programs/text.mjs";
import { scoreDocuments, type Document } from "./score-documents.ts";

const truth = openTruth("bundled/main.ts");
const documents: readonly Document[] = Array.from({ length: 60 }, (_, index) => ({
  title: `Document ${index}`,
  words: words(80, index).split(" "),
}));

export async function answer(query: string): Promise<void> {
  const rounds: number = await truth.size("score", 230, (count: number) => scoreDocuments(documents, query, count));
  truth.stall("score", { function: "scoreDocuments", file: "bundled/score-documents.ts" }, () =>
    scoreDocuments(documents, query, rounds),
  );
  await truth.pause();
}
await answer("agent");
