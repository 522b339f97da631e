/** Lets an AbortSignal from outside cancel a scope, for as long as told. */
import { currentScopeOrNone } from "./current.ts";
import type { Scope } from "./scope.ts";

/** The listener is removed when disposed. An aborted signal cancels at once. */
export function followSignal(scope: Scope, signal: AbortSignal): Disposable {
  const { runner } = scope;
  function onAbort(): void {
    scope.cancel(runner.cancelOf(scope, "abortSignal", signal.reason, currentScopeOrNone()?.task));
  }
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", onAbort) };
}
