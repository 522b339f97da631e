/**
 * Task groups: a block that ends only when its body and every child has ended, and whose first failure cancels the
 * rest. All real errors come out as one ExceptionGroup; cancellations never are errors.
 */
import { asCancelled, withoutCancellations } from "./cancellation.ts";
import { currentScope, currentScopeOrNone, enterScope } from "./current.ts";
import { CancelledError, FatalError, TaskGroupClosed, addSuppressed } from "./errors.ts";
import { assertFunction, assertTime, assertOptions } from "./errors.ts";
import { ExceptionGroup } from "./exception-group.ts";
import { startChild, type StartingGroup } from "./group-start.ts";
import type { Subject } from "./instrument.ts";
import { leaveCancelled, leaveWithValue } from "./leave.ts";
import { Scope, Wait, deliver } from "./scope.ts";
import type { Deadline } from "./timers.ts";
import { assertName, spawn } from "./spawn.ts";
import type { Task, TaskOptions } from "./handle.ts";
import type { TaskImpl, TaskOwner } from "./task.ts";

export interface TaskGroup {
  /** @throws TaskGroupClosed after a failure or the end; the group's CancelledError after `cancel()` */
  createTask<T>(fn: () => PromiseLike<T>, options?: TaskOptions): Task<T>;
  /** Starts a child and waits until it calls `started(value)`; it goes on in the group. */
  start<T = void>(fn: (started: (value: T) => void) => PromiseLike<unknown>, options?: TaskOptions): Promise<T>;
  /** Ends the group early, without an error. */
  cancel(reason?: unknown): void;
  readonly signal: AbortSignal;
  /** Children that have not ended. */
  readonly size: number;
}

export interface TaskGroupOptions {
  readonly name?: string;
  /** How long body and children may take to end once the group is cancelled, milliseconds. Default: for ever. */
  readonly grace?: number;
}

export interface SupervisorOptions extends TaskGroupOptions {
  /** Gets the errors of children; without it they go to the runner's `onError`. */
  readonly onChildError?: (error: unknown, task: Task) => void;
}

/** Undefined: the group was ended by `cancel()`. @throws ExceptionGroup of all errors, CancelledError from outside */
export async function taskGroup<T>(
  body: (group: TaskGroup) => PromiseLike<T>,
  options: TaskGroupOptions = {},
): Promise<T | undefined> {
  assertFunction(body, "taskGroup's body");
  return new Group(options, undefined).run(body);
}

/** As `taskGroup`, but a child's failure cancels nobody. @throws the body's own error, CancelledError from outside */
export async function supervisorGroup<T>(
  body: (group: TaskGroup) => PromiseLike<T>,
  options: SupervisorOptions = {},
): Promise<T | undefined> {
  assertFunction(body, "supervisorGroup's body");
  return new Group(options, options).run(body);
}

/** How the body ended; whether an error is a cancellation is judged then, before the group cancels itself for it. */
type Ending<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "error"; readonly error: unknown }
  | { readonly kind: "cancelled"; readonly cancelled: CancelledError };

class Group implements TaskGroup, StartingGroup, Subject {
  readonly kind = "group";
  tag = 0;
  /** Without a handler, errors of a supervisor's children are whoever's that looks, else the runner's. */
  readonly looks: boolean;
  readonly #scope: Scope;
  readonly #supervisor: SupervisorOptions | undefined;
  readonly grace: number;
  readonly #children = new Set<TaskImpl>();
  readonly #errors: unknown[] = [];
  readonly #unlooked: TaskImpl[] = [];
  /** Thrown by `createTask` as the group was failing: a child that ends by one adds no error of its own. */
  #refusals: WeakSet<TaskGroupClosed> | undefined;
  #fatal: FatalError | undefined;
  #state: "open" | "failed" | "ended" = "open";
  /** The block's wait for its last children. */
  #exit: Wait<void> | undefined;
  /** A cancel from outside came while it waited for children, or took one away. */
  #wasCutShort = false;
  #graceEnd: Deadline | undefined;
  readonly #graceOver = Promise.withResolvers<undefined>();

  constructor(options: TaskGroupOptions, supervisor: SupervisorOptions | undefined) {
    const what = supervisor === undefined ? "taskGroup" : "supervisorGroup";
    assertOptions(options, `${what}'s options`, 'Give a name as { name: "…" }.');
    const { name, grace = Infinity } = options;
    assertTime(grace, "grace");
    if (name !== undefined) assertName(name, "A group's name");
    const onChildError = supervisor?.onChildError;
    if (onChildError !== undefined) assertFunction(onChildError, "onChildError");
    this.looks = supervisor === undefined || onChildError !== undefined;
    const outer = currentScope(`${what}()`);
    this.grace = grace;
    this.#supervisor = supervisor;
    this.#scope = new Scope("group", outer.runner, outer, outer.task, outer.context, false, name);
  }

  get name(): string {
    return this.#scope.name ?? (this.#supervisor === undefined ? "task group" : "supervisor group");
  }

  holders(): readonly TaskImpl[] {
    return [];
  }

  members(): readonly TaskImpl[] {
    return [...this.#children];
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  get size(): number {
    return this.#children.size;
  }

  createTask<T>(fn: () => PromiseLike<T>, options?: TaskOptions): Task<T> {
    return this.spawn(fn, options, this);
  }

  spawn<T>(fn: () => PromiseLike<T>, options: TaskOptions | undefined, owner: TaskOwner): TaskImpl<T> {
    assertFunction(fn, "A group's task");
    if (this.#state === "ended") throw new TaskGroupClosed("The task group has ended and takes no more tasks.");
    if (this.#state === "failed") {
      const refusal = new TaskGroupClosed("The task group is ending by an error and takes no more tasks.");
      (this.#refusals ??= new WeakSet()).add(refusal);
      throw refusal;
    }
    const { cancelled } = this.#scope;
    if (cancelled !== undefined) throw new CancelledError(cancelled);
    const task = spawn(this.#scope, owner, fn, options);
    // An eager one may have ended.
    if (!task.done()) this.#children.add(task as unknown as TaskImpl);
    this.#scope.runner.instrument?.emit(
      "group.child",
      task as unknown as TaskImpl,
      this.#scope,
      this.#children.size,
      0,
    );
    return task;
  }

  start<T = void>(fn: (started: (value: T) => void) => PromiseLike<unknown>, options?: TaskOptions): Promise<T> {
    return startChild(this, fn, options);
  }

  cancel(reason?: unknown): void {
    if (this.#state === "ended") return;
    const by = currentScopeOrNone()?.task;
    this.#scope.cancel(this.#scope.runner.cancelOf(this.#scope, "explicit", reason, by));
  }

  taskEnded(task: TaskImpl): void {
    if (task.failed()) this.#childFailed(task);
    else {
      task.looked = true;
      if (!task.completed() && this.#scope.isCancelledFromAbove) this.#wasCutShort = true;
    }
    this.gone(task);
  }

  gone(task: TaskImpl): void {
    this.#children.delete(task);
    if (this.#children.size === 0) this.#exit?.resolve();
  }

  #childFailed(task: TaskImpl): void {
    const { error } = task;
    if (this.#isRefusal(error)) {
      task.looked = true;
      return;
    }
    if (this.#supervisor === undefined || error instanceof FatalError) {
      task.looked = true;
      this.#fail(error, task);
      return;
    }
    const { onChildError } = this.#supervisor;
    if (onChildError === undefined) {
      this.#unlooked.push(task);
      return;
    }
    try {
      onChildError(error, task);
    } catch (broken) {
      this.#scope.runner.report(broken, "onChildError threw.", task);
    }
  }

  #fail(error: unknown, by: TaskImpl | undefined): void {
    if (error instanceof FatalError && this.#fatal === undefined) this.#fatal = error;
    else this.#errors.push(error);
    if (this.#state === "failed") return;
    this.#state = "failed";
    const { runner } = this.#scope;
    runner.instrument?.emit("group.first_failure", by, error, 0, 0);
    this.#scope.cancel(runner.cancelOf(this.#scope, "group", error, by));
  }

  async run<T>(body: (group: TaskGroup) => PromiseLike<T>): Promise<T | undefined> {
    const scope = this.#scope;
    const { instrument, timers } = scope.runner;
    instrument?.emit("group.enter", scope.task, scope, 0, 0);
    const stop = this.grace === Infinity ? undefined : scope.whenCancelled(this.#armGrace);
    const ending = await this.#runBody(body);
    await this.#untilEmpty();
    stop?.();
    if (this.#graceEnd !== undefined) timers.remove(this.#graceEnd);
    this.#state = "ended";
    try {
      return this.#leave(ending);
    } finally {
      instrument?.emit("group.exit", scope.task, scope, this.#errors.length, 0);
      scope.close();
    }
  }

  /** Body and children have the same time to end. */
  readonly #armGrace = (): void => {
    const { timers } = this.#scope.runner;
    this.#graceEnd = timers.add(timers.now() + Math.max(0, this.grace), () => {
      this.#graceOver.resolve(undefined);
      for (const child of this.#children) child.abandon();
    });
  };

  async #runBody<T>(body: (group: TaskGroup) => PromiseLike<T>): Promise<Ending<T>> {
    const scope = this.#scope;
    const running = enterScope(scope, () => this.#ending(body));
    if (this.grace === Infinity) return running;
    const ending = await Promise.race([running, this.#graceOver.promise]);
    if (ending !== undefined) return ending;
    return { kind: "cancelled", cancelled: new CancelledError(scope.effective) };
  }

  async #ending<T>(body: (group: TaskGroup) => PromiseLike<T>): Promise<Ending<T>> {
    const scope = this.#scope;
    try {
      return { kind: "value", value: await body(this) };
    } catch (thrown) {
      const cancelled = asCancelled(thrown, scope);
      if (cancelled !== undefined) return { kind: "cancelled", cancelled };
      const error = withoutCancellations(thrown, scope);
      if (this.#state === "ended") scope.runner.instrument?.emit("error.suppressed", scope.task, error, 0, 0);
      else this.#bodyFailed(error);
      return { kind: "error", error };
    }
  }

  /** The body's error cancels the children at once, and stands last among the errors. */
  #bodyFailed(error: unknown): void {
    const { runner, task } = this.#scope;
    if (this.#state === "open") this.#state = "failed";
    runner.instrument?.emit("group.first_failure", task, error, 0, 0);
    this.#scope.cancel(runner.cancelOf(this.#scope, "group", error, task));
  }

  /** Children may add children up to the last moment. */
  async #untilEmpty(): Promise<void> {
    const scope = this.#scope;
    const stop = this.#children.size === 0 ? undefined : scope.whenCancelled(() => void (this.#wasCutShort = true));
    while (this.#children.size > 0) {
      this.#exit = new Wait<void>(scope, "group", this, undefined);
      await this.#exit.promise;
    }
    stop?.();
  }

  #leave<T>(ending: Ending<T>): T | undefined {
    for (const task of this.#unlooked) this.#reportUnlooked(task);
    if (ending.kind === "error" && !this.#isRefusal(ending.error)) this.#addBodyError(ending.error);
    if (this.#fatal !== undefined) {
      for (const error of this.#errors) addSuppressed(this.#fatal, error);
      throw this.#fatal;
    }
    if (this.#errors.length > 0) {
      if (this.#supervisor !== undefined) throw this.#errors[0];
      throw ExceptionGroup.of(subjectOf(this.#scope), this.#errors);
    }
    if (ending.kind === "cancelled") {
      const leaving = leaveCancelled(this.#scope, ending.cancelled);
      if (leaving.absorbed) return undefined;
      throw leaving.error;
    }
    // A cancel from outside that came while it waited for children, or took one away, is thrown here.
    if (this.#wasCutShort && this.#scope.isCancelledFromAbove) throw deliver(this.#scope, this.#scope.effective!);
    leaveWithValue(this.#scope);
    return (ending as { readonly value: T }).value;
  }

  #isRefusal(error: unknown): boolean {
    return error instanceof TaskGroupClosed && this.#refusals?.has(error) === true;
  }

  #addBodyError(error: unknown): void {
    if (error instanceof FatalError && this.#fatal === undefined) this.#fatal = error;
    // A child's error that the body let pass is one error.
    else if ((this.#fatal === undefined || error !== this.#fatal) && !this.#errors.includes(error)) {
      this.#errors.push(error);
    }
  }

  #reportUnlooked(task: TaskImpl): void {
    if (task.looked) return;
    task.looked = true;
    this.#scope.runner.report(task.error, `${task.label} of a supervisor group failed.`, task);
  }
}

function subjectOf({ name }: Scope): string {
  return name === undefined ? "A task group" : `Task group ${name}`;
}
