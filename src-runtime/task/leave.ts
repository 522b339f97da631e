/**
 * What comes out of a scope: the rule that decides whether an error that leaves it is its own cancellation, which it
 * absorbs, or goes on.
 *
 * A scope absorbs only if it was itself cancelled and no enclosing scope, up to the next shield, is. So the outermost
 * cancelled scope wins.
 */
import { asCancelled, withoutCancellations } from "./cancellation.ts";
import type { CancelledError } from "./errors.ts";
import type { Scope } from "./scope.ts";

export type Leaving =
  /** It was this scope's cancel. */
  | { readonly absorbed: true; readonly cancelled: CancelledError }
  | { readonly absorbed: false; readonly error: unknown };

/** Judges the error a scope's body ended with, before the scope is closed. */
export function leaveScope(scope: Scope, error: unknown): Leaving {
  const cancelled = asCancelled(error, scope);
  if (cancelled !== undefined) return leaveCancelled(scope, cancelled);
  return { absorbed: false, error: withoutCancellations(error, scope) };
}

/** For a body that returned a value: whether it was thrown its own scope's cancel is said. */
export function leaveWithValue(scope: Scope): void {
  const { cancelled, task } = scope;
  if (cancelled === undefined || task?.delivered !== cancelled || scope.isCancelledFromAbove) return;
  scope.runner.instrument?.emit("cancel.ignored", task, scope, 0, 0);
}

/** As `leaveScope`, for what is known to be a cancellation. */
export function leaveCancelled(scope: Scope, cancelled: CancelledError): Leaving {
  if (scope.cancelled === undefined || scope.isCancelledFromAbove) return { absorbed: false, error: cancelled };
  scope.runner.instrument?.emit("cancel.absorbed", scope.task, scope, 0, 0);
  return { absorbed: true, cancelled };
}
