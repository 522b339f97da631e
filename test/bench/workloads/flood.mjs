// Immediates at a steady rate of handle records (each is init, before, after, destroy) for some seconds.
import { writeFileSync } from "node:fs";

const perSecond = Number(process.argv[2] ?? 100_000) / 4;
const seconds = Number(process.argv[3] ?? 5);
const start = performance.now();
let made = 0;
function tick() {
  const elapsed = performance.now() - start;
  if (elapsed > seconds * 1000) {
    writeFileSync(process.env.BENCH_RESULT, JSON.stringify({ events: made * 4, wallMs: elapsed }));
    return;
  }
  const due = Math.min(Math.floor((elapsed / 1000) * perSecond) - made, 500);
  for (let index = 0; index < due; index++) setImmediate(() => {});
  made += Math.max(0, due);
  setTimeout(tick, 1);
}
tick();
