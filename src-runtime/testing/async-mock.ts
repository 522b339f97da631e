/** `vi.fn` for asynchronous functions: they take time of the test's clock, hang, fail, and obey a cancel. */
import { vi, type Mock } from "vitest";
import { cancelScope } from "../task/cancel-scope.ts";
import { currentScopeOrNone } from "../task/current.ts";
import { NoCurrentTaskError, assertTime, describeValue } from "../task/errors.ts";
import { cancellable, sleep } from "../task/sleep.ts";

export interface AsyncMock<A extends unknown[] = unknown[], R = unknown> extends Mock<(...args: A) => Promise<R>> {
  /** Every call takes `ms` milliseconds of the runner's clock. */
  delay(ms: number): this;
  /** No call ends but by a cancel. */
  hang(): this;
  /** The first `n` calls from now fail, with `error` or one that counts them. */
  failTimes(n: number, error?: unknown): this;
  returns(value: R): this;
  resolves(value: R): this;
  /** Calls under way. */
  readonly concurrent: number;
  /** Most calls that were under way at once. */
  readonly maxConcurrent: number;
  /** Calls that a cancel ended. */
  readonly cancelled: number;
}

/** vitest's ways to say what a call does; they say it of what comes after the delay. */
const PASSED_ON = [
  "mockImplementation",
  "mockImplementationOnce",
  "mockReturnValue",
  "mockReturnValueOnce",
  "mockResolvedValue",
  "mockResolvedValueOnce",
  "mockRejectedValue",
  "mockRejectedValueOnce",
] as const;

/**
 * A mock that a cancel of the calling scope ends, and so does a signal among its arguments (itself, or as `signal` or
 * `abortSignal` of an object).
 *
 *     const search = asyncMock().delay(50).failTimes(2).returns(["a"]);
 */
export function asyncMock<A extends unknown[] = unknown[], R = unknown>(
  implementation?: (...args: A) => Promise<R> | R,
): AsyncMock<A, R> {
  let ms: number | undefined;
  let hangs = false;
  let failures = 0;
  let failed = 0;
  let failure: { readonly error: unknown } | undefined;
  const count = { concurrent: 0, max: 0, cancelled: 0 };
  const work = vi.fn<(...args: A) => Promise<R>>(async (...args) => (await implementation?.(...args)) as R);

  async function call(...args: A): Promise<R> {
    const isFailing = failures > 0;
    if (isFailing) failures--;
    const number = isFailing ? ++failed : 0;
    count.max = Math.max(count.max, ++count.concurrent);
    try {
      if (hangs) await untilCancelled(() => cancellable(new Promise<never>(() => undefined)), signalOf(args));
      else if (ms !== undefined) await pause(ms, signalOf(args));
      if (isFailing) throw failure === undefined ? new Error(`The mock failed, time ${number}.`) : failure.error;
      return await work(...args);
    } catch (error) {
      if (isOver(args)) count.cancelled++;
      throw error;
    } finally {
      count.concurrent--;
    }
  }

  const mock = vi.fn<(...args: A) => Promise<R>>(call);
  const own = {
    delay(time: number) {
      assertTime(time, "delay's time");
      ms = time;
      return mock;
    },
    hang() {
      hangs = true;
      return mock;
    },
    failTimes(n: number, ...errors: readonly unknown[]) {
      if (!Number.isInteger(n) || n < 0) {
        throw new RangeError(`failTimes() needs a whole number of calls, not ${describeValue(n)}.`);
      }
      failures = n;
      failed = 0;
      failure = errors.length === 0 ? undefined : { error: errors[0] };
      return mock;
    },
    returns(value: R) {
      work.mockImplementation(async () => value);
      return mock;
    },
    resolves(value: R) {
      work.mockImplementation(async () => value);
      return mock;
    },
    ...Object.fromEntries(
      PASSED_ON.map((name) => [
        name,
        (...parts: never[]) => {
          (work[name] as (...values: never[]) => unknown)(...parts);
          return mock;
        },
      ]),
    ),
  };
  Object.assign(mock, own);
  Object.defineProperties(mock, {
    concurrent: { get: () => count.concurrent },
    maxConcurrent: { get: () => count.max },
    cancelled: { get: () => count.cancelled },
  });
  return mock as unknown as AsyncMock<A, R>;
}

/** Whether the call was cancelled by its scope or by a signal it was given. */
function isOver(args: readonly unknown[]): boolean {
  return currentScopeOrNone()?.effective !== undefined || signalOf(args)?.aborted === true;
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (currentScopeOrNone() === undefined) {
    throw new NoCurrentTaskError(
      "A mock with a delay was called outside a run: it has no clock. Call it in a test's body.",
    );
  }
  await untilCancelled(() => sleep(ms), signal);
}

/** @throws CancelledError, or the signal's reason */
async function untilCancelled(wait: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (currentScopeOrNone() === undefined) return untilAborted(signal);
  if (signal === undefined) return wait();
  const { cancelled } = await cancelScope(async (scope) => {
    scope.follow(signal);
    await wait();
  });
  if (cancelled) throw signal.reason;
}

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted === true) reject(signal.reason as Error);
    signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

function signalOf(args: readonly unknown[]): AbortSignal | undefined {
  for (const arg of args) {
    const { signal, abortSignal } = (arg ?? {}) as { readonly signal?: unknown; readonly abortSignal?: unknown };
    const found = [arg, signal, abortSignal].find((one) => one instanceof AbortSignal);
    if (found !== undefined) return found;
  }
  return undefined;
}
