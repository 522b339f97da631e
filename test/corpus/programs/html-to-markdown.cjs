/** Turns a fetched page into Markdown for the model with turndown. */
const TurndownService = require("turndown");
const { openTruth } = require("../truth.mjs");
const { html } = require("./text.mjs");

const truth = openTruth("programs/html-to-markdown.cjs");
const service = new TurndownService();

function toMarkdown(page) {
  return service.turndown(page);
}

async function main() {
  const cards = await truth.size("page", 220, toMarkdown, html);
  const page = html(cards);
  await truth.pause();
  truth.stall("page", { function: "toMarkdown", package: "turndown" }, () => toMarkdown(page));
  await truth.pause();
}
main();
