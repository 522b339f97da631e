/** What `stallscope/testing` holds against a test, and how it says so: tests that have to fail, run by vitest itself. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

interface Outcome {
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

const program = fileURLToPath(new URL("../../../fixtures/programs/failing-tests", import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const folder = mkdtempSync(join(tmpdir(), "stallscope-failing-"));
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  const file = join(folder, "report.json");
  const args = [
    vitest,
    "run",
    "--config",
    join(program, "vitest.config.ts"),
    "--reporter=json",
    `--outputFile=${file}`,
  ];
  await new Promise<void>((resolve) => {
    execFile(process.execPath, args, { env: { ...process.env, VITEST: undefined } }, () => resolve());
  });
  const report = JSON.parse(readFileSync(file, "utf8")) as {
    readonly testResults: readonly { readonly assertionResults: readonly Outcome[] }[];
  };
  for (const outcome of report.testResults.flatMap(({ assertionResults }) => assertionResults)) {
    outcomes.set(outcome.title, outcome);
  }
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function failureOf(title: string): string {
  const outcome = outcomes.get(title);
  expect(outcome?.status, title).toBe("failed");
  return outcome?.failureMessages.join("\n\n") ?? "";
}

describe("a test fails that leaves behind", () => {
  test("P15 live tasks, by name and creation site", () => {
    const failure = failureOf("a live task");
    expect(failure).toMatch(
      /task forgotten-task \(T\d+\) waits for the event\n +created at .*left-behind\.cases\.ts:6:/,
    );
    expect(failure).toMatch(/task forgotten-sleep \(T\d+\) waits for a sleep of 5 ms/);
  });

  test("P15 a cancelled task that has not ended", () => {
    expect(failureOf("a cancelled task that has not ended")).toMatch(/task slow-to-end \(T\d+\), cancelled, waits for/);
  });

  test("P20 an error of a child that nobody awaited", () => {
    const failure = failureOf("an error nobody awaited");
    expect(failure).toMatch(/^Error: child failed after 10 ms\n +at .*left-behind\.cases\.ts/);
    expect(failure).toMatch(/the error of task impatient-child, which nobody awaited.*\n +created at .*cases\.ts:26:/);
  });

  test("P20 an error that comes only after its body", () => {
    const failure = failureOf("an error that comes after the body");
    expect(failure).toContain("Error: late failure");
    expect(failure).toContain("task pending-child");
  });

  test("a guard it has not disposed", () => {
    expect(failureOf("a guard")).toMatch(/guard of the lock "database"[^]*left-behind\.cases\.ts:/);
  });

  test("a stream it has not closed", () => {
    expect(failureOf("a stream")).toMatch(/stream endless, not closed/);
  });

  test("its own failure is not buried", () => {
    const failure = failureOf("its own error, and a task");
    expect(failure).toContain("the body's own");
    expect(failure).not.toContain("bystander");
  });
});

describe("a test that times out", () => {
  test("P17 prints the live tasks and what each waits for, and no others", () => {
    const failure = failureOf("a task hangs");
    expect(failure).toContain("Test timed out in 400ms");
    expect(failure).toMatch(/main \(T\d+\) waits for task hanging-task/);
    expect(failure).toMatch(/ {2}hanging-task \(T\d+\) runs, or awaits a promise that is not the runtime's/);
    expect(failure).toMatch(/ {2}queued-task \(T\d+\) waits for the lock "database", held by hanging-task/);
    expect(failure).not.toContain("finished-task");
  });

  test("P18 holds an error that was reported before", () => {
    const failure = failureOf("an error was reported before");
    expect(failure).toMatch(/^TestTimeoutError: Test timed out in 400ms/);
    expect(failure).toMatch(/Reported before: .*never retrieved[^]*Error: reported before/);
    expect(failure).toContain("hanging-task (");
  });

  test("fails early when nothing can wake any task", () => {
    const failure = failureOf("every task waits for ever");
    expect(failure).toContain("timed out early: every task waits, and no timer is due");
    expect(failure).toMatch(/Deadlock: \S+-first waits for \S+-first waits for \S+-first\./);
    expect(failure).toMatch(/left-first \(T\d+\) waits for the lock "right", held by right-first/);
  });

  test("says so of a plain promise", () => {
    expect(failureOf("a plain promise")).toMatch(/main \(T\d+\) runs, or awaits a promise/);
    expect(failureOf("a plain promise")).not.toContain("Time stands still");
    expect(failureOf("a plain promise holds the clock")).toContain("Time stands still while a task awaits a promise");
  });
});
