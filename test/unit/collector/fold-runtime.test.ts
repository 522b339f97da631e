/** What the agent runtime tells, folded: rows that hold together, also when events are missing. */
import { expect, test } from "vitest";
import { createFold } from "../../../src-main/collector/fold.ts";
import type { SessionEvent } from "../../../src-main/collector/session.ts";
import type { Change } from "../../../src-main/store/rows.ts";
import { EndFlag, type WireTaskKind } from "../../../src-runtime/protocol/record.ts";
import { msToNanos, type Nanos } from "../../../src-runtime/protocol/time.ts";
import { drawnHello } from "../../fixtures/drawn-timeline.ts";

const T = 2 ** 32;

function fold(...events: readonly SessionEvent[]): Change[] {
  const out: Change[] = [];
  const state = createFold();
  for (const event of [drawnHello(), ...events]) state.apply(event, out);
  return out;
}

function only<K extends Change["do"]>(changes: readonly Change[], kind: K): Extract<Change, { do: K }>[] {
  return changes.filter((change): change is Extract<Change, { do: K }> => change.do === kind);
}

function at(ms: number): { readonly thread: 1; readonly at: Nanos } {
  return { thread: 1, at: msToNanos(ms) };
}

function start(ms: number, task: number, parent = 0, taskKind: WireTaskKind = "function"): SessionEvent {
  const about = { task: T + task, parent: parent === 0 ? 0 : T + parent, name: `task ${task}` };
  return { ...at(ms), ...about, kind: "start", taskKind, origin: "runtime", scope: 0 };
}

function end(
  ms: number,
  task: number,
  outcome: "completed" | "failed" | "cancelled" | "abandoned" = "completed",
  flags = 0,
): SessionEvent {
  return { ...at(ms), kind: "end", task: T + task, outcome, ...(flags === 0 ? {} : { flags }) };
}

function waits(ms: number, wait: number, task: number, waitKind: "task" | "lock" | "sleep", target = 0): SessionEvent {
  const about = { wait: T + wait, task: T + task, target: target === 0 ? 0 : T + target, holder: 0 };
  return { ...at(ms), ...about, kind: "wait", waitKind };
}

function cancel(
  ms: number,
  id: number,
  by = 0,
  block?: { readonly scope: number; readonly task: number },
): SessionEvent {
  const about = { source: "explicit", reason: "RangeError", by: by === 0 ? 0 : T + by, stack: [] } as const;
  return { ...at(ms), ...about, kind: "cancel", cancel: T + id, ...block };
}

function reached(ms: number, id: number, task: number): SessionEvent {
  return { ...at(ms), kind: "reached", cancel: T + id, task: T + task, ignored: false };
}

test("a main task has a row of its own, and its tasks share one below it", () => {
  const changes = fold(start(0, 1), start(1, 2, 1), start(1, 3, 1), end(2, 2), start(3, 4, 2), end(4, 4));
  const tracks = only(changes, "track").map(({ row }) => row);
  expect(tracks.map(({ kind, label }) => [kind, label])).toEqual([
    ["loop", "Event loop"],
    ["function", "task 1"],
    ["function", "Tasks"],
  ]);
  expect(tracks[2]?.parent).toBe(tracks[1]?.id);
  const depths = only(changes, "slice").map(({ row }) => [row.subject - T, row.depth]);
  expect(depths).toEqual([
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 0],
  ]);
});

test("agents, steps, models and tools keep rows of their own below the task that runs them", () => {
  const changes = fold(start(0, 1), start(1, 2, 1), start(1, 3, 2, "agent"), start(1, 4, 3, "tool"), start(2, 5, 4));
  const byLabel = new Map(only(changes, "track").map(({ row }) => [row.label, row]));
  expect(byLabel.get("task 3")?.parent).toBe(byLabel.get("task 1")?.id);
  expect(byLabel.get("task 4")?.parent).toBe(byLabel.get("task 3")?.id);
  const packs = only(changes, "track").filter(({ row }) => row.label === "Tasks");
  expect(packs.map(({ row }) => row.parent)).toEqual([byLabel.get("task 1")?.id, byLabel.get("task 4")?.id]);
});

test("thousands at a time draw a few lanes, and the row says so; every task is still a row of its table", () => {
  const many = Array.from({ length: 5000 }, (_, index) => start(1, index + 2, 1));
  const changes = fold(start(0, 1), ...many, ...many.map((_, index) => end(2, index + 2)));
  expect(only(changes, "task")).toHaveLength(5001);
  expect(only(changes, "endTask")).toHaveLength(5000);
  expect(only(changes, "trackDepths").at(-1)?.depths).toBe(48);
  expect(only(changes, "trackLabel")).toMatchObject([{ label: "Tasks, 48 at a time" }]);
  expect(only(changes, "slice")).toHaveLength(49);
  expect(only(changes, "endSlice")).toHaveLength(48);
});

test("the end of a task ends the waits for it, each with its edge", () => {
  const changes = fold(
    start(0, 1),
    start(0, 2, 1),
    start(0, 3, 1),
    waits(1, 10, 1, "task", 3),
    waits(2, 11, 2, "task", 3),
    end(5, 3, "failed"),
  );
  expect(only(changes, "endWait")).toMatchObject([
    { wait: T + 10, dur: msToNanos(4), outcome: "failed", by: T + 3 },
    { wait: T + 11, dur: msToNanos(3), outcome: "failed", by: T + 3 },
  ]);
  const edges = only(changes, "link").filter(({ kind }) => kind === "await");
  expect(edges.map(({ from, to }) => [from - T, to - T])).toEqual([
    [3, 1],
    [3, 2],
  ]);
});

test("waits at the same time are one stretch on the task's own row", () => {
  const changes = fold(
    start(0, 1),
    waits(1, 10, 1, "sleep"),
    waits(2, 11, 1, "sleep"),
    { ...at(3), kind: "waitEnd", wait: T + 10, outcome: "completed", by: 0 },
    { ...at(6), kind: "waitEnd", wait: T + 11, outcome: "completed", by: 0 },
    waits(7, 12, 1, "sleep"),
    end(9, 1),
  );
  const drawn = only(changes, "slice").filter(({ row }) => row.kind === "wait");
  expect(drawn.map(({ row }) => [row.start, row.depth])).toEqual([
    [msToNanos(1), 1],
    [msToNanos(7), 1],
  ]);
  const ends = new Map(only(changes, "endSlice").map(({ slice, end: to }) => [slice, to]));
  expect(drawn.map(({ row }) => ends.get(row.id))).toEqual([msToNanos(6), msToNanos(9)]);
});

test("a wait whose end was lost is over with its task; ends of unknown waits are passed over", () => {
  const changes = fold(
    start(0, 1),
    waits(1, 10, 1, "lock", 20),
    { ...at(2), kind: "waitEnd", wait: T + 99, outcome: "completed", by: 0 },
    { ...at(2), kind: "release", subject: T + 20, task: T + 1 },
    end(4, 1),
  );
  expect(only(changes, "endWait")).toMatchObject([{ wait: T + 10, outcome: "abandoned", dur: msToNanos(3) }]);
  expect(only(changes, "endHold")).toEqual([]);
});

test("what is handed over has an edge from who did it", () => {
  const changes = fold(start(0, 1), start(0, 2, 1), waits(1, 10, 2, "lock", 20), {
    ...at(4),
    kind: "waitEnd",
    wait: T + 10,
    outcome: "completed",
    by: T + 1,
  });
  expect(only(changes, "link").at(-1)).toMatchObject({ kind: "handoff", from: T + 1, to: T + 2 });
});

test("a hold ends with its own release, and with somebody else's when the task never had one", () => {
  const hold = (ms: number, task: number): SessionEvent => ({
    ...at(ms),
    kind: "hold",
    subject: T + 20,
    task: T + task,
    waited: 1,
  });
  const release = (ms: number, task: number): SessionEvent => ({
    ...at(ms),
    kind: "release",
    subject: T + 20,
    task: T + task,
  });
  const changes = fold(hold(1, 1), hold(2, 2), release(5, 2), release(9, 7), release(10, 7));
  const ids = only(changes, "hold").map(({ row }) => row.id);
  expect(only(changes, "endHold")).toEqual([
    { do: "endHold", hold: ids[1], dur: msToNanos(3) },
    { do: "endHold", hold: ids[0], dur: msToNanos(8) },
  ]);
});

test("one cancel of many tasks is a row each, settled with each; who caught it and returned has ignored it", () => {
  const changes = fold(
    start(0, 1),
    start(0, 2, 1),
    start(0, 3, 1),
    start(0, 4, 1),
    cancel(1, 30, 1),
    reached(1, 30, 2),
    reached(1, 30, 3),
    reached(1, 30, 3),
    reached(1, 30, 4),
    { ...at(2), kind: "delivered", cancel: T + 30, task: T + 2 },
    { ...at(3), kind: "delivered", cancel: T + 30, task: T + 2 },
    end(4, 2, "cancelled"),
    end(5, 3, "completed", EndFlag.ignored),
    end(6, 4, "completed", EndFlag.unobserved),
  );
  const rows = new Map(only(changes, "cancellation").map(({ row }) => [row.id, row.task]));
  expect([...rows.values()]).toEqual([T + 2, T + 3, T + 4]);
  expect(only(changes, "deliverCancellation")).toMatchObject([{ at: msToNanos(2) }]);
  expect(only(changes, "settleCancellation").map(({ at: when, ignored }) => [when, ignored])).toEqual([
    [msToNanos(4), false],
    [msToNanos(5), true],
    [msToNanos(6), false],
  ]);
  const edges = only(changes, "link").filter(({ kind }) => kind === "cancel");
  expect(edges.map(({ from, to }) => [from - T, to - T])).toEqual([
    [1, 2],
    [1, 3],
    [1, 4],
  ]);
});

test("a cancelled block settles when it is left, while its task goes on", () => {
  const changes = fold(
    start(0, 1),
    { ...at(0), kind: "scope", scope: T + 5, scopeKind: "timeout", shielded: false, task: T + 1, parent: 0, name: "" },
    cancel(1, 30, 0, { scope: T + 5, task: T + 1 }),
    reached(1, 30, 1),
    { ...at(3), kind: "settled", cancel: T + 30, task: T + 1, ignored: false },
    { ...at(3), kind: "scopeEnd", scope: T + 5 },
    end(100, 1),
  );
  expect(only(changes, "settleCancellation")).toMatchObject([{ at: msToNanos(3), ignored: false }]);
  expect(only(changes, "cancelScope")).toMatchObject([{ scope: T + 5, cancel: T + 30, at: msToNanos(1) }]);
  expect(only(changes, "closeScope")).toMatchObject([{ scope: T + 5, at: msToNanos(3) }]);
});

test("a block's cancel names the block only where it is the task's own", () => {
  const changes = fold(
    start(0, 1),
    start(0, 2, 1),
    start(0, 3, 1),
    cancel(1, 30, 3, { scope: T + 5, task: T + 1 }),
    reached(1, 30, 2),
    reached(1, 30, 1),
  );
  const rows = new Map(only(changes, "cancellation").map(({ row }) => [row.id, [row.task - T, row.scope]]));
  expect([...rows.values()]).toEqual([
    [2, 0],
    [1, T + 5],
  ]);
  expect(only(changes, "cancelScope")).toMatchObject([{ scope: T + 5 }]);
});

test("a request that reached nobody is a row of its own, with its block's cancel left to whom it reaches", () => {
  const changes = fold(start(0, 1), cancel(1, 30, 1));
  expect(only(changes, "cancellation")).toMatchObject([{ row: { task: 0, by: T + 1 } }]);
  expect(only(changes, "link").filter(({ kind }) => kind === "cancel")).toEqual([]);
});

test("a request's abort that a cancel reached is told once, with the request's own end", () => {
  const request = { task: T + 2, parent: T + 1, taskKind: "request", name: "GET /", origin: "fetch" } as const;
  const changes = fold(start(0, 1), { ...at(0), kind: "start", ...request }, cancel(1, 30, 1), reached(2, 30, 2), {
    ...at(3),
    kind: "end",
    task: T + 2,
    outcome: "cancelled",
  });
  expect(only(changes, "settleCancellation")).toMatchObject([{ at: msToNanos(3), ignored: false }]);
});
