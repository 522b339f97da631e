/**
 * How a block ended, as its cleanup is told, and what comes out when cleanup fails as well: the language's own shape
 * (`SuppressedError`, the later error first), so that `using` and the runtime look alike.
 */
import { asCancelled } from "../task/cancellation.ts";
import { CancelledError, addSuppressed } from "../task/errors.ts";
import type { Scope } from "../task/scope.ts";

/** How a block ended. `error` is there unless it completed. */
export interface Outcome {
  readonly status: "completed" | "failed" | "cancelled";
  readonly error?: unknown;
}

export const COMPLETED: Outcome = { status: "completed" };

/** The outcome of a block that threw. A library's own abort error counts as the cancel it is. */
export function outcomeOf(error: unknown, scope: Scope | undefined): Outcome {
  const cancelled = scope === undefined ? undefined : asCancelled(error, scope);
  return cancelled === undefined ? { status: "failed", error } : { status: "cancelled", error: cancelled };
}

/** As the events count it. */
export function outcomeCode(outcome: Outcome): number {
  return outcome.status === "completed" ? 0 : outcome.status === "failed" ? 1 : 2;
}

/** The outcome once cleanup threw `error` too. Errors win over a cancel, and neither is lost. */
export function withCleanupError(before: Outcome, error: unknown): Outcome {
  if (before.status === "completed") return { status: "failed", error };
  if (before.status === "cancelled") {
    addSuppressed(error, before.error);
    return { status: "failed", error };
  }
  if (error instanceof CancelledError) {
    addSuppressed(before.error, error);
    return before;
  }
  return { status: "failed", error: suppressedError(error, before.error) };
}

function suppressedError(error: unknown, suppressed: unknown): Error {
  const message = "Cleanup failed after an error: see error and suppressed.";
  if (typeof SuppressedError === "function") return new SuppressedError(error, suppressed, message);
  // Before Node 24 the language has none.
  return Object.assign(new Error(message), { name: "SuppressedError", error, suppressed });
}
