// Promise events at a steady rate for some seconds: agents' small steps in many shapes.
import { writeFileSync } from "node:fs";

const perMs = Number(process.argv[2] ?? 300_000) / 1000;
const seconds = Number(process.argv[3] ?? 5);
/** Of one step below, as measured. */
const EVENTS_A_STEP = 66;

async function leaf(value) {
  await Promise.resolve();
  return value;
}
async function step(value) {
  const [one, two] = await Promise.all([leaf(value), leaf(value + 1)]);
  const late = await new Promise((resolve) => queueMicrotask(() => resolve(two)));
  return Promise.resolve(one + late)
    .then((sum) => sum * 2)
    .finally(() => undefined);
}

const start = performance.now();
let made = 0;
function tick() {
  const elapsed = performance.now() - start;
  if (elapsed > seconds * 1000) {
    writeFileSync(process.env.BENCH_RESULT, JSON.stringify({ wallMs: elapsed }));
    return;
  }
  const due = Math.floor((elapsed * perMs) / EVENTS_A_STEP) - made;
  for (let index = 0; index < due; index++) void step(index);
  made += Math.max(0, due);
  setTimeout(tick, 1);
}
tick();
