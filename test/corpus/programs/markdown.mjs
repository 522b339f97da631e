/** Renders a long answer's Markdown with marked. */
import { marked } from "marked";
import { openTruth } from "../truth.mjs";
import { markdown } from "./text.mjs";

const truth = openTruth("programs/markdown.mjs");

function renderText(text) {
  return marked.parse(text);
}

const small = markdown(await truth.size("short-answer", 90, renderText, markdown));
const large = markdown(await truth.size("long-answer", 400, renderText, markdown));
await truth.pause();
truth.stall("short-answer", { function: "renderText", package: "marked" }, () => renderText(small));
await truth.pause();
truth.stall("long-answer", { function: "renderText", package: "marked" }, () => renderText(large));
await truth.pause();
