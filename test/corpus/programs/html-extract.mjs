/** Reads cards out of a fetched page with cheerio. */
import { load } from "cheerio";
import { openTruth } from "../truth.mjs";
import { html } from "./text.mjs";

const truth = openTruth("programs/html-extract.mjs");

function parsePage(page) {
  return load(page);
}
function extractCards($) {
  return $("article.card")
    .map((_, card) => ({
      title: $(card).find("h2").text(),
      links: $(card).find("a").length,
      items: $(card).find("ul li").text(),
    }))
    .get();
}

const pages = html(await truth.size("parse", 250, parsePage, html));
const cards = await truth.size("extract", 200, extractCards, (count) => load(html(count)));
await truth.pause();
truth.stall("parse", { function: "parsePage", package: "parse5" }, () => parsePage(pages));
await truth.pause();
const $ = load(html(cards));
await truth.pause();
truth.stall("extract", { function: "extractCards", package: "cheerio" }, () => extractCards($));
await truth.pause();
