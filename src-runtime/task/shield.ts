/** Protection from a cancel, in two forms: `shield` frees the caller, `shielded` keeps it until the body has ended. */
import { currentScope, currentScopeOrNone, enterScope } from "./current.ts";
import { CancelledError, TimeoutError, assertFunction, assertTime, assertAwaitish, assertOptions } from "./errors.ts";
import { withinGrace } from "./grace.ts";
import { leaveScope, leaveWithValue } from "./leave.ts";
import { Scope, refuse } from "./scope.ts";
import { waitForPromise } from "./sleep.ts";
import { UNOWNED, spawn } from "./spawn.ts";
import type { Task } from "./handle.ts";
import { TaskImpl } from "./task.ts";
import type { Deadline } from "./timers.ts";

/**
 * Waits for work that a cancel of the caller does not reach: the caller is freed at once with CancelledError, the work
 * goes on under its own owner (a function: the runner). @throws TaskCancelledError when the work itself is cancelled
 */
export async function shield<T>(work: Task<T> | PromiseLike<T> | (() => PromiseLike<T>)): Promise<T> {
  const scope = currentScope("shield()");
  assertAwaitish(work, "What shield() protects");
  if (scope.refusesWaits) await refuse(scope);
  const { instrument } = scope.runner;
  instrument?.emit("shield.enter", scope.task, scope, 0, 0);
  const inner = typeof work === "function" ? spawn(scope.runner.root, UNOWNED, work) : work;
  try {
    if (inner instanceof TaskImpl) return await (inner as TaskImpl<T>).waitIn(scope, "task");
    // A gather passes its awaiter's cancel on: it must not see the caller.
    return await waitForPromise(
      scope,
      enterScope(undefined, () => Promise.resolve(inner)),
      "external",
    );
  } finally {
    instrument?.emit("shield.exit", scope.task, scope, 0, 0);
  }
}

export interface ShieldedOptions {
  /** When the body is cancelled, and abandoned if it does not react, milliseconds. Default: never. */
  readonly timeout?: number;
}

/**
 * Runs `body` cut off from cancels of enclosing scopes; the caller waits for it, and the next runtime wait after it
 * throws. A `timeout()` around it that passed meanwhile throws its TimeoutError.
 */
export async function shielded<T>(body: () => PromiseLike<T>, options: ShieldedOptions = {}): Promise<T> {
  try {
    return await protect(body, options);
  } finally {
    currentScopeOrNone()?.holdCancel(true);
  }
}

/** `shielded` for the runtime's own cleanup: what has its value keeps it, whatever passed meanwhile. */
export async function protect<T>(body: () => PromiseLike<T>, options: ShieldedOptions = {}): Promise<T> {
  assertFunction(body, "shielded's body");
  assertOptions(options, "shielded's options");
  const { timeout: ms = Infinity } = options;
  assertTime(ms, "shielded's timeout");
  const outer = currentScope("shielded()");
  const { runner } = outer;
  const scope = new Scope("shield", runner, outer, outer.task, outer.context, true);
  runner.instrument?.emit("shield.enter", outer.task, scope, 0, 0);
  const when = runner.timers.now() + Math.max(0, ms);
  let deadline: Deadline | undefined;
  if (when < Infinity) {
    runner.instrument?.emit("timeout.armed", outer.task, scope, when, 0);
    deadline = runner.timers.add(when, (late) => {
      deadline = undefined;
      runner.instrument?.emit("timeout.fired", outer.task, scope, when, late);
      scope.cancel(runner.cancelOf(scope, "deadline", undefined, undefined));
    });
  }
  try {
    const running = enterScope(scope, async () => body());
    if (ms === Infinity) return await running;
    const ended = await withinGrace(
      scope,
      running.then((value) => ({ value })),
      0,
    );
    if (ended !== undefined) {
      leaveWithValue(scope);
      return ended.value;
    }
    running.catch((error: unknown) => runner.instrument?.emit("error.suppressed", outer.task, error, 0, 0));
    throw new CancelledError(scope.effective);
  } catch (error) {
    const leaving = leaveScope(scope, error);
    if (!leaving.absorbed) throw leaving.error;
    throw new TimeoutError(`The shielded block did not end within ${ms} ms.`, { cause: leaving.cancelled, ms });
  } finally {
    if (deadline !== undefined) {
      runner.timers.remove(deadline);
      runner.instrument?.emit("timeout.disarmed", outer.task, scope, when, 0);
    }
    runner.instrument?.emit("shield.exit", outer.task, scope, 0, 0);
    if (outer.effective !== undefined) runner.instrument?.emit("shield.held_cancel", outer.task, scope, 0, 0);
    scope.close();
  }
}
