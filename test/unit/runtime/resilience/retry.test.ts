/** `retry`: what is tried again, when, and what comes out. */
import { describe, expect, test } from "vitest";
import {
  type CancelledError,
  NoCurrentTaskError,
  NonRetryableError,
  type TaskCancelledError,
  TimeoutError,
  cancelScope,
  createTask,
  currentSignal,
  currentTask,
  getSuppressed,
  now,
  retry,
  sleep,
  timeout,
  type RetryPolicy,
} from "../../../../src-runtime/index.ts";
import { retryAfterOf } from "../../../../src-runtime/resilience/backoff.ts";
import { createLog, runJumping } from "../jumping-run.ts";

async function thrown(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it should have thrown"),
    (error: unknown) => error,
  );
}

/** Fails the first `times` times. */
function flaky<T>(times: number, value: T, error: () => unknown = () => new Error("flaky")): () => Promise<T> {
  let calls = 0;
  return async () => {
    if (++calls <= times) throw error();
    return value;
  };
}

describe("attempts and pauses", () => {
  test("tries until it works, each pause twice the one before, at most maxTimeout", async () => {
    await runJumping(async () => {
      const { lines, add } = createLog();
      const call = flaky(4, "value");
      const work = (attempt: number): Promise<string> => {
        add(String(attempt));
        return call();
      };
      expect(await retry(work, { minTimeout: 100, maxTimeout: 350 })).toBe("value");
      expect(lines).toEqual(["0 1", "100 2", "300 3", "650 4", "1000 5"]);
    });
  });

  test("throws the last error, with all of them in attempts", async () => {
    await runJumping(async () => {
      let count = 0;
      const error = (await thrown(
        retry(() => Promise.reject(new Error(`no ${++count}`)), { retries: 2, minTimeout: 1 }),
      )) as Error & { attempts: Error[] };
      expect(error.message).toBe("no 3");
      expect(error.attempts.map(({ message }) => message)).toEqual(["no 1", "no 2", "no 3"]);
      expect(Object.keys(error)).not.toContain("attempts");
    });
  });

  test("what is thrown may be no error, and frozen", async () => {
    await runJumping(async () => {
      expect(
        await thrown(
          retry(
            flaky(2, 1, () => "text"),
            { retries: 1, minTimeout: 0 },
          ),
        ),
      ).toBe("text");
      const frozen = Object.freeze(new Error("cold"));
      expect(await thrown(retry(() => Promise.reject(frozen), { retries: 1, minTimeout: 0 }))).toBe(frozen);
    });
  });

  test("full jitter pauses for any part of it", async () => {
    await runJumping(async () => {
      await retry(flaky(1, 1), { minTimeout: 1000, jitter: "full", random: () => 0.25 });
      expect(now()).toBe(250);
    });
  });

  test("the budget counts hooks and pauses; a pause is cut to what is left", async () => {
    await runJumping(async () => {
      const { lines, add } = createLog();
      const policy: RetryPolicy = {
        minTimeout: 100,
        factor: 1,
        maxRetryTime: 250,
        onFailedAttempt: async ({ attemptNumber }) => {
          await sleep(90);
          add(String(attemptNumber));
        },
      };
      const error = await thrown(retry(() => Promise.reject(new Error("no")), policy));
      expect(error).toMatchObject({ message: "no" });
      expect(lines).toEqual(["90 1", "280 2"]);
      expect(now()).toBe(280);
    });
  });

  test("a value that is no good is tried again; the last one is returned", async () => {
    await runJumping(async () => {
      let count = 0;
      const isBad = (value: number): boolean => value < 3;
      expect(await retry(async () => ++count, { minTimeout: 1, shouldRetryResult: isBad })).toBe(3);
      expect(await retry(async () => 0, { retries: 2, minTimeout: 1, shouldRetryResult: isBad })).toBe(0);
    });
  });

  test("says each attempt, each pause and that it gave up", async () => {
    await runJumping(async ({ events }) => {
      await thrown(retry(() => Promise.reject(new Error("no")), { retries: 1, minTimeout: 7 }));
      const told = events.filter(({ kind }) => kind.startsWith("retry."));
      expect(told.map(({ kind }) => kind)).toEqual([
        "retry.attempt",
        "retry.failed",
        "retry.scheduled",
        "retry.attempt",
        "retry.failed",
        "retry.gave_up",
      ]);
      expect(told[1]).toMatchObject({ attempt: 1, again: 1 });
      expect(told[2]).toMatchObject({ delayMs: 7 });
      expect(told[5]).toMatchObject({ attempts: 2 });
    });
  });
});

describe("Retry-After", () => {
  test.each([
    ["retryAfter in seconds", { retryAfter: 3 }, 3000],
    ["a header in seconds, as openai keeps it", { headers: new Headers({ "retry-after": "2" }) }, 2000],
    ["a plain record, whatever its case", { headers: { "Retry-After": "2" } }, 2000],
    ["milliseconds come first", { headers: { "retry-after-ms": "150", "retry-after": "2" } }, 150],
    ["the AI SDK's responseHeaders", { responseHeaders: { "retry-after": "4" } }, 4000],
    ["a response", { response: { headers: new Headers({ "retry-after": "1" }) } }, 1000],
    ["an HTTP date", { headers: { "retry-after": "Thu, 01 Jan 1970 00:00:10 GMT" } }, 10_000],
    ["a date that is over", { headers: { "retry-after": "Wed, 31 Dec 1969 23:00:00 GMT" } }, 0],
    ["nonsense", { headers: { "retry-after": "soon" }, retryAfter: null }, undefined],
    ["nothing", new Error("plain"), undefined],
    ["no object", "text", undefined],
  ])("%s", (_, error, expected) => {
    expect(retryAfterOf(error, () => 0)).toBe(expected);
  });

  test("is waited for, also beyond maxTimeout", async () => {
    await runJumping(async () => {
      const busy = (): Error => Object.assign(new Error("429"), { headers: new Headers({ "retry-after": "60" }) });
      await retry(flaky(1, 1, busy), { minTimeout: 10, maxTimeout: 1000 });
      expect(now()).toBe(60_000);
    });
  });

  test("one beyond the budget gives up at once", async () => {
    await runJumping(async () => {
      const busy = Object.assign(new Error("429"), { retryAfter: 60 });
      expect(await thrown(retry(() => Promise.reject(busy), { maxRetryTime: 5000 }))).toBe(busy);
      expect(now()).toBe(0);
    });
  });
});

describe("what is tried again", () => {
  test("K01 a cancellation is not retried", async () => {
    await runJumping(async () => {
      let calls = 0;
      let hooks = 0;
      const task = createTask(() =>
        retry(
          async () => {
            calls++;
            await sleep(1000);
          },
          { minTimeout: 1, onFailedAttempt: () => void hooks++ },
        ),
      );
      await sleep(10);
      task.cancel("enough");
      expect(await task.settled()).toMatchObject({ status: "cancelled", error: { cause: { reason: "enough" } } });
      expect([calls, hooks]).toEqual([1, 0]);
    });
  });

  test("K01 neither is an abort error of a library that stands for the cancellation, nor a stray CancelledError", async () => {
    await runJumping(async () => {
      let calls = 0;
      const task = createTask(() =>
        retry(() => {
          calls++;
          return new Promise((_, reject) => {
            currentSignal().addEventListener("abort", () =>
              reject(Object.assign(new Error("aborted"), { name: "AbortError" })),
            );
          });
        }),
      );
      await sleep(10);
      task.cancel();
      expect((await task.settled()).status).toBe("cancelled");
      expect(calls).toBe(1);

      const stray = ((await task.settled()) as { error: TaskCancelledError }).error.cause as CancelledError;
      expect(await thrown(retry(() => (calls++, Promise.reject(stray))))).toBe(stray);
      expect(calls).toBe(2);
    });
  });

  test("awaiting a task that somebody cancelled is an ordinary error", async () => {
    await runJumping(async () => {
      let calls = 0;
      const value = await retry(
        async () => {
          const task = createTask(async () => {
            if (++calls === 1) currentTask().cancel();
            await sleep(1);
            return "second";
          });
          return task;
        },
        { minTimeout: 1 },
      );
      expect(value).toBe("second");
    });
  });

  test("K02 an attempt's own timeout is retried", async () => {
    await runJumping(async () => {
      let calls = 0;
      const value = await retry(() => timeout(50, async () => (++calls === 1 ? sleep(1000) : "in time")), {
        minTimeout: 10,
      });
      expect(value).toBe("in time");
      expect(now()).toBe(60);
    });
  });

  test("K02 an outer timeout is not", async () => {
    await runJumping(async () => {
      let calls = 0;
      const work = timeout(50, () =>
        retry(async () => {
          calls++;
          await sleep(1000);
        }),
      );
      expect(await thrown(work)).toBeInstanceOf(TimeoutError);
      expect(calls).toBe(1);
    });
  });

  test("K07 onFailedAttempt comes before shouldRetry, and also when that says no", async () => {
    await runJumping(async () => {
      const log: string[] = [];
      const policy = (answer: boolean): RetryPolicy => ({
        retries: 1,
        minTimeout: 1,
        onFailedAttempt: ({ attemptNumber, retriesLeft }) =>
          void log.push(`failed ${attemptNumber}, ${retriesLeft} left`),
        shouldRetry: async ({ attemptNumber }) => {
          await sleep(1);
          log.push(`ask ${attemptNumber}`);
          return answer;
        },
      });
      await thrown(retry(() => Promise.reject(new Error("no")), policy(true)));
      expect(log).toEqual(["failed 1, 1 left", "ask 1", "failed 2, 0 left"]);
      log.length = 0;
      await thrown(retry(() => Promise.reject(new Error("no")), policy(false)));
      expect(log).toEqual(["failed 1, 1 left", "ask 1"]);
    });
  });

  test("what a hook throws comes out, with the attempt's error kept", async () => {
    await runJumping(async () => {
      const [attempt, hook] = [new Error("attempt"), new Error("hook")];
      const error = await thrown(retry(() => Promise.reject(attempt), { onFailedAttempt: () => Promise.reject(hook) }));
      expect(error).toBe(hook);
      expect(getSuppressed(error)).toEqual([attempt]);
    });
  });

  test("K08 a TypeError is not retried unless it is a network error", async () => {
    await runJumping(async () => {
      let calls = 0;
      const counted = (message: string) => () => {
        calls++;
        return Promise.reject(new TypeError(message));
      };
      const policy = { retries: 2, minTimeout: 1 };
      expect(await thrown(retry(counted("x is not a function"), policy))).toBeInstanceOf(TypeError);
      expect(calls).toBe(1);
      for (const message of ["Failed to fetch", "fetch failed"]) {
        calls = 0;
        await thrown(retry(counted(message), policy));
        expect(calls).toBe(3);
      }
    });
  });

  test("K10 with zero retries there is one attempt, and the hook is still called", async () => {
    await runJumping(async () => {
      let [calls, hooks] = [0, 0];
      const policy: RetryPolicy = { retries: 0, onFailedAttempt: () => void hooks++ };
      await thrown(retry(() => (calls++, Promise.reject(new Error("no"))), policy));
      expect([calls, hooks]).toEqual([1, 1]);
    });
  });

  test("a NonRetryableError ends it, and its cause comes out", async () => {
    await runJumping(async () => {
      const cause = new Error("wrong key");
      let calls = 0;
      const work = (): Promise<never> => (calls++, Promise.reject(new NonRetryableError(cause)));
      expect(await thrown(retry(work))).toBe(cause);
      expect(calls).toBe(1);
      expect(new NonRetryableError(cause)).toMatchObject({ message: "wrong key", cause });
    });
  });
});

describe("ending it", () => {
  test("K04 a signal aborted in an attempt that returns normally: its reason comes out", async () => {
    await runJumping(async () => {
      const controller = new AbortController();
      const reason = new Error("the user left");
      let calls = 0;
      const work = retry(
        async () => {
          if (++calls < 3) throw new Error("not yet");
          controller.abort(reason);
          return "value";
        },
        { minTimeout: 1, signal: controller.signal },
      );
      expect(await thrown(work)).toBe(reason);
      expect(calls).toBe(3);
    });
  });

  test("K05 with an aborted signal nothing is called", async () => {
    await runJumping(async () => {
      let calls = 0;
      const work = retry(async () => calls++, { signal: AbortSignal.abort("before") });
      expect(await thrown(work)).toBe("before");
      expect(calls).toBe(0);
    });
  });

  test("the signal cancels the attempt that runs, and its listener is gone afterwards", async () => {
    await runJumping(async () => {
      const controller = new AbortController();
      const seen: unknown[] = [];
      const task = createTask(async () => {
        const error = await thrown(
          retry(
            async () => {
              const signal = currentSignal();
              await sleep(1000).finally(() => seen.push(signal.aborted));
            },
            { signal: controller.signal },
          ),
        );
        seen.push(error);
        await sleep(1);
        return "went on";
      });
      await sleep(5);
      controller.abort("stop");
      expect(await task).toBe("went on");
      expect(seen).toEqual([true, "stop"]);
      expect(now()).toBe(6);
    });
  });

  test("an abort or a cancel during the pause ends it at once", async () => {
    await runJumping(async () => {
      const controller = new AbortController();
      const policy = { minTimeout: 10_000, signal: controller.signal };
      const reason = new Error("why");
      const aborted = createTask(() => retry(() => Promise.reject(new Error("no")), policy));
      const cancelled = createTask(() => retry(() => Promise.reject(new Error("no")), { minTimeout: 10_000 }));
      await sleep(5);
      controller.abort(reason);
      cancelled.cancel("why");
      expect(await aborted.settled()).toEqual({ status: "failed", error: reason });
      expect((await cancelled.settled()).status).toBe("cancelled");
      expect(now()).toBe(5);
    });
  });

  test("K11 a cancel asked for in an attempt that then throws: cancelled, with the error kept", async () => {
    await runJumping(async () => {
      let calls = 0;
      const broken = new Error("in the attempt");
      const task = createTask(() =>
        retry(
          async () => {
            calls++;
            currentTask().cancel("parent");
            throw broken;
          },
          { minTimeout: 1 },
        ),
      );
      const settled = (await task.settled()) as { status: string; error: TaskCancelledError };
      expect(settled.status).toBe("cancelled");
      expect(getSuppressed(settled.error.cause)).toEqual([broken]);
      expect(calls).toBe(1);
    });
  });

  test("K11 the same by a signal: its reason, with the error kept", async () => {
    await runJumping(async () => {
      const controller = new AbortController();
      const [reason, broken] = [new Error("reason"), new Error("in the attempt")];
      const work = retry(
        async () => {
          controller.abort(reason);
          throw broken;
        },
        { signal: controller.signal },
      );
      expect(await thrown(work)).toBe(reason);
      expect(getSuppressed(reason)).toEqual([broken]);
    });
  });

  test("K13 a timeout waits for work that ignores it, or with grace 0 leaves it behind", async () => {
    await runJumping(async () => {
      const stubborn = (): Promise<number> =>
        new Promise((resolve) => {
          void createTask(async () => {
            await sleep(20);
            resolve(42);
          });
        });
      expect(await timeout(5, stubborn)).toBe(42);
      expect(now()).toBe(20);
      expect(await thrown(timeout(5, stubborn, { grace: 0 }))).toBeInstanceOf(TimeoutError);
      expect(now()).toBe(25);
    });
  });

  test("K14 a signal is aborted by returning only where that was asked for", async () => {
    await runJumping(async () => {
      const signals: AbortSignal[] = [];
      await cancelScope(async (scope) => void signals.push(scope.signal, scope.signalUntilExit));
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
    });
  });
});

describe("bad input", () => {
  test.each([
    ["a promise for the function", Promise.resolve(1), {}, TypeError],
    ["text for retries", async () => 1, { retries: "3" }, TypeError],
    ["NaN retries", async () => 1, { retries: Number.NaN }, RangeError],
    ["half a retry", async () => 1, { retries: 1.5 }, RangeError],
    ["NaN minTimeout", async () => 1, { minTimeout: Number.NaN }, RangeError],
    ["NaN budget", async () => 1, { maxRetryTime: Number.NaN }, RangeError],
    ["factor 0", async () => 1, { factor: 0 }, RangeError],
    ["unknown jitter", async () => 1, { jitter: "some" }, TypeError],
    ["a hook that is none", async () => 1, { onFailedAttempt: 1 }, TypeError],
    ["a signal that is none", async () => 1, { signal: {} }, TypeError],
  ])("%s is refused", async (_, fn, policy, type) => {
    await runJumping(async () => {
      expect(await thrown(retry(fn as never, policy as never))).toBeInstanceOf(type);
    });
  });

  test("outside a run it says so", async () => {
    expect(await thrown(retry(async () => 1))).toBeInstanceOf(NoCurrentTaskError);
  });
});
