/**
 * A quick part of the stall corpus under Stallscope, by the scorer of the benchmark: every stall found once, none
 * invented, the right function blamed. The whole corpus is `npm run bench:stalls`.
 */
import { afterAll, describe, expect, test } from "vitest";
import { readReference, runProgram } from "../corpus/detectors.ts";
import { programs, type Program } from "../corpus/programs.ts";
import { score, type Score } from "../corpus/score.ts";
import { complaints } from "../corpus/summary.ts";
import { createHome } from "./stallscope.ts";

const THRESHOLD = 50;
const home = createHome();
afterAll(() => home.dispose());

/** One from each class: a package, native calls, child processes, starvation, a tool, a bundle, a worker, top level. */
const STALLING = [
  "xml-feed",
  "crypto-kdf",
  "exec-sync",
  "starve-promises",
  "ai-tool",
  "bundled",
  "worker",
  "top-level",
];
const CONTROLS = ["control: slices-immediate", "control: immediate-flood", "control: long-awaits"];

function named(name: string): Program {
  const program = programs().find((entry) => entry.name === name);
  if (program === undefined) throw new Error(`The corpus has no program ${name}.`);
  return program;
}

async function scored(name: string): Promise<Score> {
  const { truth, reports } = await runProgram("stallscope", named(name), readReference(), {
    folder: home.path,
    thresholdMs: THRESHOLD,
  });
  return score(truth, reports, THRESHOLD);
}

/** What is wrong, but for causes and errors of measuring: those are the benchmark's. */
function wrongIn(name: string, result: Score): readonly string[] {
  return complaints(name, result).filter((line) => !/: (?:cause|start off) /.test(line));
}

describe("the stall corpus", () => {
  test.each(STALLING)("%s: each stall once, nothing else, the right function", async (name) => {
    const result = await scored(name);
    expect(result.wanted).toBeGreaterThan(0);
    expect(wrongIn(name, result)).toEqual([]);
    expect(result.found).toHaveLength(result.wanted);
  });

  test.each(CONTROLS)("%s: no stall", async (name) => {
    const result = await scored(name);
    expect(result.wanted).toBe(0);
    expect(wrongIn(name, result)).toEqual([]);
  });
});
