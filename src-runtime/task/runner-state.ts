/**
 * What everything of one runner shares: its clock and deadlines, the root of its scopes, ids, who listens, and where
 * errors go that nobody looked at.
 */
import type { Clock } from "./clock.ts";
import { Context } from "./context.ts";
import type { Cancel, CancelSource } from "./errors.ts";
import type { Instrument } from "./instrument.ts";
import { Scope } from "./scope.ts";
import type { TaskImpl } from "./task.ts";
import { Timers } from "./timers.ts";

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
  /** Milliseconds. */
  readonly cleanupTimeout: number;
  readonly onError: (report: ErrorReport) => void;
}

export class RunnerState {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly settings: RunnerSettings;
  readonly root: Scope;
  instrument: Instrument | undefined;
  /** Tasks that have not ended. */
  live = 0;
  closed = false;
  readonly orphans = new Set<TaskImpl>();
  readonly closables = new Set<Closable>();
  #unretrieved: TaskImpl[] = [];
  #taskIds = 0;
  #scopeIds = 0;

  constructor(clock: Clock, settings: RunnerSettings, instrument: Instrument | undefined) {
    this.clock = clock;
    this.timers = new Timers(clock);
    this.settings = settings;
    this.instrument = instrument;
    this.root = new Scope("runner", this, undefined, undefined, new Context());
  }

  /** Called when the last live task has ended. */
  onIdle: (() => void) | undefined;

  taskEnded(): void {
    if (--this.live === 0) this.onIdle?.();
  }

  nextTaskId(): number {
    return ++this.#taskIds;
  }

  nextScopeId(): number {
    return ++this.#scopeIds;
  }

  cancelOf(scope: Scope, source: CancelSource, reason: unknown, by: TaskImpl | undefined): Cancel {
    return { reason, source, by: by?.id, byName: by?.name, scopeId: scope.id, at: this.clock.now() };
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
    this.#unretrieved.push(task);
    if (this.#unretrieved.length === 1) setImmediate(this.#reportUnretrieved);
  }

  /** Says what nobody looked at up to now. */
  readonly #reportUnretrieved = (): void => {
    const tasks = this.#unretrieved;
    this.#unretrieved = [];
    for (const task of tasks) {
      if (task.looked) continue;
      task.looked = true;
      this.instrument?.emit("error.unretrieved", task, task.error, 0, 0);
      this.report(task.error, `The error of task ${task.name} was never retrieved: nobody awaited it.`, task);
    }
  };

  flushUnretrieved(): void {
    this.#reportUnretrieved();
  }

  report(error: unknown, message: string, task?: TaskImpl): void {
    this.instrument?.emit("error.unhandled", task, error, 0, 0);
    try {
      this.settings.onError({ error, message, ...(task === undefined ? {} : { task: task.info() }) });
    } catch (broken) {
      process.stderr.write(`stallscope: Unhandled error in the runner's onError: ${String(broken)}\n`);
    }
  }
}
