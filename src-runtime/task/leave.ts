/**
 * What comes out of a scope: the rule that decides whether an error that leaves it is its own cancellation, which it
 * absorbs, or goes on.
 *
 * A scope absorbs only if it was itself cancelled and no enclosing scope, up to the next shield, is. So the outermost
 * cancelled scope wins.
 */
import { asCancelled } from "./cancellation.ts";
import { CancelledError } from "./errors.ts";
import { ExceptionGroup } from "./exception-group.ts";
import type { Scope } from "./scope.ts";

export type Leaving =
  /** It was this scope's cancel. */
  | { readonly absorbed: true; readonly cancelled: CancelledError }
  | { readonly absorbed: false; readonly error: unknown };

/** Judges the error a scope's body ended with, before the scope is closed. */
export function leaveScope(scope: Scope, error: unknown): Leaving {
  const cancelled = asCancelled(error, scope);
  if (cancelled !== undefined) return judge(scope, cancelled);
  if (scope.effective !== undefined && error instanceof AggregateError) return leaveWithGroup(scope, error);
  return { absorbed: false, error };
}

function judge(scope: Scope, cancelled: CancelledError): Leaving {
  if (scope.cancelled === undefined || scope.isCancelledFromAbove) return { absorbed: false, error: cancelled };
  scope.runner.instrument?.emit("cancel.absorbed", scope.task, scope, 0, 0);
  return { absorbed: true, cancelled };
}

/** Cancellations are taken out of a group that the program made; its real errors go on. */
function leaveWithGroup(scope: Scope, error: AggregateError): Leaving {
  const group = error instanceof ExceptionGroup ? error : new ExceptionGroup(error.errors, error.message);
  const [cancellations, rest] = group.split((leaf) => leaf instanceof CancelledError);
  if (cancellations === null) return { absorbed: false, error };
  if (rest !== null) return { absorbed: false, error: rest };
  const [first] = cancellations.leaves();
  return judge(scope, first as CancelledError);
}
