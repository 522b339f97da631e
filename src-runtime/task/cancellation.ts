/**
 * Which errors are a cancellation. Libraries answer an abort with errors of their own, some without name or reason; one
 * counts as the cancellation it is only where our scope is cancelled. Elsewhere it is an ordinary error.
 *
 * An error made of several (a group, a `SuppressedError`) is a cancellation when each of them is; of any other the
 * cancellations are taken out, so that real errors go on alone.
 */
import { currentScopeOrNone } from "./current.ts";
import {
  type Cancel,
  CancelledError,
  TaskCancelledError,
  TimeoutError,
  isAbortReason,
  isSuppressedError,
} from "./errors.ts";
import { asGroup } from "./exception-group.ts";
import type { Scope } from "./scope.ts";

/** What libraries call an abort: by name, code or class, since some keep only one of them (openai: the class). */
const ABORTS = new Set(["AbortError", "ABORT_ERR", "APIUserAbortError", "RequestAbortedError", "ResponseAborted"]);

/** The CancelledError an error stands for in a scope, undefined when it is none. */
export function asCancelled(error: unknown, scope: Scope): CancelledError | undefined {
  const { effective, cancelled } = scope;
  return effective === undefined ? undefined : cancellationOf(error, effective, cancelled);
}

/** The error without the cancellations in it, for an error that is more than one. */
export function withoutCancellations(error: unknown, scope: Scope): unknown {
  const { effective, cancelled } = scope;
  if (effective === undefined) return error;
  const isCancel = (part: unknown): boolean => cancellationOf(part, effective, cancelled) !== undefined;
  if (isSuppressedError(error)) {
    if (isCancel(error.suppressed)) return withoutCancellations(error.error, scope);
    return isCancel(error.error) ? withoutCancellations(error.suppressed, scope) : error;
  }
  if (!(error instanceof AggregateError)) return error;
  const [cancellations, rest] = asGroup(error).split(isCancel);
  return cancellations === null || rest === null ? error : rest;
}

function cancellationOf(error: unknown, effective: Cancel, own: Cancel | undefined): CancelledError | undefined {
  if (error instanceof CancelledError) return error;
  if (isReason(error, effective) || (own !== undefined && isReason(error, own)) || isAbort(error, effective)) {
    return new CancelledError(effective, { cause: error });
  }
  if (isSuppressedError(error)) return ofAll([error.suppressed, error.error], effective, own);
  return error instanceof AggregateError ? ofAll(error.errors, effective, own) : undefined;
}

function ofAll(errors: readonly unknown[], effective: Cancel, own: Cancel | undefined): CancelledError | undefined {
  let first: CancelledError | undefined;
  for (const error of errors) {
    const cancelled = cancellationOf(error, effective, own);
    if (cancelled === undefined) return undefined;
    first ??= cancelled;
  }
  return first;
}

function isReason(error: unknown, { reason }: Cancel): boolean {
  return reason !== undefined && error === reason;
}

function isAbort(error: unknown, { reason }: Cancel): boolean {
  if (typeof error !== "object" || error === null) return false;
  // Ours say what happened to something else, though a cancel was the cause.
  if (error instanceof TimeoutError || error instanceof TaskCancelledError) return false;
  const { cause, name, code } = error as { cause?: unknown; name?: unknown; code?: unknown };
  if (cause !== undefined && (cause === reason || isAbortReason(cause))) return true;
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
