/**
 * Who waits for whom, now: asyncio's call graph, and the circles in it that nobody can leave.
 *
 *     main ── group ──▶ fetch ── task ──▶ parse
 *                         ╰──── lock ──▶ its holder
 */
import { callSite } from "./call-site.ts";
import { currentScope } from "./current.ts";
import { describeValue } from "./errors.ts";
import type { Subject } from "./instrument.ts";
import type { TaskInfo } from "./runner-state.ts";
import type { Wait, WaitKind } from "./scope.ts";
import type { Task } from "./handle.ts";
import { TaskImpl } from "./task.ts";

/** A task and all who wait for it, directly or through a group, gather, shield or lock. */
export interface CallGraph {
  readonly task: TaskInfo;
  /** The stack of the running code, of the task that asks; empty for others, whose stacks are gone. */
  readonly callStack: readonly string[];
  /** What the task itself waits for. */
  readonly waitsFor: readonly { readonly kind: WaitKind; readonly name: string }[];
  readonly awaitedBy: readonly CallGraph[];
}

/** Tasks a wait needs to end or let go before it can itself end. */
export function blockersOf(wait: Wait<never>): readonly TaskImpl[] {
  const { target } = wait;
  if (target instanceof TaskImpl) return [target];
  if (!isSubject(target)) return [];
  return target.members?.() ?? target.holders();
}

/** Of what a wait waits for, in words. */
export function describeTarget(wait: Wait<never>): string {
  const { target, kind } = wait;
  if (target instanceof TaskImpl) return target.name;
  if (isSubject(target)) return target.name;
  return kind === "sleep" && typeof target === "number" ? `${target} ms` : kind;
}

export function isSubject(target: unknown): target is Subject {
  return typeof (target as Partial<Subject> | null | undefined)?.holders === "function";
}

/** The circle that a wait has just closed, beginning with its own task. */
export function findCycle(wait: Wait<never>): readonly TaskImpl[] | undefined {
  const { task } = wait.scope;
  if (task === undefined) return undefined;
  const seen = new Set<TaskImpl>();
  const path: TaskImpl[] = [task];

  function reaches(from: Wait<never>): boolean {
    for (const blocker of blockersOf(from)) {
      if (blocker === task) return true;
      if (seen.has(blocker) || blocker.done()) continue;
      seen.add(blocker);
      path.push(blocker);
      for (const next of blocker.pendingWaits()) if (reaches(next)) return true;
      path.pop();
    }
    return false;
  }

  return reaches(wait) ? path : undefined;
}

/** Of a task, or of the running one. @throws NoCurrentTaskError outside a run, without a task */
export function captureCallGraph(task?: Task): CallGraph {
  if (task !== undefined && !(task instanceof TaskImpl)) {
    throw new TypeError(`captureCallGraph() needs a task, not ${describeValue(task)}.`);
  }
  const subject = (task as TaskImpl | undefined) ?? currentScope("captureCallGraph()").task;
  const waiters = new Map<TaskImpl, TaskImpl[]>();
  for (const waiter of subject.scope.runner.tasks()) {
    for (const wait of waiter.pendingWaits()) {
      for (const blocker of blockersOf(wait)) {
        const list = waiters.get(blocker);
        if (list === undefined) waiters.set(blocker, [waiter]);
        else if (!list.includes(waiter)) list.push(waiter);
      }
    }
  }
  const above = new Set<TaskImpl>();

  function graphOf(node: TaskImpl, callStack: readonly string[]): CallGraph {
    above.add(node);
    const awaitedBy = (waiters.get(node) ?? [])
      .filter((waiter) => !above.has(waiter))
      .map((waiter) => graphOf(waiter, []));
    above.delete(node);
    const waitsFor = [...node.pendingWaits()].map((wait) => ({ kind: wait.kind, name: describeTarget(wait) }));
    return { task: node.info(), callStack, waitsFor, awaitedBy };
  }

  return graphOf(subject, task === undefined ? stackOfCaller() : []);
}

/** `captureCallGraph` as text: a task a line, who waits for it below. */
export function formatCallGraph(task?: Task): string {
  const lines: string[] = [];
  function write(graph: CallGraph, depth: number): void {
    const { name, id, state } = graph.task;
    lines.push(`${"  ".repeat(depth)}${depth === 0 ? "" : "awaited by "}${name} (${id}, ${state})`);
    for (const frame of graph.callStack) lines.push(`${"  ".repeat(depth + 1)}${frame}`);
    for (const above of graph.awaitedBy) write(above, depth + 1);
  }
  write(captureCallGraph(task), 0);
  return lines.join("\n");
}

function stackOfCaller(): readonly string[] {
  return callSite()
    .split("\n")
    .map((frame) => frame.trim());
}
