/** What a test has left behind when it ends, a line each. */
import type { RunnerState } from "../task/runner-state.ts";
import type { TaskImpl } from "../task/task.ts";
import { describeTask, siteOf } from "./task-tree.ts";

/** Kept from one call to the next by the runner itself: no test can close them. */
const THREADS = "the threads";

export class LeftBehindError extends Error {
  override readonly name: string = "LeftBehindError";

  constructor(left: readonly Leftover[]) {
    super(
      `The test ended and left this behind:\n${left.map(describe).join("\n")}\n` +
        "Await it, cancel and await it, or start it by rt.background.createTask().",
    );
    // The place that made the first of them is what is worth showing.
    const site = left.find((one) => one.site !== undefined)?.site;
    this.stack = `${this.name}: ${this.message}${site === undefined ? "" : `\n    ${site}`}`;
  }
}

export interface Leftover {
  readonly text: string;
  /** Where it was made: a frame of a stack. */
  readonly site?: string | undefined;
}

/** An error nobody awaited, by its task. */
export function unretrieved(task: TaskImpl): Leftover {
  const { error } = task;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { text: `the error of ${task.mention}, which nobody awaited: ${text}`, site: siteOf(task) };
}

/** Live tasks and what is open. */
export function leftovers(runner: RunnerState, isExempt: (task: TaskImpl) => boolean): Leftover[] {
  const left: Leftover[] = [];
  for (const task of runner.tasks()) {
    if (!task.done() && !isExempt(task)) left.push({ text: `task ${describeTask(task)}`, site: siteOf(task) });
  }
  for (const { what } of runner.closables) if (what !== THREADS) left.push({ text: `${what}, not closed` });
  return left;
}

function describe({ text, site }: Leftover): string {
  return `  ${text}${site === undefined ? "" : `\n      created ${site}`}`;
}
