/** Bounded waiting for what was cancelled: code that ignores its cancel must not hang the one who waits for it. */
import type { Subject } from "./instrument.ts";
import { Wait, type Scope } from "./scope.ts";
import type { TaskImpl } from "./task.ts";
import type { Deadline } from "./timers.ts";

/** What a wait for cancelled work takes at the longest by default, milliseconds. */
export const GRACE_MS = 5000;

/**
 * Waits for code of the scope's own task, but once the scope is cancelled no longer than `grace`. Undefined: the grace
 * is over.
 */
export async function withinGrace<T>(scope: Scope, ending: Promise<T>, grace: number): Promise<T | undefined> {
  const { timers } = scope.runner;
  let deadline: Deadline | undefined;
  const over = Promise.withResolvers<undefined>();
  const stop = scope.whenCancelled(() => {
    deadline = timers.add(timers.now() + Math.max(0, grace), () => over.resolve(undefined));
  });
  try {
    return await Promise.race([ending, over.promise]);
  } finally {
    stop();
    if (deadline !== undefined) timers.remove(deadline);
  }
}

/**
 * Waits, as `scope`, for tasks that were cancelled, no longer than `grace`; who is left is abandoned. No cancel ends it.
 */
export async function drain(scope: Scope, tasks: Iterable<TaskImpl>, grace: number): Promise<void> {
  const pending = [...tasks].filter((task) => !task.done());
  if (pending.length === 0) return;
  const { timers } = scope.runner;
  const target: Subject = {
    kind: "group",
    name: "tasks that were cancelled",
    tag: 0,
    holders: () => [],
    members: () => pending,
  };
  const wait = new Wait<void>(scope, "group", target, undefined);
  const deadline = grace === Infinity ? undefined : timers.add(timers.now() + Math.max(0, grace), () => wait.resolve());
  let left = pending.length;
  for (const task of pending) {
    task.onEnd(() => {
      if (--left === 0) wait.resolve();
    });
  }
  await wait.promise;
  if (deadline !== undefined) timers.remove(deadline);
  for (const task of pending) task.abandon();
}
