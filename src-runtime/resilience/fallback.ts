/**
 * Graceful degradation: the first of several ways that works. A result of any but the first is marked as degraded, and
 * says why each way before it was left. A cancellation is no reason to try another way.
 */
import { currentScope } from "../task/current.ts";
import { UsageError, addSuppressed, assertFunction, describeValue, assertOptions } from "../task/errors.ts";
import { ExceptionGroup } from "../task/exception-group.ts";
import { refuse } from "../task/scope.ts";
import { rethrowIfEnded } from "./rethrow.ts";

/** A way that was left. */
export interface FallbackStep {
  readonly error: unknown;
  /** Of the way that was left, from 0. */
  readonly index: number;
}

export interface FallbackOptions {
  /** For messages. Default: `fallback`. */
  readonly name?: string;
  /** Whether the next way is to be tried after this error. Default: yes. False: the error comes out. */
  readonly shouldFallBack?: (step: FallbackStep) => boolean | Promise<boolean>;
  /** Told of each way that is left for the next. What it throws comes out. */
  readonly onFallback?: (step: FallbackStep) => void | Promise<void>;
}

export interface FallbackResult<T> {
  readonly value: T;
  /** Not of the first way. */
  readonly degraded: boolean;
  /** Of the way that worked, from 0. */
  readonly index: number;
  /** Why each way before it was left, in order. */
  readonly errors: readonly unknown[];
}

/**
 * Calls the functions in order until one returns, and gives its value. `fallback.settled` gives a `FallbackResult`,
 * which says whether the value is degraded.
 * @throws ExceptionGroup of all errors, in order, when none works; CancelledError; UsageError for no functions
 */
export async function fallback<T>(ways: readonly (() => PromiseLike<T>)[], options: FallbackOptions = {}): Promise<T> {
  return (await settled(ways, options)).value;
}

fallback.settled = settled;

async function settled<T>(
  ways: readonly (() => PromiseLike<T>)[],
  options: FallbackOptions = {},
): Promise<FallbackResult<T>> {
  assertOptions(options, "fallback's options");
  const { name = "fallback", shouldFallBack, onFallback } = options;
  if (!Array.isArray(ways)) throw new TypeError(`fallback() needs an array of functions, not ${describeValue(ways)}.`);
  if (ways.length === 0) throw new UsageError("fallback() needs at least one function.");
  for (const way of ways) assertFunction(way, "A way of fallback()");
  if (shouldFallBack !== undefined) assertFunction(shouldFallBack, "shouldFallBack");
  if (onFallback !== undefined) assertFunction(onFallback, "onFallback");
  const scope = currentScope("fallback()");
  const { runner, task } = scope;
  const errors: unknown[] = [];
  for (const [index, way] of ways.entries()) {
    if (scope.refusesWaits) await refuse(scope);
    try {
      return { value: await way(), degraded: index > 0, index, errors };
    } catch (error) {
      rethrowIfEnded(error, scope);
      const isLast = index === ways.length - 1;
      const step: FallbackStep = { error, index };
      if (shouldFallBack !== undefined && !(await shouldFallBack(step))) {
        for (const earlier of errors) addSuppressed(error, earlier);
        throw error;
      }
      errors.push(error);
      runner.instrument?.emit("fallback.used", task, error, index, isLast ? -1 : index + 1);
      if (!isLast) await onFallback?.(step);
    }
  }
  throw new ExceptionGroup(errors, `${name}: none of ${ways.length} way${ways.length === 1 ? "" : "s"} worked.`);
}
