/** Three seconds in one call, and the work that waits for it. */
import { openTruth } from "../truth.mjs";
import { createRandom } from "./text.mjs";

const truth = openTruth("programs/long.mjs");
const random = createRandom(2);
const points = Array.from({ length: 500 }, () => [random(), random()]);

function clusterPoints(ms) {
  let best = Infinity;
  const end = performance.now() + ms;
  while (performance.now() < end) {
    for (const [x, y] of points)
      for (const [u, v] of points) best = Math.min(best, (x - u) ** 2 + (y - v) ** 2 || best);
  }
  return best;
}

await truth.pause(120);
truth.stall("cluster", { function: "clusterPoints" }, () => clusterPoints(3000));
await truth.pause();
