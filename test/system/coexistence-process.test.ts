/**
 * What else a process may have at work in it, and ways it may end while it is held up: nothing may look different from
 * outside, the stall is found all the same, and where it can't be the recording says what is missing.
 */
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FIXTURES, runBoth, stallOf } from "./coexistence.ts";
import { createHome } from "./stallscope.ts";

const home = createHome();
afterAll(home.dispose);

const HOLD = join(FIXTURES, "hold.mjs");
const node = process.execPath;
/** Node says which process warns, and where it listens. */
const settle = (output: string): string =>
  output.replaceAll(/\(node:\d+\)/g, "(node)").replaceAll(/ws:\/\/\S+/g, "<url>");

describe("flags of Node", () => {
  test.each(["--inspect=0", "--disable-proto=throw", "--no-addons", "--frozen-intrinsics", "--enable-source-maps"])(
    "%s",
    async (flag) => {
      const { stdout, report } = await runBoth(home.path, [node, flag, HOLD], { settle });
      expect(stdout).toBe("held\n");
      expect(stallOf(report, "holdTheLoop").durationMs).toBeGreaterThanOrEqual(299);
    },
  );

  test("--cpu-prof: its file is written, and has the function in it", async () => {
    const folder = mkdtempSync(join(home.path, "prof-"));
    const { report } = await runBoth(home.path, [node, "--cpu-prof", `--cpu-prof-dir=${folder}`, HOLD]);
    stallOf(report, "holdTheLoop");
    const files = readdirSync(folder);
    expect(files).toHaveLength(2);
    for (const file of files) {
      const profile = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
        readonly nodes: readonly { readonly callFrame: { readonly functionName: string } }[];
        readonly samples: readonly number[];
      };
      expect(profile.nodes.map(({ callFrame }) => callFrame.functionName)).toContain("holdTheLoop");
      expect(profile.samples.length).toBeGreaterThan(100);
    }
  });

  test("--permission without the inspector: no stack is taken, and it is said", async () => {
    const flags = ["--permission", "--allow-fs-read=*", "--allow-worker"];
    const { stdout, report } = await runBoth(home.path, [node, ...flags, HOLD], { settle });
    expect(stdout).toBe("held\n");
    expect(report.recording.notSeen.join()).toContain("--allow-inspector");
    expect(report.stalls.some(({ durationMs }) => (durationMs ?? 0) >= 299)).toBe(true);
  });

  test("--permission without worker threads: nothing is seen, and it is said", async () => {
    const { stdout, report } = await runBoth(home.path, [node, "--permission", "--allow-fs-read=*", HOLD], { settle });
    expect(stdout).toBe("held\n");
    expect(report.recording.notSeen.join()).toContain("--allow-worker");
    expect(report.stalls).toEqual([]);
  });

  test("NODE_OPTIONS of the user's own are kept", async () => {
    const env = { NODE_OPTIONS: "--title=mine --stack-trace-limit=3" };
    const { stdout, report } = await runBoth(home.path, [node, "-p", "process.title + Error.stackTraceLimit"], { env });
    expect(stdout).toBe("mine3\n");
    expect(report.process).toMatchObject({ exitCode: 0, signal: null });
  });
});

describe("in the program", () => {
  test("a session of its own with profiler and debugger: it sees what it saw", async () => {
    const { stdout, report } = await runBoth(home.path, [node, HOLD, "session"]);
    expect(stdout).toBe("true\nheld\n");
    stallOf(report, "holdTheLoop");
  });

  test("a formatter of stacks that throws, and no stacks wanted", async () => {
    const { stdout, report } = await runBoth(home.path, [node, HOLD, "hostile"]);
    expect(stdout).toBe("0 value,writable,enumerable,configurable\nheld\n");
    stallOf(report, "holdTheLoop");
  });
});

describe("ends in the middle", () => {
  test.each(["exits", "exitsInside"])("process.exit (%s): the stall is whole", async (how) => {
    const { code, report } = await runBoth(home.path, [node, HOLD, how]);
    expect(code).toBe(7);
    expect(report.recording.state).toBe("closed");
    expect(stallOf(report, "holdTheLoop").durationMs).toBeGreaterThanOrEqual(299);
  });

  test.each([
    ["kills", 143],
    ["killsInside", 137],
    ["aborts", 134],
  ])("%s itself: the stall has its stack, the recording is cut", async (how, expected) => {
    const { code, report } = await runBoth(home.path, [node, HOLD, how], {
      // Of an abort Node prints the machine's own stack, as far as it gets.
      settle: (output) => output.replaceAll(/^ *\d+: 0x.*\n/gm, ""),
    });
    expect(code).toBe(expected);
    expect(report.recording.state).toBe("cut");
    const stall = stallOf(report, "holdTheLoop");
    expect(stall).toMatchObject({ durationMs: null, capturedDuring: true });
    // The last sign of life is up to 40 ms old.
    expect(stall.seenMs).toBeGreaterThanOrEqual(250);
  });

  test("a worker that is terminated while it spins: main goes on", async () => {
    const { stdout, report } = await runBoth(home.path, [node, HOLD, "terminates"]);
    expect(stdout).toBe("held\n1\n");
    expect(report.recording.state).toBe("closed");
    const [stall, ...more] = report.stalls.filter(({ thread }) => (thread ?? 0) > 0);
    expect(more).toEqual([]);
    // The profile, from which a worker's stacks are, ended with it.
    expect(stall).toMatchObject({ durationMs: null, cause: "unknown" });
    expect(stall?.seenMs).toBeGreaterThanOrEqual(100);
    expect(report.stalls.filter(({ thread }) => (thread ?? 0) === 0)).toEqual([]);
  });
});
