/**
 * Which errors are a cancellation. Libraries answer an abort with errors of their own, some without name or reason; one
 * counts as the cancellation it is only where our scope is cancelled. Elsewhere it is an ordinary error.
 */
import { currentScopeOrNone } from "./current.ts";
import { CancelledError } from "./errors.ts";
import type { Scope } from "./scope.ts";

/** What libraries call an abort: by name, code or class, since some keep only one of them (openai: the class). */
const ABORTS = new Set(["AbortError", "ABORT_ERR", "APIUserAbortError", "RequestAbortedError", "ResponseAborted"]);

/** The CancelledError an error stands for in a scope, undefined when it is none. */
export function asCancelled(error: unknown, scope: Scope): CancelledError | undefined {
  const { effective } = scope;
  if (effective === undefined) return undefined;
  if (error instanceof CancelledError) return error;
  if (!isAbortOf(error, effective.reason)) return undefined;
  return new CancelledError(effective, { cause: error });
}

function isAbortOf(error: unknown, reason: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  if (error === reason) return true;
  const { cause, name, code } = error as { cause?: unknown; name?: unknown; code?: unknown };
  if (cause instanceof CancelledError || (cause !== undefined && cause === reason)) return true;
  return [name, code, error.constructor?.name].some((text) => typeof text === "string" && ABORTS.has(text));
}

/** Whether an error is a cancellation of the code that runs now. False for an abort nobody of us asked for. */
export function isCancellation(error: unknown): boolean {
  if (error instanceof CancelledError) return true;
  const scope = currentScopeOrNone();
  return scope !== undefined && asCancelled(error, scope) !== undefined;
}

/** For a catch-all: `catch (error) { rethrowIfCancelled(error); … }`. @throws CancelledError */
export function rethrowIfCancelled(error: unknown): void {
  if (error instanceof CancelledError) throw error;
  const scope = currentScopeOrNone();
  const cancelled = scope === undefined ? undefined : asCancelled(error, scope);
  if (cancelled !== undefined) throw cancelled;
}
