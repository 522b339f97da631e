/** One thread's events, drawn in milliseconds: which work a stall made late, and which it did not. */
import { expect, test } from "vitest";
import type { Phase } from "../../../src-main/api/api.ts";
import type { SessionEvent } from "../../../src-main/collector/session.ts";
import { createThreadVictims } from "../../../src-main/collector/victims.ts";
import type { Change, StallChange, VictimRow } from "../../../src-main/store/rows.ts";
import { msToNanos, nanosToMs, type Nanos } from "../../../src-runtime/protocol/time.ts";

const THREAD = 1;

/** An event of the thread, its times in milliseconds. */
function at(ms: number): { readonly thread: number; readonly at: Nanos } {
  return { thread: THREAD, at: msToNanos(ms) };
}

function timer(
  due: number,
  ran: number,
  more: { isRefed?: boolean; repeats?: boolean; task?: number } = {},
): SessionEvent {
  const { isRefed = true, repeats = false, task = 0 } = more;
  return { kind: "lateTimer", ...at(ran), due: msToNanos(due), delay: 10, repeats, isRefed, task };
}

function request(task: number, ms: number, kind: "request" | "model" = "request", parent = 0): SessionEvent {
  return { kind: "start", ...at(ms), task, parent, taskKind: kind, name: `${kind} ${task}`, origin: "fetch" };
}

function progress(task: number, ms: number, what: "headers" | "chunk" = "chunk"): SessionEvent {
  return { kind: "progress", ...at(ms), task, progress: what, a: 0, value: 1 };
}

function io(handle: number, ms: number, what: "socket" | "pipe" | "child process"): SessionEvent {
  return { kind: "lateIo", ...at(ms), io: what, handle, task: 0 };
}

function beat(ms: number): SessionEvent {
  return { kind: "beat", ...at(ms), delay: 0, busy: 0, length: 50 };
}

function stall(start: number, end: number, phase: Phase = "run", id = 1): Change {
  const row: StallChange = {
    id,
    thread: THREAD,
    start: msToNanos(start),
    dur: msToNanos(end - start),
    seen: msToNanos(end),
    phase,
    cause: "own-code",
    evidence: {},
    task: 0,
    span: 0,
    frames: [],
    samples: 0,
    capturedDuring: false,
  };
  return { do: "stall", row };
}

/** Events and stalls in the order in which they are told; a beat ends them. Answers the last victims of each stall. */
function judge(...story: readonly (SessionEvent | Change)[]): ReadonlyMap<number, Told> {
  const victims = createThreadVictims();
  const told = new Map<number, Told>();
  for (const said of [...story, beat(10_000)]) {
    const out: Change[] = [];
    if ("do" in said) {
      out.push(said);
      victims.apply({ kind: "alive", ...at(0), lateMs: 0 }, out, 0);
    } else victims.apply(said, out, 0);
    for (const change of out) {
      if (change.do === "victims") told.set(change.stall, change);
      if (change.do === "voidStall") told.delete(change.stall);
    }
  }
  return told;
}

type Told = Extract<Change, { do: "victims" }>;

/** `kind name late exact` of each victim of stall 1, the latest first. */
function victims(...story: readonly (SessionEvent | Change)[]): readonly string[] {
  return (judge(...story).get(1)?.rows ?? []).map(say);
}

function say({ kind, name, due, ran, exact, cancelled }: VictimRow): string {
  const late = `${Math.round(nanosToMs(ran - due))} late`;
  return [kind, name, late, ...(exact ? [] : ["at most"]), ...(cancelled === 0 ? [] : [`cancelled ${cancelled}`])].join(
    " · ",
  );
}

test("a timer due in the stall is late by its own due time, whichever is told first", () => {
  const late = ["timer · setTimeout 10 ms · 151 late"];
  expect(victims(timer(150, 301), stall(100, 300))).toEqual(late);
  expect(victims(stall(100, 300), timer(150, 301))).toEqual(late);
});

test("a timer is no victim that was due before the stall or after it", () => {
  expect(victims(stall(100, 300), timer(90, 301), timer(301, 310))).toEqual([]);
});

test("in a stall made of many callbacks those are victims that waited for the others", () => {
  const burst = [0, 5, 30, 60].map((after) => timer(101, 101 + after));
  expect(victims(...burst, stall(100, 300))).toEqual([
    "timer · setTimeout 10 ms · 60 late",
    "timer · setTimeout 10 ms · 30 late",
  ]);
});

test("what ran long after a stall was held up by something else, unless stalls follow one another", () => {
  expect(victims(stall(100, 300), timer(150, 500))).toEqual([]);
  expect(victims(stall(100, 300), stall(310, 490, "run", 2), timer(150, 500))).toHaveLength(1);
});

test("only stalls of the running program have victims, also when that turns out later", () => {
  expect(victims(stall(100, 300, "startup"), timer(150, 301))).toEqual([]);
  const again = judge(stall(100, 300), timer(150, 301), beat(350), stall(100, 300, "startup"));
  expect(again.get(1)).toMatchObject({ rows: [], count: 0 });
});

test("a stall that is divided takes its victims along", () => {
  const parts = [stall(100, 200, "startup", 2), stall(200, 300, "run", 3)];
  const told = judge(stall(100, 300), timer(250, 301), beat(350), { do: "voidStall", stall: 1 }, ...parts);
  expect([...told.keys()]).toEqual([3]);
  expect(told.get(3)?.count).toBe(1);
});

test("rows are bounded, the count is not", () => {
  const many = Array.from({ length: 20_000 }, (_, index) => timer(150, 301 + index / 2000));
  const told = judge(stall(100, 300), ...many).get(1);
  expect(told?.count).toBe(20_000);
  expect(told?.rows).toHaveLength(200);
  expect(say(told!.rows[0]!)).toBe("timer · setTimeout 10 ms · 161 late");
});

test("a sleep of the runtime is told instead of the timer underneath", () => {
  const sleep: SessionEvent = {
    kind: "wait",
    ...at(50),
    wait: 9,
    waitKind: "sleep",
    task: 4,
    target: 0,
    holder: 0,
    asked: 100,
  };
  const woken: SessionEvent = { kind: "waitEnd", ...at(302), wait: 9, outcome: "completed", by: 0 };
  const own = timer(151, 301, { isRefed: false });
  expect(victims(sleep, stall(100, 300), own, woken)).toEqual(["sleep · sleep 100 ms · 152 late"]);
  expect(victims(sleep, stall(100, 300), timer(151, 301), woken)).toHaveLength(2);
  expect(victims(sleep, stall(100, 300), { ...woken, outcome: "cancelled" })).toEqual([]);
});

test("a deadline that passed meanwhile says whom it cancelled", () => {
  const opened: SessionEvent = {
    kind: "scope",
    ...at(10),
    scope: 7,
    scopeKind: "timeout",
    shielded: false,
    task: 4,
    parent: 0,
    name: "search",
  };
  const set: SessionEvent = { kind: "deadline", ...at(10), scope: 7, when: msToNanos(200) };
  const cancel: SessionEvent = {
    kind: "cancel",
    ...at(301),
    cancel: 20,
    source: "deadline",
    reason: "TimeoutError",
    by: 0,
    stack: [],
    scope: 7,
    task: 4,
  };
  const reached: SessionEvent = { kind: "reached", ...at(301), cancel: 20, task: 4, ignored: false };
  expect(victims(opened, set, cancel, reached, stall(100, 300))).toEqual([
    "deadline · search · 101 late · cancelled 4",
  ]);
  expect(victims(opened, set, { ...cancel, source: "explicit" }, stall(100, 300))).toEqual([]);
  const moved: SessionEvent = { ...set, when: msToNanos(305) };
  expect(victims(opened, set, moved, cancel, reached, stall(100, 300))).toEqual([]);
});

test("an AbortSignal.timeout tells its own due time", () => {
  const cancel: SessionEvent = {
    kind: "cancel",
    ...at(301),
    cancel: 20,
    source: "deadline",
    reason: "TimeoutError",
    by: 4,
    stack: [],
    due: msToNanos(250),
  };
  const reached: SessionEvent = { kind: "reached", ...at(302), cancel: 20, task: 5, ignored: false };
  const own = timer(251, 301, { isRefed: false });
  expect(victims(stall(100, 300), own, cancel, beat(350), reached)).toEqual([
    "deadline · AbortSignal.timeout · 51 late · cancelled 5",
  ]);
});

test("an answer in the first turns was ready at the earliest when the stall began", () => {
  expect(victims(request(5, 50), stall(100, 300), progress(5, 302, "headers"))).toEqual([
    "request · request 5 · 202 late · at most",
  ]);
});

test("an answer is no victim that came after the event loop had waited, or was asked for in the stall", () => {
  const waited: SessionEvent = { kind: "waited", ...at(304) };
  const late = [request(5, 50), stall(100, 300)];
  expect(victims(...late, progress(5, 400, "headers"))).toEqual([]);
  expect(victims(...late, waited, progress(5, 304.2, "headers"))).toEqual([]);
  expect(victims(...late, progress(5, 340, "headers"), { ...waited, ...at(345) })).toHaveLength(1);
  expect(victims(request(5, 110), stall(100, 300), progress(5, 302, "headers"))).toEqual([]);
});

test("a stream is late since its pace let it expect something", () => {
  const chunks = [20, 40, 60, 80].map((ms) => progress(5, ms));
  expect(victims(request(5, 10), ...chunks, stall(85, 300), progress(5, 301), progress(5, 302))).toEqual([
    "stream · request 5 · 201 late · at most",
  ]);
  // Once in a second: the next was not to be expected before the stall's end.
  const slow = [1000, 2000, 3000].map((ms) => progress(5, ms));
  expect(victims(request(5, 10), ...slow, stall(3100, 3300), progress(5, 3301))).toEqual([]);
});

test("a model call is told by its request, a request by its socket never", () => {
  const model = request(5, 50, "model");
  const fetched = request(6, 51, "request", 5);
  const answers = [io(9, 301, "socket"), progress(6, 301.2), progress(5, 301.3)];
  expect(victims(model, fetched, stall(100, 300), ...answers)).toEqual(["request · request 6 · 201 late · at most"]);
});

test("a child process that ended is told without its pipes, a socket by itself", () => {
  expect(victims(stall(100, 300), io(8, 301, "pipe"), io(9, 302, "child process"))).toEqual([
    "child · child process · 202 late · at most",
  ]);
  expect(victims(stall(100, 300), io(8, 301, "socket"), io(8, 302, "socket"))).toEqual([
    "stream · socket · 201 late · at most",
  ]);
});

test("a call from outside waited to be heard", () => {
  const heard: SessionEvent = { ...request(5, 303), origin: "http-server" } as SessionEvent;
  expect(victims(stall(100, 300), heard)).toEqual(["request · request 5 · 203 late · at most"]);
});
