/** The example patterns, each run under tracing and without, two at a time; and what their recordings hold. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import type { Report } from "../../src-main/queries/report.ts";
import { createHome, recordProgram, ROOT, runCommand, type Ended } from "./stallscope.ts";

const home = createHome();
const TOGETHER = 2;

export const PATTERNS = [
  "parallel-retrieval",
  "failing-sibling",
  "shielded-write-back",
  "nested-timeouts",
  "partial-results",
  "exception-groups",
  "slow-consumer",
  "pool-and-transaction",
  "rate-limited-fan-out",
  "offloaded-cpu",
  "retries-with-fallback",
  "graceful-shutdown",
  "graceful-shutdown SIGINT",
  "agent-team",
] as const;
type Pattern = (typeof PATTERNS)[number];

interface Run extends Ended {
  readonly report: Report;
  /** Of the same program without tracing. */
  readonly bare: Ended;
  readonly recording: Database.Database;
}

const runs = new Map<Pattern, Promise<Run>>();

export function startPatterns(): void {
  const lanes: Promise<unknown>[] = Array.from({ length: TOGETHER }, () => Promise.resolve());
  for (const [index, pattern] of PATTERNS.entries()) {
    const run = (lanes[index % TOGETHER] ?? Promise.resolve()).then(() => runPattern(pattern));
    runs.set(pattern, run);
    lanes[index % TOGETHER] = run.catch(() => undefined);
  }
}

export async function disposePatterns(): Promise<void> {
  for (const run of await Promise.allSettled(runs.values()))
    if (run.status === "fulfilled") run.value.recording.close();
  home.dispose();
}

async function runPattern(pattern: Pattern): Promise<Run> {
  const [name = "", ...args] = pattern.split(" ");
  const words = [join(ROOT, "examples/patterns", `${name}.ts`), ...args];
  const file = join(home.path, `${pattern}.stallscope`);
  const ended = await recordProgram(home.path, words, { flags: ["-o", file] });
  const bare = await runCommand(process.execPath, words, home.path);
  return { ...ended, bare, recording: new Database(file, { readonly: true }) };
}

/** Recorded whole, ended with `code`, and printed the same with and without tracing, figures aside. */
export async function runOf(pattern: Pattern, code = 0): Promise<Run> {
  const run = await (runs.get(pattern) ?? Promise.reject(new Error(`${pattern} was not started`)));
  expect(run).toMatchObject({ code, stderr: "", bare: { code, stderr: "" } });
  expect(withoutFigures(run.stdout)).toBe(withoutFigures(run.bare.stdout));
  expect(run.report).toMatchObject({
    recording: { state: "closed", dropped: { total: 0 } },
    process: { exitCode: code },
    tasks: { open: 0 },
  });
  return run;
}

function withoutFigures(text: string): string {
  return text.replaceAll(/\d+/g, "n");
}

/** Rows of the recording, as arrays. */
export function rows({ recording }: Run, sql: string): readonly unknown[][] {
  return recording.prepare(sql).raw().all() as unknown[][];
}

/** Tasks that were created below those of a name, with how they ended. */
export function tasksBelow(run: Run, parent: string): readonly unknown[][] {
  return rows(
    run,
    `SELECT task.name, task.outcome FROM task JOIN task AS parent ON parent.id = task.parent
     WHERE parent.name = '${parent}' ORDER BY task.created, task.id`,
  );
}

/** The cancellations that reached tasks of these names. */
export function cancellations({ report }: Run, ...names: readonly string[]): Report["cancellations"] {
  return report.cancellations.filter(({ task }) => names.includes(task.name));
}

/** What the runtime told, in its order: kind, task, its two numbers, its text. */
export function events(run: Run, like: string): readonly unknown[][] {
  const task = "(SELECT name FROM task WHERE id = task)";
  return rows(run, `SELECT kind, ${task}, a, b, text FROM runtime_event WHERE kind LIKE '${like}' ORDER BY at`);
}

/** From whom to whom the links of a kind lead. */
export function links(run: Run, kind: string): readonly unknown[][] {
  return rows(
    run,
    `SELECT source.name, target.name FROM link JOIN task AS source ON source.id = link.source
     JOIN task AS target ON target.id = link.target WHERE link.kind = '${kind}' ORDER BY link.at, target.id`,
  );
}

/** Waits of one kind, the longest first: who waited, for what, how long, how it ended, and who ended it. */
export function waits(run: Run, kind: string): readonly unknown[][] {
  return rows(
    run,
    `SELECT waiter.name, subject.name, wait.dur / 1e6, wait.outcome, waker.name
     FROM wait JOIN task AS waiter ON waiter.id = wait.task LEFT JOIN subject ON subject.id = wait.target
     LEFT JOIN task AS waker ON waker.id = wait.by WHERE wait.kind = '${kind}' ORDER BY wait.dur DESC`,
  );
}

/** Of intervals, how many overlap at most. */
export function mostAtOnce(intervals: readonly unknown[][]): number {
  const turns = intervals.flatMap(([from, to]) => [
    { at: Number(from), by: 1 },
    { at: Number(to), by: -1 },
  ]);
  turns.sort((a, b) => a.at - b.at || a.by - b.by);
  let [now, most] = [0, 0];
  for (const { by } of turns) most = Math.max(most, (now += by));
  return most;
}
