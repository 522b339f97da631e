/**
 * Handle records at a steady rate, level tasks: how many arrive in the recording and how many were dropped.
 *
 *     npx node test/bench/flood.js [events a second] [seconds]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { folder, machine, run, stallscope, workload } from "./measure.js";

const [rate = "100000", seconds = "5"] = process.argv.slice(2);
const report = join(folder, "report.json");
const { result } = await run([
  stallscope,
  "run",
  "--quiet",
  "--report",
  report,
  "-o",
  join(folder, "flood.stallscope"),
  workload("flood.mjs"),
  rate,
  seconds,
]);
const { recording, handles } = JSON.parse(readFileSync(report, "utf8"));
console.log(machine());
console.log(`made      ${result["events"]} handle events in ${((result["wallMs"] ?? NaN) / 1000).toFixed(2)} s`);
console.log(`recorded  ${handles.created} handles created (four events each)`);
console.log(`dropped   ${recording.dropped.total} ${JSON.stringify(recording.dropped.byKind)}`);
