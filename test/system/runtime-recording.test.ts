/** Programs of the agent runtime, run under the real command line: what their recordings say. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtPart } from "../../src-main/build/cache.js";
import type { TaskDetails } from "../../src-main/api/api.ts";
import { details } from "../../src-main/queries/details.ts";
import type { Report } from "../../src-main/queries/report.ts";
import { openRecording, type Recording } from "../../src-main/store/recording.ts";
import { createHome, PROGRAMS, recordProgram, ROOT } from "./stallscope.ts";

interface Recorded {
  readonly report: Report;
  readonly stdout: string;
  readonly recording: Recording;
  /** Of the task of this name. */
  of(name: string): TaskDetails;
  links(kind: string): readonly string[];
}

const opened: { readonly home: ReturnType<typeof createHome>; readonly recording: Recording }[] = [];
let runtime: string;

beforeAll(async () => {
  runtime = pathToFileURL(join(await builtPart(ROOT, "program"), "index.js")).href;
});

afterAll(() => {
  for (const { home, recording } of opened) {
    recording.close();
    home.dispose();
  }
});

async function record(program: string): Promise<Recorded> {
  const home = createHome();
  const path = join(PROGRAMS, "runtime", program);
  const { report, stdout } = await recordProgram(home.path, [path], { env: { RUNTIME: runtime } });
  const folder = join(home.path, "recordings");
  const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".stallscope"));
  const recording = openRecording(join(folder, file));
  opened.push({ home, recording });
  return {
    report,
    stdout,
    recording,
    of(name) {
      const id = recording.get<{ id: number }>("SELECT id FROM task WHERE name = ?", name)?.id ?? 0;
      const found = details(recording, { kind: "task", id });
      if (found?.kind !== "task") throw new Error(`no task ${name}`);
      return found;
    },
    links: (kind) =>
      recording
        .all<{ edge: string }>(
          `SELECT DISTINCT a.name || ' > ' || b.name AS edge FROM link
           JOIN task AS a ON a.id = source JOIN task AS b ON b.id = target WHERE link.kind = ? ORDER BY edge`,
          kind,
        )
        .map(({ edge }) => edge),
  };
}

describe("cancels", () => {
  let recorded: Recorded;
  const cancellation = (name: string, source: string): Report["cancellations"][number] => {
    const found = recorded.report.cancellations.filter((row) => row.task.name === name && row.source === source);
    expect(found).toHaveLength(1);
    return found[0]!;
  };

  beforeAll(async () => {
    recorded = await record("cancels.mjs");
  });

  test("the program ran as without us", () => {
    expect(recorded.stdout).toBe("done\nCancelledError\n");
    expect(recorded.report.recording.dropped.total).toBe(0);
    expect(recorded.report.recording.notSeen.filter((what) => what.includes("unhooked"))).toEqual([]);
  });

  test("by hand: who asked, why, where, and how long the task took to end", () => {
    const row = cancellation("patient", "explicit");
    expect(row).toMatchObject({ reason: "RangeError", by: { name: "main" }, ignored: false, scope: null });
    expect(row.site).toMatchObject({ function: "pressStop", file: expect.stringMatching(/cancels\.mjs$/) as string });
    expect(row.latencyMs).toBeGreaterThan(0);
    expect(row.latencyMs).toBeLessThan(50);
    expect(row.deliveredMs).toBeLessThanOrEqual(row.latencyMs ?? 0);
  });

  test("ignored: the task caught it and returned", () => {
    expect(cancellation("stubborn", "explicit")).toMatchObject({ ignored: true });
    expect(recorded.of("stubborn").outcome).toBe("completed");
  });

  test("by a sibling's failure: one cancel reaches the sibling and the request it made, and no abort is told besides", () => {
    const failing = { name: "failing" };
    expect(cancellation("sibling", "group")).toMatchObject({ by: failing, reason: "TypeError", ignored: false });
    const request = recorded.report.cancellations.filter(({ task }) => task.name.startsWith("GET "));
    expect(request).toMatchObject([{ source: "group", by: failing }]);
    // The group's body had returned before.
    const ofMain = recorded.report.cancellations.filter(
      ({ task, source }) => task.name === "main" && source === "group",
    );
    expect(ofMain).toEqual([]);
    expect(recorded.report.tasks.cancelled).toBe(5);
    expect(recorded.links("cancel")).toContain("failing > sibling");
  });

  test("by a deadline: the block is what ends, not the task", () => {
    const rows = recorded.report.cancellations.filter(({ source }) => source === "deadline");
    expect(rows).toMatchObject([
      { task: { name: "main" }, reason: "TimeoutError", by: null, scope: { kind: "timeout" }, ignored: false },
      { task: { name: "main" }, scope: { kind: "timeout" } },
    ]);
    for (const { latencyMs } of rows) expect(latencyMs).toBeLessThan(50);
    const { scopes } = recorded.of("main");
    const timeouts = scopes?.filter(({ kind }) => kind === "timeout") ?? [];
    expect(timeouts).toHaveLength(2);
    for (const { opened: from, deadline = 0, closed = 0, cancelledAt = 0 } of timeouts) {
      expect(deadline).toBeGreaterThan(from);
      expect(cancelledAt).toBeGreaterThanOrEqual(deadline);
      expect(closed).toBeGreaterThan(cancelledAt);
    }
  });

  test("by a signal from outside: told with who aborted it, and where", () => {
    const row = cancellation("main", "abortSignal");
    expect(row).toMatchObject({ reason: "SyntaxError", ignored: false });
    expect(row.site).toMatchObject({ file: expect.stringMatching(/cancels\.mjs$/) as string });
  });
});

describe("waits", () => {
  let recorded: Recorded;

  beforeAll(async () => {
    recorded = await record("waits.mjs");
  });

  test("what was waited for, for how long, who held it and who handed it over", () => {
    const [lock] = recorded.of("fetchPages").waits?.longest ?? [];
    expect(lock).toMatchObject({
      kind: "lock",
      name: "database",
      holder: { name: "keepBooks" },
      by: { name: "keepBooks" },
      outcome: "completed",
    });
    expect(lock?.dur).toBeGreaterThan(20e6);
    const pool = recorded.of("nextUser").waits?.longest.find(({ kind }) => kind === "pool");
    expect(pool).toMatchObject({ name: "connections", holder: { name: "user" } });
    const full = recorded.of("put").waits?.longest ?? [];
    expect(full.filter(({ kind }) => kind === "queue")).toMatchObject([
      { name: "pages", by: { name: "take" } },
      { name: "pages", by: { name: "take" } },
    ]);
  });

  test("who held what, and after which wait", () => {
    expect(recorded.of("keepBooks").holds).toMatchObject([{ kind: "lock", name: "database", waited: 0 }]);
    const [held] = recorded.of("fetchPages").holds ?? [];
    expect(held?.waited).toBeGreaterThan(20e6);
    expect(recorded.recording.all("SELECT * FROM hold WHERE dur IS NULL")).toEqual([]);
  });

  test("edges: created, awaited, handed over", () => {
    expect(recorded.links("create")).toEqual(
      expect.arrayContaining(["main > keepBooks", "main > fetchPages", "main > hog", "hog > late"]),
    );
    expect(recorded.links("await")).toEqual(expect.arrayContaining(["hog > main", "nextUser > main"]));
    expect(recorded.links("handoff")).toEqual(
      expect.arrayContaining(["keepBooks > fetchPages", "take > put", "user > nextUser"]),
    );
  });

  test("how full the queue was, and every item that went through", () => {
    const { passed } = recorded.recording.get<{ passed: number }>(
      "SELECT sum(passed) AS passed FROM depth JOIN subject ON subject.id = subject WHERE kind = 'queue'",
    )!;
    expect(passed).toBe(3);
  });

  test("a task that waited to be started says how long; the stall between is told by its task", () => {
    expect(recorded.of("late").queued).toBeGreaterThan(20e6);
    expect(recorded.of("hog").site).toMatchObject({ file: expect.stringMatching(/waits\.mjs$/) as string });
  });

  test("retries are events, with the type of the error and no message", () => {
    const rows = recorded.recording.all<{ kind: string; text: string | null }>(
      "SELECT kind, text FROM runtime_event WHERE kind LIKE 'retry.%' ORDER BY at",
    );
    expect(rows.map(({ kind, text }) => [kind, text])).toEqual([
      ["retry.attempt", null],
      ["retry.failed", "RangeError"],
      ["retry.scheduled", null],
      ["retry.attempt", null],
    ]);
  });

  test("totals by kind", () => {
    const { waits } = recorded.report;
    expect(waits.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["sleep", "lock", "queue", "pool", "group"]));
    expect(waits.every(({ open }) => open === 0)).toBe(true);
  });
});

test("a model call seen by the runtime, the AI SDK and fetch is one, with its tokens", async () => {
  const { report, stdout, of } = await record("agent.mjs");
  expect(stdout).toBe("planted-answer\n");
  expect(report.models).toMatchObject([
    { provider: "loopback", model: "tools", calls: 2, failed: 0, inputTokens: 22, outputTokens: 14 },
  ]);
  expect(report.models[0]?.timeToFirstChunkMs).not.toBeNull();
  expect(report.tools).toMatchObject([
    { name: "slow", calls: 1, failed: 0 },
    { name: "failing", calls: 1, failed: 1 },
  ]);
  expect(of("researcher")).toMatchObject({ task: { kind: "agent" }, origin: "runtime" });
});

test("a killed process leaves what its tasks were waiting for, and who held it", async () => {
  const { report, of } = await record("killed.mjs");
  expect(report.recording.state).toBe("cut");
  expect(report.tasks).toMatchObject({ open: 3, created: 3 });
  expect(report.waits.find(({ kind }) => kind === "lock")).toMatchObject({ count: 1, open: 1 });
  const [wait] = of("waiter").waits?.longest ?? [];
  expect(wait).toMatchObject({ kind: "lock", name: "database", holder: { name: "holder" }, outcome: "open" });
  expect(wait?.dur).toBeUndefined();
});
