/** Around the threshold: 30, 45, 56 ms need not be reported; 64 and 80 must. */
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/short.mjs");

function countPrimes(ms) {
  let found = 0;
  const end = performance.now() + ms;
  for (let number = 2; performance.now() < end; number++) {
    let prime = true;
    for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) prime = false;
    if (prime) found++;
  }
  return found;
}

await truth.pause(150);
for (const ms of [30, 45, 56, 64, 80, 30, 64]) {
  truth.stall(`${ms}`, { function: "countPrimes" }, () => countPrimes(ms));
  await truth.pause(90);
}
