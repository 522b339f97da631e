/** Loads packages while the program runs: a lazy require in a tool, and an import of a large one. */
import { createRequire } from "node:module";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/load-modules.mjs");
const require = createRequire(import.meta.url);

function loadTools() {
  return [require("cheerio"), require("turndown"), require("handlebars"), require("pdf-lib")];
}

await truth.pause(150);
truth.stall("require", { function: "loadTools", cause: null }, loadTools);
await truth.pause(100);
const start = truth.now();
await import("ai");
const end = truth.now();
truth.add("import", { function: "", package: "", cause: null, kind: "loading" }, start, end);
await truth.pause();
