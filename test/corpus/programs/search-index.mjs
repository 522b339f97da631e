/** Indexes a knowledge base with minisearch. */
import MiniSearch from "minisearch";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/search-index.mjs");
const documents = (count) =>
  Array.from({ length: count }, (_, id) => ({ id, title: `${words(4, id)} n${id}`, text: words(60, id) }));

function buildIndex(list) {
  const index = new MiniSearch({ fields: ["title", "text"] });
  index.addAll(list);
  return index;
}

const list = documents(await truth.size("index", 450, buildIndex, documents));
await truth.pause();
truth.stall("index", { function: "buildIndex", package: "minisearch" }, () => buildIndex(list));
await truth.pause();
