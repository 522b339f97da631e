import { expect, test } from "vitest";
import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Semaphore,
  UsageError,
  createTask,
  type Task,
} from "../../../../src-runtime/index.ts";
import { dispose, inRun, settle } from "./run.ts";

test("H16 the releaser does not jump the queue", () =>
  inRun(async () => {
    const semaphore = new Semaphore(1);
    const order: string[] = [];
    const tasks = ["c1", "c2", "c3"].map((name) =>
      createTask(async () => {
        for (const round of [1, 2]) {
          using _permit = await semaphore.acquire();
          order.push(`${name}_${round}`);
        }
      }),
    );
    for (const task of tasks) await task;
    expect(order).toEqual(["c1_1", "c2_1", "c3_1", "c1_2", "c2_2", "c3_2"]);
    expect(semaphore.stats).toEqual({ locked: false, free: 1, held: 0, waiters: 0 });
  }));

test("H17 cancelled waiters are skipped: one release lets in the third", () =>
  inRun(async () => {
    const semaphore = new Semaphore(1);
    const permit = await semaphore.acquire();
    const got: number[] = [];
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const tasks = [0, 1, 2, 3].map((n) =>
      createTask(async () => {
        using _permit = await semaphore.acquire();
        got.push(n);
        await held;
      }),
    );
    await settle();
    tasks[0]!.cancel();
    tasks[1]!.cancel();
    dispose(permit);
    await settle();
    expect(got).toEqual([2]);
    expect(semaphore.stats.waiters).toBe(1);
    letGo();
    await tasks[3];
    expect(got).toEqual([2, 3]);
  }));

test("H19 many releases in one step wake in order, and nothing looks free before the woken have run", () =>
  inRun(async () => {
    const semaphore = new Semaphore(3);
    const permits = [await semaphore.acquire(), await semaphore.acquire(), await semaphore.acquire()];
    const order: number[] = [];
    const tasks: Task<void>[] = [];
    const take = (n: number): Task<void> =>
      createTask(async () => {
        using _permit = await semaphore.acquire();
        order.push(n);
        if (n === 1) tasks.push(take(4));
      });
    tasks.push(take(1), take(2), take(3));
    await settle();
    for (const permit of permits) dispose(permit);
    expect(semaphore.locked()).toBe(true);
    expect(semaphore.tryAcquire()).toBeUndefined();
    await settle();
    for (const task of tasks) await task;
    expect(order).toEqual([1, 2, 3, 4]);
    expect(semaphore.locked()).toBe(false);
  }));

test("H20 a bounded semaphore is not released above its bound", () =>
  inRun(async () => {
    const bounded = new BoundedSemaphore(1);
    expect(() => bounded.release()).toThrow(UsageError);
    await bounded.acquire();
    bounded.release();
    expect(() => bounded.release()).toThrow(/more than at first/);
    expect(bounded.stats.free).toBe(1);
    expect(bounded).toBeInstanceOf(Semaphore);
  }));

test("release by a task that holds none adds a permit to a plain semaphore", () =>
  inRun(async () => {
    const semaphore = new Semaphore(0);
    const waiter = createTask(async () => {
      using _permit = await semaphore.acquire();
      return "in";
    });
    await settle();
    expect(semaphore.locked()).toBe(true);
    semaphore.release();
    expect(await waiter).toBe("in");
    expect(semaphore.stats.free).toBe(1);
  }));

test("H22 cancelled waiters do not wake others", () =>
  inRun(async () => {
    const semaphore = new Semaphore(1);
    using _permit = await semaphore.acquire();
    const got: number[] = [];
    const tasks = [1, 2, 3].map((n) =>
      createTask(async () => {
        using _inner = await semaphore.acquire();
        got.push(n);
      }),
    );
    await settle();
    tasks[1]!.cancel();
    tasks[0]!.cancel();
    await settle();
    expect(got).toEqual([]);
    expect(semaphore.stats.waiters).toBe(1);
    tasks[2]!.cancel();
  }));

test("permits left behind by a task are all reported and returned", () =>
  inRun(async ({ reports }) => {
    const semaphore = new Semaphore(2, { name: "slots" });
    await createTask(async () => {
      await semaphore.acquire();
      await semaphore.acquire();
    });
    expect(semaphore.stats).toEqual({ locked: false, free: 2, held: 0, waiters: 0 });
    expect(reports.map(({ message }) => message.includes('the semaphore "slots"'))).toEqual([true, true]);
  }));

test("what is no number of permits is refused", () => {
  expect(() => new Semaphore(-1)).toThrow(RangeError);
  expect(() => new Semaphore(Number.NaN)).toThrow(RangeError);
  expect(() => new Semaphore(1.5)).toThrow(RangeError);
  expect(() => new Semaphore("2" as unknown as number)).toThrow(TypeError);
  expect(() => new Barrier(0)).toThrow(RangeError);
});

test("H29 one cancelled of the parties at a barrier: the others stay, a new one completes it", () =>
  inRun(async () => {
    const barrier = new Barrier(3);
    const [first, second] = [createTask(() => barrier.wait()), createTask(() => barrier.wait())];
    await settle();
    expect(barrier.waiting).toBe(2);
    first.cancel();
    expect(barrier.waiting).toBe(1);
    const third = createTask(() => barrier.wait());
    await settle();
    expect(second.done()).toBe(false);
    expect(await barrier.wait()).toBe(2);
    expect([await second, await third]).toEqual([0, 1]);
    expect((await first.settled()).status).toBe("cancelled");
  }));

test("an aborted barrier refuses until it is reset", () =>
  inRun(async () => {
    const barrier = new Barrier(2);
    const waiting = createTask(() => barrier.wait());
    await settle();
    barrier.abort();
    await expect(waiting.join()).rejects.toThrow(BrokenBarrierError);
    await expect(barrier.wait()).rejects.toThrow(BrokenBarrierError);
    expect(barrier.broken).toBe(true);
    barrier.reset();
    const one = createTask(() => barrier.wait());
    await settle();
    expect(await barrier.wait()).toBe(1);
    expect(await one).toBe(0);
  }));
