/** Parses a large XML feed with fast-xml-parser, on a timer. */
import { XMLParser } from "fast-xml-parser";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/xml-feed.mjs");
const parser = new XMLParser({ ignoreAttributes: false });

function feed(entries) {
  const list = Array.from(
    { length: entries },
    (_, index) =>
      `<entry id="${index}" lang="en"><title>${words(5, index)}</title><summary>${words(20, index)}</summary><link href="https://example.com/${index}"/></entry>`,
  );
  return `<?xml version="1.0"?><feed>${list.join("\n")}</feed>`;
}
function readFeed(xml) {
  return parser.parse(xml);
}

const xml = feed(await truth.size("feed", 350, readFeed, feed));
setTimeout(() => truth.stall("feed", { function: "readFeed", package: "fast-xml-parser" }, () => readFeed(xml)), 80);
await truth.pause(200);
