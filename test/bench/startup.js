/**
 * Wall time of a hello world: plain, with a module that does nothing, with the register module and a listening
 * collector, and under `stallscope run`.
 *
 *     npx node test/bench/startup.js [rounds]
 */
import { join } from "node:path";
import { builtPart } from "../../src-main/build/cache.js";
import { startCollector } from "../../src-main/collector/collector.ts";
import { withRegister } from "../../src-main/launch/launch.ts";
import { COLLECTOR_VARIABLE, encodeConfig } from "../../src-runtime/tracer/config.ts";
import { describe, folder, machine, root, run, stallscope, workload } from "./measure.js";

const rounds = Number(process.argv[2] ?? 15);
const hello = workload("hello.mjs");
const traced = [stallscope, "run", "--quiet", "-o", join(folder, "hello.stallscope"), hello];
const collector = await startCollector({ write() {}, handles() {}, promises() {} }, (error) => {
  throw error;
});
const { socket, token } = collector;
const config = encodeConfig({ socket, token, level: "tasks", threshold: 50, captureContent: false });
const register = join(await builtPart(root, "program"), "register.cjs");
/** @type {Record<string, () => Promise<{ wallMs: number }>>} */
const variants = {
  plain: () => run([hello]),
  control: () => run([hello], { NODE_OPTIONS: `--require "${workload("noop.cjs")}"` }),
  register: () => run([hello], { NODE_OPTIONS: withRegister("", register), [COLLECTOR_VARIABLE]: config }),
  run: () => run(traced),
};
/** @type {Record<string, number[]>} */
const walls = {};
await run(traced);
for (let round = 0; round < rounds; round++) {
  for (const [name, variant] of Object.entries(variants)) (walls[name] ??= []).push((await variant()).wallMs);
}
console.log(machine());
console.log("wall time, ms: median [95 % interval]");
for (const [name, values] of Object.entries(walls)) console.log(`${name.padEnd(10)} ${describe(values, 1)}`);
const plain = walls["plain"] ?? [];
for (const name of ["register", "run"]) {
  const added = (walls[name] ?? []).map((value, index) => value - (plain[index] ?? NaN));
  console.log(`added by ${name.padEnd(8)} ${describe(added, 1)}`);
}
console.log(`threads that said hello: ${collector.threads().seen} (one a round)`);
await collector.close();
