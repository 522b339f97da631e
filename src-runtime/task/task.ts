/**
 * A task: one async function on its way, with its own scope and context, whose outcome is kept until somebody looks.
 *
 * It is a thenable, not a promise: awaiting it is a runtime wait (a cancel of the awaiter ends the wait and leaves the
 * task alone), and an error nobody looked at is reported instead of killing the process.
 */
import { asCancelled, withoutCancellations } from "./cancellation.ts";
import type { Context } from "./context.ts";
import { currentScopeOrNone, enterScope } from "./current.ts";
import { callSite } from "./call-site.ts";
import { type Cancel, CancelledError, TaskCancelledError, TaskNotFinished, UsageError } from "./errors.ts";
import type { CancelSource } from "./errors.ts";
import { releaseHeld, type Held } from "./held.ts";
import type { TaskKind } from "../protocol/record.ts";
import type { RunnerState, TaskInfo, TaskState } from "./runner-state.ts";
import { Scope, Wait, refuse } from "./scope.ts";
import type { CancelRequest, Settled, Task } from "./handle.ts";
import { timeStep } from "./slow-steps.ts";

/** Who is told of a task's end: a group, a gather, the runner for tasks of its own. */
export interface TaskOwner {
  /** At every end, once. */
  taskEnded(task: TaskImpl): void;
  /** Errors of its tasks are looked at by the owner. */
  readonly looks: boolean;
  /** Their values go on to their parent, and with them a guard that is the value. */
  readonly passesValueOn?: boolean;
}

type Phase = "created" | "started" | "completed" | "failed" | "cancelled" | "abandoned";

const STARTED = Promise.resolve();
/** Listeners compare kinds by identity first: a string made anew would be compared by its letters. */
const END_EVENTS = {
  completed: "task.completed",
  failed: "task.failed",
  cancelled: "task.cancelled",
  abandoned: "task.abandoned",
} as const;

export class TaskImpl<T = unknown> implements Task<T> {
  readonly scope: Scope;
  readonly parent: TaskImpl | undefined;
  /** Runtime waits it is in now, in all its scopes. */
  waits = 0;
  looked: boolean;
  /** The cancel last thrown into its code, or that aborted a signal it has, be it of a block inside it. */
  delivered: Cancel | undefined;
  #wasReached = false;
  #refusedFor: Cancel | undefined;
  #refusals = 0;
  /** It was thrown a cancel and completed all the same. */
  cancelIgnored = false;
  /** It completed before the cancel could be thrown. */
  cancelUnobserved = false;
  /** Where it was created, in debug mode. */
  readonly site: string | undefined;
  /** Its owner's number of it. */
  place = 0;
  /** Listeners' own number of it, 0 until one has met it. */
  tag = 0;
  readonly kind: TaskKind;
  error: unknown;
  /** The guard it took last and has not disposed. */
  held: Held | undefined;
  readonly #fn: () => PromiseLike<T> | T;
  readonly #owner: TaskOwner;
  #phase: Phase = "created";
  #value: T | undefined;
  #cancelledError: TaskCancelledError | undefined;
  #id = 0;
  #name: string | undefined;
  #cancelCount = 0;
  /** The cancel that `uncancel` may lift, and one that is not counted and came behind it. */
  #counted: Cancel | undefined;
  #behind: Cancel | undefined;
  #requests: CancelRequest[] | undefined;
  #waiters: Wait<T>[] | undefined;
  #callbacks: (() => void)[] | undefined;

  constructor(
    runner: RunnerState,
    ownerScope: Scope,
    owner: TaskOwner,
    fn: () => PromiseLike<T> | T,
    parent: TaskImpl | undefined,
    context: Context,
    name: string | undefined,
    kind: TaskKind = "function",
  ) {
    this.#fn = fn;
    this.kind = kind;
    this.#owner = owner;
    this.#name = name;
    this.parent = parent;
    this.looked = owner.looks;
    this.scope = new Scope("task", runner, ownerScope, this as unknown as TaskImpl, context);
    runner.taskCreated();
    this.site = runner.settings.debug ? callSite() : undefined;
    runner.instrument?.emit("task.created", this as unknown as TaskImpl, ownerScope, 0, 0);
  }

  get id(): string {
    return `T${this.number}`;
  }

  /** Made when first asked for. */
  get number(): number {
    if (this.#id === 0) this.#id = this.scope.runner.nextTaskId();
    return this.#id;
  }

  /** The name it was given, else its function's; "" when there is neither. */
  get givenName(): string {
    return this.#name ?? this.#fn.name;
  }

  get name(): string {
    return this.#name ?? (this.#fn.name === "" ? `task ${this.number}` : this.#fn.name);
  }

  /** For the start of a message: `Task fetch`; without a name `Task 1`. */
  get label(): string {
    return `Task ${this.givenName === "" ? this.number : this.givenName}`;
  }

  /** The same inside a sentence: `task fetch`. */
  get mention(): string {
    return `task ${this.givenName === "" ? this.number : this.givenName}`;
  }

  set name(name: string) {
    this.#name = name;
  }

  get state(): TaskState {
    const phase = this.#phase;
    if (phase !== "created" && phase !== "started") return phase;
    if (this.scope.effective !== undefined) return "cancelling";
    if (phase === "created") return phase;
    return this.waits > 0 ? "suspended" : "running";
  }

  get cancelRequests(): readonly CancelRequest[] {
    return this.#requests ?? [];
  }

  get cancelRequested(): boolean {
    return this.#requests !== undefined;
  }

  info(): TaskInfo {
    const { id, name, state, parent } = this;
    return parent === undefined ? { id, name, state } : { id, name, state, parentId: parent.id };
  }

  /** Starts in a microtask, with the creator's own async context (other libraries' stores included). */
  queue(): void {
    void STARTED.then(() => this.start());
  }

  start(): void {
    if (this.#phase !== "created") return;
    const { scope } = this;
    if (scope.effective !== undefined) {
      this.#end("cancelled", new CancelledError(scope.effective));
      return;
    }
    this.#phase = "started";
    scope.runner.instrument?.emit("task.started", this as unknown as TaskImpl, undefined, 0, 0);
    const body = this.#fn;
    try {
      const step = scope.runner.settings.debug ? () => timeStep(this as unknown as TaskImpl, "A step", body) : body;
      const result = enterScope(scope, step);
      if (result instanceof Promise) result.then(this.#onValue, this.#onError);
      else if (isThenable(result)) enterScope(scope, () => Promise.resolve(result)).then(this.#onValue, this.#onError);
      else this.#onValue(result);
    } catch (error) {
      this.#onError(error);
    }
  }

  cancel(reason?: unknown): boolean {
    return this.cancelBy("explicit", reason, true);
  }

  /** Only cancels of the task itself (`cancel()`) are counted. `origin` is the owner's cancel that is passed on. */
  cancelBy(source: CancelSource, reason: unknown, isCounted: boolean, origin?: Cancel): boolean {
    if (this.done()) return false;
    const { scope } = this;
    const cancel = scope.runner.cancelOf(scope, source, reason, currentScopeOrNone()?.task, origin);
    if (isCounted) this.#cancelCount++;
    const isFirst = scope.cancelled === undefined;
    // Once cancelled from above it hears of nothing new, so the request is listed here.
    if (!isFirst || scope.effective !== undefined) this.#list(cancel);
    if (isFirst) {
      if (isCounted) this.#counted = cancel;
      scope.cancel(cancel);
    } else {
      if (!isCounted) this.#behind ??= cancel;
      scope.runner.instrument?.emit("cancel.requested", this as unknown as TaskImpl, scope, 1, 0);
    }
    return true;
  }

  cancelling(): number {
    return this.#cancelCount;
  }

  uncancel(): number {
    if (this.#cancelCount === 0 || this.done()) return this.#cancelCount;
    this.#cancelCount--;
    if (this.#cancelCount === 0 && this.#counted !== undefined) {
      const isOwn = this.scope.cancelled === this.#counted;
      this.#counted = undefined;
      if (isOwn) this.scope.uncancel(this.#behind);
      if (this.scope.effective === undefined) this.#wasReached = false;
    }
    return this.#cancelCount;
  }

  /** A wait of its code was refused for a cancel. Answers how many that makes. */
  refusedBy(cancel: Cancel | undefined): number {
    if (this.#refusedFor !== cancel) this.#refusals = 0;
    this.#refusedFor = cancel;
    return ++this.#refusals;
  }

  cancelReached(cancel: Cancel): void {
    this.delivered = cancel;
    if (this.scope.effective !== undefined) this.#wasReached = true;
  }

  /** A cancel came into force in one of its scopes. */
  wasCancelled(scope: Scope, origin: Scope, cancel: Cancel): void {
    if (scope === this.scope) {
      this.#list(cancel);
      scope.runner.watchCancel(this as unknown as TaskImpl);
    }
    if (origin.task !== (this as unknown as TaskImpl)) {
      scope.runner.instrument?.emit("cancel.propagated", this as unknown as TaskImpl, origin, 0, 0);
    }
  }

  done(): boolean {
    return this.#phase !== "created" && this.#phase !== "started";
  }

  cancelled(): boolean {
    return this.#phase === "cancelled";
  }

  completed(): boolean {
    return this.#phase === "completed";
  }

  failed(): boolean {
    return this.#phase === "failed";
  }

  abandoned(): boolean {
    return this.#phase === "abandoned";
  }

  result(): T {
    if (!this.done()) throw new TaskNotFinished(`${this.label} has not ended: await it, or ask done() first.`);
    this.looked = true;
    if (this.#phase === "completed") return this.#value as T;
    throw this.outcomeError();
  }

  exception(): unknown {
    if (!this.done()) throw new TaskNotFinished(`${this.label} has not ended: await it, or ask done() first.`);
    this.looked = true;
    return this.#phase === "completed" ? null : this.outcomeError();
  }

  /** What its awaiters are thrown: mostly an Error, but the program may have thrown anything. */
  outcomeError(): Error {
    if (this.#phase === "failed") return this.error as Error;
    const isAbandoned = this.#phase === "abandoned";
    this.#cancelledError ??= isAbandoned
      ? new TaskCancelledError(`${this.label} was abandoned: it did not react to its cancel in time.`)
      : new TaskCancelledError(`${this.label} was ${whyCancelled(this.error)}`, { cause: this.error });
    return this.#cancelledError;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- A task is awaited.
  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.join().then(onValue, onError);
  }

  join(): Promise<T> {
    return this.waitIn(currentScopeOrNone(), "task");
  }

  /** Its outcome, as a wait of `scope`; with none it can't be cancelled. */
  waitIn(scope: Scope | undefined, kind: "task"): Promise<T> {
    if (scope !== undefined) {
      if (scope.task === (this as unknown as TaskImpl) && !this.done()) return Promise.reject(awaitsItself(this.label));
      if (scope.refusesWaits) return refuse(scope);
    }
    // A wait that a cancel ends has not looked: those that are left at the end have.
    if (scope === undefined || this.done()) this.looked = true;
    if (this.#phase === "completed") return Promise.resolve(this.#value as T);
    if (this.done()) return Promise.reject(this.outcomeError());
    if (scope === undefined) {
      return new Promise((resolve, reject) => {
        this.onEnd(() => (this.#phase === "completed" ? resolve(this.#value as T) : reject(this.outcomeError())));
      });
    }
    const wait = new Wait<T>(scope, kind, this, this.#unlink);
    if (this.#waiters === undefined) this.#waiters = [wait];
    else this.#waiters.push(wait);
    return wait.promise;
  }

  async settled(): Promise<Settled<T>> {
    const scope = currentScopeOrNone();
    if (scope !== undefined) if (scope.refusesWaits) await refuse(scope);
    if (!this.done()) {
      await this.join().catch((error: unknown) => {
        if (!this.done()) throw error;
      });
    }
    this.looked = true;
    if (this.#phase === "completed") return { status: "completed", value: this.#value as T };
    return { status: this.#phase === "failed" ? "failed" : "cancelled", error: this.outcomeError() };
  }

  addDoneCallback(callback: (task: Task<T>) => void): Disposable {
    if (typeof callback !== "function") throw new TypeError("addDoneCallback needs a function.");
    this.looked = true;
    let isActive = true;
    this.onEnd(() => {
      if (isActive) this.#call(callback);
    });
    return { [Symbol.dispose]: () => void (isActive = false) };
  }

  /** Called at its end, in the step that ends it; in a microtask when it has ended. */
  onEnd(callback: () => void): void {
    if (this.done()) queueMicrotask(callback);
    else if (this.#callbacks === undefined) this.#callbacks = [callback];
    else this.#callbacks.push(callback);
  }

  offEnd(callback: () => void): void {
    const index = this.#callbacks?.indexOf(callback) ?? -1;
    if (index >= 0) this.#callbacks?.splice(index, 1);
  }

  /** Stops waiting for it: it did not react to its cancel. Its late outcome is swallowed, and recorded. */
  abandon(): void {
    if (this.done()) return;
    this.scope.runner.orphans.add(this as unknown as TaskImpl);
    this.scope.orphan();
    this.#end("abandoned", undefined);
  }

  #call(callback: (task: Task<T>) => void): void {
    const { runner } = this.scope;
    const scope = new Scope("context", runner, runner.root, this as unknown as TaskImpl, this.scope.context.copy());
    try {
      enterScope(scope, () => timeStep(this as unknown as TaskImpl, "A done callback", () => callback(this)));
    } catch (error) {
      runner.report(error, `A done callback of ${this.mention} threw.`, this as unknown as TaskImpl);
    } finally {
      scope.close();
    }
  }

  readonly #unlink = (wait: Wait<T>): void => {
    const index = this.#waiters?.indexOf(wait) ?? -1;
    if (index >= 0) this.#waiters?.splice(index, 1);
  };

  #list(cancel: Cancel): void {
    const request = this.scope.runner.settings.debug ? { ...cancel, site: callSite() } : cancel;
    if (this.#requests === undefined) this.#requests = [request];
    else this.#requests.push(request);
  }

  readonly #onValue = (value: T): void => {
    if (this.done()) return this.#late(undefined);
    if (this.scope.effective !== undefined) {
      if (this.#wasReached) {
        this.cancelIgnored = true;
        const { runner } = this.scope;
        runner.instrument?.emit("cancel.ignored", this as unknown as TaskImpl, this.scope, 0, 0);
        if (runner.settings.debug) {
          runner.warn(
            `${this.label} was cancelled and completed all the same. Let the CancelledError pass.`,
            this as unknown as TaskImpl,
          );
        }
      } else this.cancelUnobserved = true;
    }
    this.#value = value;
    this.#end("completed", undefined);
  };

  readonly #onError = (error: unknown): void => {
    if (this.done()) return this.#late(error);
    const cancelled = asCancelled(error, this.scope);
    if (cancelled === undefined) this.#end("failed", withoutCancellations(error, this.scope));
    else this.#end("cancelled", cancelled);
  };

  #late(error: unknown): void {
    const { runner } = this.scope;
    runner.orphans.delete(this as unknown as TaskImpl);
    runner.instrument?.emit("task.late_outcome", this as unknown as TaskImpl, error, 0, 0);
    if (this.held !== undefined) releaseHeld(this as unknown as TaskImpl, undefined, undefined);
    this.scope.close();
  }

  #end(phase: "completed" | "failed" | "cancelled" | "abandoned", error: unknown): void {
    const isBeforeStart = this.#phase === "created";
    const { runner } = this.scope;
    this.#phase = phase;
    this.error = error;
    runner.taskEnded(this as unknown as TaskImpl);
    if (phase !== "abandoned") this.scope.close();
    runner.instrument?.emit(END_EVENTS[phase], this as unknown as TaskImpl, error, isBeforeStart ? 1 : 0, 0);
    if (this.held !== undefined && phase !== "abandoned") {
      const heir = this.#owner.passesValueOn === true ? this.parent : undefined;
      releaseHeld(this as unknown as TaskImpl, this.#value, heir);
    }
    this.#owner.taskEnded(this as unknown as TaskImpl);
    const waiters = this.#waiters;
    if (waiters !== undefined) {
      if (waiters.length > 0) this.looked = true;
      this.#waiters = undefined;
      for (const wait of waiters) {
        if (phase === "completed") wait.resolve(this.#value as T);
        else wait.reject(this.outcomeError());
      }
    }
    const callbacks = this.#callbacks;
    if (callbacks !== undefined) {
      this.#callbacks = undefined;
      for (const callback of callbacks) callback();
    }
    if (!this.looked) {
      if (phase === "failed") runner.watchUnretrieved(this as unknown as TaskImpl);
      else if (runner.settings.debug) runner.watchNeverLooked(this as unknown as TaskImpl);
    }
  }

  /** Runtime waits it is in now, in all its scopes. */
  *pendingWaits(): Iterable<Wait<never>> {
    const stack: Scope[] = [this.scope];
    for (let scope = stack.pop(); scope !== undefined; scope = stack.pop()) {
      yield* scope.waits();
      for (const child of scope.children()) if (child.task === (this as unknown as TaskImpl)) stack.push(child);
    }
  }
}

/** Starts tasks one after the other, in one microtask for all. */
export function queueAll(tasks: readonly TaskImpl[]): void {
  if (tasks.length === 0) return;
  void STARTED.then(() => {
    for (const task of tasks) task.start();
  });
}

/** `cancelled by main (explicit): no more needed.` */
function whyCancelled(error: unknown): string {
  if (!(error instanceof CancelledError) || !error.message.startsWith("Cancelled")) return "cancelled.";
  return `c${error.message.slice(1)}${error.message.endsWith(".") ? "" : "."}`;
}

/** `label`: of the task. */
export function awaitsItself(label: string): UsageError {
  return new UsageError(`${label} awaits itself: it would wait for ever.`);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
