/** Timers that are late because the loop is busy in short slices, and an interval that skips. */
import { setImmediate as turn } from "node:timers/promises";
import { openTruth } from "../truth.mjs";

openTruth("controls/late-timers.mjs");
let late = 0;
for (let timer = 1; timer < 60; timer++) {
  const due = performance.now() + timer * 20;
  setTimeout(() => (late = Math.max(late, performance.now() - due)), timer * 20);
}
for (let slice = 0; slice < 50; slice++) {
  for (const end = performance.now() + 25; performance.now() < end;) Math.sqrt(slice);
  await turn();
}
