/**
 * Task groups: a block that ends only when its body and every child has ended, and whose first failure cancels the
 * rest. All real errors come out as one ExceptionGroup; cancellations never are errors.
 */
import { asCancelled } from "./cancellation.ts";
import { currentScope, currentScopeOrNone, enterScope } from "./current.ts";
import { CancelledError, FatalError, TaskGroupClosed, UsageError, assertFunction, assertTime } from "./errors.ts";
import { ExceptionGroup } from "./exception-group.ts";
import { drain, withinGrace } from "./grace.ts";
import type { Subject } from "./instrument.ts";
import { leaveScope } from "./leave.ts";
import { Scope, Wait, deliver, throwIfCancelled } from "./scope.ts";
import type { Deadline } from "./timers.ts";
import { spawn } from "./spawn.ts";
import type { Task, TaskImpl, TaskOptions, TaskOwner } from "./task.ts";

export interface TaskGroup {
  /** @throws TaskGroupClosed after a failure or the end; the group's CancelledError after `cancel()` */
  createTask<T>(fn: () => Promise<T>, options?: TaskOptions): Task<T>;
  /** Starts a child and waits until it calls `started(value)`; it goes on in the group. */
  start<T>(fn: (started: (value: T) => void) => Promise<unknown>, options?: TaskOptions): Promise<T>;
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
  body: (group: TaskGroup) => Promise<T>,
  options: TaskGroupOptions = {},
): Promise<T | undefined> {
  assertFunction(body, "taskGroup's body");
  return new Group(options, undefined).run(body);
}

/** As `taskGroup`, but a child's failure cancels nobody. @throws the body's own error, CancelledError from outside */
export async function supervisorGroup<T>(
  body: (group: TaskGroup) => Promise<T>,
  options: SupervisorOptions = {},
): Promise<T | undefined> {
  assertFunction(body, "supervisorGroup's body");
  return new Group(options, options).run(body);
}

type Ending<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

class Group implements TaskGroup, TaskOwner, Subject {
  readonly kind = "group";
  tag = 0;
  readonly looks = true;
  readonly #scope: Scope;
  readonly #supervisor: SupervisorOptions | undefined;
  readonly #grace: number;
  readonly #children = new Set<TaskImpl>();
  readonly #errors: unknown[] = [];
  #fatal: FatalError | undefined;
  #state: "open" | "failed" | "ended" = "open";
  /** The block's wait for its last children. */
  #exit: Wait<void> | undefined;
  #wasCancelledAtExit = false;
  #graceEnd: Deadline | undefined;

  constructor(options: TaskGroupOptions, supervisor: SupervisorOptions | undefined) {
    const { name, grace = Infinity } = options;
    assertTime(grace, "grace");
    const outer = currentScope(supervisor === undefined ? "taskGroup()" : "supervisorGroup()");
    this.#grace = grace;
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

  createTask<T>(fn: () => Promise<T>, options?: TaskOptions): Task<T> {
    return this.#spawn(fn, options, this);
  }

  #spawn<T>(fn: () => Promise<T>, options: TaskOptions | undefined, owner: TaskOwner): TaskImpl<T> {
    assertFunction(fn, "A group's task");
    if (this.#state === "ended") throw new TaskGroupClosed("The task group has ended and takes no more tasks.");
    if (this.#state === "failed")
      throw new TaskGroupClosed("The task group is ending by an error and takes no more tasks.");
    const { cancelled } = this.#scope;
    if (cancelled !== undefined) throw new CancelledError(cancelled);
    const task = spawn(this.#scope, owner, fn, options);
    this.#children.add(task as unknown as TaskImpl);
    this.#scope.runner.instrument?.emit(
      "group.child",
      task as unknown as TaskImpl,
      this.#scope,
      this.#children.size,
      0,
    );
    return task;
  }

  async start<T>(fn: (started: (value: T) => void) => Promise<unknown>, options?: TaskOptions): Promise<T> {
    assertFunction(fn, "A group's task");
    const here = currentScope("TaskGroup.start()");
    throwIfCancelled(here);
    let hasStarted = false;
    const owner: TaskOwner = {
      looks: true,
      taskEnded: (task) => {
        if (hasStarted) return this.taskEnded(task);
        const never = new UsageError(`Task ${task.name} ended without calling started().`);
        wait.reject(task.completed() ? never : task.outcomeError());
        this.#gone(task);
      },
    };
    function onStarted(value: T): void {
      if (hasStarted) throw new UsageError("started() was called before. Call it once.");
      hasStarted = true;
      wait.resolve(value);
    }
    // Its first step may call started(): the wait has to be there.
    const child = this.#spawn(() => fn(onStarted), { name: fn.name, ...options, start: "queued" }, owner);
    const wait = new Wait<T>(here, "task", child, () => undefined);
    if (options?.start === "eager") child.start();
    try {
      return await wait.promise;
    } catch (error) {
      // A caller that is cancelled while the child starts takes the child with it.
      if (!(error instanceof CancelledError) || here.effective === undefined) throw error;
      child.cancelBy("parent", error.reason, false);
      await drain(here, [child], this.#grace);
      throw error;
    }
  }

  cancel(reason?: unknown): void {
    if (this.#state === "ended") return;
    const by = currentScopeOrNone()?.task;
    this.#scope.cancel(this.#scope.runner.cancelOf(this.#scope, "explicit", reason, by));
  }

  taskEnded(task: TaskImpl): void {
    if (task.failed()) this.#childFailed(task);
    this.#gone(task);
  }

  #gone(task: TaskImpl): void {
    this.#children.delete(task);
    if (this.#children.size === 0) this.#exit?.resolve();
  }

  #childFailed(task: TaskImpl): void {
    const { error } = task;
    if (this.#supervisor !== undefined && !(error instanceof FatalError)) return this.#report(error, task);
    this.#fail(error, task);
  }

  #report(error: unknown, task: TaskImpl): void {
    const { onChildError } = this.#supervisor ?? {};
    if (onChildError === undefined) {
      this.#scope.runner.report(error, `Task ${task.name} of a supervisor group failed.`, task);
      return;
    }
    try {
      onChildError(error, task);
    } catch (broken) {
      this.#scope.runner.report(broken, "onChildError threw.", task);
    }
  }

  #fail(error: unknown, by: TaskImpl | undefined): void {
    if (error instanceof FatalError) this.#fatal ??= error;
    else this.#errors.push(error);
    if (this.#state === "failed") return;
    this.#state = "failed";
    const { runner } = this.#scope;
    runner.instrument?.emit("group.first_failure", by, error, 0, 0);
    this.#scope.cancel(runner.cancelOf(this.#scope, "group", error, by));
  }

  async run<T>(body: (group: TaskGroup) => Promise<T>): Promise<T | undefined> {
    const scope = this.#scope;
    const { instrument } = scope.runner;
    instrument?.emit("group.enter", scope.task, scope, 0, 0);
    const ending = await this.#runBody(body);
    await this.#untilEmpty();
    if (this.#state === "open") this.#state = "ended";
    try {
      return this.#leave(ending);
    } finally {
      this.#state = "ended";
      instrument?.emit("group.exit", scope.task, scope, this.#errors.length, 0);
      scope.close();
    }
  }

  async #runBody<T>(body: (group: TaskGroup) => Promise<T>): Promise<Ending<T>> {
    const ending = enterScope(this.#scope, () => endingOf(() => body(this)));
    const ended = await (this.#grace === Infinity ? ending : withinGrace(this.#scope, ending, this.#grace));
    if (ended === undefined) return { ok: false, error: new CancelledError(this.#scope.effective!) };
    if (!ended.ok && asCancelled(ended.error, this.#scope) === undefined) this.#bodyFailed(ended.error);
    return ended;
  }

  /** The body's error cancels the children at once, and stands last among the errors. */
  #bodyFailed(error: unknown): void {
    const { runner, task } = this.#scope;
    if (error instanceof FatalError) this.#fatal ??= error;
    if (this.#state === "open") this.#state = "failed";
    runner.instrument?.emit("group.first_failure", task, error, 0, 0);
    this.#scope.cancel(runner.cancelOf(this.#scope, "group", error, task));
  }

  /** Children may add children up to the last moment. */
  async #untilEmpty(): Promise<void> {
    const scope = this.#scope;
    const stop = this.#children.size === 0 ? undefined : scope.whenCancelled(this.#cancelledAtExit);
    while (this.#children.size > 0) {
      this.#exit = new Wait<void>(scope, "group", this, undefined);
      await this.#exit.promise;
    }
    stop?.();
    if (this.#graceEnd !== undefined) scope.runner.timers.remove(this.#graceEnd);
  }

  readonly #cancelledAtExit = (): void => {
    this.#wasCancelledAtExit = true;
    if (this.#grace === Infinity) return;
    const { timers } = this.#scope.runner;
    this.#graceEnd = timers.add(timers.now() + Math.max(0, this.#grace), () => {
      for (const child of this.#children) child.abandon();
    });
  };

  #leave<T>(ending: Ending<T>): T | undefined {
    if (this.#fatal !== undefined) throw this.#fatal;
    const leaving = ending.ok ? undefined : leaveScope(this.#scope, ending.error);
    if (leaving?.absorbed === false && !(leaving.error instanceof CancelledError)) {
      if (this.#supervisor !== undefined && this.#errors.length === 0) throw leaving.error;
      this.#errors.push(leaving.error);
    }
    if (this.#errors.length > 0) throw new ExceptionGroup(this.#errors, describeGroup(this.#scope, this.#errors));
    if (ending.ok) {
      // The children were its last wait: a cancel from outside that came meanwhile is thrown here.
      if (this.#wasCancelledAtExit && this.#scope.isCancelledFromAbove)
        throw deliver(this.#scope, this.#scope.effective!);
      return ending.value;
    }
    if (leaving?.absorbed === true) return undefined;
    throw leaving?.error;
  }
}

function describeGroup(scope: Scope, errors: readonly unknown[]): string {
  const [first] = errors;
  const text = first instanceof Error ? `${first.name}: ${first.message}` : String(first);
  const name = scope.name === undefined ? "A task group" : `Task group ${scope.name}`;
  return `${name} ended by ${errors.length === 1 ? "an error" : `${errors.length} errors`}: ${text}`;
}

async function endingOf<T>(body: () => Promise<T>): Promise<Ending<T>> {
  try {
    return { ok: true, value: await body() };
  } catch (error) {
    return { ok: false, error };
  }
}
