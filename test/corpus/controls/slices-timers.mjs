/** Work of 20 ms on a timer of 5 ms. */
import { openTruth } from "../truth.mjs";

const truth = openTruth("controls/slices-timers.mjs");

function sumFor(ms) {
  let sum = 0;
  for (const end = performance.now() + ms; performance.now() < end;) sum += Math.sqrt(sum + 1);
  return sum;
}

const timer = setInterval(() => sumFor(20), 5);
await truth.pause(1500);
clearInterval(timer);
