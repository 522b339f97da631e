/**
 * One real program for each class of cause, recorded by the real command line. The machine that runs this has other
 * work: where a stall's own figures say that the host took a good part of it, host and unknown are right too; a class
 * that something else has never is. `sleep` needs a machine that sleeps and is held by drawn facts alone.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import type { Cause } from "../../src-main/api/api.ts";
import type { Report } from "../../src-main/queries/report.ts";
import { createHome, PROGRAMS, recordProgram, runStalls } from "./stallscope.ts";

type Stall = Report["stalls"][number];

const home = createHome();
const program = (name: string): string => join(PROGRAMS, "causes", name);
/** A stall of which the host took less than this says its class. */
const UNDISTURBED = 0.1;
const isLinux = process.platform === "linux";

afterAll(home.dispose);

/** The longest stall of the run in whose stack the function stands. */
function stallIn(report: Report, name: string): Stall {
  const stalls = runStalls(report);
  const found = stalls.find(({ frames }) => frames.some((frame) => frame.function.endsWith(name)));
  if (found === undefined) throw new Error(`no stall in ${name}: ${JSON.stringify(stalls, undefined, 2)}`);
  return found;
}

function expectCause(stall: Stall, cause: Cause): void {
  const { durationMs, evidence } = stall;
  const { runDelayMs = 0, watchdogLateMs } = evidence;
  const disturbed = Math.max(runDelayMs, watchdogLateMs ?? 0) / (durationMs ?? Infinity);
  const allowed: readonly Cause[] = disturbed < UNDISTURBED ? [cause] : [cause, "host", "unknown"];
  expect(allowed, JSON.stringify({ cause: stall.cause, durationMs, evidence })).toContain(stall.cause);
}

test("own code: a loop, a regular expression, a sort", async () => {
  const { code, report } = await recordProgram(home.path, [program("own-code.mjs")]);
  expect(code).toBe(0);
  for (const name of ["countPrimes", "backtrack", "sortScores"]) expectCause(stallIn(report, name), "own-code");
});

test("native: a key derived, a text parsed, a buffer compressed", async () => {
  const { code, report } = await recordProgram(home.path, [program("native.mjs")]);
  expect(code).toBe(0);
  for (const name of ["deriveKey", "parseText", "compress"]) expectCause(stallIn(report, name), "native");
});

test.skipIf(!isLinux)("sync-io: a shell command, a pipe without a writer, many small reads", async () => {
  const { code, report } = await recordProgram(home.path, [program("sync-io.mjs")]);
  expect(code).toBe(0);
  for (const name of ["runShell", "readPipe", "lookUp"]) expectCause(stallIn(report, name), "sync-io");
  const { evidence, durationMs } = stallIn(report, "runShell");
  expect(evidence.syncCallMs).toBeGreaterThan(0.6 * (durationMs ?? Infinity));
  expect(evidence.parkedMs).toBeGreaterThan(0.6 * (durationMs ?? Infinity));
});

test("gc: most of the time goes into collecting", async () => {
  const { code, report } = await recordProgram(home.path, [program("gc.mjs")], {
    env: { NODE_OPTIONS: "--expose-gc" },
  });
  expect(code).toBe(0);
  expectCause(stallIn(report, "churn"), "gc");
});

test("starvation: promises, ticks, and timers due at once", async () => {
  const { code, report } = await recordProgram(home.path, [program("starvation.mjs")]);
  expect(code).toBe(0);
  const starved = runStalls(report).slice(0, 3);
  expect(starved).toHaveLength(3);
  for (const stall of starved) expectCause(stall, "starvation");
});

test.skipIf(!isLinux)("host: the process was stopped from outside for a while", async () => {
  let stopped: Promise<void> | undefined;
  const { code, stderr, report } = await recordProgram(home.path, [program("stopped.mjs")], {
    onOutput(_, stdout) {
      if (stdout.includes("\n")) stopped ??= stopFor(1000, Number(stdout));
    },
  });
  await stopped;
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const [worst] = runStalls(report);
  expect(worst?.durationMs).toBeGreaterThan(1000);
  expect(worst?.cause, JSON.stringify(worst)).toBe("host");
});

async function stopFor(ms: number, pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  // The time that it stands still is what is tested.
  await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/\) T /), { interval: 5 });
  await new Promise((resolve) => setTimeout(resolve, ms));
  process.kill(pid, "SIGCONT");
}

test.skipIf(!existsSync("/usr/bin/taskset"))(
  "host: neighbours on the same CPU make stalls of work that is none",
  async () => {
    const pinned = ["/usr/bin/taskset", "-c", "0"];
    const spin = "setInterval(() => {}, 1000); for (;;);";
    const neighbours = Array.from({ length: 5 }, (): ChildProcess =>
      spawn(pinned[0] ?? "", [...pinned.slice(1), process.execPath, "-e", spin], { stdio: "ignore" }),
    );
    onTestFinished(() => {
      for (const neighbour of neighbours) neighbour.kill("SIGKILL");
    });
    const words = ["--", ...pinned, process.execPath, program("small-work.mjs")];
    const { code, report } = await recordProgram(home.path, words);
    expect(code).toBe(0);
    const stalls = runStalls(report).filter(({ frames }) => frames.some((frame) => frame.function === "doPiece"));
    expect(stalls.length).toBeGreaterThan(0);
    for (const { cause, durationMs, evidence } of stalls)
      expect(["host", "unknown"], JSON.stringify({ durationMs, evidence })).toContain(cause);
    expect(stalls.map(({ cause }) => cause)).toContain("host");
  },
);
