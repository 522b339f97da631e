/** What the report says of waits, retries and cancels, as data and as text. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { reasonWords } from "../../../src-main/api/reason-words.ts";
import { reportMarkdown } from "../../../src-main/cli/report-markdown.ts";
import { reportText } from "../../../src-main/cli/report-text.ts";
import type { SessionEvent } from "../../../src-main/collector/session.ts";
import { report, type Report } from "../../../src-main/queries/report.ts";
import { overview } from "../../../src-main/queries/overview.ts";
import { openRecording } from "../../../src-main/store/recording.ts";
import type { CancelSource } from "../../../src-runtime/protocol/message.ts";
import type { RuntimeEventKind, TaskKind, WaitKind } from "../../../src-runtime/protocol/record.ts";
import { msToNanos } from "../../../src-runtime/protocol/time.ts";
import { drawRecording, inFolder } from "../../fixtures/drawn-recording.ts";

const T = 2 ** 32;
const LOCK = T + 90;
const at = (ms: number) => ({ thread: 1, at: msToNanos(ms) }) as const;

function start(task: number, name: string, taskKind: TaskKind = "function", origin = "runtime"): SessionEvent {
  return { ...at(0), kind: "start", task: T + task, parent: 0, taskKind, name, origin, scope: 0 };
}

function wait(from: number, to: number, id: number, task: number, waitKind: WaitKind, target = 0): SessionEvent[] {
  const began = { wait: T + id, waitKind, task: T + task, target, holder: 0 } as const;
  const ended = { ...at(to), kind: "waitEnd", wait: T + id, outcome: "completed", by: 0 } as const;
  return [{ ...at(from), kind: "wait", ...began }, ...(to === Infinity ? [] : [ended])];
}

function hold(from: number, to: number, task: number): SessionEvent[] {
  const about = { subject: LOCK, task: T + task };
  return [
    { ...at(from), kind: "hold", ...about, waited: 0 },
    { ...at(to), kind: "release", ...about },
  ];
}

function event(name: RuntimeEventKind, b = 0): SessionEvent {
  return { ...at(1), kind: "runtime", event: name, task: T + 1, subject: 0, a: 0, b };
}

function cancel(
  id: number,
  source: CancelSource,
  reason: string,
  by: number,
  reaches: readonly number[],
): SessionEvent[] {
  const stack = [{ function: "pressStop", file: "a.ts", line: 7, column: 1, origin: "own", selfMs: 0 }] as const;
  return [
    {
      ...at(2),
      kind: "cancel",
      cancel: T + id,
      source,
      reason,
      by: by === 0 ? 0 : T + by,
      stack: by === 0 ? stack : [],
    },
    ...reaches.map((task): SessionEvent => ({
      ...at(2),
      kind: "reached",
      cancel: T + id,
      task: T + task,
      ignored: false,
    })),
  ];
}

async function reported(events: readonly SessionEvent[]): Promise<Report & { readonly listed: number }> {
  return inFolder((folder) => {
    const path = join(folder, "a.stallscope");
    const time = (said: SessionEvent): number => ("at" in said ? said.at : 0);
    drawRecording(
      path,
      events.toSorted((a, b) => time(a) - time(b)),
      { state: "closed", exitCode: 0 },
    );
    const recording = openRecording(path);
    try {
      return { ...report(recording), listed: overview(recording).recording.cancellations };
    } finally {
      recording.close();
    }
  });
}

const TASKS = [start(1, "keepBooks"), start(2, "fetchPages"), start(3, "small", "model")];

test("waits by what was waited for, the longest in all first, and who held it longest", async () => {
  const made = await reported([
    ...TASKS,
    { kind: "subject", thread: 1, subject: LOCK, subjectKind: "lock", name: "database" },
    ...hold(0, 10, 2),
    ...hold(10, 90, 1),
    ...wait(5, 25, 20, 1, "lock", LOCK),
    ...wait(10, 90, 21, 2, "lock", LOCK),
    ...wait(0, 30, 22, 1, "sleep"),
    ...wait(0, 100, 23, 1, "task", T + 2),
    ...wait(0, 100, 24, 3, "external"),
    ...wait(95, Infinity, 25, 2, "external"),
    { ...at(100), kind: "end", task: T + 3, outcome: "completed" },
  ]);
  const none = { open: 0, cancelled: 0 };
  expect(made.waitTargets).toEqual([
    {
      kind: "lock",
      name: "database",
      count: 2,
      ...none,
      totalMs: 100,
      maxMs: 80,
      heldLongestBy: { id: String(T + 1), name: "keepBooks", ms: 80 },
    },
    { kind: "sleep", name: null, count: 1, ...none, totalMs: 30, maxMs: 30, heldLongestBy: null },
    { kind: "external", name: null, count: 1, ...none, open: 1, totalMs: 5, maxMs: 5, heldLongestBy: null },
  ]);
  expect(made.waits.map(({ kind, count }) => [kind, count])).toEqual([
    ["external", 2],
    ["lock", 2],
    ["task", 1],
    ["sleep", 1],
  ]);
  const text = reportText(made, false);
  expect(text).toContain(
    [
      "Waits",
      "  lock database  2 times, 100 ms in all, 80 ms at most  held longest by keepBooks, 80 ms",
      "  sleep  1 time, 30 ms",
      "  promises from elsewhere  1 time (1 still), 5 ms",
      "",
    ].join("\n"),
  );
  expect(reportMarkdown(made)).toContain("| lock database | 2 | 100 ms | 80 ms | keepBooks, 80 ms |");
});

test("what was tried again is counted", async () => {
  const made = await reported([
    ...TASKS,
    ...["retry.attempt", "retry.failed", "retry.scheduled", "retry.attempt", "retry.failed", "retry.gave_up"].map(
      (kind) => event(kind as RuntimeEventKind),
    ),
    event("retry.scheduled"),
    event("fallback.used", 1),
    event("fallback.used", -1),
    event("breaker.state", 1),
    event("breaker.state", 2),
  ]);
  expect(made.resilience).toEqual({ retries: 2, gaveUp: 1, fallbacks: 1, breakersOpened: 1 });
  expect(reportText(made, false)).toContain(
    "\n2 retries · 1 given up · 1 fallback · a circuit breaker opened 1 time\n",
  );
});

test("where nobody waited and nothing was tried again, nothing is said of it", async () => {
  const text = reportText(await reported(TASKS), false);
  expect(text).not.toMatch(/Waits|retr|fallback|breaker/);
});

test("a signal that a task followed is told with that task, and is no cancellation of its own", async () => {
  const made = await reported([
    ...TASKS,
    start(30, "abort", "function", "abort"),
    ...cancel(30, "explicit", "RangeError", 0, [31]),
    ...cancel(31, "abortSignal", "RangeError", 30, [1, 2]),
  ]);
  expect(made.cancellations.map(({ task, source, site }) => [task.name, source, site?.function])).toEqual([
    ["keepBooks", "abortSignal", "pressStop"],
    ["fetchPages", "abortSignal", "pressStop"],
  ]);
  expect(made.listed).toBe(2);
});

test("an abort that reached nobody is told by itself", async () => {
  const made = await reported([
    ...TASKS,
    start(30, "abort", "function", "abort"),
    ...cancel(30, "explicit", "string", 0, []),
  ]);
  expect(made.cancellations.map(({ task, reason }) => [task.name, reason])).toEqual([["abort", "string"]]);
  expect(reportText(made, false)).toContain("  abort  explicit, settling not seen  pressStop() a.ts:7\n");
});

test.each([
  ["explicit", "CancelledError", ""],
  ["explicit", "AbortError", ""],
  ["explicit", "string", ""],
  ["deadline", "TimeoutError", ""],
  ["explicit", "TimeoutError", "TimeoutError"],
  ["group", "SoldOut", "SoldOut"],
  ["explicit", "string: enough", "enough"],
] as const)("a cancel by %s for %s: %j", (source, reason, words) => {
  expect(reasonWords(source, reason)).toBe(words);
});
