/**
 * What is going on in a runner, as text: the live tasks below those who made them, and what each waits for.
 *
 *     main (T1) waits for task fetch
 *       fetch (T2) waits for the lock "db", held by writer
 *           created at /app/fetch.ts:12:5
 */
import { describeTarget, isSubject } from "../task/call-graph.ts";
import type { RunnerState } from "../task/runner-state.ts";
import type { Wait } from "../task/scope.ts";
import type { TaskImpl } from "../task/task.ts";
import { externalsOf } from "./external.ts";

export function taskTree(runner: RunnerState): string {
  const live = [...runner.tasks()].filter((task) => !task.done());
  const below = new Map<TaskImpl | undefined, TaskImpl[]>();
  for (const task of live) {
    let { parent } = task;
    while (parent?.done() === true) parent = parent.parent;
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [task]);
    else siblings.push(task);
  }
  const lines: string[] = [];
  function write(task: TaskImpl, depth: number): void {
    const indent = "  ".repeat(depth);
    lines.push(`${indent}${describeTask(task)}`);
    const site = siteOf(task);
    if (site !== undefined) lines.push(`${indent}    created ${site}`);
    for (const child of inOrder(below.get(task))) write(child, depth + 1);
  }
  for (const task of inOrder(below.get(undefined))) write(task, 0);
  return lines.length === 0 ? "No task is live." : lines.join("\n");
}

/** Its name, state and what it waits for, in one line. */
export function describeTask(task: TaskImpl): string {
  const waits = [...task.pendingWaits()].map((wait) => describeWait(wait));
  const cancel = task.scope.effective === undefined ? "" : ", cancelled,";
  const name = `${task.name} (${task.id})${cancel}`;
  if (task.state === "created") return `${name} has not started`;
  if (waits.length === 0) return `${name} runs, or awaits a promise that is not the runtime's`;
  return `${name} waits for ${waits.join(" and ")}`;
}

/** The place in the program that made it: the first frame that is nobody's library. */
export function siteOf(task: TaskImpl): string | undefined {
  return firstFrame(task.site);
}

function firstFrame(site: string | undefined): string | undefined {
  const frames = (site ?? "").split("\n").map((frame) => frame.trim());
  return frames.find((frame) => frame !== "" && !/node_modules|node:|\(native\)/.test(frame));
}

function describeWait(wait: Wait<never>): string {
  const { kind, target } = wait;
  if (kind === "sleep") return `a sleep of ${describeTarget(wait)}`;
  if (kind === "external") return describeExternal(wait);
  if (isSubject(target)) {
    const held = namesOf(target.holders());
    const members = namesOf((target.members?.() ?? []).filter((member) => !member.done()));
    const name = target.name === kind ? "" : ` ${JSON.stringify(target.name)}`;
    return `the ${kind}${name}${held === "" ? "" : `, held by ${held}`}${members === "" ? "" : ` of ${members}`}`;
  }
  const what = describeTarget(wait);
  return what === kind ? `a ${kind}` : `${kind} ${what}`;
}

function describeExternal(wait: Wait<never>): string {
  const { target } = wait;
  const isDeclared = externalsOf(wait.scope.runner).has(target as PromiseLike<unknown>);
  if (isDeclared) return "a promise declared by external()";
  return isSubject(target) ? target.name : "a promise that is not the runtime's";
}

function namesOf(tasks: readonly TaskImpl[]): string {
  return tasks.map((task) => task.name).join(", ");
}

function inOrder(tasks: readonly TaskImpl[] | undefined): readonly TaskImpl[] {
  return [...(tasks ?? [])].sort((a, b) => a.number - b.number);
}
