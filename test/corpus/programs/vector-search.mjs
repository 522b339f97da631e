/** Ranks embeddings by cosine in plain JavaScript. */
import { openTruth } from "../truth.mjs";
import { createRandom } from "./text.mjs";

const truth = openTruth("programs/vector-search.mjs");
const DIMENSIONS = 768;
const random = createRandom(4);
const store = Array.from({ length: 400 }, () => Float32Array.from({ length: DIMENSIONS }, () => random() - 0.5));

function rankByCosine(query, rounds) {
  let best = -1;
  for (let round = 0; round < rounds; round++) {
    for (const vector of store) {
      let dot = 0;
      let norm = 0;
      for (let index = 0; index < DIMENSIONS; index++) {
        dot += vector[index] * query[index];
        norm += vector[index] * vector[index];
      }
      best = Math.max(best, dot / Math.sqrt(norm));
    }
  }
  return best;
}

const rounds = await truth.size("rank", 700, (count) => rankByCosine(store[3], count));
const few = await truth.size("rank-few", 64, (count) => rankByCosine(store[3], count));
truth.stall("rank", { function: "rankByCosine" }, () => rankByCosine(store[5], rounds));
await truth.pause();
truth.stall("rank-few", { function: "rankByCosine" }, () => rankByCosine(store[6], few));
await truth.pause();
