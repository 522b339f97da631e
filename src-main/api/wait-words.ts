/** What a task waits for, in plain words, everywhere: the interface, the terminal. Pure. */
import type { WaitKind } from "../../src-runtime/protocol/record.ts";
import { formatDuration } from "./format.ts";

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

interface WaitWords {
  readonly kind: WaitKind;
  readonly name?: string;
  /** Of a sleep, Nanos. */
  readonly asked?: number;
}

/** `lock database`, `a sleep of 10 ms`; without the task, which is a link of its own. */
export function waitWords({ kind, name, asked }: WaitWords): string {
  if (asked !== undefined) return `a sleep of ${formatDuration(asked)}`;
  return name === undefined ? ONE[kind] : nameWords(kind, name);
}

/** What has no name of its own is called by its kind. */
export function nameWords(kind: WaitKind, name: string): string {
  if (kind === "group") return UNNAMED_GROUPS[name] ?? `the tasks of ${name}`;
  return name === kind ? ONE[kind] : `${kind} ${name}`;
}
