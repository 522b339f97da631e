/** The plain waits: for time, for a turn of the event loop, for a promise that knows nothing of us. */
import { currentScope } from "./current.ts";
import { assertTime } from "./errors.ts";
import { Wait, refuse, type Scope } from "./scope.ts";
import type { Deadline } from "./timers.ts";

/** Milliseconds of the runner's clock. @throws NoCurrentTaskError outside a run */
export function now(): number {
  return currentScope("now()").runner.clock.now();
}

/** Waits for `ms` milliseconds of the runner's clock; zero and less: one turn of the event loop. */
export function sleep(ms: number): Promise<void> {
  try {
    assertTime(ms, "sleep's time");
    const scope = currentScope("sleep()");
    if (scope.refusesWaits) return refuse(scope);
    return ms <= 0 ? turn(scope) : new Sleep(scope, ms).promise;
  } catch (error) {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- One of ours, thrown just now.
    return Promise.reject(error);
  }
}

/** Wait and deadline in one: there may be a great many. */
class Sleep extends Wait<void> implements Deadline {
  readonly when: number;
  order = 0;
  index = 0;

  constructor(scope: Scope, ms: number) {
    super(scope, "sleep", ms, leaveTimers);
    const { timers } = scope.runner;
    this.when = timers.now() + ms;
    timers.insert(this);
  }

  fire(): void {
    this.resolve();
  }
}

function leaveTimers(wait: Wait<void>): void {
  wait.scope.runner.timers.remove(wait as Sleep);
}

/** Throws if cancelled, and lets the event loop turn once: timers fire, sockets are read, others run. */
export async function checkpoint(): Promise<void> {
  const scope = currentScope("checkpoint()");
  if (scope.refusesWaits) await refuse(scope);
  return turn(scope);
}

function turn(scope: Scope): Promise<void> {
  const wait = new Wait<void>(scope, "checkpoint", undefined, () => clearImmediate(immediate));
  const immediate = setImmediate(() => wait.resolve());
  return wait.promise;
}

/** Waits for a promise, and abandons it when cancelled: it goes on, its late error is swallowed. */
export async function cancellable<T>(promise: Promise<T>): Promise<T> {
  const scope = currentScope("cancellable()");
  if (typeof (promise as { then?: unknown } | undefined)?.then !== "function") {
    throw new TypeError("cancellable() needs a promise.");
  }
  return waitForPromise(scope, promise, "external");
}

/** A foreign promise as a wait of `scope`. @throws CancelledError */
export async function waitForPromise<T>(
  scope: Scope,
  promise: PromiseLike<T>,
  kind: "external" | "gather",
): Promise<T> {
  try {
    if (scope.refusesWaits) await refuse(scope);
  } catch (error) {
    void Promise.resolve(promise).catch(() => undefined);
    throw error;
  }
  const wait = new Wait<T>(scope, kind, promise, () => undefined);
  promise.then(
    (value) => wait.resolve(value),
    (error: unknown) => {
      if (wait.settled) scope.runner.instrument?.emit("error.suppressed", scope.task, error, 0, 0);
      else wait.reject(error);
    },
  );
  return wait.promise;
}
