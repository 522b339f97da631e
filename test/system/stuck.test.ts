/** `stallscope stuck` on real programs: while the event loop hangs, while tasks wait in a circle, and after the end. */
import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtPart } from "../../src-main/build/cache.js";
import type { StuckReport } from "../../src-main/queries/report-stuck.ts";
import { BIN, createHome, PROGRAMS, ROOT, stallscope } from "./stallscope.ts";

const home = createHome();
let runtime: string;
/** Recorders that a failed test left behind; each a process group with its program. */
const recorders = new Set<ChildProcess>();

beforeAll(async () => {
  runtime = pathToFileURL(join(await builtPart(ROOT, "program"), "index.js")).href;
});

afterAll(() => {
  for (const recorder of recorders) kill(recorder);
  home.dispose();
});

interface Live {
  readonly file: string;
  /** Asks again and again until the answer is as wanted. */
  until(isWanted: (found: StuckReport) => boolean): Promise<StuckReport>;
  /** Kills the program, and waits for the recorder to close the recording. */
  end(pid: number): Promise<void>;
}

function record(program: string): Live {
  const file = join(home.path, `${program}.stallscope`);
  const path = join(PROGRAMS, "stuck", program);
  const recorder = spawn(process.execPath, [BIN, "run", "--quiet", "--node", process.execPath, "-o", file, path], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "", STALLSCOPE_HOME: home.path, RUNTIME: runtime },
    stdio: "ignore",
    detached: true,
  });
  recorders.add(recorder);
  const ended = new Promise<void>((resolve) => {
    recorder.once("exit", () => {
      recorders.delete(recorder);
      resolve();
    });
  });
  return {
    file,
    async until(isWanted) {
      for (;;) {
        const { code, stdout } = await stallscope(home.path, ["stuck", "--json", file]);
        if (code === 0) {
          const found = JSON.parse(stdout) as StuckReport;
          if (isWanted(found)) return found;
        }
        if (!recorders.has(recorder)) throw new Error(`the recorder has gone; the last answer was ${stdout}`);
      }
    },
    async end(pid) {
      process.kill(pid, "SIGKILL");
      await ended;
    },
  };
}

function kill({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, "SIGKILL");
}

describe("a tool that never gives the event loop back", () => {
  let live: Live;
  let found: StuckReport;

  beforeAll(async () => {
    live = record("hanging-tool.mjs");
    found = await live.until(
      ({ eventLoops: [loop] }) => (loop?.blocked?.forMs ?? 0) > 300 && loop?.blocked?.blame !== null,
    );
  });

  test("is named while it blocks, with its task, its step and its agent", () => {
    expect(found.recording.state).toBe("live");
    expect(found.eventLoops).toHaveLength(1);
    expect(found.eventLoops[0]?.blocked).toMatchObject({
      blame: { function: "parseForEver", file: "test/fixtures/programs/stuck/hanging-tool.mjs" },
      task: { name: "failing", kind: "tool" },
      tool: "failing",
      agent: "researcher",
    });
    expect(found.eventLoops[0]?.blocked?.step).toMatch(/Step 1/i);
  });

  test("what waits beside it is there, with its chain up to the agent", () => {
    const request = found.pending.find(({ task, chain }) => task.kind === "request" && chain.length > 0);
    expect(request?.task.name).toMatch(/^GET .*\/never$/);
    expect(request?.chain.map(({ kind }) => kind)).toEqual(["tool", "step", "agent"]);
    const ages = found.pending.map(({ ageMs }) => ageMs);
    expect(ages).toEqual(ages.toSorted((a, b) => b - a));
    expect(found.pendingCount).toBe(found.pending.length);
  });

  test("the answer grows with the block, and is of the last moments", async () => {
    const { forMs = 0 } = found.eventLoops[0]?.blocked ?? {};
    const later = await live.until(({ eventLoops: [loop] }) => (loop?.blocked?.forMs ?? 0) > forMs);
    expect(later.knownAt).toBeGreaterThan(found.knownAt);
    expect(later.heardAgoMs).toBeGreaterThanOrEqual(0);
  });

  test("in a terminal too; and once it was killed, as it was at its end", async () => {
    const during = await stallscope(home.path, ["stuck", live.file]);
    expect(during).toMatchObject({ code: 0, stderr: "" });
    expect(during.stdout).toMatch(/Event loop blocked for .*, right now\n {2}parseForEver\(\)/);
    expect(during.stdout).toMatch(/tool failing {2}holds the event loop/);
    await live.end(found.eventLoops[0]?.pid ?? 0);
    const after = await stallscope(home.path, ["stuck", live.file]);
    expect(after.stdout).toMatch(/Event loop blocked at the end, for at least/);
    const exported = await stallscope(home.path, ["export", live.file, "--format", "cpuprofile"]);
    const { nodes } = JSON.parse(exported.stdout) as { nodes: { callFrame: { functionName: string; url: string } }[] };
    expect(nodes.map(({ callFrame }) => callFrame.functionName)).toContain("parseForEver");
  });
});

test("tasks that wait for each other: the circle, the locks, and who holds them", async () => {
  const live = record("deadlock.mjs");
  const found = await live.until(({ cycles }) => cycles.length > 0);
  expect(found.eventLoops[0]?.blocked).toBeNull();
  expect(found.cycles.map((cycle) => cycle.map(({ name }) => name).sort())).toEqual([["audit", "transfer"]]);
  const waits = Object.fromEntries(
    found.pending.map(({ task, waits: [first] }) => [task.name, [first?.kind, first?.name, first?.holders[0]?.name]]),
  );
  expect(waits).toEqual({
    forgotten: [undefined, undefined, undefined],
    transfer: ["lock", "journal", "audit"],
    audit: ["lock", "accounts", "transfer"],
  });
  await live.end(found.eventLoops[0]?.pid ?? 0);
  const after = await stallscope(home.path, ["stuck", live.file]);
  expect(after.stdout).toContain("Event loop was not blocked at the end");
  expect(after.stdout).toContain("1 circle of waits");
});

test("what is no recording is refused as everywhere", async () => {
  const text = join(home.path, "notes.stallscope");
  writeFileSync(text, "no recording");
  expect(await stallscope(home.path, ["stuck", text])).toMatchObject({ code: 4, stdout: "" });
  expect(await stallscope(home.path, ["stuck", join(home.path, "none.stallscope")])).toMatchObject({ code: 4 });
  expect(await stallscope(home.path, ["stuck"])).toMatchObject({ code: 2, stdout: "" });
});
