/** Twenty stalls in quick succession. */
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/often.mjs");

function refreshCache(ms) {
  const cache = {};
  const end = performance.now() + ms;
  for (let index = 0; performance.now() < end; index++) cache[`key${index % 1000}`] = index;
  return Object.keys(cache).length;
}

await truth.pause(120);
for (let turn = 0; turn < 20; turn++) {
  truth.stall(`refresh-${turn}`, { function: "refreshCache" }, () => refreshCache(75));
  await truth.pause(40);
}
