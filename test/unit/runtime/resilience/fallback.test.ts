/** `fallback` and `circuitBreaker`: what is called, and what counts as a failure. */
import { describe, expect, test } from "vitest";
import {
  BrokenCircuitError,
  ExceptionGroup,
  Runner,
  UsageError,
  circuitBreaker,
  createTask,
  currentTask,
  fallback,
  getSuppressed,
  moveOnAfter,
  now,
  sleep,
  type CircuitBreaker,
} from "../../../../src-runtime/index.ts";
import { runJumping } from "../jumping-run.ts";

async function thrown(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it should have thrown"),
    (error: unknown) => error,
  );
}

const fail =
  (message: string): (() => Promise<never>) =>
  () =>
    Promise.reject(new Error(message));

describe("fallback", () => {
  test("gives the first way's value, not degraded", async () => {
    await runJumping(async () => {
      let calls = 0;
      const ways = [async () => "best", async () => (calls++, "other")];
      expect(await fallback(ways)).toBe("best");
      expect(await fallback.settled(ways)).toEqual({ value: "best", degraded: false, index: 0, errors: [] });
      expect(calls).toBe(0);
    });
  });

  test("tries the others in order, says why each was left, and marks the result", async () => {
    await runJumping(async ({ events }) => {
      const told: string[] = [];
      const onFallback = ({ error, index }: { error: unknown; index: number }): void =>
        void told.push(`${index}: ${(error as Error).message}`);
      const result = await fallback.settled([fail("large"), fail("small"), async () => "cached"], { onFallback });
      expect(result).toMatchObject({ value: "cached", degraded: true, index: 2 });
      expect(result.errors).toMatchObject([{ message: "large" }, { message: "small" }]);
      expect(told).toEqual(["0: large", "1: small"]);
      const used = events.filter(({ kind }) => kind === "fallback.used");
      expect(used).toMatchObject([
        { from: 0, to: 1, error: { message: "large" } },
        { from: 1, to: 2 },
      ]);
    });
  });

  test("when none works all errors come out, in order; also if there is one way", async () => {
    await runJumping(async () => {
      const error = (await thrown(fallback([fail("a"), fail("b")], { name: "search" }))) as ExceptionGroup;
      expect(error).toBeInstanceOf(ExceptionGroup);
      expect(error.errors).toMatchObject([{ message: "a" }, { message: "b" }]);
      expect(error.message).toContain("search");
      expect(await thrown(fallback([fail("only")]))).toBeInstanceOf(ExceptionGroup);
    });
  });

  test("an error that is no reason to fall back comes out bare, with the earlier ones kept", async () => {
    await runJumping(async () => {
      const shouldFallBack = ({ error }: { error: unknown }): boolean => (error as Error).message !== "bad request";
      const error = await thrown(fallback([fail("busy"), fail("bad request"), async () => 1], { shouldFallBack }));
      expect(error).toMatchObject({ message: "bad request" });
      expect(getSuppressed(error)).toMatchObject([{ message: "busy" }]);
    });
  });

  test("a cancellation is no reason to fall back", async () => {
    await runJumping(async () => {
      let calls = 0;
      const other = async (): Promise<void> => void calls++;
      const task = createTask(() => fallback([() => sleep(1000), other]));
      await sleep(5);
      task.cancel();
      expect((await task.settled()).status).toBe("cancelled");
      const both = createTask(() =>
        fallback([
          async () => {
            currentTask().cancel();
            throw new Error("as well");
          },
          other,
        ]),
      );
      const settled = (await both.settled()) as { status: string; error: Error };
      expect(settled.status).toBe("cancelled");
      expect(getSuppressed(settled.error.cause)).toMatchObject([{ message: "as well" }]);
      expect((await moveOnAfter(5, () => fallback([() => sleep(1000), other]))).timedOut).toBe(true);
      expect(calls).toBe(0);
    });
  });

  test("refuses what it cannot call before it calls anything", async () => {
    await runJumping(async () => {
      let calls = 0;
      const way = async (): Promise<number> => calls++;
      expect(await thrown(fallback([]))).toBeInstanceOf(UsageError);
      expect(await thrown(fallback([way, 1 as never]))).toBeInstanceOf(TypeError);
      expect(await thrown(fallback(way as never))).toBeInstanceOf(TypeError);
      expect(calls).toBe(0);
    });
  });
});

describe("circuitBreaker", () => {
  const works = async (): Promise<string> => "fine";
  const attempt = (breaker: CircuitBreaker, fn: () => Promise<unknown>): Promise<unknown> =>
    breaker.execute(fn).catch((error: unknown) => error);

  test("opens after failures in a row, tries one call after a while, and closes when it works", async () => {
    await runJumping(async ({ events }) => {
      const breaker = circuitBreaker({ failures: 3, halfOpenAfter: 1000 });
      await attempt(breaker, fail("1"));
      await attempt(breaker, fail("2"));
      expect(await attempt(breaker, works)).toBe("fine");
      for (const message of ["1", "2", "3"]) {
        expect(breaker.state).toBe("closed");
        await attempt(breaker, fail(message));
      }
      expect(breaker.state).toBe("open");
      await sleep(400);
      let calls = 0;
      const broken = await attempt(breaker, async () => calls++);
      expect(broken).toBeInstanceOf(BrokenCircuitError);
      expect(broken).toMatchObject({ retryAfterMs: 600, cause: { message: "3" } });
      expect(calls).toBe(0);

      await sleep(600);
      expect(breaker.state).toBe("halfOpen");
      await attempt(breaker, fail("still"));
      expect(breaker.state).toBe("open");
      await sleep(1000);
      expect(await attempt(breaker, works)).toBe("fine");
      expect(breaker.state).toBe("closed");
      const changes = events.filter(({ kind }) => kind === "breaker.state");
      expect(changes.map((event) => [event["from"], event["to"]])).toEqual([
        [0, 1],
        [1, 2],
        [2, 1],
        [1, 2],
        [2, 0],
      ]);
    });
  });

  test("while one call tries, others are refused", async () => {
    await runJumping(async () => {
      const breaker = circuitBreaker({ failures: 1, halfOpenAfter: 10 });
      await attempt(breaker, fail("x"));
      await sleep(10);
      const trying = createTask(() =>
        breaker.execute(async () => {
          await sleep(50);
          return "back";
        }),
      );
      await sleep(1);
      expect(breaker.state).toBe("halfOpen");
      expect(await attempt(breaker, works)).toBeInstanceOf(BrokenCircuitError);
      expect(await trying).toBe("back");
      expect(await attempt(breaker, works)).toBe("fine");
    });
  });

  test("cancelled calls count neither as failures nor as successes", async () => {
    await runJumping(async () => {
      const breaker = circuitBreaker({ failures: 2, halfOpenAfter: 10 });
      const cancelOne = async (): Promise<void> => {
        const task = createTask(() => breaker.execute(() => sleep(1000)));
        await sleep(1);
        task.cancel();
        await task.settled();
      };
      await cancelOne();
      await cancelOne();
      expect(breaker.state).toBe("closed");
      await attempt(breaker, fail("1"));
      await cancelOne();
      await attempt(breaker, fail("2"));
      expect(breaker.state).toBe("open");
      await sleep(10);
      await cancelOne();
      expect(breaker.state).toBe("halfOpen");
      expect(await attempt(breaker, works)).toBe("fine");
      expect(breaker.state).toBe("closed");
    });
  });

  test("a call that began before the circuit opened has no say in it", async () => {
    await runJumping(async () => {
      const breaker = circuitBreaker({ failures: 1, halfOpenAfter: 1000 });
      const slow = createTask(() => breaker.execute(() => sleep(5)));
      await sleep(1);
      await attempt(breaker, fail("x"));
      await slow;
      expect(breaker.state).toBe("open");
      expect(now()).toBe(5);
    });
  });

  test("goes on in a later run of the same runner", async () => {
    const breaker = circuitBreaker({ failures: 1, halfOpenAfter: 60_000 });
    expect(breaker.state).toBe("closed");
    await using runner = new Runner({ signals: [] });
    await runner.run(async () => void (await attempt(breaker, fail("x"))));
    expect(breaker.state).toBe("open");
    await runner.run(async () => expect(await attempt(breaker, works)).toBeInstanceOf(BrokenCircuitError));
  });

  test("refuses wrong options", async () => {
    expect(() => circuitBreaker({ failures: 0, halfOpenAfter: 1 })).toThrow(RangeError);
    expect(() => circuitBreaker({ failures: "2" as never, halfOpenAfter: 1 })).toThrow(TypeError);
    expect(() => circuitBreaker({ failures: 1, halfOpenAfter: Number.NaN })).toThrow(RangeError);
    await runJumping(async () => {
      const breaker = circuitBreaker({ failures: 1, halfOpenAfter: 1 });
      expect(await thrown(breaker.execute(1 as never))).toBeInstanceOf(TypeError);
      expect(breaker.state).toBe("closed");
    });
  });
});
