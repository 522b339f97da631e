/**
 * One resource around one block. Opened cut off from cancels, so that none falls between "opened" and "registered";
 * released whatever happens, and told how the block ended.
 */
import { currentScope } from "../task/current.ts";
import { assertFunction, assertOptions } from "../task/errors.ts";
import { refuse } from "../task/scope.ts";
import { protect } from "../task/shield.ts";
import { cleanUp } from "./clean-up.ts";
import { COMPLETED, outcomeCode, outcomeOf, withCleanupError, type Outcome } from "./outcome.ts";

export interface UseOptions {
  /** A cancel reaches `acquire`, which has to leave nothing open when it throws. Default: it waits for `acquire`. */
  readonly interruptibleAcquire?: boolean;
  /** For reports and recordings. Default: the name of `acquire`. */
  readonly name?: string;
}

/**
 * Opens a resource, runs `body` with it and releases it.
 *
 * `release` runs cut off from cancels, at the longest for the runner's `cleanupTimeout`. If it throws after `body`
 * threw, a `SuppressedError` comes out (`error`: release's, `suppressed`: body's); a cancel never hides its error.
 * @throws what `acquire`, `body` or `release` throw; CancelledError; TypeError; NoCurrentTaskError outside a run
 */
export async function use<R, T>(
  acquire: () => PromiseLike<R>,
  body: (resource: R) => PromiseLike<T>,
  release: (resource: R, outcome: Outcome) => Promise<void>,
  options: UseOptions = {},
): Promise<T> {
  assertFunction(acquire, "use's acquire");
  assertFunction(body, "use's body");
  assertFunction(release, "use's release");
  assertOptions(options, "use's options");
  const scope = currentScope("use()");
  if (scope.refusesWaits) await refuse(scope);
  const { runner, task } = scope;
  const name = options.name ?? (acquire.name === "" ? "resource" : acquire.name);
  runner.instrument?.emit("resource.acquiring", task, name, 0, 0);
  const resource = options.interruptibleAcquire === true ? await acquire() : await protect(acquire);
  runner.instrument?.emit("resource.acquired", task, name, 0, 0);

  let outcome = COMPLETED;
  let value: T | undefined;
  try {
    if (scope.refusesWaits) await refuse(scope);
    value = await body(resource);
  } catch (error) {
    outcome = outcomeOf(error, scope);
  }
  runner.instrument?.emit("resource.releasing", task, name, 0, outcomeCode(outcome));
  const told = outcome;
  try {
    await cleanUp(`The release of ${name}`, () => release(resource, told));
  } catch (error) {
    outcome = withCleanupError(outcome, error);
  }
  runner.instrument?.emit("resource.released", task, name, 0, outcomeCode(outcome));
  if (outcome.status !== "completed") throw outcome.error;
  return value as T;
}
