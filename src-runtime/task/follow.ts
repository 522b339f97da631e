/** Lets an AbortSignal from outside cancel a scope, for as long as told. */
import { currentScopeOrNone } from "./current.ts";
import { UsageError, describeValue } from "./errors.ts";
import type { Scope } from "./scope.ts";

export function assertSignal(signal: unknown, what: string): asserts signal is AbortSignal {
  const { aborted, addEventListener } = (signal ?? {}) as Partial<AbortSignal>;
  if (typeof aborted === "boolean" && typeof addEventListener === "function") return;
  throw new TypeError(`${what} must be an AbortSignal, not ${describeValue(signal)}.`);
}

/** The listener is removed when disposed. An aborted signal cancels at once. @throws TypeError, UsageError */
export function followSignal(scope: Scope, signal: AbortSignal): Disposable {
  assertSignal(signal, "What a scope follows");
  if (scope.closed) throw new UsageError("The scope has ended and follows no more signals.");
  const { runner } = scope;
  function onAbort(): void {
    scope.cancel(runner.cancelOf(scope, "abortSignal", signal.reason, currentScopeOrNone()?.task));
  }
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", onAbort) };
}
