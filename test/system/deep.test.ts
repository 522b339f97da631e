/** Level deep on real programs: promises in the recording, in the report, and what they tell of a stall. */
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lateReactions } from "../../src-main/queries/late-reactions.ts";
import { promiseTasks } from "../../src-main/queries/promises.ts";
import { openRecording } from "../../src-main/store/recording.ts";
import { createHome, PROGRAMS, recordProgram, runStalls, stallscope } from "./stallscope.ts";

const home = createHome();
afterAll(home.dispose);

test("a reaction that a stall made late is found, with when it was ready and when it ran", async () => {
  const file = join(home.path, "late.stallscope");
  const flags = ["--level", "deep", "-o", file];
  const { code, report } = await recordProgram(home.path, [join(PROGRAMS, "deep/late.mjs")], { flags });
  expect(code).toBe(0);
  expect(report.recording.level).toBe("deep");
  expect(report.recording.notSeen.join()).not.toContain("promises");
  expect(report.promises?.created).toBeGreaterThan(5);
  expect(report.promises?.settled).toBeLessThanOrEqual(report.promises?.created ?? 0);
  expect(runStalls(report)).toHaveLength(1);

  const recording = openRecording(file);
  const { end } = recording.meta();
  const everything = promiseTasks(recording, { from: 0, to: end, limit: 10_000 });
  expect(everything.total).toBeGreaterThan(5);
  const lengths = everything.tasks.flatMap(({ runs }) => runs.map((run) => (run.end ?? run.start) - run.start));
  const held = Math.max(...lengths);
  expect(held).toBeGreaterThanOrEqual(199e6);

  const culprit = everything.tasks.find(({ runs }) => runs.some((run) => (run.end ?? 0) - run.start === held));
  const [run] = culprit?.runs ?? [];
  const stall = { thread: 1, start: run?.start ?? 0, end: run?.end ?? 0 };
  const [victim, ...others] = lateReactions(recording, stall, 10).filter(({ lateMs }) => lateMs > 150);
  expect(others).toEqual([]);
  expect(victim?.promise).not.toBe(culprit?.id);
  expect(victim?.readyAt).toBeLessThanOrEqual(stall.start);
  expect(victim?.ranAt).toBeGreaterThanOrEqual(stall.end);
  recording.close();
});

test("every thread's promises, and a program that overflows its stack among them", async () => {
  const file = join(home.path, "worker.stallscope");
  const flags = ["--level", "deep", "-o", file];
  const program = join(PROGRAMS, "deep/worker.mjs");
  const { code, report, stdout, stderr } = await recordProgram(home.path, [program], { flags });
  expect([code, stdout, stderr]).toEqual([0, "worker 20\nmain 20\n", ""]);
  expect(report.recording.notSeen.join()).not.toContain("unhooked");
  const recording = openRecording(file);
  const threads = recording.all<{ thread: number; created: number }>("SELECT thread, created FROM promise_count");
  expect(threads).toHaveLength(2);
  for (const { created } of threads) expect(created).toBeGreaterThan(20);
  recording.close();
});

test("below it there are none, and that is said", async () => {
  const { report } = await recordProgram(home.path, [join(PROGRAMS, "deep/late.mjs")]);
  expect(report.promises).toBeNull();
  expect(report.recording.notSeen).toContain("single promises (level tasks)");
});

test("the summary's recording can be reported on again", async () => {
  const file = join(home.path, "late.stallscope");
  const { code, stdout } = await stallscope(home.path, ["report", file, "--json"]);
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as { promises: { created: number } }).promises.created).toBeGreaterThan(5);
});
