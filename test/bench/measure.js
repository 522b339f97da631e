/**
 * What every benchmark here shares: alternated rounds of several variants of one workload, and ratios to a baseline of
 * the same round with their spread. Absolute figures mean little on a shared machine; ratios carry over.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

if (Number(process.versions.node.split(".")[0]) < 24) {
  throw new Error(`This is Node ${process.versions.node}. Run it on the checkout's own: npx node test/bench/…`);
}

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const stallscope = join(root, "src-main/cli/stallscope.js");
export const workload = (/** @type {string} */ name) => join(root, "test/bench/workloads", name);

export const folder = mkdtempSync(join(tmpdir(), "stallscope-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/**
 * Runs a command to its end; answers its wall time (ms) and what the workload wrote to BENCH_RESULT.
 * @param {readonly string[]} words
 * @param {Record<string, string>} [env]
 * @returns {Promise<{ wallMs: number, result: Record<string, number> }>}
 */
export function run(words, env = {}) {
  const resultFile = join(folder, "result.json");
  rmSync(resultFile, { force: true });
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, ...env, BENCH_RESULT: resultFile },
    });
    child.once("exit", (code) => {
      const wallMs = performance.now() - start;
      if (code !== 0) return reject(new Error(`${words.join(" ")} exited with ${code}`));
      let result = {};
      try {
        result = JSON.parse(readFileSync(resultFile, "utf8"));
      } catch {
        // A workload that measures nothing itself.
      }
      resolve({ wallMs, result });
    });
  });
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/**
 * The median and a 95 % interval of it, by bootstrap.
 * @param {readonly number[]} values
 */
export function interval(values) {
  const medians = Array.from({ length: 1000 }, () =>
    median(values.map(() => values[Math.floor(Math.random() * values.length)] ?? NaN)),
  );
  medians.sort((a, b) => a - b);
  return { median: median(values), low: medians[25] ?? NaN, high: medians[974] ?? NaN };
}

/** @param {readonly number[]} values @param {number} digits */
export function describe(values, digits = 3) {
  const { median: middle, low, high } = interval(values);
  return `${middle.toFixed(digits)}  [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

export function machine() {
  return `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}, ${process.platform}-${process.arch}`;
}
