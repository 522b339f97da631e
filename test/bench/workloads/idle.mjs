// Waits, doing nothing. Writes its own CPU time (all threads) over the wait to the file named by BENCH_RESULT.
import { writeFileSync } from "node:fs";

const seconds = Number(process.argv[2] ?? 10);
setTimeout(() => {
  const cpu = process.cpuUsage();
  const start = performance.now();
  setTimeout(() => {
    const { user, system } = process.cpuUsage(cpu);
    writeFileSync(
      process.env.BENCH_RESULT,
      JSON.stringify({ cpuMs: (user + system) / 1000, wallMs: performance.now() - start }),
    );
  }, seconds * 1000);
}, 1000);
