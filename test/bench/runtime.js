/**
 * What the runtime costs: the same work in bare promises, in ours, ours traced at `tasks`, in Effect 4 and in effection
 * 4. Every variant is a process of its own, in turn; figures are medians of rounds, ratios are of the same round.
 *
 *     npx node test/bench/runtime.js [rounds]
 */
import { join } from "node:path";
import { folder, machine, median, run, stallscope, workload } from "./measure.js";

const rounds = Number(process.argv[2] ?? 5);
const ROWS = [
  { row: "create", count: 100_000, what: "create a task and await it" },
  { row: "gather", count: 10_000, what: "gather 10,000" },
  { row: "queue", count: 100_000, what: "queue put and get" },
  { row: "semaphore", count: 40_000, what: "semaphore hand-over" },
  { row: "stream", count: 1_000_000, what: "stream of 1 M chunks" },
  { row: "timeouts", count: 20_000, what: "three nested timeouts" },
  { row: "cancel", count: 10_000, what: "cancel a tree of 10,000" },
];
const VARIANTS = ["bare", "ours", "traced", "effect", "effection"];

console.log(machine());
console.log(`Nanoseconds an item, medians of ${rounds} rounds; in brackets the ratio to ours.\n`);
console.log(`| work | ${VARIANTS.join(" | ")} |`);
console.log(`| --- |${" ---: |".repeat(VARIANTS.length)}`);
for (const { row, count, what } of ROWS) {
  /** @type {Record<string, number[]>} */
  const figures = Object.fromEntries(VARIANTS.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const variant of VARIANTS) figures[variant]?.push(await measure(variant, row, count));
  }
  const cells = VARIANTS.map((variant) => {
    const own = figures[variant] ?? [];
    const ratio = median(own.map((value, round) => value / (figures["ours"]?.[round] ?? NaN)));
    return Number.isFinite(median(own)) ? `${median(own).toFixed(0)} (${ratio.toFixed(2)})` : "–";
  });
  console.log(`| ${what} | ${cells.join(" | ")} |`);
}

/**
 * @param {string} variant
 * @param {string} row
 * @param {number} count
 */
async function measure(variant, row, count) {
  const words = [workload("runtime/row.mjs"), variant === "traced" ? "ours" : variant, row, String(count)];
  const traced = [stallscope, "run", "--quiet", "-o", join(folder, `${row}.stallscope`), ...words];
  const { result } = await run(variant === "traced" ? traced : words);
  return result["ns"] ?? NaN;
}
