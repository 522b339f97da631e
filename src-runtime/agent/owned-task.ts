/**
 * Work of an agent as a task that its caller owns: the caller waits for it, a cancel of the caller takes it along, and
 * it never outlives the call by more than its grace.
 */
import type { TaskKind } from "../protocol/record.ts";
import { currentScope } from "../task/current.ts";
import { GRACE_MS, drain } from "../task/grace.ts";
import { refuse, throwIfCancelled } from "../task/scope.ts";
import { spawn } from "../task/spawn.ts";
import type { TaskImpl, TaskOwner } from "../task/task.ts";
import { waitFor } from "../task/wait-for.ts";

const OWNER: TaskOwner = { looks: true, taskEnded() {} };

export interface OwnedTaskOptions {
  readonly name: string;
  readonly kind: TaskKind;
  /** How long it may take, milliseconds. */
  readonly ms?: number | undefined;
  /** How long it may take to end once cancelled, milliseconds; then it is abandoned. */
  readonly grace?: number;
}

export function startOwned<T>(what: string, body: () => Promise<T>, options: OwnedTaskOptions): TaskImpl<T> {
  const scope = currentScope(what);
  throwIfCancelled(scope);
  return spawn(scope, OWNER, body, { name: options.name, kind: options.kind });
}

/** @throws TimeoutError after `ms`, TaskCancelledError when it alone is cancelled, or what it fails with */
export async function waitForOwned<T>(task: TaskImpl<T>, { ms, grace = GRACE_MS }: OwnedTaskOptions): Promise<T> {
  try {
    return await waitFor(task, ms ?? null, { grace });
  } finally {
    // The caller may have been cancelled before it began to wait.
    if (!task.done()) {
      const scope = currentScope("agent()");
      task.cancelBy("parent", undefined, false, scope.effective);
      await drain(scope, [task as unknown as TaskImpl], grace);
    }
  }
}

/** Both at once. */
export async function runOwned<T>(what: string, body: () => Promise<T>, options: OwnedTaskOptions): Promise<T> {
  const scope = currentScope(what);
  if (scope.refusesWaits) await refuse(scope);
  return waitForOwned(startOwned(what, body, options), options);
}
