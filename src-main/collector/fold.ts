/**
 * The fold: state × event → rows. Pure: no clock, no file, no database; the same events give the same rows.
 *
 * One state for a whole recording, because tasks of several threads share the tree of tracks. Unknown ids (their start
 * was dropped) are passed over: the loss is already counted.
 */
import { msToNanos, nanos, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { Change } from "../store/rows.ts";
import { createCancelFold } from "./cancels.ts";
import { createKnownTasks } from "./known-tasks.ts";
import { createPlaces } from "./places.ts";
import type { SessionEvent } from "./session.ts";
import { createThreadStalls, type ThreadStalls } from "./stalls.ts";
import { createThreadVictims, type ThreadVictims } from "./victims.ts";
import { createWaitFold } from "./waits.ts";

/** Tasks of which something was said before they started: above it, those whose start was lost are forgotten. */
const MAX_EARLY = 1000;

interface ThreadState {
  readonly id: number;
  /** The track under which its own tracks lie, 0 at the root. */
  readonly group: number;
  readonly stalls: ThreadStalls;
  readonly victims: ThreadVictims;
  /** Said of tasks whose start has not come yet: messages overtake records. */
  readonly early: Map<number, SessionEvent[]>;
  lastStarted: number;
  gone: boolean;
}

export interface Fold {
  apply(event: SessionEvent, out: Change[]): void;
}

type Of<K extends SessionEvent["kind"]> = Extract<SessionEvent, { kind: K }>;

export function createFold(): Fold {
  const threads = new Map<number, ThreadState>();
  const tasks = createKnownTasks();
  const processes = new Set<number>();
  /** The culprit slice of each stall that has one. */
  const culprits = new Map<number, number>();
  let lastId = 0;
  const nextId = (): number => ++lastId;
  const cancels = createCancelFold(tasks, nextId);
  const waits = createWaitFold(tasks, nextId);
  const places = createPlaces(nextId);

  function hello(event: Of<"hello">, out: Change[]): void {
    const { hello: said, thread, process, at } = event;
    if (!processes.has(process)) {
      processes.add(process);
      out.push({
        do: "process",
        row: {
          id: process,
          pid: said.pid,
          ppid: said.ppid,
          ...(said.program === undefined ? {} : { program: said.program }),
          argCount: said.argCount,
          ...(said.args === undefined ? {} : { args: said.args }),
          cwd: said.cwd,
          execPath: said.execPath,
          node: said.node,
          platform: said.platform,
          arch: said.arch,
          start: at,
        },
      });
    }
    out.push({ do: "thread", row: { id: thread, process, threadId: said.thread, level: said.level, start: at } });
    for (const what of said.notSeen) out.push({ do: "notSeen", what });
    let group = 0;
    if (threads.size > 0) {
      const label = said.thread === 0 ? `process ${said.pid}` : `worker ${said.thread} of ${said.pid}`;
      group = places.track(thread, 0, "thread", 0, label, at, out);
    }
    places.track(thread, group, "loop", 0, "Event loop", at, out);
    threads.set(thread, {
      id: thread,
      group,
      stalls: createThreadStalls(thread, nextId, msToNanos(said.thresholdMs)),
      victims: createThreadVictims(),
      early: new Map(),
      lastStarted: 0,
      gone: false,
    });
  }

  function start(event: Of<"start">, out: Change[]): void {
    const { at, task, parent, taskKind, name, origin, scope = 0 } = event;
    const thread = threads.get(event.thread);
    if (thread === undefined) return;
    const isSpan = taskKind === "span";
    const isRuntime = origin === "runtime";
    if (isSpan) out.push({ do: "span", row: { id: task, thread: thread.id, task: parent, name, start: at } });
    else {
      const row = { id: task, thread: thread.id, parent, kind: taskKind, name, origin, created: at, scope };
      out.push({ do: "task", row });
      if (isRuntime && parent !== 0) out.push({ do: "link", kind: "create", from: parent, to: task, at });
    }
    const slice = nextId();
    const { depth, ...where } = places.of(event, tasks.any(parent)?.home ?? thread.group, slice, thread.group, out);
    const isDrawn = depth >= 0;
    tasks.add({
      id: task,
      name,
      isSpan,
      isRuntime,
      ...where,
      depth: Math.max(0, depth),
      slice: isDrawn ? slice : 0,
      isOpen: true,
      firstChunk: undefined,
      chunks: 0,
    });
    if (isDrawn) {
      const row = { id: slice, track: where.track, depth, kind: taskKind, subject: task, start: at, label: name };
      out.push({ do: "slice", row });
    }
    thread.lastStarted = task;
    thread.stalls.apply(event, out);
    const early = thread.early.get(task);
    thread.early.delete(task);
    for (const said of early ?? []) fold.apply(said, out);
    if (thread.early.size > MAX_EARLY) forgetLost(thread);
  }

  /** Starts that did not come by now were dropped. */
  function forgetLost(thread: ThreadState): void {
    for (const task of thread.early.keys()) if (task < thread.lastStarted) thread.early.delete(task);
  }

  /** Keeps what is said of a task that has not started yet. */
  function isEarly(event: Extract<SessionEvent, { task: number }>): boolean {
    const thread = threads.get(event.thread);
    if (thread === undefined || event.task <= thread.lastStarted) return false;
    const list = thread.early.get(event.task) ?? [];
    list.push(event);
    thread.early.set(event.task, list);
    return true;
  }

  function end(event: Of<"end">, out: Change[]): void {
    const task = tasks.open(event.task);
    if (task === undefined) return waits.taskEnded(event, out);
    task.isOpen = false;
    task.pack?.lanes.close(task.slice);
    const { at, outcome } = event;
    const error = event.error === undefined ? {} : { error: event.error };
    if (task.isRuntime) waits.taskEnded(event, out);
    if (task.isSpan) out.push({ do: "endSpan", span: task.id, at, outcome, ...error });
    else {
      if (task.firstChunk !== undefined)
        out.push({ do: "taskChunks", task: task.id, firstChunk: task.firstChunk, chunks: task.chunks });
      out.push({ do: "endTask", task: task.id, at, outcome, ...error });
    }
    if (task.slice !== 0) {
      const firstChunk = task.firstChunk === undefined ? {} : { firstChunk: task.firstChunk };
      out.push({ do: "endSlice", slice: task.slice, end: at, outcome, ...firstChunk });
    }
    cancels.taskEnded(task, event, out);
  }

  function progress(event: Of<"progress">, out: Change[]): void {
    const task = tasks.open(event.task);
    if (task === undefined || task.isSpan) return;
    if (event.progress === "started") out.push({ do: "taskStarted", task: task.id, at: event.at });
    if (event.progress === "headers" && event.a > 0) {
      out.push({ do: "taskAttributes", task: task.id, attributes: { "http.response.status_code": event.a } });
    }
    if (event.progress !== "chunk") return;
    task.chunks++;
    if (task.firstChunk !== undefined) return;
    task.firstChunk = event.at;
    out.push({ do: "taskChunks", task: task.id, firstChunk: event.at, chunks: 1 });
  }

  /** The part of a task's row during which exactly that task held the event loop. */
  function culprit(stall: Extract<Change, { do: "stall" }>["row"], out: Change[]): void {
    voidCulprit(stall.id, out);
    if (stall.dur === undefined || stall.task === 0) return;
    const task = tasks.any(stall.task);
    if (task === undefined || task.slice === 0) return;
    const { track, depth } = task;
    const id = nextId();
    culprits.set(stall.id, id);
    const label = stall.blame === undefined ? "" : `${stall.blame.function}()`;
    out.push({ do: "slice", row: { id, track, depth, kind: "culprit", subject: stall.id, start: stall.start, label } });
    out.push({ do: "endSlice", slice: id, end: nanos(stall.start + stall.dur), outcome: "completed" });
  }

  /** What was said of the stall before no longer holds. */
  function voidCulprit(stall: number, out: Change[]): void {
    const slice = culprits.get(stall);
    if (slice === undefined) return;
    culprits.delete(stall);
    out.push({ do: "voidSlice", slice });
  }

  function scope(event: Of<"scope">, out: Change[]): void {
    const { scope: id, task, parent, scopeKind: kind, name, at: opened, shielded } = event;
    out.push({ do: "scope", row: { id, task, parent, kind, name, opened, shielded } });
  }

  function gone(threadId: number, at: Nanos, exitCode: number | undefined, out: Change[]): void {
    const thread = threads.get(threadId);
    thread?.stalls.end(at, exitCode !== undefined, out);
    if (thread === undefined || thread.gone) return;
    thread.gone = true;
    out.push({ do: "endThread", thread: threadId, at, ...(exitCode === undefined ? {} : { exitCode }) });
  }

  const fold: Fold = {
    apply(event, out) {
      const from = out.length;
      rowsOf(event, out);
      threads.get(event.thread)?.victims.apply(event, out, from);
    },
  };

  function rowsOf(event: SessionEvent, out: Change[]): void {
    switch (event.kind) {
      case "hello":
        return hello(event, out);
      case "start":
        return start(event, out);
      case "end":
        return end(event, out);
      case "progress":
        return progress(event, out);
      case "attributes":
        if (isEarly(event)) return;
        if (tasks.any(event.task)?.isSpan === true)
          out.push({ do: "spanAttributes", span: event.task, attributes: event.attributes });
        else out.push({ do: "taskAttributes", task: event.task, attributes: event.attributes });
        return;
      case "link":
        out.push({ do: "link", kind: event.link, from: event.from, to: event.to, at: event.at });
        return;
      case "site":
        if (!isEarly(event)) out.push({ do: "taskSite", task: event.task, stack: event.frames });
        return;
      case "cancel":
        return cancels.requested(event, out);
      case "reached":
        return cancels.reached(event, out);
      case "delivered":
        return cancels.delivered(event, out);
      case "settled":
        return cancels.settled(event, out);
      case "scope":
        return scope(event, out);
      case "scopeEnd":
        out.push({ do: "closeScope", scope: event.scope, at: event.at });
        return;
      case "deadline":
        out.push({
          do: "scopeDeadline",
          scope: event.scope,
          ...(event.when === undefined ? {} : { when: event.when }),
        });
        return;
      case "subject":
        return waits.subject(event, out);
      case "wait":
        return waits.began(event, out);
      case "waitEnd":
        return waits.ended(event, out);
      case "hold":
        return waits.held(event, out);
      case "release":
        return waits.released(event, out);
      case "depth": {
        const { subject, at, depth, waiters, passed } = event;
        out.push({ do: "depth", row: { subject, at, depth, waiters, passed } });
        return;
      }
      case "runtime": {
        const { at, thread, event: kind, task, subject, a, b, text } = event;
        const row = { at, thread, kind, task, subject, a, b, ...(text === undefined ? {} : { text }) };
        out.push({ do: "runtimeEvent", row });
        return;
      }
      case "beat":
        out.push({
          do: "loop",
          thread: event.thread,
          at: nanos(Math.max(0, event.at - event.length * 1e6)),
          dur: Math.round(event.length * 1e6),
          busyMs: event.busy,
          delayMs: event.delay,
        });
        threads.get(event.thread)?.stalls.apply(event, out);
        return;
      case "stallOpen":
      case "sample":
      case "stall":
      case "evidence":
      case "profile":
      case "alive": {
        const from = out.length;
        threads.get(event.thread)?.stalls.apply(event, out);
        for (const change of out.slice(from)) {
          if (change.do === "stall") culprit(change.row, out);
          if (change.do === "voidStall") voidCulprit(change.stall, out);
        }
        return;
      }
      case "own":
        out.push({ do: "own", thread: event.thread, what: event.what, at: event.at, dur: msToNanos(event.length) });
        return;
      case "dropped":
        for (const [kind, count] of Object.entries(event.byKind)) out.push({ do: "dropped", kind, count });
        return;
      case "notSeen":
        out.push({ do: "notSeen", what: event.what });
        return;
      case "bye":
        return gone(event.thread, event.at, event.exitCode, out);
      case "gone":
        return gone(event.thread, event.at, undefined, out);
      case "waited":
      case "lateTimer":
      case "lateIo":
        return;
    }
  }

  return fold;
}
