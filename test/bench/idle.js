/**
 * CPU of an idle program, % of a core: untraced, light and tasks.
 *
 *     npx node test/bench/idle.js [seconds]
 */
import { join } from "node:path";
import { folder, machine, run, stallscope, workload } from "./measure.js";

const seconds = process.argv[2] ?? "10";
console.log(machine());
/** @type {[string, string[]][]} */
const variants = [
  ["untraced", []],
  ["light", [stallscope, "run", "--quiet", "--level", "light", "-o", join(folder, "idle-light.stallscope")]],
  ["tasks", [stallscope, "run", "--quiet", "-o", join(folder, "idle-tasks.stallscope")]],
];
for (const [name, words] of variants) {
  const { result } = await run([...words, workload("idle.mjs"), seconds]);
  console.log(
    `${name.padEnd(10)} ${(((result["cpuMs"] ?? NaN) / (result["wallMs"] ?? NaN)) * 100).toFixed(2)} % of a core`,
  );
}
