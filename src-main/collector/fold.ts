/**
 * The fold: state × event → rows. Pure: no clock, no file, no database; the same events give the same rows.
 *
 * One state for a whole recording, because tasks of several threads share the tree of tracks. Unknown ids (their start
 * was dropped) are passed over: the loss is already counted.
 */
import { nanos, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { TrackKind } from "../api/api.ts";
import type { Change } from "../store/rows.ts";
import { createLanes, type Lanes } from "./lanes.ts";
import type { SessionEvent } from "./session.ts";
import { createThreadStalls, type ThreadStalls } from "./stalls.ts";

/** Tasks that have a track of their own; the rest is packed in lanes. */
const OWN_TRACK: ReadonlySet<string> = new Set(["agent", "step", "model", "tool", "promise"]);

interface Pack {
  readonly track: number;
  readonly lanes: Lanes;
}

interface OpenTask {
  readonly id: number;
  readonly thread: number;
  readonly parent: number;
  readonly isSpan: boolean;
  readonly track: number;
  readonly depth: number;
  readonly slice: number;
  readonly pack: Pack | undefined;
  firstChunk: Nanos | undefined;
  chunks: number;
}

interface ThreadState {
  readonly id: number;
  /** The track under which its own tracks lie, 0 at the root. */
  readonly group: number;
  readonly stalls: ThreadStalls;
  readonly packs: Map<string, Pack>;
  /** Said of tasks whose start has not come yet: messages overtake records. */
  readonly early: Map<number, SessionEvent[]>;
  lastStarted: number;
  gone: boolean;
}

interface Abort {
  readonly requested: Nanos;
  readonly row: {
    readonly source: Extract<SessionEvent, { kind: "cancel" }>["source"];
    readonly reason: string;
    readonly by: number;
  };
  readonly stack: Extract<SessionEvent, { kind: "cancel" }>["stack"];
  /** The row that says "reached nobody we see", replaced by the first it reaches. */
  readonly id: number;
  reached: number;
}

export interface Fold {
  apply(event: SessionEvent, out: Change[]): void;
}

export function createFold(): Fold {
  const threads = new Map<number, ThreadState>();
  const tasks = new Map<number, OpenTask>();
  /** Track of each task that has its own, also after it ended: late children still find it. */
  const trackOfTask = new Map<number, number>();
  const parentOfTask = new Map<number, number>();
  const aborts = new Map<number, Abort>();
  /** Cancellations by the task they reached, until it settles. */
  const delivered = new Map<number, { readonly cancellation: number; readonly ignored: boolean }[]>();
  const processes = new Set<number>();
  let lastId = 0;
  const nextId = (): number => ++lastId;

  function hello(event: Extract<SessionEvent, { kind: "hello" }>, out: Change[]): void {
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
      group = track(thread, 0, "thread", 0, label, at, out);
    }
    track(thread, group, "loop", 0, "Event loop", at, out);
    threads.set(thread, {
      id: thread,
      group,
      stalls: createThreadStalls(thread, nextId),
      packs: new Map(),
      early: new Map(),
      lastStarted: 0,
      gone: false,
    });
  }

  function track(
    thread: number,
    parent: number,
    kind: TrackKind,
    task: number,
    label: string,
    start: Nanos,
    out: Change[],
  ): number {
    const id = nextId();
    out.push({ do: "track", row: { id, parent, thread, kind, task, label, start } });
    return id;
  }

  /** The nearest ancestor's own track, else the thread's group. */
  function homeOf(parent: number, thread: ThreadState): number {
    for (let at = parent, steps = 0; at !== 0 && steps < 1000; at = parentOfTask.get(at) ?? 0, steps++) {
      const own = trackOfTask.get(at);
      if (own !== undefined) return own;
    }
    return thread.group;
  }

  function packOf(thread: ThreadState, parent: number, kind: TrackKind, label: string, at: Nanos, out: Change[]): Pack {
    const key = `${parent} ${label}`;
    let pack = thread.packs.get(key);
    if (pack === undefined) {
      pack = { track: track(thread.id, parent, kind, 0, label, at, out), lanes: createLanes() };
      thread.packs.set(key, pack);
    }
    return pack;
  }

  function start(event: Extract<SessionEvent, { kind: "start" }>, out: Change[]): void {
    const { at, task, parent, taskKind, name, origin } = event;
    const thread = threads.get(event.thread);
    if (thread === undefined) return;
    const isSpan = taskKind === "span";
    if (isSpan) out.push({ do: "span", row: { id: task, thread: thread.id, task: parent, name, start: at } });
    else {
      parentOfTask.set(task, parent);
      out.push({
        do: "task",
        row: { id: task, thread: thread.id, parent, kind: taskKind, name, origin, created: at },
      });
    }
    const home = homeOf(parent, thread);
    const slice = nextId();
    let pack: Pack | undefined;
    let trackId: number;
    let depth = 0;
    if (OWN_TRACK.has(taskKind)) {
      trackId = track(thread.id, home, taskKind as TrackKind, task, name, at, out);
      trackOfTask.set(task, trackId);
    } else {
      pack = isSpan
        ? packOf(thread, thread.group, "spans", "Spans", at, out)
        : packOf(
            thread,
            home,
            taskKind === "request" ? "requests" : "function",
            taskKind === "request" ? "Requests" : "Aborts",
            at,
            out,
          );
      const depths = pack.lanes.depths;
      depth = pack.lanes.open(slice, 0);
      if (pack.lanes.depths > depths) out.push({ do: "trackDepths", track: pack.track, depths: pack.lanes.depths });
      trackId = pack.track;
    }
    tasks.set(task, {
      id: task,
      thread: thread.id,
      parent,
      isSpan,
      track: trackId,
      depth,
      slice,
      pack,
      firstChunk: undefined,
      chunks: 0,
    });
    out.push({
      do: "slice",
      row: { id: slice, track: trackId, depth, kind: taskKind, subject: task, start: at, label: name },
    });
    thread.lastStarted = task;
    thread.stalls.apply(event, out);
    const early = thread.early.get(task);
    thread.early.delete(task);
    for (const said of early ?? []) fold.apply(said, out);
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

  function end(event: Extract<SessionEvent, { kind: "end" }>, out: Change[]): void {
    const task = tasks.get(event.task);
    if (task === undefined) return;
    tasks.delete(task.id);
    task.pack?.lanes.close(task.slice);
    const { at, outcome } = event;
    const error = event.error === undefined ? {} : { error: event.error };
    if (task.isSpan) out.push({ do: "endSpan", span: task.id, at, outcome, ...error });
    else {
      if (task.firstChunk !== undefined)
        out.push({ do: "taskChunks", task: task.id, firstChunk: task.firstChunk, chunks: task.chunks });
      out.push({ do: "endTask", task: task.id, at, outcome, ...error });
    }
    out.push({
      do: "endSlice",
      slice: task.slice,
      end: at,
      outcome,
      ...(task.firstChunk === undefined ? {} : { firstChunk: task.firstChunk }),
    });
    for (const { cancellation, ignored } of delivered.get(task.id) ?? []) {
      out.push({ do: "settleCancellation", cancellation, at, ignored: ignored || outcome === "completed" });
    }
    delivered.delete(task.id);
  }

  function progress(event: Extract<SessionEvent, { kind: "progress" }>, out: Change[]): void {
    const task = tasks.get(event.task);
    if (task === undefined || task.isSpan) return;
    if (event.progress === "headers" && event.a > 0) {
      out.push({ do: "taskAttributes", task: task.id, attributes: { "http.response.status_code": event.a } });
    }
    if (event.progress !== "chunk") return;
    task.chunks++;
    if (task.firstChunk !== undefined) return;
    task.firstChunk = event.at;
    out.push({ do: "taskChunks", task: task.id, firstChunk: event.at, chunks: 1 });
  }

  function cancellation(id: number, cancel: number, task: number, abort: Abort): Change {
    const { requested, row, stack } = abort;
    return { do: "cancellation", row: { id, cancel, task, requested, ...row, stack } };
  }

  function cancelRequested(event: Extract<SessionEvent, { kind: "cancel" }>, out: Change[]): void {
    const { source, reason, by, stack, cancel, at } = event;
    const abort: Abort = { requested: at, row: { source, reason, by }, stack, id: nextId(), reached: 0 };
    aborts.set(cancel, abort);
    out.push(cancellation(abort.id, cancel, 0, abort));
  }

  function reached(event: Extract<SessionEvent, { kind: "reached" }>, out: Change[]): void {
    const abort = aborts.get(event.cancel);
    if (abort === undefined) return;
    const id = abort.reached === 0 ? abort.id : nextId();
    abort.reached++;
    out.push(cancellation(id, event.cancel, event.task, abort));
    out.push({ do: "link", kind: "cancel", from: event.cancel, to: event.task, at: event.at });
    if (tasks.has(event.task)) {
      const list = delivered.get(event.task) ?? [];
      list.push({ cancellation: id, ignored: event.ignored });
      delivered.set(event.task, list);
    } else out.push({ do: "settleCancellation", cancellation: id, at: event.at, ignored: event.ignored });
  }

  /** The part of a task's row during which exactly that task held the event loop. */
  function culprit(stall: Extract<Change, { do: "stall" }>["row"], out: Change[]): void {
    if (stall.dur === undefined || stall.task === 0) return;
    const track = trackOfTask.get(stall.task) ?? tasks.get(stall.task)?.track;
    if (track === undefined) return;
    const id = nextId();
    const depth = tasks.get(stall.task)?.depth ?? 0;
    const label = stall.blame === undefined ? "" : `${stall.blame.function}()`;
    out.push({ do: "slice", row: { id, track, depth, kind: "culprit", subject: stall.id, start: stall.start, label } });
    out.push({ do: "endSlice", slice: id, end: nanos(stall.start + stall.dur), outcome: "completed" });
  }

  function gone(threadId: number, at: Nanos, exitCode: number | undefined, out: Change[]): void {
    const thread = threads.get(threadId);
    if (thread === undefined || thread.gone) return;
    thread.gone = true;
    if (exitCode !== undefined) thread.stalls.end(out);
    out.push({ do: "endThread", thread: threadId, at, ...(exitCode === undefined ? {} : { exitCode }) });
  }

  const fold: Fold = {
    apply(event, out) {
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
          if (tasks.get(event.task)?.isSpan === true)
            out.push({ do: "spanAttributes", span: event.task, attributes: event.attributes });
          else out.push({ do: "taskAttributes", task: event.task, attributes: event.attributes });
          return;
        case "link":
          out.push({ do: "link", kind: event.link, from: event.from, to: event.to, at: event.at });
          return;
        case "cancel":
          return cancelRequested(event, out);
        case "reached":
          if (!isEarly(event)) reached(event, out);
          return;
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
        case "alive": {
          const from = out.length;
          threads.get(event.thread)?.stalls.apply(event, out);
          for (const change of out.slice(from)) if (change.do === "stall") culprit(change.row, out);
          return;
        }
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
      }
    },
  };
  return fold;
}
