import { expect, test } from "vitest";
import {
  CancelledError,
  Condition,
  Event,
  Lock,
  NoCurrentTaskError,
  UsageError,
  createTask,
  currentTask,
  sleep,
  timeout,
  waitFor,
  type Guard,
  type RuntimeEvent,
} from "../../../../src-runtime/index.ts";
import { dispose, inRun, settle } from "./run.ts";

test("a lock lets one in at a time, in the order they came", () =>
  inRun(async () => {
    const lock = new Lock();
    const order: number[] = [];
    const tasks = [1, 2, 3].map((n) =>
      createTask(async () => {
        using _guard = await lock.acquire();
        order.push(n);
        await settle();
        order.push(n);
      }),
    );
    for (const task of tasks) await task;
    expect(order).toEqual([1, 1, 2, 2, 3, 3]);
    expect(lock.locked()).toBe(false);
  }));

test("statistics name the owner and count who waits", () =>
  inRun(async () => {
    const lock = new Lock();
    expect(lock.stats).toEqual({ locked: false, waiters: 0 });
    const guard = await lock.acquire();
    const task = createTask(async () => dispose(await lock.acquire()));
    await settle();
    expect(lock.stats).toEqual({ locked: true, owner: currentTask().id, waiters: 1 });
    dispose(guard);
    expect(lock.stats).toEqual({ locked: true, owner: task.id, waiters: 0 });
    await task;
  }));

test("H01 cancel while waiting leaves the list empty", () =>
  inRun(async () => {
    const lock = new Lock();
    using _guard = await lock.acquire();
    const waiter = createTask(async () => dispose(await lock.acquire()));
    await settle();
    expect(lock.stats.waiters).toBe(1);
    waiter.cancel();
    expect(lock.stats.waiters).toBe(0);
    expect((await waiter.settled()).status).toBe("cancelled");
  }));

test("H02 the holder releases in the step in which a waiter is cancelled: the next gets it", () =>
  inRun(async () => {
    const lock = new Lock();
    const a = await lock.acquire();
    const b = createTask(async () => dispose(await lock.acquire()));
    const c = createTask(async () => {
      using _guard = await lock.acquire();
      return "c has it";
    });
    await settle();
    b.cancel();
    dispose(a);
    expect(await c).toBe("c has it");
    expect((await b.settled()).status).toBe("cancelled");
    expect(lock.locked()).toBe(false);
  }));

test("H04 a waiter cancelled just after the release keeps the lock and releases it", () =>
  inRun(async () => {
    const lock = new Lock();
    const guard = await lock.acquire();
    const order: string[] = [];
    const first = createTask(async () => {
      using _guard = await lock.acquire();
      order.push("first");
    });
    const second = createTask(async () => {
      using _guard = await lock.acquire();
      order.push("second");
    });
    await settle();
    dispose(guard);
    first.cancel();
    expect((await first.settled()).status).toBe("completed");
    await second;
    expect(order).toEqual(["first", "second"]);
    expect(lock.stats).toEqual({ locked: false, waiters: 0 });
  }));

test("H05 a task cancelled after the hand-over completes with the guard; undisposed, it is reported and freed", () =>
  inRun(async ({ reports }) => {
    const lock = new Lock({ name: "database" });
    const guard = await lock.acquire();
    const task = createTask(() => lock.acquire(), { name: "writer" });
    await settle();
    dispose(guard);
    task.cancel();
    expect((await task.settled()).status).toBe("completed");
    expect(lock.stats).toEqual({ locked: false, waiters: 0 });
    expect(reports).toHaveLength(1);
    expect(reports[0]!.message).toMatch(/writer.*the lock "database"/);
    expect(reports[0]!.error).toBeInstanceOf(UsageError);
    const again = lock.tryAcquire();
    expect(again).toBeDefined();
    dispose(again);
  }));

test("H07 releasing a free lock, or another task's, is refused", () =>
  inRun(async () => {
    const lock = new Lock();
    expect(() => lock.release()).toThrow(UsageError);
    await lock.acquire();
    const other = createTask(async () => lock.release(), { name: "other" });
    await expect(other.join()).rejects.toThrow(/held by task main/);
    expect(lock.locked()).toBe(true);
    lock.release();
    expect(lock.locked()).toBe(false);
    expect(() => lock.release()).toThrow(/nobody/);
  }));

test("disposing a guard twice does nothing, also when somebody else has the lock by then", () =>
  inRun(async () => {
    const lock = new Lock();
    const guard = await lock.acquire();
    const next = createTask(async () => {
      using _guard = await lock.acquire();
      await settle();
    });
    await settle();
    dispose(guard);
    dispose(guard);
    expect(lock.stats.owner).toBe(next.id);
    await next;
    dispose(guard);
    expect(lock.locked()).toBe(false);
  }));

test("H08 an owner that ends without releasing is named, and the lock is released for the next", () =>
  inRun(
    async ({ reports }) => {
      const lock = new Lock();
      const owner = createTask(async () => void (await lock.acquire()), { name: "careless" });
      const next = createTask(async () => {
        using _guard = await lock.acquire();
        return true;
      });
      await owner;
      expect(await next).toBe(true);
      expect(reports.map(({ message, task }) => [message, task?.name])).toEqual([
        [expect.stringMatching(/^Task careless ended without disposing its guard of the lock/), "careless"],
      ]);
      expect(String(reports[0]!.error)).toContain("lock.test.ts");
    },
    { debug: true },
  ));

test("a task that fails leaves no lock behind either", () =>
  inRun(async ({ reports }) => {
    const lock = new Lock();
    const task = createTask(async () => {
      await lock.acquire();
      throw new Error("broken");
    });
    await expect(task.join()).rejects.toThrow("broken");
    expect(lock.locked()).toBe(false);
    expect(reports).toHaveLength(1);
  }));

test("an abandoned task keeps its lock until it really ends", () =>
  inRun(async ({ clock, reports }) => {
    const lock = new Lock();
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = waitFor(
      async () => {
        await lock.acquire();
        await promise;
      },
      10,
      { grace: 0 },
    ).catch((error: unknown) => error);
    await clock.advance(20);
    expect(await late).toMatchObject({ name: "TimeoutError" });
    expect(lock.locked()).toBe(true);
    resolve();
    await settle();
    expect(lock.locked()).toBe(false);
    expect(reports.some(({ message }) => message.includes("its guard of the lock"))).toBe(true);
  }));

test("waitFor hands a guard that it waited for to its caller", () =>
  inRun(async ({ reports }) => {
    const lock = new Lock();
    const guard = await waitFor(() => lock.acquire(), 100);
    expect(lock.stats.owner).toBe(currentTask().id);
    dispose(guard);
    expect(lock.locked()).toBe(false);
    expect(reports).toEqual([]);
  }));

test("a lock waited for within a time is not taken once the time is over", () =>
  inRun(async ({ clock }) => {
    const lock = new Lock();
    const holder = createTask(async () => {
      using _guard = await lock.acquire();
      await sleep(100);
    });
    await settle();
    const late = createTask(() => timeout(10, async () => dispose(await lock.acquire())));
    await clock.advance(10);
    await expect(late.join()).rejects.toMatchObject({ name: "TimeoutError" });
    expect(lock.stats.waiters).toBe(0);
    await clock.advance(100);
    await holder;
    expect(lock.locked()).toBe(false);
  }));

test("H10 acquiring twice by the same task is refused, and the lock stays held once", () =>
  inRun(async () => {
    const lock = new Lock();
    const guard = await lock.acquire();
    await expect(lock.acquire()).rejects.toThrow(UsageError);
    expect(lock.tryAcquire()).toBeUndefined();
    expect(lock.stats.waiters).toBe(0);
    dispose(guard);
    expect(lock.locked()).toBe(false);
  }));

test("H23 unlocked and then cancelled: the waiter goes on with the lock, and its next wait throws", () =>
  inRun(async () => {
    const lock = new Lock();
    const guard = await lock.acquire();
    const seen: string[] = [];
    const waiter = createTask(async () => {
      using _guard = await lock.acquire();
      seen.push("has it");
      await sleep(1);
      seen.push("not reached");
    });
    await settle();
    dispose(guard);
    waiter.cancel();
    expect((await waiter.settled()).status).toBe("cancelled");
    expect(seen).toEqual(["has it"]);
    expect(lock.locked()).toBe(false);
  }));

test("in a cancelled scope nothing is taken", () =>
  inRun(async () => {
    const lock = new Lock();
    const task = createTask(async () => {
      currentTask().cancel();
      await expect(lock.acquire()).rejects.toThrow(CancelledError);
      expect(lock.locked()).toBe(false);
      currentTask().uncancel();
      using _guard = await lock.acquire();
      return lock.locked();
    });
    expect(await task).toBe(true);
  }));

test("outside a run, waits are refused; tryAcquire, set and release work", async () => {
  const lock = new Lock();
  await expect(lock.acquire()).rejects.toThrow(NoCurrentTaskError);
  const guard = lock.tryAcquire();
  expect(guard).toBeDefined();
  expect(lock.stats).toEqual({ locked: true, waiters: 0 });
  dispose(guard);
  expect(lock.locked()).toBe(false);
  await expect(new Event().wait()).rejects.toThrow(NoCurrentTaskError);
});

test("ten thousand waiters cancelled one by one take no longer than their number", () =>
  inRun(async () => {
    const lock = new Lock();
    using _guard = await lock.acquire();
    const tasks = Array.from({ length: 10_000 }, () => createTask(async () => dispose(await lock.acquire())));
    await settle();
    expect(lock.stats.waiters).toBe(10_000);
    for (const task of tasks.toReversed()) task.cancel();
    expect(lock.stats.waiters).toBe(0);
    await settle();
    expect(tasks.every((task) => task.cancelled())).toBe(true);
  }));

test("listeners see who waits for what and who holds it", async () => {
  const events: RuntimeEvent[] = [];
  await inRun(
    async () => {
      const lock = new Lock({ name: "database" });
      const guard = await lock.acquire();
      const next = createTask(async () => dispose(await lock.acquire()), { name: "next" });
      const gone = createTask(async () => dispose(await lock.acquire()), { name: "gone" });
      await settle();
      gone.cancel();
      dispose(guard);
      await next;
    },
    { observers: [{ onEvent: (event) => void events.push(event) }] },
  );
  const seen = events.filter(({ kind }) => kind.startsWith("sync."));
  expect(seen.map(({ kind, taskName }) => `${kind} ${taskName}`)).toEqual([
    "sync.acquired main",
    "sync.wait next",
    "sync.wait gone",
    "sync.cancelled gone",
    "sync.released main",
    "sync.acquired next",
    "sync.released next",
  ]);
});

test("an event lets everybody on who waits, and whoever comes while it is set", () =>
  inRun(async () => {
    const event = new Event();
    const order: string[] = [];
    const tasks = ["a", "b"].map((name) =>
      createTask(async () => {
        await event.wait();
        order.push(name);
      }),
    );
    await settle();
    expect([event.isSet(), event.stats.waiters]).toEqual([false, 2]);
    event.set();
    event.clear();
    for (const task of tasks) await task;
    expect(order).toEqual(["a", "b"]);
    const cancelled = createTask(() => event.wait());
    await settle();
    cancelled.cancel();
    expect(event.stats.waiters).toBe(0);
    event.set();
    await event.wait();
    expect((await cancelled.settled()).status).toBe("cancelled");
  }));

test("H11 a waiter on a condition that is cancelled has the lock back before the cancel comes out", () =>
  inRun(async () => {
    const condition = new Condition();
    let hadLock = false;
    const waiter = createTask(async () => {
      using _guard = await condition.acquire();
      try {
        await condition.wait();
      } catch (error) {
        hadLock = condition.stats.owner === currentTask().id;
        throw error;
      }
    });
    await settle();
    const guard = await condition.acquire();
    waiter.cancel();
    await settle();
    expect(waiter.done()).toBe(false);
    dispose(guard);
    expect((await waiter.settled()).status).toBe("cancelled");
    expect(hadLock).toBe(true);
    expect(condition.locked()).toBe(false);
  }));

test("H13 the same error travels from the condition to whoever looks at the task", () =>
  inRun(async () => {
    const condition = new Condition();
    let thrown: unknown;
    const waiter = createTask(async () => {
      using _guard = await condition.acquire();
      await condition
        .waitFor(() => false)
        .catch((error: unknown) => {
          thrown = error;
          throw error;
        });
    });
    await settle();
    waiter.cancel("foo");
    const outcome = await waiter.settled();
    expect(thrown).toBeInstanceOf(CancelledError);
    expect(thrown).toMatchObject({ reason: "foo" });
    expect(outcome).toMatchObject({ status: "cancelled", error: { cause: thrown } });
  }));

test("H14 a waiter cancelled before the notify takes none: the second is notified", () =>
  inRun(async () => {
    const condition = new Condition();
    const wait = async (): Promise<string> => {
      using _guard = await condition.acquire();
      await condition.wait();
      return "notified";
    };
    const [first, second] = [createTask(wait), createTask(wait)];
    await settle();
    expect(condition.stats).toEqual({ locked: false, waiters: 2 });
    first.cancel();
    {
      using _guard = await condition.acquire();
      condition.notify(1);
    }
    expect(await second).toBe("notified");
    expect((await first.settled()).status).toBe("cancelled");
  }));

test("a notified waiter cancelled before it has the lock back passes the notify on", () =>
  inRun(async () => {
    const condition = new Condition();
    const wait = async (): Promise<string> => {
      using _guard = await condition.acquire();
      await condition.wait();
      return "notified";
    };
    const [first, second] = [createTask(wait), createTask(wait)];
    await settle();
    const guard = await condition.acquire();
    condition.notify(1);
    first.cancel();
    dispose(guard);
    expect(await second).toBe("notified");
    expect((await first.settled()).status).toBe("cancelled");
    expect(condition.stats).toEqual({ locked: false, waiters: 0 });
  }));

test("a notified waiter cancelled after it got the lock back goes on", () =>
  inRun(async () => {
    const condition = new Condition();
    const waiter = createTask(async () => {
      using _guard = await condition.acquire();
      await condition.wait();
      return "notified";
    });
    await settle();
    const guard = await condition.acquire();
    condition.notify();
    dispose(guard);
    waiter.cancel();
    expect(await waiter).toBe("notified");
  }));

test("notify wakes the oldest first, notifyAll everybody; the lock goes on in that order", () =>
  inRun(async () => {
    const condition = new Condition();
    const order: number[] = [];
    const tasks = [1, 2, 3, 4].map((n) =>
      createTask(async () => {
        using _guard = await condition.acquire();
        await condition.wait();
        order.push(n);
        await settle();
      }),
    );
    await settle();
    {
      using _guard = await condition.acquire();
      condition.notify(2);
      await settle();
      expect(order).toEqual([]);
    }
    await settle();
    await settle();
    await settle();
    expect(order).toEqual([1, 2]);
    {
      using _guard = await condition.acquire();
      condition.notifyAll();
    }
    for (const task of tasks) await task;
    expect(order).toEqual([1, 2, 3, 4]);
  }));

test("a condition is used by the holder of its lock only, and refuses what is no lock", () =>
  inRun(async () => {
    const lock = new Lock();
    const condition = new Condition(lock);
    await expect(condition.wait()).rejects.toThrow(UsageError);
    await expect(condition.waitFor(() => true)).rejects.toThrow(UsageError);
    expect(() => condition.notify()).toThrow(UsageError);
    expect(() => condition.notifyAll()).toThrow(UsageError);
    using _guard = await lock.acquire();
    expect(() => condition.notify(Number.NaN)).toThrow(RangeError);
    condition.notify();
    await condition.waitFor(() => true);
    expect(condition.locked()).toBe(true);
    expect(() => new Condition({} as Lock)).toThrow(TypeError);
  }));

test("a guard disposed while its task waits on the condition is not taken up again", () =>
  inRun(async ({ reports }) => {
    const condition = new Condition();
    let guard: Guard | undefined;
    const waiter = createTask(async () => {
      guard = await condition.acquire();
      await condition.wait();
    });
    await settle();
    dispose(guard);
    {
      using _guard = await condition.acquire();
      expect(condition.tryAcquire()).toBeUndefined();
      condition.notify();
    }
    await waiter;
    expect(condition.locked()).toBe(false);
    expect(reports).toEqual([]);
  }));

test("two tasks that wait for each other's locks are named as a deadlock in debug mode", () =>
  inRun(
    async ({ reports }) => {
      const [left, right] = [new Lock({ name: "left" }), new Lock({ name: "right" })];
      const take = async (first: Lock, second: Lock): Promise<void> => {
        using _first = await first.acquire();
        await settle();
        using _second = await second.acquire();
      };
      const one = createTask(() => take(left, right), { name: "one" });
      const two = createTask(() => take(right, left), { name: "two" });
      await settle();
      await settle();
      await settle();
      expect(reports.map(({ message }) => message).join()).toMatch(/Deadlock: .*(one|two) waits for (one|two)/);
      one.cancel();
      expect((await two.settled()).status).toBe("completed");
    },
    { debug: true },
  ));
