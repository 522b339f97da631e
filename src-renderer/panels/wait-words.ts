/** What a task waits for, holds and opens, in plain words. Pure. */
import type { HoldDetails, ScopeDetails, WaitDetails } from "../../src-main/api/api.ts";
import { formatDuration, formatInstant } from "../../src-main/api/format.ts";

type WaitKind = WaitDetails["kind"];

const ONE: Readonly<Record<WaitKind, string>> = {
  task: "a task",
  sleep: "a sleep",
  checkpoint: "a turn of the event loop",
  gather: "tasks it gathers",
  wait: "tasks it waits for",
  group: "the tasks of a group",
  lock: "a lock",
  event: "an event",
  condition: "a condition",
  semaphore: "a semaphore",
  limiter: "a limiter",
  rate: "a rate limiter",
  queue: "a queue",
  stream: "a stream",
  pool: "a pool",
  thread: "a thread",
  timer: "a timer",
  external: "a promise from elsewhere",
};

/** What the runtime calls groups that the program gave no name. */
const UNNAMED_GROUPS: Readonly<Record<string, string>> = {
  "task group": "the tasks of a group",
  "supervisor group": "the tasks of a supervisor group",
  "tasks that were cancelled": "tasks that were cancelled",
};

export function waitKindWords(kind: WaitKind): string {
  return ONE[kind];
}

/** `lock database`, `a sleep of 10 ms`; without the task, which is a link of its own. */
export function waitWords({ kind, name, asked }: WaitDetails): string {
  if (asked !== undefined) return `a sleep of ${formatDuration(asked)}`;
  return name === undefined ? ONE[kind] : nameWords(kind, name);
}

export function holdWords({ kind, name }: HoldDetails): string {
  return nameWords(kind, name);
}

/** What has no name of its own is called by its kind. */
function nameWords(kind: WaitKind, name: string): string {
  if (kind === "group") return UNNAMED_GROUPS[name] ?? `the tasks of ${name}`;
  return name === kind ? ONE[kind] : `${kind} ${name}`;
}

export function scopeWords({ kind, name, shielded }: ScopeDetails): string {
  const words = kind === "group" ? "task group" : kind === "scope" ? "cancel scope" : kind;
  return `${words}${name === "" ? "" : ` ${name}`}${shielded && kind !== "shield" ? ", shielded" : ""}`;
}

/** How a block ended, or until when it may last. */
export function scopeStory({ opened, closed, deadline, cancelledAt }: ScopeDetails): string {
  const parts = [closed === undefined ? "not left" : `left after ${formatDuration(Math.max(0, closed - opened))}`];
  if (cancelledAt !== undefined) parts.push(`cancelled after ${formatDuration(Math.max(0, cancelledAt - opened))}`);
  if (deadline !== undefined) parts.push(`deadline ${formatInstant(deadline)}`);
  return parts.join(", ");
}
