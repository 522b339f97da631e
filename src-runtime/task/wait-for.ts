/**
 * `waitFor`: one piece of work, waited for no longer than a time. Work of ours is cancelled at the deadline and given
 * `grace` to end; a foreign promise can only be abandoned.
 */
import { currentScope } from "./current.ts";
import { CancelledError, TimeoutError, assertAwaitish, assertOptions, assertTime } from "./errors.ts";
import { isGather } from "./gathering.ts";
import { GRACE_MS, drain } from "./grace.ts";
import type { Scope } from "./scope.ts";
import { Wait, refuse } from "./scope.ts";
import { spawn } from "./spawn.ts";
import type { Task } from "./handle.ts";
import { TaskImpl, awaitsItself, type TaskOwner } from "./task.ts";

const OWNER: TaskOwner = { looks: true, passesValueOn: true, taskEnded() {} };

/**
 * Waits for `work` at most `ms` (null: for ever). At zero and less a function is not even started. A value returned, or
 * another error thrown, while the work is being cancelled comes out. @throws TimeoutError, or what the work throws
 */
export async function waitFor<T>(
  work: (() => PromiseLike<T>) | Task<T> | PromiseLike<T>,
  ms: number | null,
  options: { readonly grace?: number } = {},
): Promise<T> {
  assertOptions(options, "waitFor's options");
  const { grace = GRACE_MS } = options;
  assertAwaitish(work, "What waitFor() waits for");
  if (ms !== null) assertTime(ms, "waitFor's time");
  assertTime(grace, "grace");
  const scope = currentScope("waitFor()");
  if (scope.refusesWaits) await refuse(scope);
  // A gather is ours: it takes the cancel to its members.
  if (isGather(work))
    return waitForTask(
      scope,
      spawn(scope, OWNER, async () => work, { name: work.name }),
      ms,
      grace,
    );
  if (typeof work === "function") {
    if (ms !== null && ms <= 0) throw tooLate(work.name, ms, undefined);
    return waitForTask(scope, spawn(scope, OWNER, work), ms, grace);
  }
  if (work instanceof TaskImpl) return waitForTask(scope, work as TaskImpl<T>, ms, grace);
  return waitForForeign(scope, work, ms);
}

async function waitForTask<T>(scope: Scope, task: TaskImpl<T>, ms: number | null, grace: number): Promise<T> {
  if (scope.task === (task as unknown as TaskImpl)) throw awaitsItself(task.label);
  task.looked = true;
  if (!task.done()) {
    const isOver = await untilEnd(scope, task as unknown as TaskImpl, ms).catch(async (error: unknown) => {
      // The waiter is cancelled: it owns the work, and takes it along.
      task.cancelBy("parent", error instanceof CancelledError ? error.reason : error, false, scope.effective);
      await drain(scope, [task as unknown as TaskImpl], grace);
      // What it has in hand is not lost, and its own error wins. The cancel is thrown at the next wait.
      if (task.cancelled() || task.abandoned()) throw error;
      return false;
    });
    if (isOver) {
      task.cancelBy("deadline", undefined, false);
      await drain(scope, [task as unknown as TaskImpl], grace);
    }
    if (isOver && (task.cancelled() || task.abandoned())) {
      const { cancelled } = task.scope;
      throw tooLate(
        task.name,
        ms ?? 0,
        task.error ?? (cancelled === undefined ? undefined : new CancelledError(cancelled)),
      );
    }
  }
  return task.result();
}

/** True: the time is over. @throws CancelledError */
async function untilEnd(scope: Scope, task: TaskImpl, ms: number | null): Promise<boolean> {
  const { timers } = scope.runner;
  const wait = new Wait<boolean>(scope, "task", task, () => undefined);
  const deadline = ms === null || ms === Infinity ? undefined : timers.add(timers.now() + ms, () => wait.resolve(true));
  task.onEnd(() => wait.resolve(false));
  try {
    return await wait.promise;
  } finally {
    if (deadline !== undefined) timers.remove(deadline);
  }
}

async function waitForForeign<T>(scope: Scope, work: PromiseLike<T>, ms: number | null): Promise<T> {
  const { timers } = scope.runner;
  const wait = new Wait<T>(scope, "external", work, () => undefined);
  const deadline =
    ms === null || ms === Infinity
      ? undefined
      : timers.add(timers.now() + ms, () => wait.reject(tooLate("a promise", ms, undefined)));
  work.then(
    (value) => wait.resolve(value),
    (error: unknown) => {
      if (wait.settled) scope.runner.instrument?.emit("error.suppressed", scope.task, error, 0, 0);
      else wait.reject(error);
    },
  );
  try {
    return await wait.promise;
  } finally {
    if (deadline !== undefined) timers.remove(deadline);
  }
}

function tooLate(name: string, ms: number, cause: unknown): TimeoutError {
  const what = name === "" ? "The work" : name;
  return new TimeoutError(`${what} did not end within ${ms} ms.`, { ms, ...(cause === undefined ? {} : { cause }) });
}
