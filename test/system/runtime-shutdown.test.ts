/** What a signal and an error do to a process whose agent runs on the runtime: section O of the cases. */
import { describe, expect, test } from "vitest";
import { runCore } from "./runtime-core.ts";

const CLEANED_UP = [
  "ready",
  "main cleans up",
  "main has cleaned up",
  "left-over task cleans up",
  "left-over task has cleaned up",
];

describe.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s", (signal, code) => {
  test(`O13 cleanup first, no code after the wait runs, exit code ${code}, no stack`, async () => {
    const ended = await runCore("waits.ts", { signals: [["ready", signal]] });
    expect(ended).toMatchObject({ code, killedBy: null, stderr: "" });
    expect(ended.lines).toEqual([...CLEANED_UP, `exit ${code}`]);
  });
});

test.each(["uses a runner", "is not awaited"])("O13 the same where a run %s", async (how) => {
  const ended = await runCore("waits.ts", { args: [how], signals: [["ready", "SIGINT"]] });
  expect(ended).toMatchObject({ code: 130, killedBy: null, stderr: "" });
  expect(ended.lines).toEqual([...CLEANED_UP, "exit 130"]);
});

test("O13 a program that catches the interruption goes on, and ends with the code all the same", async () => {
  const ended = await runCore("waits.ts", { args: ["is caught"], signals: [["ready", "SIGTERM"]] });
  expect(ended).toMatchObject({ code: 143, stderr: "" });
  expect(ended.lines.at(-2)).toBe("caught InterruptedError: The run was ended by SIGTERM. true");
});

test("O10 or with one of its own", async () => {
  const ended = await runCore("waits.ts", { args: ["chooses its own code"], signals: [["ready", "SIGINT"]] });
  expect(ended).toMatchObject({ code: 7, stderr: "" });
});

test("O10 an explicit exit code: cleanup first, then the text on stderr", async () => {
  const ended = await runCore("fails.ts", { args: ["exit"] });
  expect(ended).toMatchObject({ code: 23, stderr: "cleaned up\nIt is enough.\n" });
});

test("O11 an unexpected error: cleanup first, then the error on stderr and exit code 1", async () => {
  const ended = await runCore("fails.ts");
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/^cleaned up\n[\s\S]*Error: moo\n\s+at main .*fails\.ts/);
});

test("O11 an error of the cleanup wins over the signal", async () => {
  const ended = await runCore("waits.ts", { args: ["fails in its cleanup"], signals: [["ready", "SIGINT"]] });
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/ExceptionGroup[\s\S]*moo/);
  expect(ended.lines).toContain("left-over task has cleaned up");
});

test("the second signal cuts the grace: who does not react is named and left behind", async () => {
  const ended = await runCore("waits.ts", {
    args: ["is stubborn"],
    signals: [
      ["ready", "SIGINT"],
      ["main cleans up", "SIGINT"],
    ],
  });
  expect(ended.code).toBe(130);
  expect(ended.lines).not.toContain("main has cleaned up");
  expect(ended.stderr).toMatch(/Task main did not end when the shutdown was cut short and was abandoned/);
  expect(ended.stderr).not.toMatch(/^\s+at /m);
  expect(ended.ms).toBeLessThan(5000);
});

test("the second signal may come while left-over tasks are waited for", async () => {
  const ended = await runCore("waits.ts", {
    args: ["leaves a stubborn task"],
    signals: [
      ["ready", "SIGTERM"],
      ["left-over task cleans up", "SIGTERM"],
    ],
  });
  expect(ended.code).toBe(143);
  expect(ended.lines).toContain("main has cleaned up");
  expect(ended.stderr).toMatch(/Task left over did not end/);
  expect(ended.ms).toBeLessThan(5000);
});

test("the third signal ends the process at once", async () => {
  const ended = await runCore("three-signals.ts", {
    signals: [
      ["ready 1", "SIGINT"],
      ["ready 2", "SIGINT"],
      ["ready 3", "SIGINT"],
    ],
  });
  expect(ended).toMatchObject({ code: 130, stderr: "", lines: ["ready 1", "ready 2", "ready 3"] });
});

describe("a rejection that nobody looked at", () => {
  test("by a cancel ends no process, and leaves no listener", async () => {
    const ended = await runCore("lost-rejections.ts", { args: ["run"] });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.lines).toEqual(["TimeoutError", "goes on", "lives on", "0 listeners"]);
  });

  test.each(["text", "an error"])("by the program itself is Node's to judge, as without us (%s)", async (reason) => {
    const ended = await runCore("lost-rejections.ts", { args: ["run", reason] });
    const bare = await runCore("lost-rejections.ts", { args: ["bare", reason] });
    expect(bare.code).toBe(1);
    expect(ended.code).toBe(1);
    expect(ended.lines).toEqual(["TimeoutError", "goes on"]);
    expect(firstLines(ended.stderr)).toEqual(firstLines(bare.stderr));
  });

  test("is judged each time, where the program lives on", async () => {
    const ended = await runCore("lost-rejections.ts", { args: ["survives", "an error"] });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.lines).toEqual([
      "TimeoutError",
      "goes on",
      "uncaught an error",
      "lives on",
      "uncaught an error",
      "0 listeners",
    ]);
  });
});

/** What Node prints, without the frames below the program's own. */
function firstLines(stderr: string): readonly string[] {
  return stderr.split("\n").filter((line) => !/^\s+at (?:async )?(?!lose)/.test(line));
}

test.each(["sleep", "checkpoint", "queue.get", "event.wait", "gather", "agent.run", "taskGroup", "task.join"])(
  "a loop that swallows every cancel of %s leaves the event loop its turns: the grace ends it",
  async (wait) => {
    const ended = await runCore("swallows.ts", { args: [wait], signals: [["ready", "SIGTERM"]] });
    expect(ended).toMatchObject({ code: 143, killedBy: null });
    expect(ended.lines).toContain("InterruptedError");
  },
);

test("many runs at once share their listeners: Node warns of nothing, and one signal ends them all", async () => {
  const ended = await runCore("many-runs.ts", { signals: [["ready", "SIGTERM"]] });
  expect(ended).toMatchObject({ code: 143, stderr: "" });
  expect(ended.lines).toEqual(["ready", "15 interrupted", "0,0,0 listeners"]);
});
