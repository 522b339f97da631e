/** Pulls rows through a pipeline of generators. */
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/generators.mjs");

function* readRows(count) {
  for (let index = 0; index < count * 1000; index++) yield { index, text: `row ${index}` };
}
function* keepEven(rows) {
  for (const row of rows) if (row.index % 2 === 0) yield row;
}
function countRows(count) {
  let total = 0;
  for (const row of keepEven(readRows(count))) total += row.text.length;
  return total;
}

const count = await truth.size("rows", 180, countRows);
truth.stall("rows", { function: "countRows|keepEven|readRows" }, () => countRows(count));
await truth.pause();
