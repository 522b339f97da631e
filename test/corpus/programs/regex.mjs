/** A pattern that backtracks on what a model wrote. */
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/regex.mjs");
const LIST = /^(\w+\s?)*$/;

function looksLikeList(text) {
  return LIST.test(text);
}

await truth.pause();
let length = 12;
for (let took = 0; took < 12;) {
  length++;
  const start = truth.now();
  looksLikeList(`${"a".repeat(length)}!`);
  took = truth.now() - start;
  await truth.pause(1);
}
await truth.pause();
truth.stall("short", { function: "looksLikeList", cause: ["own-code", "native"] }, () =>
  looksLikeList(`${"a".repeat(length + 3)}!`),
);
await truth.pause();
truth.stall("long", { function: "looksLikeList", cause: ["own-code", "native"] }, () =>
  looksLikeList(`${"a".repeat(length + 6)}!`),
);
await truth.pause();
