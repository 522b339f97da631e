/** What is pending in drawn recordings, live and over: the event loop, waits with who holds what, circles. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { PendingTask, Stuck } from "../../../src-main/api/api.ts";
import { stuckText } from "../../../src-main/cli/stuck-text.ts";
import type { SessionEvent } from "../../../src-main/collector/session.ts";
import { stuckReport } from "../../../src-main/queries/report-stuck.ts";
import { cyclesIn } from "../../../src-main/queries/stuck-cycles.ts";
import { stuck } from "../../../src-main/queries/stuck.ts";
import { openRecording, type Recording } from "../../../src-main/store/recording.ts";
import type { Ending } from "../../../src-main/store/writer.ts";
import type { TaskKind, WaitKind } from "../../../src-runtime/protocol/record.ts";
import { msToNanos, nanosToMs } from "../../../src-runtime/protocol/time.ts";
import { drawRecording, inFolder, newMeta } from "../../fixtures/drawn-recording.ts";
import { drawnTasks } from "../../fixtures/drawn-timeline.ts";

const T = 2 ** 32;
const at = (ms: number) => ({ thread: 1, at: msToNanos(ms) }) as const;
const { anchorMs } = newMeta();

const AGENT = `
  agent researcher   [==================================
    step Step-1       [==)
    step Step-2          [=============================
      model gpt            [=c============================
        request POST        [=c============================
      tool search             [==========================
      tool parse              [==========================
`;
const BLOCKED: readonly SessionEvent[] = [
  { ...at(300), kind: "stallOpen", beat: 4 },
  {
    ...at(340),
    kind: "sample",
    beat: 4,
    tookMs: 2,
    frames: [{ function: "parsePdf", file: "src/pdf.ts", line: 88, column: 5, origin: "own", selfMs: 0 }],
    task: T + 7,
    span: 0,
  },
  { ...at(700), kind: "alive", lateMs: 1 },
];

function start(task: number, name: string, parent = 0, taskKind: TaskKind = "function"): SessionEvent {
  const about = { task: T + task, parent: parent === 0 ? 0 : T + parent, taskKind, name, origin: "runtime", scope: 0 };
  return { ...at(task), kind: "start", ...about };
}

function wait(id: number, task: number, waitKind: WaitKind, target: number, holder = 0): SessionEvent {
  const about = { wait: T + id, waitKind, task: T + task, target: target === 0 ? 0 : T + target };
  return { ...at(100 + id), kind: "wait", ...about, holder: holder === 0 ? 0 : T + holder };
}

function lock(id: number, name: string, heldBy: number): SessionEvent[] {
  return [
    { thread: 1, kind: "subject", subject: T + id, subjectKind: "lock", name },
    { ...at(50), kind: "hold", subject: T + id, task: T + heldBy, waited: 0 },
  ];
}

async function asked<Result>(
  events: readonly SessionEvent[],
  ending: Ending | undefined,
  use: (found: Stuck, recording: Recording) => Result,
): Promise<Result> {
  return inFolder((folder) => {
    const path = join(folder, "drawn.stallscope");
    drawRecording(path, events, ending);
    const recording = openRecording(path);
    try {
      return use(stuck(recording, anchorMs + 750), recording);
    } finally {
      recording.close();
    }
  });
}

function named({ pending }: Stuck, name: string): PendingTask {
  const found = pending.find(({ task }) => task.name === name);
  if (found === undefined) throw new Error(`${name} is not pending`);
  return found;
}

describe("a blocked event loop", () => {
  test("is told while it lasts, up to the last sign of life, with where and in what", async () => {
    const found = await asked([...drawnTasks(AGENT), ...BLOCKED], undefined, (answer) => answer);
    expect(found).toMatchObject({ state: "live", at: msToNanos(700), heardAgoMs: 50 });
    expect(found.loops).toHaveLength(1);
    expect(found.loops[0]?.blocked).toMatchObject({
      stall: { start: msToNanos(300), seen: msToNanos(700), blame: { function: "parsePdf", line: 88 } },
      ancestors: [{ name: "researcher" }, { name: "Step-2" }],
      frames: [{ function: "parsePdf" }],
    });
    expect(found.loops[0]?.blocked?.stall.task).toMatchObject({ name: "parse", kind: "tool" });
  });

  test("reads so in a terminal and as JSON", async () => {
    const [text, json] = await asked([...drawnTasks(AGENT), ...BLOCKED], undefined, (found, recording) => [
      stuckText(found, "agent", false),
      stuckReport(recording, found),
    ]);
    expect(text).toContain("Event loop blocked for 400 ms, right now");
    expect(text).toContain("parsePdf() src/pdf.ts:88  in tool parse ‹ Step-2 ‹ agent researcher");
    expect(text).toMatch(/610 ms {2}tool parse {2}holds the event loop/);
    expect(text).toMatch(
      /request POST {2}waits for the rest of the response\n +in model gpt ‹ Step-2 ‹ agent researcher/,
    );
    expect(json).toMatchObject({
      format: "stallscope-stuck/1",
      recording: { state: "live", startedAt: anchorMs },
      knownAt: anchorMs + 700,
      heardAgoMs: 50,
      eventLoops: [
        {
          pid: 1001,
          blocked: { sinceAt: anchorMs + 300, forMs: 400, tool: "parse", step: "Step-2", agent: "researcher" },
        },
      ],
      pendingCount: 3,
    });
  });

  test("is at the end of a recording that was cut", async () => {
    const text = await asked([...drawnTasks(AGENT), ...BLOCKED], { state: "cut", signal: "SIGKILL" }, (found) =>
      stuckText(found, "agent", false),
    );
    expect(text).toContain("Event loop blocked at the end, for at least 400 ms");
    expect(text).toContain("3 tasks pending at the end");
  });

  test("of a thread that has gone blocks nothing any more", async () => {
    const gone: SessionEvent = { ...at(720), kind: "gone" };
    const found = await asked([...drawnTasks(AGENT), ...BLOCKED, gone], undefined, (answer) => answer);
    expect(found).toMatchObject({ loops: [], pending: [], pendingCount: 0 });
  });
});

describe("pending work", () => {
  test("is what stands at the end of each chain, the oldest first, with the tasks around it up to the agent", async () => {
    const found = await asked(drawnTasks(AGENT), undefined, (answer) => answer);
    expect(found.pending.map(({ task }) => task.name)).toEqual(["POST", "search", "parse"]);
    expect(named(found, "POST").chain.map(({ name }) => name)).toEqual(["gpt", "Step-2", "researcher"]);
    expect(nanosToMs(named(found, "POST").firstChunk ?? NaN)).toBe(90);
    expect(found.loops[0]).not.toHaveProperty("blocked");
  });

  test("says who holds what it waits for, now and not when the wait began", async () => {
    const events = [
      start(1, "main"),
      start(2, "first", 1),
      start(3, "second", 1),
      start(4, "third", 1),
      ...lock(90, "database", 2),
      wait(1, 4, "lock", 90, 2),
      { ...at(110), kind: "release", subject: T + 90, task: T + 2 } as const,
      { ...at(110), kind: "hold", subject: T + 90, task: T + 3, waited: 0 } as const,
    ];
    const found = await asked(events, undefined, (answer) => answer);
    expect(named(found, "third").waits).toMatchObject([
      { kind: "lock", name: "database", holders: [{ name: "second" }], since: msToNanos(101) },
    ]);
    expect(found.cycles).toEqual([]);
  });

  test("who waits for another's task is listed, who waits for a task of its own is not", async () => {
    const events = [
      start(1, "main"),
      start(2, "owner", 1),
      start(3, "child", 2),
      start(4, "friend", 1),
      wait(1, 2, "task", 3),
      wait(2, 4, "task", 3),
    ];
    const found = await asked(events, undefined, (answer) => answer);
    expect(found.pending.map(({ task }) => task.name)).toEqual(["child", "friend"]);
    expect(named(found, "friend").waits).toMatchObject([{ kind: "task", target: { name: "child" } }]);
  });

  test("nothing is pending where all has ended", async () => {
    const over = drawnTasks("tool search [===)");
    const text = await asked(over, { state: "closed", exitCode: 0 }, (found) => stuckText(found, "agent", false));
    expect(text).toContain("Event loop was not blocked at the end");
    expect(text).toContain("No task pending at the end");
  });

  test("a live recording of which nothing was heard says that the whole process stands still", async () => {
    const text = await asked(drawnTasks(AGENT), undefined, (found) =>
      stuckText({ ...found, heardAgoMs: 5000 }, "agent", false),
    );
    expect(text).toContain("Nothing was heard for 5 s");
  });
});

describe("circles", () => {
  test("two tasks with two locks, through the tasks they wait for", async () => {
    const events = [
      start(1, "main"),
      start(2, "transfer", 1),
      start(3, "audit", 1),
      start(4, "write", 2),
      ...lock(90, "accounts", 2),
      ...lock(91, "journal", 3),
      wait(1, 1, "gather", 0),
      wait(2, 2, "task", 4),
      wait(3, 4, "lock", 91, 3),
      wait(4, 3, "lock", 90, 2),
    ];
    const [found, text] = await asked(events, undefined, (answer) => [answer, stuckText(answer, "bank", false)]);
    expect(found.cycles.map((cycle) => cycle.map(({ name }) => name))).toEqual([["transfer", "write", "audit"]]);
    expect(text).toContain(
      "function transfer waits for function write waits for function audit waits for function transfer",
    );
  });

  test.each([
    [
      "none in a chain",
      [
        [1, [2]],
        [2, [3]],
      ],
      [],
    ],
    ["a task that waits for itself", [[1, [1]]], [[1]]],
    [
      "one that a chain leads into, without the chain",
      [
        [1, [2]],
        [2, [3]],
        [3, [2]],
      ],
      [[2, 3]],
    ],
    [
      "two apart",
      [
        [1, [2]],
        [2, [1]],
        [3, [4]],
        [4, [3]],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      "none in a diamond",
      [
        [1, [2, 3]],
        [2, [4]],
        [3, [4]],
      ],
      [],
    ],
  ] as const)("%s", (_name, edges, cycles) => {
    expect(cyclesIn(new Map(edges.map(([from, to]) => [from, to])))).toEqual(cycles);
  });

  test("a chain of a hundred thousand is walked without a stack overflow", () => {
    const edges = new Map(Array.from({ length: 100_000 }, (_, index) => [index, [(index + 1) % 100_000]]));
    expect(cyclesIn(edges)[0]).toHaveLength(100_000);
  });
});
