import { expect, test } from "vitest";
import {
  CapacityLimiter,
  LimiterFull,
  RateLimiter,
  UsageError,
  createTask,
  now,
  sleep,
  type RuntimeEvent,
} from "../../../../src-runtime/index.ts";
import { dispose, inRun, settle } from "./run.ts";

test("H24 a token released with a waiter there belongs to the waiter", () =>
  inRun(async () => {
    const limiter = new CapacityLimiter(1);
    const token = await limiter.acquire();
    const waiter = createTask(async () => {
      using _token = await limiter.acquire();
      await settle();
    });
    await settle();
    dispose(token);
    expect(limiter.tryAcquire()).toBeUndefined();
    expect(limiter.stats).toEqual({ total: 1, borrowed: 1, available: 0, waiters: 0 });
    await waiter;
    expect(limiter.available).toBe(1);
  }));

test("H26 waiters get in when the total goes up; borrowers stay when it goes down", async () => {
  const events: RuntimeEvent[] = [];
  await inRun(
    async () => {
      const limiter = new CapacityLimiter(1);
      const running: number[] = [];
      const { promise: done, resolve } = Promise.withResolvers<void>();
      const tasks = [1, 2, 3, 4].map((n) =>
        createTask(async () => {
          using _token = await limiter.acquire();
          running.push(n);
          await done;
        }),
      );
      await settle();
      expect(running).toEqual([1]);
      limiter.total = 3;
      expect(limiter.borrowed).toBe(3);
      await settle();
      expect(running).toEqual([1, 2, 3]);
      limiter.total = 1;
      expect(limiter.stats).toEqual({ total: 1, borrowed: 3, available: 0, waiters: 1 });
      resolve();
      for (const task of tasks) await task;
      expect(limiter.stats).toEqual({ total: 1, borrowed: 0, available: 1, waiters: 0 });
      limiter.total = Infinity;
      limiter.total = 2;
      expect(limiter.available).toBe(2);
      expect(() => (limiter.total = Number.NaN)).toThrow(RangeError);
      expect(limiter.total).toBe(2);
    },
    { observers: [{ onEvent: (event) => void events.push(event) }] },
  );
  expect(events.filter(({ kind }) => kind === "sync.limit_changed")).toHaveLength(4);
});

test("H27 one token per borrower: a second is refused at once, unless another borrower is named", () =>
  inRun(async () => {
    const limiter = new CapacityLimiter(3);
    const token = await limiter.acquire();
    await expect(limiter.acquire()).rejects.toThrow(UsageError);
    expect(() => limiter.tryAcquire()).toThrow(UsageError);
    expect(limiter.borrowed).toBe(1);
    const other = await limiter.acquire({ borrower: "a request" });
    expect(limiter.borrowed).toBe(2);
    await expect(limiter.acquire({ borrower: "a request" })).rejects.toThrow(UsageError);
    dispose(token);
    dispose(other);
    expect(() => limiter.release()).toThrow(/no token/);
  }));

test("a waiter that is cancelled may come again", () =>
  inRun(async () => {
    const limiter = new CapacityLimiter(1);
    const token = await limiter.acquire();
    const borrower = {};
    const waiter = createTask(async () => dispose(await limiter.acquire({ borrower })));
    await settle();
    waiter.cancel();
    expect(limiter.stats.waiters).toBe(0);
    dispose(token);
    dispose(await limiter.acquire({ borrower }));
    await limiter.acquire();
    limiter.release();
    expect(limiter.borrowed).toBe(0);
  }));

test("K16 a bulkhead of two with a queue of two: four run in order, the fifth is refused at once", () =>
  inRun(async ({ clock }) => {
    const bulkhead = new CapacityLimiter(2, { maxQueue: 2, name: "api" });
    const order: number[] = [];
    const calls = [1, 2, 3, 4, 5].map((n) =>
      createTask(async () => {
        using _token = await bulkhead.acquire();
        order.push(n);
        await sleep(10);
      }),
    );
    await settle();
    expect(calls[4]!.done()).toBe(true);
    expect(calls[4]!.exception()).toBeInstanceOf(LimiterFull);
    expect(bulkhead.stats).toEqual({ total: 2, borrowed: 2, available: 0, waiters: 2 });
    await clock.advance(20);
    for (const call of calls.slice(0, 4)) await call;
    expect(order).toEqual([1, 2, 3, 4]);
  }));

test("K17 after a queued call is cancelled the next one runs", () =>
  inRun(async ({ clock }) => {
    const bulkhead = new CapacityLimiter(1, { maxQueue: 2 });
    const ran: number[] = [];
    const call = async (n: number): Promise<void> => {
      using _token = await bulkhead.acquire();
      ran.push(n);
      await sleep(10);
    };
    const calls = [1, 2, 3].map((n) => createTask(() => call(n)));
    await settle();
    calls[1]!.cancel();
    await clock.advance(10);
    await clock.advance(10);
    await calls[2];
    expect(ran).toEqual([1, 3]);
  }));

test("K19 cancelled while it waits in the queue: the place is free again", () =>
  inRun(async () => {
    const bulkhead = new CapacityLimiter(1, { maxQueue: 1 });
    const busy = await bulkhead.acquire();
    const waiting = createTask(async () => dispose(await bulkhead.acquire()));
    await settle();
    expect(bulkhead.stats.waiters).toBe(1);
    waiting.cancel();
    expect(bulkhead.stats.waiters).toBe(0);
    expect((await waiting.settled()).status).toBe("cancelled");
    dispose(busy);
    expect(bulkhead.available).toBe(1);
  }));

test("H30 cancelled waiters take no slot of the rate: the sixth runs in the first free interval", () =>
  inRun(async ({ clock }) => {
    const limiter = new RateLimiter({ limit: 1, per: 100 });
    await limiter.acquire();
    const times: number[] = [];
    const tasks = Array.from({ length: 6 }, () =>
      createTask(async () => {
        await limiter.acquire();
        times.push(now());
      }),
    );
    await settle();
    expect(limiter.stats).toEqual({ tokens: 0, waiters: 6 });
    for (const task of tasks.slice(0, 5)) task.cancel();
    expect(limiter.stats.waiters).toBe(1);
    await clock.advance(99);
    expect(times).toEqual([]);
    await clock.advance(1);
    expect(times).toEqual([100]);
    expect(limiter.stats.waiters).toBe(0);
    await clock.advance(1000);
    expect(clock.next()).toBe(Infinity);
  }));

test("a rate is a burst and then even, in the order they came; a pause fills the bucket, not more", () =>
  inRun(async ({ clock }) => {
    const limiter = new RateLimiter({ limit: 3, per: 300, burst: 2 });
    const times: [number, number][] = [];
    const ask = (n: number): void =>
      void createTask(async () => {
        using _nothing = await limiter.acquire();
        times.push([n, now()]);
      });
    for (let n = 0; n < 5; n++) ask(n);
    await clock.advance(1000);
    expect(times).toEqual([
      [0, 0],
      [1, 0],
      [2, 100],
      [3, 200],
      [4, 300],
    ]);
    expect(limiter.stats.tokens).toBe(2);
    expect(
      [limiter.tryAcquire(), limiter.tryAcquire(), limiter.tryAcquire()].map((guard) => guard !== undefined),
    ).toEqual([true, true, false]);
  }));

test("nobody overtakes who waits for the rate", () =>
  inRun(async ({ clock }) => {
    const limiter = new RateLimiter({ limit: 1, per: 10 });
    await limiter.acquire();
    const waiter = createTask(() => limiter.acquire());
    await settle();
    expect(limiter.tryAcquire()).toBeUndefined();
    await clock.advance(10);
    expect(waiter.done()).toBe(true);
  }));

test("what is no limit is refused", () => {
  expect(() => new CapacityLimiter(-1)).toThrow(RangeError);
  expect(() => new CapacityLimiter(1, { maxQueue: Number.NaN })).toThrow(RangeError);
  expect(() => new CapacityLimiter("1" as unknown as number)).toThrow(TypeError);
  expect(() => new RateLimiter({ limit: 0, per: 100 })).toThrow(RangeError);
  expect(() => new RateLimiter({ limit: 1, per: Number.NaN })).toThrow(RangeError);
  expect(() => new RateLimiter({ limit: 1, per: 1, burst: 0 })).toThrow(RangeError);
  expect(() => new RateLimiter({ limit: "1" as unknown as number, per: 1 })).toThrow(TypeError);
});
