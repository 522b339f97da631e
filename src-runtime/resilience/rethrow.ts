/** The one rule all of this folder shares: a cancellation ends it, and is never a failure to answer. */
import { asCancelled } from "../task/cancellation.ts";
import { CancelledError, addSuppressed } from "../task/errors.ts";
import { deliver, type Scope } from "../task/scope.ts";

/**
 * Returns only if `error` is an ordinary one and nothing is cancelled. An ordinary one thrown while the scope is
 * cancelled is kept with the cancellation (`getSuppressed`). @throws CancelledError
 */
export function rethrowIfEnded(error: unknown, scope: Scope): void {
  const cancelled = asCancelled(error, scope);
  if (cancelled !== undefined) throw cancelled;
  if (error instanceof CancelledError) throw error;
  if (scope.effective === undefined) return;
  scope.runner.instrument?.emit("error.suppressed", scope.task, error, 0, 0);
  const ours = deliver(scope, scope.effective);
  addSuppressed(ours, error);
  throw ours;
}
