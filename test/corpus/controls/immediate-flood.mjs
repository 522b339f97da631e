/** A flood of setImmediate callbacks, each short: the loop turns between them. */
import { openTruth } from "../truth.mjs";

openTruth("controls/immediate-flood.mjs");
const end = performance.now() + 1500;

function step() {
  for (let index = 0; index < 500; index++) Math.sqrt(index);
  if (performance.now() < end) setImmediate(step);
}

for (let start = 0; start < 20; start++) setImmediate(step);
