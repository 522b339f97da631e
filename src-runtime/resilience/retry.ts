/**
 * Tries again, with a pause between: of errors, never of a cancellation.
 *
 *     attempt ─▶ onFailedAttempt ─▶ worth it? budget left? ─▶ shouldRetry ─▶ pause ─▶ attempt …
 */
import { currentScope, enterScope } from "../task/current.ts";
import {
  addSuppressed,
  assertFunction,
  assertTime,
  describeValue,
  getSuppressed,
  assertOptions,
} from "../task/errors.ts";
import { followSignal } from "../task/follow.ts";
import { leaveScope } from "../task/leave.ts";
import { Scope, refuse } from "../task/scope.ts";
import { sleep } from "../task/sleep.ts";
import { backoff, retryAfterOf, type BackoffOptions } from "./backoff.ts";
import { rethrowIfEnded } from "./rethrow.ts";
import { NonRetryableError, isProgrammingError } from "./retryable.ts";

export interface FailedAttempt {
  readonly error: unknown;
  /** From 1. */
  readonly attemptNumber: number;
  readonly retriesLeft: number;
}

export interface RetryPolicy<T = unknown> extends BackoffOptions {
  /** Attempts after the first. Default 10. */
  readonly retries?: number;
  /** For all of it, hooks included, milliseconds; an attempt that runs is not interrupted. Default: no limit. */
  readonly maxRetryTime?: number;
  /** Told of each failed attempt, before anything is decided. What it throws comes out. */
  readonly onFailedAttempt?: (failed: FailedAttempt) => void | Promise<void>;
  /** Asked of each error that would be tried again. */
  readonly shouldRetry?: (failed: FailedAttempt) => boolean | Promise<boolean>;
  /** Whether a value is no good. The last one is returned if all are. */
  readonly shouldRetryResult?: (value: T) => boolean;
  /** Ends it when aborted: the attempt is cancelled, the reason thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Calls `fn` until it returns a value. Not tried again: a cancellation, a NonRetryableError (its cause is thrown), a
 * TypeError that is no network error. An attempt's own TimeoutError is. The pause is what the error's Retry-After says,
 * else it grows from `minTimeout` by `factor` up to `maxTimeout`.
 * @throws the last error, with those of all attempts in its property `attempts`; CancelledError; the signal's reason;
 * NoCurrentTaskError outside a run
 */
export async function retry<T>(fn: (attempt: number) => PromiseLike<T>, policy: RetryPolicy<T> = {}): Promise<T> {
  assertFunction(fn, "What retry() calls");
  assertPolicy(policy);
  const outer = currentScope("retry()");
  if (outer.refusesWaits) await refuse(outer);
  const { signal } = policy;
  if (signal === undefined) return new Retrying<T>(fn, policy, outer).run();
  signal.throwIfAborted();
  const scope = new Scope("scope", outer.runner, outer, outer.task, outer.context);
  using _following = followSignal(scope, signal);
  try {
    const value = await enterScope(scope, () => new Retrying<T>(fn, policy, scope).run());
    signal.throwIfAborted();
    return value;
  } catch (error) {
    const leaving = leaveScope(scope, error);
    if (!leaving.absorbed) throw leaving.error;
    for (const hidden of getSuppressed(leaving.cancelled)) addSuppressed(signal.reason, hidden);
    throw signal.reason;
  } finally {
    scope.close();
  }
}

class Retrying<T> {
  readonly #fn: (attempt: number) => PromiseLike<T>;
  readonly #policy: RetryPolicy<T>;
  readonly #scope: Scope;
  readonly #retries: number;
  readonly #until: number;
  readonly #errors: unknown[] = [];

  constructor(fn: (attempt: number) => PromiseLike<T>, policy: RetryPolicy<T>, scope: Scope) {
    const { retries = 10, maxRetryTime = Infinity } = policy;
    this.#fn = fn;
    this.#policy = policy;
    this.#scope = scope;
    this.#retries = retries;
    this.#until = scope.runner.clock.now() + maxRetryTime;
  }

  async run(): Promise<T> {
    const { runner, task } = this.#scope;
    for (let attempt = 1; ; attempt++) {
      if (this.#scope.refusesWaits) await refuse(this.#scope);
      runner.instrument?.emit("retry.attempt", task, undefined, attempt, this.#retries + 1);
      let value: T;
      try {
        value = await this.#fn(attempt);
      } catch (error) {
        await this.#pause(await this.#decide(error, attempt));
        continue;
      }
      const isLast = attempt > this.#retries || this.#left() <= 0;
      if (isLast || this.#policy.shouldRetryResult?.(value) !== true) return value;
      await this.#pause(backoff(attempt, this.#policy));
    }
  }

  /** The pause before the next attempt, milliseconds. Throws if there is to be none. */
  async #decide(thrown: unknown, attempt: number): Promise<number> {
    const scope = this.#scope;
    const isFinal = thrown instanceof NonRetryableError;
    const error = isFinal ? thrown.cause : thrown;
    rethrowIfEnded(error, scope);
    this.#errors.push(error);
    const { onFailedAttempt, shouldRetry } = this.#policy;
    const failed: FailedAttempt = {
      error,
      attemptNumber: attempt,
      retriesLeft: Math.max(0, this.#retries + 1 - attempt),
    };
    let again = !isFinal && failed.retriesLeft > 0 && !isProgrammingError(error);
    const retryAfter = retryAfterOf(error);
    try {
      await onFailedAttempt?.(failed);
      if (again && this.#left() > 0 && shouldRetry !== undefined) again = await shouldRetry(failed);
    } catch (hookError) {
      addSuppressed(hookError, error);
      throw hookError;
    }
    rethrowIfEnded(error, scope);
    // To come back sooner than told would be of no use.
    again &&= this.#left() > 0 && (retryAfter ?? 0) <= this.#left();
    const { instrument } = scope.runner;
    instrument?.emit("retry.failed", scope.task, error, attempt, again ? 1 : 0);
    if (again) return retryAfter ?? backoff(attempt, this.#policy);
    instrument?.emit("retry.gave_up", scope.task, error, attempt, 0);
    tellAttempts(error, this.#errors);
    throw error;
  }

  async #pause(wanted: number): Promise<void> {
    const { runner, task } = this.#scope;
    const left = this.#left();
    const ms = Math.min(wanted, left);
    runner.instrument?.emit("retry.scheduled", task, undefined, ms, left);
    await sleep(ms);
  }

  #left(): number {
    return this.#until - this.#scope.runner.clock.now();
  }
}

/** Keeps the errors of all attempts with the last one. Not enumerable: it would be printed with every log. */
function tellAttempts(error: unknown, attempts: readonly unknown[]): void {
  if (typeof error !== "object" || error === null || !Object.isExtensible(error)) return;
  Reflect.defineProperty(error, "attempts", { value: attempts, configurable: true, writable: true });
}

/** @throws TypeError, RangeError */
export function assertPolicy<T>(policy: RetryPolicy<T>): void {
  assertOptions(policy, "retry's policy");
  const { retries = 0, minTimeout = 0, maxTimeout = 0, maxRetryTime = 0, factor = 1, jitter = "none", signal } = policy;
  if (typeof retries !== "number") throw new TypeError(`retries must be a number, not ${describeValue(retries)}.`);
  if (!(retries >= 0 && (Number.isInteger(retries) || retries === Infinity))) {
    throw new RangeError(`retries must be a whole number of at least 0, not ${retries}.`);
  }
  assertTime(minTimeout, "minTimeout");
  assertTime(maxTimeout, "maxTimeout");
  assertTime(maxRetryTime, "maxRetryTime");
  if (typeof factor !== "number") throw new TypeError(`factor must be a number, not ${describeValue(factor)}.`);
  if (!(factor > 0)) throw new RangeError(`factor must be above 0, not ${factor}.`);
  if (jitter !== "full" && jitter !== "none") {
    throw new TypeError(`jitter must be "full" or "none", not ${describeValue(jitter)}.`);
  }
  for (const hook of ["onFailedAttempt", "shouldRetry", "shouldRetryResult", "random"] as const) {
    if (policy[hook] !== undefined) assertFunction(policy[hook], hook);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`retry's signal must be an AbortSignal, not ${describeValue(signal)}.`);
  }
}
