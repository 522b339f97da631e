/**
 * What tasks wait for and what they hold. Pure but for its own state.
 *
 *     task   ├───────────────────────────────────┤
 *     waits     ├── lock ──┤   ├─ task ─┤               a row each: what for, who held it, who let it go on
 *                  ├ timer ─┤
 *     drawn     ├──────────┤   ├────────┤               on a row of the task's own: waiting for anything
 */
import { nanos, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { LinkKind, WaitKind } from "../../src-runtime/protocol/record.ts";
import type { Change } from "../store/rows.ts";
import type { KnownTask, KnownTasks } from "./known-tasks.ts";
import type { SessionEvent } from "./session.ts";

/** The lane of a task's own row in which its waits lie. Lane 0 is the task. */
const WAIT_LANE = 1;
/** Names of locks, queues and streams that are remembered, and holds that were not given back. */
const KEPT = 50_000;

type Of<K extends SessionEvent["kind"]> = Extract<SessionEvent, { kind: K }>;

interface OpenWait {
  readonly id: number;
  readonly task: number;
  readonly kind: WaitKind;
  readonly target: number;
  readonly start: Nanos;
}

interface Waiting {
  readonly waits: Set<OpenWait>;
  /** The drawn slice, 0 none. */
  slice: number;
}

/** Whose end of a wait is a cause: the edge from who let it go on. */
const CAUSES: Readonly<Partial<Record<WaitKind, LinkKind>>> = {
  lock: "handoff",
  semaphore: "handoff",
  limiter: "handoff",
  pool: "handoff",
  queue: "handoff",
  stream: "handoff",
  event: "wake",
  condition: "wake",
  task: "await",
};

export interface WaitFold {
  subject(event: Of<"subject">, out: Change[]): void;
  began(event: Of<"wait">, out: Change[]): void;
  ended(event: Of<"waitEnd">, out: Change[]): void;
  held(event: Of<"hold">, out: Change[]): void;
  released(event: Of<"release">, out: Change[]): void;
  /** Ends the waits for it, and what is left of its own. */
  taskEnded(event: Of<"end">, out: Change[]): void;
}

export function createWaitFold(tasks: KnownTasks, nextId: () => number): WaitFold {
  const open = new Map<number, OpenWait>();
  const ofTask = new Map<number, Waiting>();
  const forTask = new Map<number, Set<OpenWait>>();
  const names = new Map<number, string>();
  const holds = new Map<number, { readonly id: number; readonly task: number; readonly since: Nanos }[]>();

  function labelOf({ waitKind, target }: Of<"wait">): string {
    const name = tasks.any(target)?.name ?? names.get(target);
    return name === undefined || name === waitKind ? waitKind : `${waitKind} ${name}`;
  }

  function draw(task: KnownTask | undefined, event: Of<"wait">, out: Change[]): number {
    if (task === undefined || task.pack !== undefined || task.track === 0) return 0;
    const slice = nextId();
    const { track, id } = task;
    const row = { id: slice, track, depth: WAIT_LANE, kind: "wait", subject: id, start: event.at } as const;
    out.push({ do: "slice", row: { ...row, label: labelOf(event) } });
    return slice;
  }

  function end(wait: OpenWait, at: Nanos, outcome: Of<"waitEnd">["outcome"], by: number, out: Change[]): void {
    open.delete(wait.id);
    const dur = nanos(Math.max(0, at - wait.start));
    out.push({ do: "endWait", wait: wait.id, dur, outcome, by });
    const link = CAUSES[wait.kind];
    if (link !== undefined && by !== 0 && outcome !== "cancelled" && wait.task !== 0) {
      out.push({ do: "link", kind: link, from: by, to: wait.task, at });
    }
    const waiting = ofTask.get(wait.task);
    waiting?.waits.delete(wait);
    if (waiting?.waits.size === 0) {
      ofTask.delete(wait.task);
      if (waiting.slice !== 0) {
        out.push({ do: "endSlice", slice: waiting.slice, end: nanos(wait.start + dur), outcome: "completed" });
      }
    }
    const awaiters = forTask.get(wait.target);
    if (awaiters?.delete(wait) === true && awaiters.size === 0) forTask.delete(wait.target);
  }

  return {
    subject(event, out) {
      const { subject: id, thread, subjectKind: kind, name } = event;
      names.set(id, name);
      if (names.size > KEPT) names.delete(names.keys().next().value as number);
      out.push({ do: "subject", row: { id, thread, kind, name } });
    },
    began(event, out) {
      const { wait: id, task, waitKind: kind, target, holder, at: start, asked } = event;
      const wait: OpenWait = { id, task, kind, target, start };
      const row = { id, task, kind, target, holder, start, ...(asked === undefined ? {} : { asked }) };
      out.push({ do: "wait", row });
      open.set(id, wait);
      let waiting = ofTask.get(task);
      if (waiting === undefined) {
        waiting = { waits: new Set(), slice: draw(tasks.open(task), event, out) };
        ofTask.set(task, waiting);
      }
      waiting.waits.add(wait);
      if (kind !== "task") return;
      const awaiters = forTask.get(target);
      if (awaiters === undefined) forTask.set(target, new Set([wait]));
      else awaiters.add(wait);
    },
    ended({ wait: id, at, outcome, by }, out) {
      const wait = open.get(id);
      if (wait !== undefined) end(wait, at, outcome, by, out);
    },
    held({ subject, task, at, waited }, out) {
      const id = nextId();
      const list = holds.get(subject) ?? [];
      list.push({ id, task, since: at });
      holds.set(subject, list);
      if (holds.size > KEPT) holds.delete(holds.keys().next().value as number);
      const row = { id, task, subject, acquired: at, waited: nanos(Math.max(0, Math.round(waited * 1e6))) };
      out.push({ do: "hold", row });
    },
    released({ subject, task, at }, out) {
      const list = holds.get(subject);
      if (list === undefined) return;
      const own = list.findLastIndex((hold) => hold.task === task);
      // Given back by another task than took it: whoever has had it longest.
      const [hold] = list.splice(own < 0 ? 0 : own, 1);
      if (list.length === 0) holds.delete(subject);
      if (hold !== undefined) out.push({ do: "endHold", hold: hold.id, dur: nanos(Math.max(0, at - hold.since)) });
    },
    taskEnded({ task, at, outcome }, out) {
      const result = outcome === "completed" ? "completed" : "failed";
      for (const wait of forTask.get(task) ?? []) end(wait, at, result, task, out);
      // Its ends were lost, or it was given up while it waited.
      for (const wait of ofTask.get(task)?.waits ?? []) end(wait, at, "abandoned", 0, out);
    },
  };
}
