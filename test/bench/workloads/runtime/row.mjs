/** One row of one variant: `row.mjs <variant> <row> <count>`. Answers nanoseconds an item, the best of the rounds. */
import { writeFileSync } from "node:fs";

const [variant, row, count] = process.argv.slice(2);
const n = Number(count);
const { run } = await import(`./${variant}.mjs`);

let best = Infinity;
const until = performance.now() + 1500;
for (let round = 0; round < 3 || (performance.now() < until && round < 50); round++) {
  const start = performance.now();
  const running = run(row, n);
  if (running === undefined) break;
  await running;
  best = Math.min(best, performance.now() - start);
}
writeFileSync(process.env.BENCH_RESULT, JSON.stringify({ ns: (best / n) * 1e6 }));
