/** A long computation that gives way by setImmediate every 10 ms. */
import { setImmediate as turn } from "node:timers/promises";
import { openTruth } from "../truth.mjs";

openTruth("controls/slices-immediate.mjs");

function hashFor(ms) {
  let hash = 0;
  for (const end = performance.now() + ms; performance.now() < end;) hash = Math.imul(hash + 1, 16777619);
  return hash;
}

for (let slice = 0; slice < 150; slice++) {
  hashFor(10);
  await turn();
}
