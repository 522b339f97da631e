/** `TaskGroup.start()`: a child that is waited for until it says that it has started, and is the group's from then on. */
import { currentScope } from "./current.ts";
import { CancelledError, UsageError, assertFunction } from "./errors.ts";
import { drain } from "./grace.ts";
import { Wait, refuse } from "./scope.ts";
import { assertTaskOptions } from "./spawn.ts";
import type { TaskOptions } from "./handle.ts";
import type { TaskImpl, TaskOwner } from "./task.ts";

/** What a group lets its starting children use. */
export interface StartingGroup extends TaskOwner {
  /** Milliseconds. */
  readonly grace: number;
  spawn<T>(fn: () => PromiseLike<T>, options: TaskOptions | undefined, owner: TaskOwner): TaskImpl<T>;
  /** A child is no longer there. */
  gone(task: TaskImpl): void;
}

/** An error before `started()` is the caller's, one after it the group's. @throws UsageError when it is never called */
export async function startChild<T>(
  group: StartingGroup,
  fn: (started: (value: T) => void) => PromiseLike<unknown>,
  options: TaskOptions | undefined,
): Promise<T> {
  assertFunction(fn, "A group's task");
  if (options !== undefined) assertTaskOptions(options);
  const here = currentScope("TaskGroup.start()");
  if (here.refusesWaits) await refuse(here);
  let hasStarted = false;
  const owner: TaskOwner = {
    looks: group.looks,
    taskEnded(task) {
      // Nobody waits for its start any more: what it failed with is the group's.
      if (hasStarted || wait.settled) return group.taskEnded(task);
      task.looked = true;
      const never = new UsageError(`${task.label} ended without calling started().`);
      wait.reject(task.completed() ? never : task.outcomeError());
      group.gone(task);
    },
  };
  function onStarted(value: T): void {
    if (hasStarted) throw new UsageError("started() was called before. Call it once.");
    hasStarted = true;
    wait.resolve(value);
  }
  // Its first step may call started(): the wait has to be there.
  const name = fn.name === "" ? {} : { name: fn.name };
  const child = group.spawn(() => fn(onStarted), { ...name, ...options, start: "queued" }, owner);
  const wait = new Wait<T>(here, "task", child, () => undefined);
  if (options?.start === "eager") child.start();
  try {
    return await wait.promise;
  } catch (error) {
    // A caller that is cancelled while the child starts takes the child with it.
    if (!(error instanceof CancelledError) || here.effective === undefined) throw error;
    child.cancelBy("parent", error.reason, false, here.effective);
    await drain(here, [child], group.grace);
    throw error;
  }
}
