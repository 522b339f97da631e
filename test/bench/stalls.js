/**
 * The stall corpus under Stallscope and its peers, in one table. See docs/performance.md for how to read it, and
 * test/corpus/score.ts for the rules.
 *
 *     npm run bench:stalls -- [--rounds 3] [--programs csv,control] [--detectors stallscope,sentry]
 *                             [--threshold 50] [--level tasks] [--json results.json] [--quiet]
 *
 * Each program is sized once untraced; then every variant does that same work, in an order that alternates from round
 * to round. CPU ratios are of a round's sums over the corpus: a program counts in a ratio only where both ran to their
 * end.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readReference, runProgram } from "../corpus/detectors.ts";
import { programs } from "../corpus/programs.ts";
import { score } from "../corpus/score.ts";
import { complaints, percentile, summarise } from "../corpus/summary.ts";
import { describe, folder, machine } from "./measure.js";

/** @typedef {import("../corpus/detectors.ts").Detector} Detector */
/** @typedef {{ detector: Detector, program: string, score: import("../corpus/score.ts").Score }} Scored */

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    programs: { type: "string" },
    detectors: { type: "string", default: "stallscope,blocked-at,sentry" },
    threshold: { type: "string", default: "50" },
    level: { type: "string", default: "tasks" },
    json: { type: "string" },
    quiet: { type: "boolean", default: false },
  },
});
const thresholdMs = Number(options.threshold);
const list = programs(options.programs?.split(","));
if (list.length === 0) throw new Error(`No program's name holds one of "${options.programs}".`);
const reference = readReference();
const named = /** @type {Detector[]} */ (options.detectors.split(","));
for (const detector of named) {
  if (!["stallscope", "blocked-at", "sentry"].includes(detector))
    throw new Error(`There is no detector "${detector}".`);
}

/** @type {Scored[]} */
const scored = [];
/** @type {Map<string, string[]>} */
const failures = new Map(named.map((detector) => [detector, []]));
/** CPU by round, detector and program. @type {Map<string, { cpuMs: number, allCpuMs: number }>} */
const cpu = new Map();
/** @type {Map<string, Readonly<Record<string, number>>>} */
const sizes = new Map();

for (let round = 0; round < Number(options.rounds); round++) {
  for (const program of list) {
    progress(`round ${round + 1}: ${program.name}`);
    const common = { folder, thresholdMs, level: options.level };
    const known = sizes.get(program.name) ?? (await runProgram("untraced", program, reference, common)).truth.sizes;
    sizes.set(program.name, known);
    /** @type {Detector[]} */
    const order = ["untraced", ...named];
    for (const detector of round % 2 === 0 ? order : order.toReversed()) {
      try {
        const run = await runProgram(detector, program, reference, { ...common, sizes: known });
        cpu.set(`${round} ${detector} ${program.name}`, run);
        if (detector === "untraced") continue;
        scored.push({ detector, program: program.name, score: score(run.truth, run.reports, thresholdMs) });
      } catch (error) {
        if (detector === "untraced") throw error;
        failures.get(detector)?.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
progress("");
print();

function print() {
  const columns = named.map((detector) => ({ detector, cells: cellsOf(detector) }));
  const names = Object.keys(columns[0]?.cells ?? {});
  const rounds = `${options.rounds} ${options.rounds === "1" ? "round" : "rounds"}`;
  console.log(machine());
  console.log(
    `${list.length} programs, ${rounds}, threshold ${thresholdMs} ms, Stallscope at level ${options.level}\n`,
  );
  console.log(`| | ${named.join(" | ")} |\n|---|${named.map(() => "---:").join("|")}|`);
  for (const name of names) console.log(`| ${name} | ${columns.map(({ cells }) => cells[name] ?? "").join(" | ")} |`);
  for (const [detector, messages] of failures) {
    if (messages.length === 0) continue;
    const all = messages.length === list.length * Number(options.rounds);
    console.log(
      `\n${detector}: ${all ? "COULD NOT BE MEASURED HERE. " : ""}${messages.length} runs FAILED. The first:`,
    );
    console.log(messages[0]);
  }
  const details = named.map((detector) => /** @type {const} */ ([detector, complaintsOf(detector)]));
  if (!options.quiet) {
    for (const [detector, lines] of details) {
      console.log(`\n${detector}, what is not right, and in how many rounds:`);
      for (const [line, count] of lines) console.log(`${count} × ${line}`);
    }
  }
  if (options.json !== undefined) {
    writeFileSync(
      options.json,
      JSON.stringify({ machine: machine(), columns, details, failures: [...failures] }, undefined, 2),
    );
  }
}

/** @param {Detector} detector @returns {Record<string, string>} */
function cellsOf(detector) {
  const scores = scored.filter((entry) => entry.detector === detector).map((entry) => entry.score);
  if (scores.length === 0) return {};
  const controls = scored.filter((entry) => entry.detector === detector && entry.program.startsWith("control: "));
  const all = summarise(scores);
  const onControls = summarise(controls.map((entry) => entry.score));
  const share = (/** @type {number} */ part, /** @type {number} */ whole) =>
    whole === 0 ? "—" : `${((100 * part) / whole).toFixed(1)} %`;
  const errors = (/** @type {readonly number[]} */ values) =>
    values.length === 0
      ? "not told"
      : `${percentile(values, 0.5).toFixed(1)} / ${percentile(values, 0.95).toFixed(1)} ms`;
  const judged = all.cause.right + all.cause.wrong + all.cause.unknown;
  return {
    "stalls found": `${share(all.found, all.wanted)} (${all.found} of ${all.wanted})`,
    "false reports (on controls)": `${all.falseReports} (${onControls.falseReports})`,
    "measured gaps (on controls)": `${all.measuredGaps} (${onControls.measuredGaps})`,
    "split, merged": `${all.split}, ${all.merged}`,
    "start error, median / p95": errors(all.startErrors),
    "duration error, median / p95": errors(all.durationErrors),
    "blame right": share(all.blame.right, all.found),
    "right frame on the stack shown": share(all.blame.onStack, all.found),
    "captured during the block": share(all.during, all.found),
    "cause right / wrong / unknown":
      judged === 0 ? "not told" : `${all.cause.right} / ${all.cause.wrong} / ${all.cause.unknown}`,
    "CPU of the traced process": ratio(detector, "cpuMs"),
    "CPU of all processes": ratio(detector, "allCpuMs"),
    "failed runs": String(failures.get(detector)?.length ?? 0),
  };
}

/** @param {Detector} detector @param {"cpuMs" | "allCpuMs"} field */
function ratio(detector, field) {
  const ratios = Array.from({ length: Number(options.rounds) }, (_, round) => {
    let traced = 0;
    let untraced = 0;
    for (const program of list) {
      const mine = cpu.get(`${round} ${detector} ${program.name}`);
      const base = cpu.get(`${round} untraced ${program.name}`);
      if (mine === undefined || base === undefined) continue;
      traced += mine[field];
      untraced += base[field];
    }
    return traced / untraced;
  });
  return ratios.length < 3 ? ratios.map((value) => value.toFixed(2)).join(", ") : describe(ratios, 2);
}

/** @param {Detector} detector @returns {readonly (readonly [string, number])[]} */
function complaintsOf(detector) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const entry of scored) {
    if (entry.detector !== detector) continue;
    for (const line of complaints(entry.program, entry.score)) counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @param {string} text */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
