/** Test runners run transformed code, in processes and threads they end without asking: blame by the sources all the same. */
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { expectBlame, FIXTURES, runBoth, stallOf } from "./coexistence.ts";
import { createHome, ROOT, runStalls } from "./stallscope.ts";

const home = createHome();
afterAll(home.dispose);

const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");
const JEST = join(ROOT, "node_modules/jest/bin/jest.js");
/** Runners print how long all took. */
const settle = (output: string): string =>
  output
    .replaceAll(/ *(?:\d+:)*\d+(?:\.\d+)? ?m?s\b/g, " <time>")
    .replaceAll(/\d+:\d+:\d+/g, "<time>")
    .replaceAll(/\([^)]*%[^)]*\)/g, "<shares>")
    .replaceAll(/, estimated <time>/g, "")
    // Files end in any order.
    .split("\n")
    .sort()
    .join("\n");

describe("vitest", () => {
  const cwd = join(FIXTURES, "vitest");

  test.each(["forks", "vmForks"])("pool %s: a stall in a test, whole and by the line of its source", async (pool) => {
    const { code, report } = await runBoth(home.path, [process.execPath, VITEST, "run", `--pool=${pool}`], {
      cwd,
      settle,
    });
    expect(code).toBe(0);
    expectBlame(report, "buildReport", join(cwd, "report.ts"), "while (performance.now()");
    const stall = stallOf(report, "buildReport");
    expect(stall.durationMs).toBeGreaterThanOrEqual(299);
    expect(stall.pid).not.toBe(report.process?.pid);
  });

  test("pool threads: the stall is the worker's, not the main thread's", async () => {
    const { code, report } = await runBoth(home.path, [process.execPath, VITEST, "run", "--pool=threads"], {
      cwd,
      settle,
    });
    expect(code).toBe(0);
    const inWorker = report.stalls.filter(({ thread, durationMs }) => (thread ?? 0) > 0 && (durationMs ?? 0) >= 299);
    expect(inWorker).toHaveLength(1);
    expect(runStalls(report).map(({ blame }) => blame?.function)).not.toContain("start");
  });
});

describe("jest", () => {
  const cwd = join(FIXTURES, "jest");

  test.each([
    ["in the process itself", "--runInBand"],
    ["with a cold cache", "--no-cache"],
  ])("%s: a stall in a test by the line of its source", async (_name, flag) => {
    const { code, report } = await runBoth(home.path, [process.execPath, JEST, flag], { cwd, settle });
    expect(code).toBe(0);
    expectBlame(report, "buildReport", join(cwd, "report.js"), "while (performance.now()");
    expect(stallOf(report, "buildReport").durationMs).toBeGreaterThanOrEqual(299);
  });

  test("workers of its own: a stall in one, by the line of its source", async () => {
    // With a limit it never takes them into its own process, however fast they were the last time.
    const always = "--workerIdleMemoryLimit=2GB";
    const words = [process.execPath, JEST, "--maxWorkers=2", always, "--config", join(cwd, "two-files.json")];
    const { code, report } = await runBoth(home.path, words, { cwd, settle });
    expect(code).toBe(0);
    expectBlame(report, "buildReport", join(cwd, "report.js"), "while (performance.now()");
    expect(stallOf(report, "buildReport").pid).not.toBe(report.process?.pid);
  });
});
