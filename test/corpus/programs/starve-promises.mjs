/** A chain of awaits on values that are there: each continuation is short, and the loop never turns. */
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/starve-promises.mjs");
const text = words(200);
const cache = new Map(Array.from({ length: 50 }, (_, index) => [index, text.slice(index)]));

async function lookUp(key) {
  return cache.get(key % 50).split(" ").length;
}
async function resolveAll(ms) {
  let total = 0;
  const end = performance.now() + ms;
  for (let index = 0; performance.now() < end; index++) total += await lookUp(index);
  return total;
}

await truth.pause(120);
await truth.starve("awaits", { function: "lookUp|resolveAll", cause: "starvation" }, () => resolveAll(300));
await truth.pause();
await truth.starve("awaits-short", { function: "lookUp|resolveAll", cause: "starvation" }, () => resolveAll(80));
await truth.pause();
