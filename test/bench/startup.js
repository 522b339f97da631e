/**
 * Wall time of a hello world: plain, with the register module but no collector (inert), and under `stallscope run`.
 *
 *     node test/bench/startup.js [rounds]
 */
import { join } from "node:path";
import { describe, folder, machine, run, stallscope, workload } from "./measure.js";

const rounds = Number(process.argv[2] ?? 15);
const hello = workload("hello.mjs");
const traced = [stallscope, "run", "--quiet", "-o", join(folder, "hello.stallscope"), hello];
/** @type {Record<string, number[]>} */
const walls = { plain: [], control: [], run: [] };
await run(traced);
for (let round = 0; round < rounds; round++) {
  walls["plain"]?.push((await run([hello])).wallMs);
  walls["control"]?.push((await run([hello], { NODE_OPTIONS: `--require "${workload("noop.cjs")}"` })).wallMs);
  walls["run"]?.push((await run(traced)).wallMs);
}
console.log(machine());
console.log("wall time, ms: median [95 % interval]");
for (const [name, values] of Object.entries(walls)) console.log(`${name.padEnd(10)} ${describe(values, 1)}`);
const added = (walls["run"] ?? []).map((value, index) => value - (walls["plain"]?.[index] ?? NaN));
console.log(`added by stallscope run: ${describe(added, 1)}`);
