/**
 * The tracer of one thread: ring, messages, watchdog, hooks, and the bounded handshake at exit.
 *
 * It must never harm its host. Whatever throws in here is caught, unhooks what threw, and is said in the recording;
 * when the watchdog or the collector is gone the thread unhooks altogether and goes on as if we had never been there.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { performance } from "node:perf_hooks";
import { Worker, threadId } from "node:worker_threads";
import {
  PROTOCOL_VERSION,
  STRINGS_KEPT,
  type Attributes,
  type HelloMessage,
  type Message,
} from "../protocol/message.ts";
import { LINK_KINDS, OUTCOMES, PROGRESS_KINDS, RecordKind, TASK_KINDS } from "../protocol/record.ts";
import { installCapture } from "./capture.ts";
import type { TracerConfig } from "./config.ts";
import { createCurrentTask } from "./current.ts";
import type { Emitter, OwnTimers, Records } from "./emitter.ts";
import { canTrackHandles, startHandleHooks, type HandleHooks } from "./handles.ts";
import { startHeartbeat, type Heartbeat, type Seen } from "./heartbeat.ts";
import { instrument } from "./instrumentations/index.ts";
import { createProbe } from "./probe.ts";
import { canProfile, startProfiler, type Profiler, type RawProfile } from "./profile.ts";
import { createPromiseRing } from "./promise-ring.ts";
import { startPromiseHooks, type PromiseHooks } from "./promises.ts";
import { Control, createRing, createRingWriter } from "./ring.ts";
import { createStretches } from "./stretch.ts";
import { ownThreadFolder } from "./thread-stats.ts";

/** How long the thread waits for its last events to be flushed, milliseconds. */
const EXIT_WAIT_MS = 100;
/** Attributes up to this length travel as a repeated text. Characters. */
const MAX_REPEATED = 1024;
/** A promise's run that is this share of the longest stretch is what the stretch was. */
const SAME_SHARE = 0.9;
/** Messages under way beside the ring, at most. */
const MAX_MESSAGES = 20_000;

export interface WatchdogData {
  readonly buffer: SharedArrayBuffer;
  /** Level deep: the ring of promise events. */
  readonly promises?: SharedArrayBuffer;
  readonly socket: string;
  readonly thresholdMs: number;
  readonly hello: HelloMessage;
  readonly canCapture: boolean;
  readonly ownFile: string;
  /** Of the traced thread in /proc; undefined where there is none. */
  readonly threadFolder: string | undefined;
}

export function startTracer(config: TracerConfig, ownFile: string, watchdogFile: string): void {
  const ring = createRing();
  const { control } = ring;
  const writer = createRingWriter(ring);
  const now = performance.now.bind(performance);
  const began = now();
  const context = new AsyncLocalStorage<number>();
  const tasks = createCurrentTask(context);
  const strings = new Map<string, number>();
  let sets = new WeakMap<Attributes, number>();
  const troubled = new Set<string>();
  const codes = {
    task: codesOf(TASK_KINDS),
    outcome: codesOf(OUTCOMES),
    progress: codesOf(PROGRESS_KINDS),
    link: codesOf(LINK_KINDS),
  };
  const undo: (() => void)[] = [];
  let handles: HandleHooks | undefined;
  let lastTask = 0;
  let lastString = 0;
  const latest: { text: string | undefined; id: number } = { text: undefined, id: 0 };
  let stopped = false;
  let isExiting = false;

  const emitter: Emitter = {
    captureContent: config.captureContent,
    context,
    current: tasks.current,
    start(kind, name, parent, origin, set) {
      const id = ++lastTask;
      writer.write(RecordKind.start, codes.task[kind], now(), id, parent, string(name), string(origin));
      if (set !== undefined) attributes(id, set);
      return id;
    },
    progress(task, kind, a = 0, value = 0) {
      writer.write(RecordKind.progress, codes.progress[kind], now(), task, a, 0, value);
    },
    end(task, outcome, error) {
      writer.write(RecordKind.end, codes.outcome[outcome], now(), task, error === undefined ? 0 : string(error), 0, 0);
    },
    attributes,
    link(kind, from, to) {
      writer.write(RecordKind.link, codes.link[kind], now(), from, to, 0, 0);
    },
    cancel(id, source, reason, by, site, more) {
      post({ t: "cancel", id, at: now(), source, reason, by, ...(site === undefined ? {} : { site }), ...more });
    },
    reached: (cancel, task, ignored) =>
      void writer.write(RecordKind.reached, ignored ? 1 : 0, now(), cancel, task, 0, 0),
    site: (task, frames) => post({ t: "site", task, frames }),
    trouble(part, error) {
      if (troubled.has(part)) return;
      troubled.add(part);
      const text = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
      post({ t: "trouble", part, error: text.slice(0, 500) });
    },
    notSeen: (what) => post({ t: "notSeen", what }),
  };

  const records: Records & OwnTimers = {
    now,
    id: () => ++lastTask,
    string,
    write: writer.write,
    own: (create) => (handles === undefined ? create() : handles.own(create)),
  };

  /** Most requests have the attributes of one before: their text is sent once, and then a number. */
  function attributes(task: number, set: Attributes): void {
    let id = sets.get(set);
    if (id === undefined) {
      const text = JSON.stringify(set);
      if (text.length > MAX_REPEATED) return post({ t: "attributes", task, attributes: set });
      id = string(text);
      sets.set(set, id);
    }
    writer.write(RecordKind.attributes, 0, now(), task, id, 0, 0);
  }

  function string(text: string): number {
    // Tasks come in rows of one name.
    if (text === latest.text) return latest.id;
    let id = strings.get(text);
    if (id === undefined) {
      // The collector keeps twice as many, so that records under way still find theirs.
      if (strings.size >= STRINGS_KEPT) {
        strings.clear();
        sets = new WeakMap();
      }
      id = ++lastString;
      strings.set(text, id);
      post({ t: "string", id, text });
    }
    latest.text = text;
    latest.id = id;
    return id;
  }

  function post(message: Message | RawProfile): void {
    if (stopped) return;
    if (Atomics.load(control, Control.posted) - Atomics.load(control, Control.taken) >= MAX_MESSAGES) {
      Atomics.add(control, Control.droppedMessages, 1);
      return;
    }
    Atomics.add(control, Control.posted, 1);
    worker.postMessage(message);
  }

  /** A promise's reaction begins later than the callback that it runs after. */
  function seenStretch(at: number): Seen {
    stretches.close(at);
    const { longestStart: from, longestEnd: to, callbacks } = stretches;
    const first = callbacks === 0 ? undefined : stretches.first;
    const run = promises?.longest();
    const isSame = run !== undefined && run.end - run.start > SAME_SHARE * (to - from) && run.start >= from;
    return isSame ? { from: run.start, to: run.end, first } : { from, to, first };
  }

  function tend(at: number): boolean {
    try {
      return profiler?.tend(at) ?? false;
    } catch (error) {
      profiler = undefined;
      emitter.trouble("profile", error);
      return true;
    }
  }

  function stop(): void {
    if (stopped) return;
    stopped = true;
    for (const step of undo.reverse()) step();
    if (!isExiting) uninstallCapture();
  }

  const isMain = threadId === 0;
  const hasHandles = config.level !== "light" && canTrackHandles();
  const promiseRing = config.level === "deep" ? createPromiseRing() : undefined;
  const data: WatchdogData = {
    buffer: ring.buffer,
    ...(promiseRing === undefined ? {} : { promises: promiseRing.buffer }),
    socket: config.socket,
    thresholdMs: config.threshold,
    hello: describeThread(config, hasHandles),
    canCapture: isMain && mayInspect(),
    ownFile,
    threadFolder: ownThreadFolder(),
  };
  const worker = withoutAnnouncement(
    () =>
      new Worker(watchdogFile, {
        name: "stallscope-watchdog",
        workerData: data,
        execArgv: [],
        env: {},
        stdout: true,
        stderr: true,
      }),
  );
  worker.unref();
  worker.on("error", stop);
  worker.on("exit", stop);

  const stretches = createStretches(now());
  const beats: { heartbeat?: Heartbeat } = {};
  let profiler: Profiler | undefined;
  if (config.level !== "light" && canProfile()) {
    profiler = startProfiler(now, post);
    undo.push(() => profiler?.stop());
  }
  // Before the hooks: its promises have no parent they know, and so are no victims.
  const probe = createProbe(now);
  let promises: PromiseHooks | undefined;
  if (promiseRing !== undefined) {
    const onError = (error: unknown): void => emitter.trouble("promises", error);
    promises = startPromiseHooks(promiseRing, emitter.current, hasHandles, onError);
    undo.push(promises.stop);
  }
  if (hasHandles) {
    const onError = (error: unknown): void => emitter.trouble("handles", error);
    const turn = promises?.turn ?? (() => {});
    handles = startHandleHooks(writer, string, emitter.current, onError, turn, stretches, beats, ring.beat);
    undo.push(handles.stop);
  }
  const instrumentation = instrument(emitter, records, tasks, ownFile);
  undo.push(instrumentation.stop);
  const heartbeat: Heartbeat = startHeartbeat(ring, writer, {
    thresholdMs: config.threshold,
    trouble: emitter.trouble,
    isDead() {
      promises?.publish();
      if (Atomics.load(control, Control.dead) === 0) return false;
      stop();
      return true;
    },
    own: handles?.own ?? ((create) => create()),
    seen: (at) => (hasHandles ? seenStretch(at) : undefined),
    stalled(beat, from, to) {
      const { callbacks, longestCallback, longestStart, longestEnd } = stretches;
      const counted = hasHandles
        ? { callbacks, longestCallbackMs: longestCallback, longestStretchMs: longestEnd - longestStart }
        : {};
      post({ t: "evidence", beat, figures: { ...counted, ...probe.take(to) } });
      profiler?.stalled(beat, from, to);
    },
    tend,
    restart(at) {
      stretches.restart(at);
      promises?.longest();
      probe.take(at);
    },
  });
  beats.heartbeat = heartbeat;
  undo.push(heartbeat.stop);
  const uninstallCapture = installCapture({
    currentTask: tasks.current,
    activeSpan: instrumentation.activeSpan,
    beat: () => Atomics.load(control, Control.beat),
    probe: probe.queue,
    ownFile,
  });
  post({ t: "own", what: "start", at: began, ms: now() - began });

  function onExit(code: number): void {
    try {
      if (stopped) return;
      heartbeat.finish();
      profiler?.finish();
      // V8 ends it with the thread.
      profiler = undefined;
      promises?.publish();
      // The watchdog stays to the end: exit handlers of the program may block.
      isExiting = true;
      post({ t: "bye", at: now(), exitCode: code });
      stop();
      Atomics.store(control, Control.closing, 1);
      Atomics.notify(control, Control.closing);
      Atomics.wait(control, Control.acknowledged, 0, EXIT_WAIT_MS);
    } catch {
      // The process is ending: there is nowhere left to say it.
    }
  }
  process.on("exit", onExit);
  undo.push(() => process.off("exit", onExit));
}

/**
 * Node announces every new worker by a `worker` event on the process, one tick later. The program must neither hear of
 * ours, nor start with a tick pending that it did not ask for (its first stack traces would show it).
 */
function withoutAnnouncement(create: () => Worker): Worker {
  const { nextTick } = process;
  process.nextTick = (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
    if (!/emit\(['"]worker['"]/.test(String(callback))) nextTick.call(process, callback, ...args);
  };
  try {
    return create();
  } finally {
    process.nextTick = nextTick;
  }
}

function codesOf<T extends string>(names: readonly T[]): Readonly<Record<T, number>> {
  return Object.fromEntries(names.map((name, code) => [name, code])) as Record<T, number>;
}

function describeThread(config: TracerConfig, hasHandles: boolean): HelloMessage {
  const program = process.argv[1];
  const args = process.argv.slice(2);
  const notSeen: string[] = [];
  if (config.level !== "deep") notSeen.push(`single promises (level ${config.level})`);
  if (config.level === "light") notSeen.push("timers, sockets and file requests (level light)");
  else if (!hasHandles)
    notSeen.push(`timers, sockets and file requests (Node ${process.versions.node}; 24 or later tracks them)`);
  if (threadId !== 0) notSeen.push("stacks in worker threads while they are blocked");
  else if (!mayInspect())
    notSeen.push("stacks of stalls while they last (Node's permission model; --allow-inspector lets them be seen)");
  if (config.level === "light") notSeen.push("what long native calls were doing (level light)");
  else if (!canProfile())
    notSeen.push(`what long native calls were doing (Node ${process.versions.node}; 24.12 or later is profiled)`);
  return {
    t: "hello",
    protocol: PROTOCOL_VERSION,
    token: config.token,
    clock: { now: performance.now(), monoNs: Number(process.hrtime.bigint()), wallMs: Date.now() },
    pid: process.pid,
    ppid: process.ppid,
    thread: threadId,
    level: config.level,
    thresholdMs: config.threshold,
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    execPath: process.execPath,
    cwd: safeCwd(),
    ...(program === undefined ? {} : { program }),
    argCount: args.length,
    ...(config.captureContent ? { args } : {}),
    notSeen,
  };
}

/** Asked for beforehand: Node crashes where a worker connects to a main thread that may not be inspected. */
function mayInspect(): boolean {
  const permission = process.permission as NodeJS.ProcessPermission | undefined;
  return permission === undefined || permission.has("inspector");
}

function safeCwd(): string {
  try {
    return process.cwd();
  } catch {
    return "";
  }
}
