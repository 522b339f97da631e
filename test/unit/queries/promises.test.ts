/** Promises of a window, and the reactions a stall made late, out of a real recording file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lateReactions } from "../../../src-main/queries/late-reactions.ts";
import { promiseTasks } from "../../../src-main/queries/promises.ts";
import { report } from "../../../src-main/queries/report.ts";
import { CHUNK_EVENTS } from "../../../src-main/store/promise-chunk.ts";
import { openRecording, type Recording } from "../../../src-main/store/recording.ts";
import { createRecordingWriter } from "../../../src-main/store/writer.ts";
import { newMeta, writeEvents } from "../../fixtures/drawn-recording.ts";
import { promiseWords, type DrawnPromiseEvent } from "../../fixtures/promise-words.ts";

const folder = mkdtempSync(join(tmpdir(), "stallscope-promises-"));
const opened: Recording[] = [];
afterAll(() => {
  for (const recording of opened) recording.close();
  rmSync(folder, { recursive: true, force: true });
});

const MS = 10_000;
const NS = 1e6;

function record(events: readonly DrawnPromiseEvent[], level: "deep" | "tasks" = "deep"): Recording {
  const path = join(folder, `${opened.length}.stallscope`);
  const writer = createRecordingWriter(path, newMeta({ level }));
  writeEvents(writer, []);
  if (events.length > 0) writer.promises({ thread: 1, words: promiseWords(events), offsetNs: 0 });
  writer.finish({ state: "closed" });
  const recording = openRecording(path);
  opened.push(recording);
  return recording;
}

/** 2 waits for 1, which settles at 20; a callback then holds the thread until 120. */
const LATE: readonly DrawnPromiseEvent[] = [
  { kind: "init", at: 10 * MS, id: 1 },
  { kind: "init", at: 11 * MS, id: 2, parent: 1 },
  { kind: "init", at: 12 * MS, id: 3, parent: 1 },
  { kind: "settled", at: 20 * MS, id: 1 },
  { kind: "before", at: 20 * MS, id: 2, task: 4 },
  { kind: "settled", at: 120 * MS, id: 2 },
  { kind: "after", at: 120 * MS },
  { kind: "before", at: 120 * MS, id: 3, task: 5 },
  { kind: "after", at: 121 * MS },
  // Ready and run long after.
  { kind: "init", at: 500 * MS, id: 4, parent: 2 },
  { kind: "before", at: 501 * MS, id: 4 },
  { kind: "after", at: 502 * MS },
];
const TASK = 2 ** 32;

test("the promises with something in a window, whole", () => {
  const recording = record(LATE);
  expect(promiseTasks(recording, { from: 115 * NS, to: 130 * NS, limit: 10 })).toEqual({
    total: 2,
    tasks: [
      {
        thread: 1,
        id: 2,
        parent: 1,
        task: TASK + 4,
        created: 11 * NS,
        settled: 120 * NS,
        runs: [{ start: 20 * NS, end: 120 * NS }],
      },
      { thread: 1, id: 3, parent: 1, task: TASK + 5, created: 12 * NS, runs: [{ start: 120 * NS, end: 121 * NS }] },
    ],
  });
});

test("of too many the longest", () => {
  const answer = promiseTasks(record(LATE), { from: 0, to: 1000 * NS, limit: 1 });
  expect([answer.total, answer.tasks.map(({ id }) => id), answer.completeTo]).toEqual([4, [2], undefined]);
});

test("what was created in a chunk long before is looked up", () => {
  const many: DrawnPromiseEvent[] = [
    { kind: "init", at: 0, id: 1 },
    { kind: "init", at: 1 * MS, id: 2, parent: 1 },
  ];
  for (let id = 3; id < 4 * CHUNK_EVENTS; id++) many.push({ kind: "init", at: 2 * MS + id, id });
  const end = 1000 * MS;
  many.push(
    { kind: "before", at: end, id: 2 },
    { kind: "after", at: end + MS },
    { kind: "settled", at: end + MS, id: 2 },
  );
  const { tasks } = promiseTasks(record(many), { from: 999 * NS, to: 1002 * NS, limit: 10 });
  expect(tasks).toEqual([
    {
      thread: 1,
      id: 2,
      parent: 1,
      task: 0,
      created: 1 * NS,
      settled: 1001 * NS,
      runs: [{ start: 1000 * NS, end: 1001 * NS }],
    },
  ]);
});

test("a window with more than can be looked at says how far it is complete", () => {
  const many = Array.from({ length: 300_000 }, (_, index) => ({
    kind: "init" as const,
    at: index,
    id: index + 1,
  }));
  const { tasks, completeTo } = promiseTasks(record(many), { from: 0, to: 1000 * NS, limit: 5 });
  expect(tasks).toHaveLength(5);
  expect(completeTo).toBeGreaterThan(15 * NS);
  expect(completeTo).toBeLessThanOrEqual(20 * NS);
});

test("reactions that were ready and had to wait are late, the worst first; what ran at once is not", () => {
  const recording = record(LATE);
  const stall = { thread: 1, start: 20 * NS, end: 120 * NS };
  expect(lateReactions(recording, stall, 10)).toEqual([
    { promise: 3, readyAt: 20 * NS, ranAt: 120 * NS, lateMs: 100, task: TASK + 5 },
  ]);
  expect(lateReactions(recording, { thread: 1, start: 480 * NS, end: 600 * NS }, 10)).toEqual([
    { promise: 4, readyAt: 500 * NS, ranAt: 501 * NS, lateMs: 1, task: TASK + 5 },
  ]);
  expect(lateReactions(recording, { ...stall, thread: 2 }, 10)).toEqual([]);
});

test("of many late ones the worst are told", () => {
  const many: DrawnPromiseEvent[] = [{ kind: "init", at: 1, id: 1 }];
  const ids = Array.from({ length: 200 }, (_, index) => index + 2);
  for (const id of ids) many.push({ kind: "init", at: 2, id, parent: 1 });
  many.push({ kind: "settled", at: 160 * MS, id: 1 });
  for (const id of ids)
    many.push({ kind: "before", at: 200 * MS + id * MS, id }, { kind: "after", at: 200 * MS + id * MS });
  const late = lateReactions(record(many), { thread: 1, start: 150 * NS, end: 400 * NS }, 3);
  expect(late.map(({ promise, lateMs }) => [promise, lateMs])).toEqual([
    [201, 241],
    [200, 240],
    [199, 239],
  ]);
});

test("the report counts them at level deep alone", () => {
  expect(report(record(LATE)).promises).toEqual({ created: 4, settled: 2 });
  expect(report(record([])).promises).toEqual({ created: 0, settled: 0 });
  expect(report(record([], "tasks")).promises).toBeNull();
});
