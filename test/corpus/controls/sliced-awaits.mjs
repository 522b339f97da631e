/** Chains of awaits of 15 ms each, with a turn of the loop after each chain. */
import { setImmediate as turn } from "node:timers/promises";
import { openTruth } from "../truth.mjs";

openTruth("controls/sliced-awaits.mjs");
const double = async (value) => value * 2;
for (let chain = 0; chain < 80; chain++) {
  let value = 1;
  for (const end = performance.now() + 15; performance.now() < end;) value = (await double(value)) % 1000;
  await turn();
}
