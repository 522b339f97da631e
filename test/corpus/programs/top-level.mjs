/** Blocks at the top level: while the module is evaluated, before the first turn of the loop, and after an await. */
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/top-level.mjs");

function buildTable(ms) {
  const table = new Map();
  const end = performance.now() + ms;
  for (let index = 0; performance.now() < end; index++) table.set(index % 5000, index * 3);
  return table.size;
}

truth.stall("before-the-first-turn", { function: "buildTable", kind: "startup" }, () => buildTable(200));
await truth.pause(100);
truth.stall("after-an-await", { function: "buildTable" }, () => buildTable(160));
await truth.pause();
