/**
 * CPU of the traced process over the untraced one on JSON over HTTP and file reads, less that of a no-op control.
 *
 *     npx node test/bench/overhead.js [rounds]
 */
import { join } from "node:path";
import { describe, folder, machine, run, stallscope, workload } from "./measure.js";

const rounds = Number(process.argv[2] ?? 9);
const program = workload("http-fs.mjs");
const traced = (/** @type {string} */ level) => [
  stallscope,
  "run",
  "--quiet",
  "--level",
  level,
  "-o",
  join(folder, `${level}.stallscope`),
  program,
];
/** @type {Record<string, () => ReturnType<typeof run>>} */
const variants = {
  untraced: () => run([program]),
  control: () => run([program], { NODE_OPTIONS: `--require "${workload("noop.cjs")}"` }),
  light: () => run(traced("light")),
  tasks: () => run(traced("tasks")),
  deep: () => run(traced("deep")),
};
/** @type {Record<string, number[]>} */
const ratios = { control: [], light: [], tasks: [], deep: [] };
for (let round = 0; round < rounds; round++) {
  /** @type {Record<string, number>} */
  const cpu = {};
  const names = Object.keys(variants);
  const order = round % 2 === 0 ? names : names.toReversed();
  for (const name of order) cpu[name] = (await variants[name]?.())?.result["cpuMs"] ?? NaN;
  for (const name of Object.keys(ratios)) ratios[name]?.push((cpu[name] ?? NaN) / (cpu["untraced"] ?? NaN));
}
console.log(machine());
console.log("CPU of the process over untraced: median [95 % interval]");
for (const [name, values] of Object.entries(ratios)) console.log(`${name.padEnd(10)} ${describe(values)}`);
for (const level of ["light", "tasks", "deep"]) {
  const less = (ratios[level] ?? []).map((value, index) => value - (ratios["control"]?.[index] ?? NaN));
  console.log(`${`${level} less the control`.padEnd(24)} ${describe(less)}`);
}
