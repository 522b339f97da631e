/** Bounded waiting for what was cancelled: code that ignores its cancel must not hang the one who waits for it. */
import type { Scope } from "./scope.ts";
import type { TaskImpl } from "./task.ts";
import type { Deadline } from "./timers.ts";

/** What a wait for cancelled work takes at the longest by default, milliseconds. */
export const GRACE_MS = 5000;

/** Waits, but once the scope is cancelled no longer than `grace`. Undefined: the grace is over. */
export async function withinGrace<T>(scope: Scope, ending: Promise<T>, grace: number): Promise<T | undefined> {
  const { timers } = scope.runner;
  let deadline: ReturnType<typeof timers.add> | undefined;
  const over = Promise.withResolvers<undefined>();
  const arm = (): void =>
    void (deadline = timers.add(timers.now() + Math.max(0, grace), () => over.resolve(undefined)));
  const { signal } = scope;
  if (signal.aborted) arm();
  else signal.addEventListener("abort", arm, { once: true });
  try {
    return await Promise.race([ending, over.promise]);
  } finally {
    signal.removeEventListener("abort", arm);
    if (deadline !== undefined) timers.remove(deadline);
  }
}

/** Waits for cancelled tasks to end, no longer than `grace`; who is left is abandoned. Not a runtime wait. */
export async function drain(tasks: Iterable<TaskImpl>, grace: number): Promise<void> {
  const pending = [...tasks].filter((task) => !task.done());
  const [first] = pending;
  if (first === undefined) return;
  const { timers } = first.scope.runner;
  await new Promise<void>((resolve) => {
    let left = pending.length;
    const deadline: Deadline | undefined =
      grace === Infinity ? undefined : timers.add(timers.now() + Math.max(0, grace), () => resolve());
    for (const task of pending) {
      task.onEnd(() => {
        if (--left > 0) return;
        if (deadline !== undefined) timers.remove(deadline);
        resolve();
      });
    }
  });
  for (const task of pending) task.abandon();
}
