// A set number of awaits in one loop: nothing makes promises faster. Writes its own CPU time (all threads) and wall time
// in milliseconds to the file named by BENCH_RESULT.
import { writeFileSync } from "node:fs";

const count = Number(process.argv[2] ?? 2_000_000);

async function loop(times) {
  // oxlint-disable-next-line typescript/await-thenable -- as little as can be awaited
  for (let index = 0; index < times; index++) await index;
}

await loop(10_000);
const cpu = process.cpuUsage();
const start = performance.now();
await loop(count);
// The event loop turns again: what is still to be handed on belongs to the awaits.
await new Promise((resolve) => setTimeout(resolve, 100));
const { user, system } = process.cpuUsage(cpu);
writeFileSync(
  process.env.BENCH_RESULT,
  JSON.stringify({ cpuMs: (user + system) / 1000, wallMs: performance.now() - start - 100 }),
);
