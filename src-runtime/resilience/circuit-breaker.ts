/**
 * Stops calling what keeps failing, and asks again by one call after a while.
 *
 *     closed ──failures in a row──▶ open ──halfOpenAfter──▶ half open ──the call works──▶ closed
 *                                    ▲                          └───the call fails───▶ open
 *
 * Time is the runner's clock, so that tests can push it and a change of the wall clock moves nothing.
 */
import { asCancelled } from "../task/cancellation.ts";
import { currentScope } from "../task/current.ts";
import { CancelledError, assertFunction, assertTime, describeValue, assertOptions } from "../task/errors.ts";
import type { Scope } from "../task/scope.ts";
import { refuse } from "../task/scope.ts";

export type CircuitState = "closed" | "open" | "halfOpen";

export interface CircuitBreaker {
  /** Calls `fn`, unless the circuit is open. @throws BrokenCircuitError, and what `fn` throws */
  execute<T>(fn: () => PromiseLike<T>): Promise<T>;
  readonly state: CircuitState;
}

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open before one call may try, milliseconds of the runner's clock. */
  readonly halfOpenAfter: number;
}

/** The circuit is open: the call was not made. `retryAfterMs`: when the next may try, unless one tries now. */
export class BrokenCircuitError extends Error {
  override readonly name: string = "BrokenCircuitError";
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly retryAfterMs?: number }) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

const CODES = { closed: 0, open: 1, halfOpen: 2 } as const;

/** A breaker, shared by all who call the same thing. A cancelled call counts neither way. @throws TypeError, RangeError */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  assertOptions(options, "circuitBreaker's options");
  const { failures, halfOpenAfter } = options;
  if (typeof failures !== "number") throw new TypeError(`failures must be a number, not ${describeValue(failures)}.`);
  if (!(Number.isInteger(failures) && failures >= 1)) {
    throw new RangeError(`failures must be a whole number of at least 1, not ${failures}.`);
  }
  assertTime(halfOpenAfter, "halfOpenAfter");
  return new Breaker(failures, halfOpenAfter);
}

class Breaker implements CircuitBreaker {
  readonly #mostFailures: number;
  readonly #halfOpenAfter: number;
  #state: CircuitState = "closed";
  /** In a row. */
  #failures = 0;
  #openedAt = 0;
  #lastError: unknown;
  /** Changes with each change of state: a call that began before has no say. */
  #generation = 0;
  #now: () => number = () => this.#openedAt;

  constructor(failures: number, halfOpenAfter: number) {
    this.#mostFailures = failures;
    this.#halfOpenAfter = halfOpenAfter;
  }

  get state(): CircuitState {
    return this.#state === "open" && this.#remaining() <= 0 ? "halfOpen" : this.#state;
  }

  async execute<T>(fn: () => PromiseLike<T>): Promise<T> {
    assertFunction(fn, "What a circuit breaker calls");
    const scope = currentScope("CircuitBreaker.execute()");
    if (scope.refusesWaits) await refuse(scope);
    this.#now = () => scope.runner.clock.now();
    this.#admit(scope);
    const generation = this.#generation;
    let value: T;
    try {
      value = await fn();
    } catch (error) {
      const isCancelled = error instanceof CancelledError || asCancelled(error, scope) !== undefined;
      if (generation === this.#generation) {
        if (!isCancelled) this.#failed(error, scope);
        else if (this.#state === "halfOpen") this.#tryLater(scope);
      }
      throw error;
    }
    if (generation === this.#generation) this.#worked(scope);
    return value;
  }

  /** In the half-open state one call tries for all. */
  #admit(scope: Scope): void {
    if (this.#state === "closed") return;
    const remaining = this.#remaining();
    if (this.#state === "open" && remaining <= 0) {
      this.#change("halfOpen", scope);
      return;
    }
    const cause = { cause: this.#lastError };
    if (this.#state === "open") {
      const message = `The circuit is open after repeated failures: the call was not made. Try again in ${Math.ceil(remaining)} ms.`;
      throw new BrokenCircuitError(message, { ...cause, retryAfterMs: remaining });
    }
    throw new BrokenCircuitError("The circuit is half open and another call tries it: this call was not made.", cause);
  }

  #failed(error: unknown, scope: Scope): void {
    this.#lastError = error;
    this.#failures++;
    if (this.#state === "closed" && this.#failures < this.#mostFailures) return;
    this.#openedAt = this.#now();
    this.#change("open", scope);
  }

  #worked(scope: Scope): void {
    this.#failures = 0;
    if (this.#state === "halfOpen") this.#change("closed", scope);
  }

  /** The call that tried was cancelled: the next may try at once. */
  #tryLater(scope: Scope): void {
    this.#openedAt = -Infinity;
    this.#change("open", scope);
  }

  #remaining(): number {
    return this.#openedAt + this.#halfOpenAfter - this.#now();
  }

  #change(to: CircuitState, scope: Scope): void {
    scope.runner.instrument?.emit("breaker.state", scope.task, undefined, CODES[this.#state], CODES[to]);
    this.#state = to;
    this.#generation++;
  }
}
