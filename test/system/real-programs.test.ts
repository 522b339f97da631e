/** Real programs, each a real process with a real recording: what the report says of them is what happened. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startModelServer, type ModelServer } from "../../examples/model-server/model-server.ts";
import type { Report } from "../../src-main/queries/report.ts";
import { BIN, createHome, PROGRAMS, recordProgram, ROOT, runCommand, runStalls, stallscope } from "./stallscope.ts";

const home = createHome();
const real = (name: string): string => join(PROGRAMS, "real", name);
let models: ModelServer;

beforeAll(async () => {
  models = await startModelServer();
});

afterAll(async () => {
  await models.close();
  home.dispose();
});

/** Until the recording knows its program. */
async function waitForProcess(file: string): Promise<void> {
  await vi.waitFor(
    () => {
      const recording = new Database(file, { readonly: true });
      try {
        expect(recording.prepare("SELECT pid FROM process").all()).toHaveLength(1);
      } finally {
        recording.close();
      }
    },
    { timeout: 10_000, interval: 10 },
  );
}

/** The line on which a source says so. */
function lineOf(file: string, words: string): number {
  const lines = readFileSync(real(file), "utf8").split("\n");
  return lines.findIndex((line) => line.includes(words)) + 1;
}

describe("the research agent", () => {
  test("its steps, tools, cancellations, tokens, and the function that blocked in a tool", async () => {
    const { code, stdout, report } = await recordProgram(home.path, [join(ROOT, "examples/research-agent.ts")]);
    expect(code).toBe(0);
    expect(stdout).toContain("I look in four places at once.");
    expect(report.recording).toMatchObject({ state: "closed", level: "tasks", dropped: { total: 0, byKind: {} } });
    expect(report.tasks.open).toBe(0);

    const [worst] = runStalls(report);
    expect(worst).toMatchObject({
      phase: "run",
      capturedDuring: true,
      task: { name: "summarise" },
      span: { tool: "summarise" },
    });
    expect(worst?.frames.map((frame) => frame.function)).toContain("countTokens");
    expect(["gpt-tokenizer", null]).toContain(worst?.blame?.package);
    expect(worst?.durationMs).toBeGreaterThan(100);

    expect(report.models).toEqual([
      expect.objectContaining({
        provider: "local.chat",
        model: "research",
        calls: 3,
        failed: 0,
        inputTokens: expect.any(Number),
        outputTokens: expect.any(Number),
      }),
    ]);
    expect(report.models[0]?.timeToFirstChunkMs?.p50).toBeGreaterThan(0);
    const tools = new Map(report.tools.map((tool) => [tool.name, tool]));
    expect([...tools.keys()].sort()).toEqual(["fetchPages", "readNotes", "search", "searchArchive", "summarise"]);
    expect(tools.get("searchArchive")).toMatchObject({ calls: 1, cancelled: 1 });
    expect(tools.get("readNotes")).toMatchObject({ calls: 1, cancelled: 1 });

    const cancellations = new Map(report.cancellations.map((cancellation) => [cancellation.task.name, cancellation]));
    expect(cancellations.get("readNotes")).toMatchObject({
      source: "explicit",
      by: { name: "search" },
      reason: "Error",
      ignored: false,
    });
    expect(cancellations.get("readNotes")?.site).toMatchObject({
      file: "examples/research-agent.ts",
      function: "execute",
    });
    expect(cancellations.get("searchArchive")).toMatchObject({ source: "deadline", by: { name: "searchArchive" } });
    expect(cancellations.get("searchArchive")?.latencyMs).toBeGreaterThanOrEqual(0);
  });
});

describe("programs that block", () => {
  test.each([
    [
      "compiled TypeScript with a source map",
      ["compiled/out/heavy.js"],
      "crunch",
      "compiled/src/heavy.ts",
      "while (performance.now()",
    ],
    ["TypeScript with an enum, through tsx", ["enums.ts"], "grind", "enums.ts", "while (performance.now()"],
    ["a minified bundle", ["bundled/bundle.mjs"], "blockInBundle", "bundled/work.ts", "while (performance.now()"],
  ])("%s: function, file and line of the source", async (_name, [program = ""], fn, file, words) => {
    const { code, report } = await recordProgram(home.path, [real(program)]);
    expect(code).toBe(0);
    const [worst] = runStalls(report);
    expect(worst?.blame).toMatchObject({
      function: fn,
      file: `test/fixtures/programs/real/${file}`,
      line: lineOf(file, words),
      package: null,
    });
    expect(worst?.durationMs).toBeGreaterThanOrEqual(195);
    expect(worst?.samples).toBeGreaterThan(0);
  });

  test("a Fastify server under load: every request, and the handler that blocked", async () => {
    const { stdout, report } = await recordProgram(home.path, [real("fastify-server.mjs")]);
    expect(stdout).toBe("served\n");
    expect(report.tasks).toMatchObject({ created: 402, completed: 402, open: 0 });
    const blocked = runStalls(report).find(({ blame }) => blame?.function === "renderReport");
    expect(blocked).toMatchObject({
      blame: { package: null },
      task: { name: expect.stringMatching(/^GET .*\/report$/) },
    });
  });

  test("a program with its own OpenTelemetry SDK: its spans, and the one that blocked", async () => {
    const { stdout, report } = await recordProgram(home.path, [real("own-otel.mjs")]);
    expect(stdout).toBe("charge child 2\norder root 0\n");
    expect(report.spans).toEqual({ total: 2, byScope: { shop: 2 } });
    const [worst] = runStalls(report);
    expect(worst).toMatchObject({
      blame: { function: "blockInCharge" },
      span: { name: "charge", spanId: expect.stringMatching(/^[0-9a-f]{16}$/) },
    });
  });

  test("an event loop that waits is free, whatever the profiler's signals do to its idle counter", async () => {
    const { stdout, report } = await recordProgram(home.path, [real("idles.mjs")]);
    expect(stdout).toBe("waited\n");
    expect(report.eventLoop.utilization).toBeLessThan(0.3);
    expect(report.stalls.filter(({ phase }) => phase === "run")).toEqual([]);
  });

  test("a worker thread blocks its own event loop, and main is not blamed", async () => {
    const { stdout, report } = await recordProgram(home.path, [real("worker-threads.mjs")]);
    expect(stdout).toBe("main stayed free\n");
    const blocked = report.stalls.filter(({ durationMs }) => (durationMs ?? 0) > 190);
    expect(blocked).toEqual([expect.objectContaining({ blame: expect.objectContaining({ function: "workerBlock" }) })]);
    expect(blocked[0]?.thread).toBeGreaterThan(0);
    expect(report.recording.notSeen).toContain("stacks in worker threads while they are blocked");
  });

  test("an npm script that starts Node twice: both processes, and the one that blocked", async () => {
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    const { code, stdout, report } = await recordProgram(home.path, ["--", npm, "run", "--silent", "twice"], {
      cwd: real("npm-script"),
    });
    expect(code).toBe(0);
    expect(stdout).toBe("one\ntwo\n");
    expect(report.processes?.map(({ argv, exitCode }) => [argv[0]?.split("/").at(-1), exitCode])).toEqual([
      ["one.mjs", 0],
      ["two.mjs", 0],
    ]);
    expect(runStalls(report)[0]).toMatchObject({ pid: report.processes?.[0]?.pid, blame: { function: "blockInOne" } });
  });
});

describe("the openai SDK", () => {
  test("a stream that is aborted: who aborted it, where, and how long it took to settle", async () => {
    const { stdout, report } = await recordProgram(home.path, [real("openai-stream-abort.mjs")], {
      env: { MODEL_URL: models.url },
    });
    expect(stdout).toContain("aborted true");
    expect(report.tasks).toMatchObject({ cancelled: 1, open: 0 });
    const cancellation = report.cancellations.find(({ task }) => task.name.startsWith("POST"));
    expect(cancellation).toMatchObject({
      source: "abortSignal",
      reason: "Error",
      site: { function: "stopReading" },
      ignored: false,
    });
    expect(cancellation?.latencyMs).toBeGreaterThanOrEqual(0);
  });
});

describe("how a program ends", () => {
  test("it throws", async () => {
    const { code, stderr, report } = await recordProgram(home.path, [real("throws.mjs")]);
    expect(code).toBe(1);
    expect(stderr).toContain("TypeError: nobody catches this");
    expect(report).toMatchObject({ recording: { state: "closed" }, process: { exitCode: 1, signal: null } });
  });

  test("it exits with 3", async () => {
    const { code, report } = await recordProgram(home.path, [real("exits-3.mjs")]);
    expect(code).toBe(3);
    expect(report).toMatchObject({ recording: { state: "closed" }, process: { exitCode: 3 } });
  });

  test("it gets SIGTERM, and does not handle it", async () => {
    const { code, report } = await recordProgram(home.path, [real("waits.mjs")], {
      onOutput: (child, stdout) => void (stdout === "ready\n" && child.kill("SIGTERM")),
    });
    expect(code).toBe(128 + 15);
    expect(report).toMatchObject({ recording: { state: "cut" }, process: { exitCode: null, signal: "SIGTERM" } });
  });

  test("it hangs and is killed: the stack of the hang, and at most 100 ms missing", { retry: 2 }, async () => {
    let killedAt = 0;
    let isHanging = false;
    const { code, report } = await recordProgram(home.path, [real("hangs.mjs")], {
      onOutput(_child, stdout) {
        const [, pid] = /^ready (\d+)\n/.exec(stdout) ?? [];
        if (pid === undefined || isHanging) return;
        isHanging = true;
        // Killed while it hangs: the test has nothing to wait for but the time that the hang is to last.
        setTimeout(() => {
          killedAt = Date.now();
          process.kill(Number(pid), "SIGKILL");
        }, 700);
      },
    });
    expect(code).toBe(128 + 9);
    expect(report).toMatchObject({ recording: { state: "cut" }, process: { signal: "SIGKILL", exitCode: null } });
    const [hang] = runStalls(report);
    expect(hang).toMatchObject({ durationMs: null, blame: { function: "spinForEver" }, capturedDuring: true });
    expect(hang?.frames[0]).toMatchObject({ function: "spinForEver", line: lineOf("hangs.mjs", "for (let turns") });
    expect(hang?.samples).toBeGreaterThanOrEqual(3);
    expect(killedAt - (report.recording.startedAt + report.recording.durationMs)).toBeLessThan(100);
  });

  test("the recorder is killed: the program runs on to its own end, what was recorded reads as cut", async () => {
    const file = join(home.path, "orphan.stallscope");
    const program = real("outlives-recorder.mjs");
    const run = `"${process.execPath}" "${BIN}" run --quiet --node "${process.execPath}" -o "${file}" "${program}"; echo "recorder $?"`;
    let killed = false;
    const { stdout, stderr } = await runCommand("sh", ["-c", run], home.path, {
      onOutput(_child, printed) {
        const [, pid] = /^parent (\d+)\n/.exec(printed) ?? [];
        if (pid === undefined || killed) return;
        killed = true;
        void waitForProcess(file).then(() => process.kill(Number(pid), "SIGKILL"));
      },
    });
    expect(stdout.split("\n").slice(1, -1).sort()).toEqual(["finished", "recorder 137"]);
    expect(stderr.replace("Killed\n", "")).toBe("");
    const report = JSON.parse((await stallscope(home.path, ["report", file, "--json"])).stdout) as Report;
    expect(report).toMatchObject({ recording: { state: "cut" }, process: { exitCode: null, signal: null } });
  });
});

describe("the forms of a report", () => {
  test("--json: the report alone on stdout, the program's output on stderr", async () => {
    const ended = await stallscope(home.path, ["run", "--quiet", "--json", real("npm-script/one.mjs")]);
    expect(JSON.parse(ended.stdout)).toMatchObject({ format: "stallscope-report/1", stalls: expect.any(Array) });
    expect(ended.stderr).toBe("one\n");
  });

  test("the terminal and Markdown tell the same, and a finished recording is listed and deleted", async () => {
    const file = join(home.path, "recordings", "one.stallscope");
    await recordProgram(home.path, [real("npm-script/one.mjs")], { flags: ["-o", file] });
    const text = await stallscope(home.path, ["report", file]);
    expect(text.stdout).toMatch(/1\d\d ms {2}blockInOne\(\) test\/fixtures\/programs\/real\/npm-script\/one\.mjs:\d+/);
    expect(text.stdout).toContain("Not seen");
    expect(text.stdout.split("\n").length).toBeLessThan(40);
    const markdown = await stallscope(home.path, ["report", file, "--markdown"]);
    expect(markdown.stdout).toMatch(/^## Stallscope\n/);
    expect(markdown.stdout).toContain("blockInOne()");
    const list = await stallscope(home.path, ["list"]);
    expect(list.stdout).toContain(file);
    expect((await stallscope(home.path, ["delete", file])).code).toBe(0);
    expect((await stallscope(home.path, ["report", file])).code).toBe(4);
  });
});
