import { expect, test } from "vitest";
import { createFold } from "../../../src-main/collector/fold.ts";
import type { SessionEvent } from "../../../src-main/collector/session.ts";
import type { Change } from "../../../src-main/store/rows.ts";
import { msToNanos } from "../../../src-runtime/protocol/time.ts";
import { drawnHello, drawnTasks } from "../../fixtures/drawn-timeline.ts";

const T = 2 ** 32;

function fold(...events: readonly SessionEvent[]): Change[] {
  const out: Change[] = [];
  const state = createFold();
  for (const event of [drawnHello(), ...events]) state.apply(event, out);
  return out;
}

function only<D extends Change["do"]>(changes: readonly Change[], kind: D): Extract<Change, { do: D }>[] {
  return changes.filter((change): change is Extract<Change, { do: D }> => change.do === kind);
}

test("a drawn agent becomes a tree of tracks, one task each", () => {
  const changes = fold(
    ...drawnTasks(`
      agent research   [===================)
        step plan       [=====)
          model gpt      [=c=)
        tool search           [====x
    `),
  );
  const tracks = only(changes, "track").map(({ row }) => row);
  const byLabel = new Map(tracks.map((row) => [row.label, row]));
  expect(tracks.map((row) => row.label)).toEqual(["Event loop", "research", "plan", "gpt", "search"]);
  expect(byLabel.get("plan")?.parent).toBe(byLabel.get("research")?.id);
  expect(byLabel.get("gpt")?.parent).toBe(byLabel.get("plan")?.id);
  expect(byLabel.get("search")?.kind).toBe("tool");
  expect(only(changes, "endTask").map(({ task, outcome }) => [task - T, outcome])).toEqual([
    [3, "completed"],
    [2, "completed"],
    [4, "failed"],
    [1, "completed"],
  ]);
  const chunk = only(changes, "taskChunks")[0];
  expect(chunk).toMatchObject({ task: T + 3, firstChunk: msToNanos(40) });
});

test("requests of one parent share a track in lanes, and a lane is used again", () => {
  const changes = fold(
    ...drawnTasks(`
      tool fetchPages  [==============)
        request a       [====)
        request b         [======)
        request c              [==)
    `),
  );
  const slices = only(changes, "slice").filter(({ row }) => row.kind === "request");
  expect(slices.map(({ row }) => row.depth)).toEqual([0, 1, 0]);
  expect(new Set(slices.map(({ row }) => row.track)).size).toBe(1);
  expect(only(changes, "trackDepths").at(-1)?.depths).toBe(2);
});

test("an open task has a slice and no end", () => {
  const changes = fold(...drawnTasks("agent lost [===="));
  expect(only(changes, "slice")).toHaveLength(1);
  expect(only(changes, "endSlice")).toHaveLength(0);
  expect(only(changes, "endTask")).toHaveLength(0);
});

test("what a message says of a task before its start record is kept for it", () => {
  const tasks = drawnTasks("span work [==)");
  const changes = fold({ kind: "attributes", thread: 1, task: T + 1, attributes: { traceId: "abc" } }, ...tasks);
  expect(only(changes, "spanAttributes")).toEqual([
    { do: "spanAttributes", span: T + 1, attributes: { traceId: "abc" } },
  ]);
  expect(changes.findIndex((change) => change.do === "span")).toBeLessThan(
    changes.findIndex((change) => change.do === "spanAttributes"),
  );
});

test("an abort that reached two tasks is two cancellations, each settled with its task", () => {
  const tasks = drawnTasks(`
    tool fast    [=====)
    tool slow    [===/
    tool stuck   [=========)
    function abort  [)
  `);
  const cut = tasks.findIndex((event) => "at" in event && event.at > msToNanos(30));
  const abort = T + 4;
  const changes = fold(
    ...tasks.slice(0, cut),
    {
      kind: "cancel",
      thread: 1,
      at: msToNanos(30),
      cancel: abort,
      source: "explicit",
      reason: "enough",
      by: T + 1,
      stack: [],
    },
    { kind: "reached", thread: 1, at: msToNanos(31), cancel: abort, task: T + 2, ignored: false },
    { kind: "reached", thread: 1, at: msToNanos(31), cancel: abort, task: T + 3, ignored: false },
    ...tasks.slice(cut),
  );
  const rows = new Map(only(changes, "cancellation").map(({ row }) => [row.id, row]));
  expect([...rows.values()].map((row) => row.task)).toEqual([T + 2, T + 3]);
  const settled = only(changes, "settleCancellation");
  expect(settled.map(({ at, ignored }) => [at, ignored])).toEqual([
    [msToNanos(40), false],
    [msToNanos(100), true],
  ]);
});

test("a stall is told three times and is one: late, its stack, its measure", () => {
  const frame = { function: "parsePdf", file: "pdf.ts", line: 88, column: 5, origin: "own", selfMs: 0 } as const;
  const changes = fold(
    ...drawnTasks("tool read [==============="),
    { kind: "stallOpen", thread: 1, at: msToNanos(20), beat: 2 },
    { kind: "sample", thread: 1, at: msToNanos(60), beat: 2, tookMs: 1, frames: [frame], task: T + 1, span: 0 },
    { kind: "stall", thread: 1, at: msToNanos(120), beat: 2, duration: 95, cpuRatio: 0.97 },
    { kind: "beat", thread: 1, at: msToNanos(120), delay: 90, busy: 95, length: 110 },
  );
  const stalls = only(changes, "stall").map(({ row }) => row);
  expect(new Set(stalls.map((row) => row.id)).size).toBe(1);
  expect(stalls.at(-1)).toMatchObject({
    start: msToNanos(25),
    dur: msToNanos(95),
    phase: "run",
    cause: "own-code",
    task: T + 1,
    blame: { function: "parsePdf", line: 88 },
    capturedDuring: true,
  });
  const culprit = only(changes, "slice").find(({ row }) => row.kind === "culprit");
  expect(culprit?.row).toMatchObject({ label: "parsePdf()", start: msToNanos(25) });
  expect(only(changes, "voidStall")).toHaveLength(0);
});

test("a gap that was no stall is taken back at the next beat", () => {
  const changes = fold(
    { kind: "stallOpen", thread: 1, at: msToNanos(20), beat: 2 },
    { kind: "beat", thread: 1, at: msToNanos(70), delay: 40, busy: 41, length: 50 },
  );
  const id = only(changes, "stall")[0]?.row.id;
  expect(only(changes, "voidStall")).toEqual([{ do: "voidStall", stall: id }]);
});

test("a second thread gets a group of its own", () => {
  const changes = fold(drawnHello(2, 1), ...drawnTasks("agent b [=)", 2));
  const group = only(changes, "track").find(({ row }) => row.kind === "thread");
  const agent = only(changes, "track").find(({ row }) => row.kind === "agent");
  expect(group?.row.label).toBe("worker 1 of 1001");
  expect(agent?.row.parent).toBe(group?.row.id);
});

test("a thread that said goodbye voids its open gap; a cut one keeps it open", () => {
  const open: SessionEvent = { kind: "stallOpen", thread: 1, at: msToNanos(20), beat: 2 };
  const bye = fold(
    open,
    { kind: "bye", thread: 1, at: msToNanos(50), exitCode: 3 },
    { kind: "gone", thread: 1, at: msToNanos(50) },
  );
  expect(only(bye, "voidStall")).toHaveLength(1);
  expect(only(bye, "endThread")).toEqual([{ do: "endThread", thread: 1, at: msToNanos(50), exitCode: 3 }]);
  const cut = fold(open, { kind: "gone", thread: 1, at: msToNanos(50) });
  expect(only(cut, "voidStall")).toHaveLength(0);
  expect(only(cut, "endThread")).toEqual([{ do: "endThread", thread: 1, at: msToNanos(50) }]);
});
