/** Makes tasks: for the runner itself (`createTask`), and for everything that owns tasks. */
import { currentScope, currentScopeOrNone } from "./current.ts";
import { assertFunction, describeValue, TaskGroupClosed, assertOptions } from "./errors.ts";
import { Context } from "./context.ts";
import type { TaskKind } from "../protocol/record.ts";
import type { Scope } from "./scope.ts";
import type { Task, TaskOptions } from "./handle.ts";
import { TaskImpl, type TaskOwner } from "./task.ts";

/** Tasks of the runner: nobody waits for them, and their errors are reported when nobody looks. */
export const UNOWNED: TaskOwner = { looks: false, taskEnded() {} };

export interface SpawnOptions extends TaskOptions {
  /** What the recording calls it. Default: function. */
  readonly kind?: TaskKind;
}

const NO_OPTIONS: SpawnOptions = {};

/** Starts `fn` as a task below `ownerScope`. @throws TaskGroupClosed after the runner's end, RangeError at `maxTasks` */
export function spawn<T>(
  ownerScope: Scope,
  owner: TaskOwner,
  fn: () => PromiseLike<T> | T,
  options = NO_OPTIONS,
): TaskImpl<T> {
  assertFunction(fn, "A task");
  assertTaskOptions(options);
  const task = makeTask<T>(ownerScope, owner, fn, currentScopeOrNone() ?? ownerScope, options);
  if (options.start === "eager") task.start();
  else task.queue();
  return task;
}

/** A task that has yet to be started, created where `here` is. @throws as `spawn` does */
export function makeTask<T>(
  ownerScope: Scope,
  owner: TaskOwner,
  fn: () => PromiseLike<T> | T,
  here: Scope,
  options = NO_OPTIONS,
): TaskImpl<T> {
  const { runner } = ownerScope;
  const { maxTasks } = runner.settings;
  if (runner.closed) throw new TaskGroupClosed("The runner has ended and takes no more tasks.");
  if (runner.live >= maxTasks) {
    throw new RangeError(
      `${maxTasks === 1 ? "There is 1 task" : `There are ${maxTasks} tasks`} already (maxTasks). Wait for some, or limit them by a CapacityLimiter.`,
    );
  }
  const context = options.context ?? here.context.copy();
  const parent = here.task ?? ownerScope.task;
  return new TaskImpl<T>(runner, ownerScope, owner, fn, parent, context, options.name, options.kind);
}

export function assertTaskOptions(options: TaskOptions): void {
  assertOptions(options, "A task's options", 'Give a name as { name: "…" }.');
  const { name, context, start } = options;
  if (name !== undefined) assertName(name, "A task's name");
  if (context !== undefined && !(context instanceof Context)) {
    throw new TypeError(`A task's context must be one of copyContext(), not ${describeValue(context)}.`);
  }
  if (start !== undefined && (start as unknown) !== "queued" && (start as unknown) !== "eager") {
    throw new TypeError(`A task's start must be "queued" or "eager", not ${describeValue(start)}.`);
  }
}

export function assertName(name: unknown, what: string): void {
  if (typeof name !== "string") throw new TypeError(`${what} must be a string, not ${describeValue(name)}.`);
}

/**
 * Starts a task of the runner: it goes on when its creator ends, and is cancelled at the end of the run.
 * @throws NoCurrentTaskError outside a run
 */
export function createTask<T>(fn: () => PromiseLike<T>, options?: TaskOptions): Task<T> {
  assertFunction(fn, "createTask's task");
  return spawn(currentScope("createTask()").runner.root, UNOWNED, fn, options);
}

/** The running task. @throws NoCurrentTaskError outside a run */
export function currentTask(): Task {
  return currentScope("currentTask()").task;
}

/**
 * Aborted when the running code is cancelled. Read it at each call and don't keep it: after `uncancel()` there is a
 * fresh one. @throws NoCurrentTaskError outside a run
 */
export function currentSignal(): AbortSignal {
  return currentScope("currentSignal()").signal;
}
