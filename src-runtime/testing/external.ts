/**
 * Promises the clock of a test knows nothing of: real input and output, timers of the world outside. While one is
 * pending the test's time stands still.
 */
import { currentScopeOrNone } from "../task/current.ts";
import type { RunnerState } from "../task/runner-state.ts";
import { Wait } from "../task/scope.ts";

const pending = new WeakMap<RunnerState, Set<PromiseLike<unknown>>>();

/** What is declared and has not settled. */
export function externalsOf(runner: RunnerState): ReadonlySet<PromiseLike<unknown>> {
  return pending.get(runner) ?? new Set();
}

/**
 * Declares that a promise is settled by the world outside and not by the test's clock, and waits for it. No cancel ends
 * the wait, as none ends an `await`; `cancellable(external(promise))` can be cancelled.
 *
 *     const page = await external(fetch(url));
 */
export async function external<T>(promise: PromiseLike<T>): Promise<T> {
  if (typeof (promise as Partial<PromiseLike<T>> | null | undefined)?.then !== "function") {
    throw new TypeError("external() needs a promise: await external(fetch(url)).");
  }
  const scope = currentScopeOrNone();
  if (scope === undefined) return promise;
  const externals = pending.get(scope.runner) ?? new Set();
  pending.set(scope.runner, externals.add(promise));
  const wait = new Wait<T>(scope, "external", promise, undefined);
  promise.then(
    (value) => {
      externals.delete(promise);
      wait.resolve(value);
    },
    (error: unknown) => {
      externals.delete(promise);
      wait.reject(error);
    },
  );
  return wait.promise;
}
