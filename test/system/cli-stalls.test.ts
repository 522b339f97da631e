/** What the command line does with stalls of a real program: the report's forms, --fail-on-stall, and export. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CpuProfile } from "../../src-main/exchange/cpuprofile.ts";
import type { Report } from "../../src-main/queries/report.ts";
import { createHome, PROGRAMS, runStalls, stallscope } from "./stallscope.ts";

const home = createHome();
const BLOCKS = join(PROGRAMS, "stuck/blocks.mjs");
const recording = join(home.path, "blocks.stallscope");
const run = (...words: readonly string[]): ReturnType<typeof stallscope> =>
  stallscope(home.path, ["run", "--node", process.execPath, ...words]);
let made: Report;

beforeAll(async () => {
  const { stdout } = await run("--json", "--quiet", "-o", recording, BLOCKS);
  made = JSON.parse(stdout) as Report;
});

afterAll(() => home.dispose());

describe("the report", () => {
  test("says where the stall's time went by itself, most of it in what the program computed", () => {
    const [stall] = runStalls(made);
    // V8 may have inlined one into the other.
    expect(stall?.blame?.function).toMatch(/^(?:isPrime|countPrimes)$/);
    expect(stall?.selfTimes.length).toBeLessThanOrEqual(10);
    const total = stall?.selfTimes.reduce((sum, { selfMs }) => sum + selfMs, 0) ?? 0;
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual((stall?.durationMs ?? 0) + 1);
    const own = stall?.selfTimes.filter(({ function: fn }) => fn === "isPrime" || fn === "countPrimes") ?? [];
    expect(own.reduce((sum, { selfMs }) => sum + selfMs, 0)).toBeGreaterThan(total / 2);
  });

  test("a terminal and a pull request show bars and the timer that was late", async () => {
    const text = await stallscope(home.path, ["report", recording]);
    expect(text.stdout).toMatch(/█.* ms {2}(?:isPrime|countPrimes) .*blocks\.mjs:\d+/);
    expect(text.stdout).toMatch(/1 timer \d+ ms late/);
    const markdown = await stallscope(home.path, ["report", "--markdown", recording]);
    expect(markdown.stdout).toMatch(/Self time of the .* in `(?:isPrime|countPrimes)\(\) .*`:\n\n {4}█/);
  });
});

describe("--fail-on-stall", () => {
  // On a busy machine a stall may be the host's, which fails no run.
  test("a stall as long fails a run that succeeded, by name; also with --json", { retry: 3 }, async () => {
    const plain = await run("--quiet", "--fail-on-stall", "100", "-o", join(home.path, "a.stallscope"), BLOCKS);
    expect(plain).toMatchObject({ code: 3, stdout: "" });
    expect(plain.stderr).toMatch(
      /^stallscope: (?:isPrime|countPrimes)\(\) .*blocks\.mjs:\d+ held the event loop for .*, 100 ms are/,
    );
    const json = await run("--json", "--fail-on-stall", "100", "-o", join(home.path, "b.stallscope"), BLOCKS);
    expect(json.code).toBe(3);
    expect(JSON.parse(json.stdout)).toMatchObject({ format: "stallscope-report/1", process: { exitCode: 0 } });
  });

  test.each([
    ["a shorter stall doesn't", ["5000"], "0", 0],
    ["a program that failed keeps its own code", ["100"], "7", 7],
  ])("%s", async (_name, limit, exitCode, expected) => {
    const file = join(home.path, "c.stallscope");
    const ended = await run("--quiet", "--fail-on-stall", ...limit, "-o", file, BLOCKS, exitCode);
    expect(ended).toMatchObject({ code: expected, stderr: "" });
  });

  test("a limit under the threshold is reported from there on", async () => {
    const file = join(home.path, "d.stallscope");
    await run("--quiet", "--fail-on-stall", "20", "-o", file, BLOCKS);
    const { stdout } = await stallscope(home.path, ["report", "--json", file]);
    expect((JSON.parse(stdout) as Report).stalls.length).toBeGreaterThan(0);
    expect(await run("--fail-on-stall", "soon", BLOCKS)).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("export", () => {
  test("the worst stall, to a file; the same by its id, to stdout", async () => {
    const file = join(home.path, "worst.cpuprofile");
    const worst = await stallscope(home.path, ["export", recording, "--format", "cpuprofile", "-o", file]);
    expect(worst).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const profile = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
    const [stall] = runStalls(made);
    expect((profile.endTime - profile.startTime) / 1000).toBeCloseTo(stall?.durationMs ?? 0, 1);
    const frame = profile.nodes.find(({ callFrame }) => callFrame.functionName === "countPrimes")?.callFrame;
    expect(frame?.url).toMatch(/^file:\/\/.*\/blocks\.mjs$/);
    const words = ["export", recording, "--format", "cpuprofile", "--stall", stall?.id ?? ""];
    const named = await stallscope(home.path, words);
    expect(JSON.parse(named.stdout)).toEqual(profile);
  });

  test.each([
    ["a format of a later version", ["--format", "otlp"], 2, "--format otlp is not there yet."],
    ["no format at all", ["--format", "mp4"], 2, "There is no format mp4."],
    ["no stall of this id", ["--format", "cpuprofile", "--stall", "999999"], 2, "has no stall 999999."],
    ["an id that is none", ["--format", "cpuprofile", "--stall", "x"], 2, "Give a whole number."],
    ["a place that can't be written", ["--format", "cpuprofile", "-o", "/nowhere/a"], 125, "can't be written (ENOENT)"],
    ["without a format", [], 2, "--format <format>"],
  ])("%s is refused in a sentence", async (_name, words, code, sentence) => {
    const ended = await stallscope(home.path, ["export", recording, ...words]);
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
  });

  test("a recording without a stall says so", async () => {
    const file = join(home.path, "calm.stallscope");
    await run("--quiet", "-o", file, join(PROGRAMS, "real/exits-3.mjs"));
    const ended = await stallscope(home.path, ["export", file, "--format", "cpuprofile"]);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain("has no stall");
  });
});
