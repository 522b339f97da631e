/** queueMicrotask that queues itself, and an async generator that always has a value. */
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/starve-microtasks.mjs");
const text = words(120);

function scoreText(salt) {
  return text.split(" ").reduce((sum, word) => sum + word.length * salt, 0);
}
function spread(ms) {
  return new Promise((resolve) => {
    const end = performance.now() + ms;
    const step = (salt) => {
      scoreText(salt);
      if (performance.now() < end) queueMicrotask(() => step(salt + 1));
      else resolve(undefined);
    };
    step(0);
  });
}
async function* chunks(ms) {
  const end = performance.now() + ms;
  for (let index = 0; performance.now() < end; index++) yield scoreText(index);
}
async function consume(ms) {
  let sum = 0;
  for await (const chunk of chunks(ms)) sum += chunk;
  return sum;
}

await truth.pause(120);
await truth.starve("microtasks", { function: "scoreText", cause: "starvation" }, () => spread(180));
await truth.pause();
await truth.starve("generator", { function: "scoreText", cause: "starvation" }, () => consume(140));
await truth.pause();
