/** Promise.all over members that were thought to run at once: each blocks in turn. */
import { setTimeout as wait } from "node:timers/promises";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/promise-all.mjs");

function similarity(a, b) {
  const row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    let before = row[0];
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j];
      row[j] = a[i - 1] === b[j - 1] ? before : 1 + Math.min(before, above, row[j - 1]);
      before = above;
    }
  }
  return row[b.length];
}
const rounds = await truth.size("compare", 110, (count) => compareAll(count));
function compareAll(count) {
  let sum = 0;
  for (let index = 0; index < count; index++)
    sum += similarity("kitten sitting on the mat".repeat(4), "sitting kitten at the mat".repeat(4));
  return sum;
}
async function fetchAndCompare(index) {
  await wait(20 + index * 200);
  return truth.stall(`compare-${index}`, { function: "similarity" }, () => compareAll(rounds));
}

await Promise.all([0, 1, 2, 3].map(fetchAndCompare));
await truth.pause();
