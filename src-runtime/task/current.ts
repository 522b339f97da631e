/**
 * Where the code that runs now stands: its scope, and by it its task and runner. The only user of AsyncLocalStorage
 * here, so that a coming AsyncContext has one place to go to.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { NoCurrentTaskError } from "./errors.ts";
import type { Scope } from "./scope.ts";
import type { TaskImpl } from "./task.ts";

const storage = new AsyncLocalStorage<Scope | undefined>();

/** Runs `body` with `scope` as the current one, in everything that follows from it. */
export function enterScope<T>(scope: Scope | undefined, body: () => T): T {
  return storage.run(scope, body);
}

/** The running task, undefined outside a run. */
export function currentTaskOrNone(): TaskImpl | undefined {
  return storage.getStore()?.task;
}

/** The scope of the running code, undefined outside a run. */
export function currentScopeOrNone(): Scope | undefined {
  return storage.getStore();
}

/** @throws NoCurrentTaskError outside a run */
export function currentScope(what: string): Scope & { readonly task: TaskImpl } {
  const scope = storage.getStore();
  if (scope === undefined || scope.task === undefined) {
    throw new NoCurrentTaskError(`${what} was called outside a run. Call it inside run(async () => …).`);
  }
  return scope as Scope & { readonly task: TaskImpl };
}

/** Runs functions later as if they were called here: in this scope, and with other libraries' stores. */
export function captureAsyncContext(): <T>(body: () => T) => T {
  return AsyncLocalStorage.snapshot();
}
