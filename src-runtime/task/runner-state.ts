/**
 * What everything of one runner shares: its clock and deadlines, the root of its scopes, ids, who listens, and where
 * errors go that nobody looked at.
 */
import type { TimerClock } from "./clock.ts";
import { Context } from "./context.ts";
import { findCycle } from "./call-graph.ts";
import { RuntimeWarning, type Cancel, type CancelSource } from "./errors.ts";
import type { Instrument } from "./instrument.ts";
import { Scope, type Wait } from "./scope.ts";
import type { TaskImpl } from "./task.ts";
import { Timers } from "./timers.ts";
import { UnresponsiveWatch } from "./unresponsive.ts";

/** Longest interval Node's timers take, nearly; milliseconds. */
const KEEP_ALIVE_MS = 2 ** 30;
/** Tasks remembered in debug mode, at most. */
const MAX_NEVER_LOOKED = 1000;

export interface ErrorReport {
  readonly error: unknown;
  readonly message: string;
  readonly task?: TaskInfo;
}

export interface TaskInfo {
  readonly id: string;
  readonly name: string;
  readonly state: TaskState;
  readonly parentId?: string;
}

export type TaskState =
  | "created"
  | "running"
  | "suspended"
  | "cancelling"
  | "completed"
  | "failed"
  | "cancelled"
  | "abandoned";

/** Something that must not outlive the run: a stream, a pool, a worker pool. */
export interface Closable {
  readonly what: string;
  close(): Promise<void>;
}

export interface RunnerSettings {
  readonly debug: boolean;
  readonly maxTasks: number;
  /** In debug mode: how long a step may take, milliseconds. */
  readonly slowStep: number;
  /** Milliseconds. */
  readonly cleanupTimeout: number;
  readonly onError: (report: ErrorReport) => void;
}

/** A process whose tasks only wait on us has nothing else to keep it alive. Answers how to end it. */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, KEEP_ALIVE_MS);
  return () => clearInterval(timer);
}

export class RunnerState {
  readonly clock: TimerClock;
  readonly timers: Timers;
  readonly settings: RunnerSettings;
  readonly root: Scope;
  instrument: Instrument | undefined;
  /** Tasks that have not ended. */
  live = 0;
  closed = false;
  /** In debug mode: when the step that runs began, milliseconds. */
  stepBegan = 0;
  readonly orphans = new Set<TaskImpl>();
  readonly closables = new Set<Closable>();
  readonly #unretrieved = new Set<TaskImpl>();
  #neverLooked: TaskImpl[] = [];
  #unresponsive: UnresponsiveWatch | undefined;
  #release: (() => void) | undefined;
  #taskIds = 0;
  #scopeIds = 0;

  constructor(clock: TimerClock, settings: RunnerSettings, instrument: Instrument | undefined) {
    this.clock = clock;
    this.timers = new Timers(clock);
    this.settings = settings;
    this.instrument = instrument;
    this.root = new Scope("runner", this, undefined, undefined, new Context());
  }

  /** Called when the last live task has ended. */
  onIdle: (() => void) | undefined;

  taskCreated(): void {
    if (this.live++ === 0) this.#release = keepAlive();
  }

  taskEnded(task: TaskImpl): void {
    if (this.#unresponsive?.isEmpty === false) this.#unresponsive.delete(task);
    if (--this.live > 0) return;
    this.#release?.();
    this.onIdle?.();
  }

  /** Says so when a cancelled task does not end: to whoever listens, and in debug mode to the program. */
  watchCancel(task: TaskImpl): void {
    if (this.instrument === undefined && !this.settings.debug) return;
    this.#unresponsive ??= new UnresponsiveWatch(this);
    this.#unresponsive.add(task);
  }

  /** In debug mode: a task that ended well, and nobody has looked yet. Said at the runner's end. */
  watchNeverLooked(task: TaskImpl): void {
    if (task.completed() && this.#neverLooked.length < MAX_NEVER_LOOKED) this.#neverLooked.push(task);
  }

  /** In debug mode: a wait that closes a circle of waits never ends. */
  checkCycle(wait: Wait<never>): void {
    const cycle = findCycle(wait);
    if (cycle === undefined) return;
    const names = cycle.map((task) => task.name);
    this.warn(`Deadlock: ${[...names, names[0]].join(" waits for ")}.`, wait.scope.task);
  }

  nextTaskId(): number {
    return ++this.#taskIds;
  }

  nextScopeId(): number {
    return ++this.#scopeIds;
  }

  cancelOf(scope: Scope, source: CancelSource, reason: unknown, by: TaskImpl | undefined, origin?: Cancel): Cancel {
    const { id, name, tag = 0 } = by ?? {};
    return { reason, source, by: id, byName: name, byTag: tag, scopeId: scope.id, at: this.clock.now(), origin };
  }

  /** Every task that has not ended, parents first. */
  *tasks(): Iterable<TaskImpl> {
    const stack: Scope[] = [this.root];
    for (let scope = stack.pop(); scope !== undefined; scope = stack.pop()) {
      if (scope.kind === "task" && scope.task !== undefined) yield scope.task;
      for (const child of scope.children()) stack.push(child);
    }
  }

  /** A task ended by an error: if nobody has looked by the next macrotask, it is reported. */
  watchUnretrieved(task: TaskImpl): void {
    this.#unretrieved.add(task);
    // Each has its own, so that who waits for a turn of the event loop already comes before it.
    setImmediate(this.#reportUnretrieved, task);
  }

  readonly #reportUnretrieved = (task: TaskImpl): void => {
    if (!this.#unretrieved.delete(task) || task.looked) return;
    task.looked = true;
    this.instrument?.emit("error.unretrieved", task, task.error, 0, 0);
    this.report(task.error, `The error of ${task.mention} was never retrieved: nobody awaited it.`, task);
  };

  /** What is still to be said at the end. */
  flushReports(): void {
    for (const task of this.#unretrieved) this.#reportUnretrieved(task);
    for (const task of this.#neverLooked) {
      if (!task.looked) this.warn(`Nobody looked at the outcome of ${task.mention}: it was never awaited.`, task);
    }
    this.#neverLooked = [];
  }

  /** Of debug mode: what is probably a mistake. */
  warn(message: string, task?: TaskImpl): void {
    const site = task?.site === undefined || task.site === "" ? "" : `\nCreated${task.site.replace(/^\s+/, " ")}`;
    this.report(new RuntimeWarning(message + site), message, task);
  }

  report(error: unknown, message: string, task?: TaskImpl): void {
    if (!(error instanceof RuntimeWarning)) this.instrument?.emit("error.unhandled", task, error, 0, 0);
    try {
      this.settings.onError({ error, message, ...(task === undefined ? {} : { task: task.info() }) });
    } catch (broken) {
      const text = broken instanceof Error ? (broken.stack ?? String(broken)) : String(broken);
      process.stderr.write(
        `stallscope: Unhandled error in the runner's onError: ${text}\nIt was told: ${message} ${String(error)}\n`,
      );
    }
  }
}
