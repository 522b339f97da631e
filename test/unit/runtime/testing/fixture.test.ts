/** `stallscope/testing` as a test sees it from inside: its clock, its tasks, nothing shared. */
import {
  CancelledError,
  Event,
  Lock,
  TimeoutError,
  checkpoint,
  createTask,
  currentTask,
  now,
  shielded,
  sleep,
  taskGroup,
  timeout,
} from "stallscope";
import { describe } from "vitest";
import { barrier, expect, external, test } from "stallscope/testing";

const realDelay = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

describe("the clock", () => {
  test("P11 jumps over 450 s of sleeps at once, and wakes each at its exact time", async ({ rt }) => {
    const began = performance.now();
    const wakes: number[] = [];
    await taskGroup(async (group) => {
      for (const pause of [0.1, 0.7, 1, 3, 10]) {
        group.createTask(async () => {
          for (let round = 1; round <= 9; round++) {
            await sleep(pause * 1000);
            if (round === 9) wakes.push(now());
          }
        });
      }
      for (let second = 0; second < 360; second++) await sleep(1000);
      await sleep(90_000);
    });
    expect(rt.clock.now()).toBe(450_000);
    expect(wakes).toEqual([900, 6300, 9000, 27_000, 90_000]);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test("P12 does not go back", async ({ rt }) => {
    await rt.clock.advance(5);
    await expect(rt.clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(rt.clock.advance(Number.NaN)).rejects.toThrow(RangeError);
    expect(rt.clock.now()).toBe(5);
  });

  test("advance fires what comes due, each with all that follows", async ({ rt }) => {
    const seen: string[] = [];
    const tasks = [30, 10, 20].map((ms) =>
      rt.createTask(async () => {
        await sleep(ms);
        for (let turn = 0; turn < 20; turn++) await checkpoint();
        seen.push(`${ms} at ${now()}`);
      }),
    );
    await rt.clock.advance(20);
    expect(seen).toEqual(["10 at 10", "20 at 20"]);
    await rt.clock.advance(10);
    expect(seen).toHaveLength(3);
    for (const task of tasks) await task;
  });

  test("stands still while the body awaits what is not the runtime's", async ({ rt }) => {
    const task = rt.createTask(() => sleep(1000));
    await realDelay(20);
    expect(rt.clock.now()).toBe(0);
    await task;
    expect(rt.clock.now()).toBe(1000);
  });

  test("stands still while a promise declared by external() is pending, whatever waits", async ({ rt }) => {
    const outcome = timeout(1000, async () => {
      await external(realDelay(20));
      return "in time";
    });
    await expect(outcome).resolves.toBe("in time");
    expect(rt.clock.now()).toBe(0);
  });

  test("goes on when the declared promise itself waits for it", async ({ rt }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const task = rt.createTask(async () => {
      for (let second = 0; second < 100; second++) await sleep(1000);
      resolve();
    });
    await external(promise);
    await task;
    expect(rt.clock.now()).toBe(100_000);
  });

  test("passes a declared promise's error on", async () => {
    await expect(external(Promise.reject(new Error("refused")))).rejects.toThrow("refused");
    await expect(external(7 as never)).rejects.toThrow(TypeError);
  });

  test("takes a group, a timeout and a shield that wait for it along", async ({ rt }) => {
    const work = timeout(50, async () => {
      await shielded(() =>
        taskGroup(async (group) => {
          group.createTask(() => sleep(70));
        }),
      );
      await checkpoint();
    });
    await expect(work).rejects.toThrow(TimeoutError);
    expect(rt.clock.now()).toBe(70);
  });
});

describe("allBlocked", () => {
  test("P14 resolves when no task can run, and not before", async ({ rt }) => {
    const seen: string[] = [];
    const gate = new Event();
    const tasks = ["a", "b"].map((name) =>
      rt.createTask(async () => {
        for (let turn = 0; turn < 5; turn++) await checkpoint();
        await Promise.resolve();
        seen.push(name);
        await gate.wait();
        seen.push(`${name} again`);
      }),
    );
    await rt.allBlocked();
    expect(seen).toEqual(["a", "b"]);
    expect(rt.clock.now()).toBe(0);
    gate.set();
    await rt.allBlocked();
    expect(seen).toEqual(["a", "b", "a again", "b again"]);
    for (const task of tasks) await task;
  });

  test("P14 a cancelled task that has cleanup to do is not blocked", async ({ rt }) => {
    const steps: string[] = [];
    const task = rt.createTask(async () => {
      try {
        await new Event().wait();
      } finally {
        for (let turn = 0; turn < 5; turn++) await realDelay(1);
        steps.push("cleaned");
      }
    });
    await rt.allBlocked();
    task.cancel();
    await rt.allBlocked();
    expect(steps).toEqual(["cleaned"]);
    expect(task.cancelled()).toBe(true);
  });

  test("P14 a task in a declared promise is blocked", async ({ rt }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const task = rt.createTask(() => external(promise));
    await rt.allBlocked();
    expect(task.state).toBe("suspended");
    resolve();
    await task;
  });

  test("can be cancelled", async ({ rt }) => {
    const task = rt.createTask(async () => {
      rt.createTask(() => realDelay(5));
      await rt.allBlocked();
    });
    await checkpoint();
    task.cancel();
    await expect(task.settled()).resolves.toMatchObject({ status: "cancelled" });
    expect(task.exception()).toHaveProperty("cause", expect.any(CancelledError));
    await rt.allBlocked();
  });
});

describe("the body", () => {
  test("is the main task", async ({ rt }) => {
    expect(currentTask().name).toBe("main");
    expect(rt.runner.tasks().map(({ name }) => name)).toEqual(["main"]);
    const child = createTask(async () => "done");
    await expect(child.join()).resolves.toBe("done");
  });

  test("is one also without asking for rt", async () => {
    await sleep(3_600_000);
    expect(now()).toBe(3_600_000);
  });

  test("barrier fixes an interleaving", async () => {
    const meeting = barrier(2);
    const seen: string[] = [];
    await taskGroup(async (group) => {
      group.createTask(async () => {
        seen.push("a1");
        await meeting.wait();
        seen.push("a2");
        await meeting.wait();
      });
      group.createTask(async () => {
        await sleep(10);
        seen.push("b1");
        await meeting.wait();
        seen.push("b2");
        await meeting.wait();
      });
    });
    expect(seen.slice(0, 2)).toEqual(["a1", "b1"]);
    expect(meeting.waiting).toBe(0);
    expect(() => barrier(0)).toThrow(RangeError);
  });

  test("a cancelled task is not counted at a barrier", async ({ rt }) => {
    const meeting = barrier(2);
    const task = rt.createTask(() => meeting.wait());
    await rt.allBlocked();
    task.cancel();
    await task.settled();
    expect(meeting.waiting).toBe(0);
  });

  test("background tasks may live on", async ({ rt }) => {
    let ticks = 0;
    rt.background.createTask(async () => {
      for (;;) {
        await sleep(100);
        ticks++;
      }
    });
    await sleep(1050);
    expect(ticks).toBe(10);
  });

  test("an expected error nobody retrieves is taken out", async ({ rt }) => {
    rt.createTask(async () => {
      throw new Error("expected");
    });
    await rt.allBlocked();
    await checkpoint();
    expect(rt.errors.splice(0).map(({ error }) => String(error))).toEqual(["Error: expected"]);
  });

  test("a lock is named in the tree with its holder", async ({ rt }) => {
    const lock = new Lock();
    using _guard = await lock.acquire();
    const waiter = rt.createTask(() => lock.acquire(), { name: "waiter" });
    await rt.allBlocked();
    expect(rt.runner.tasks().map(({ name, state }) => `${name} ${state}`)).toContain("waiter suspended");
    waiter.cancel();
    await waiter.settled();
  });
});

/** A fixture that holds a group open for as long as the test runs. */
const grouped = { order: [] as string[] };
const withGroup = test.extend<{ jobs: { add(name: string): void } }>({
  jobs: async ({ rt }, use) => {
    const jobs: string[] = [];
    const holder = rt.createTask(() =>
      taskGroup((group) => external(use({ add: (name) => void group.createTask(async () => void jobs.push(name)) }))),
    );
    await holder;
    grouped.order.push(`torn down with ${jobs.join()}`);
  },
});

describe("beside other parts of vitest", () => {
  test.beforeEach(({ rt }) => {
    expect(rt.clock.now()).toBe(0);
  });

  describe("a fixture that holds an open group", () => {
    const test = withGroup;

    test("P21 is set up for a test", async ({ jobs, rt }) => {
      jobs.add("one");
      await rt.allBlocked();
      expect(currentTask().name).toBe("main");
    });

    test("and for one that skips itself", async ({ jobs, skip }) => {
      jobs.add("two");
      skip();
    });

    test("P21 and is torn down after both", ({ jobs }) => {
      jobs.add("three");
      expect(grouped.order).toEqual(["torn down with one", "torn down with two"]);
    });
  });

  test.each([1, 2])("each: %i", async (number) => {
    await sleep(number);
    expect(now()).toBe(number);
  });

  test.for([3, 4])("for: %i", async (number, { rt }) => {
    await sleep(number);
    expect(rt.clock.now()).toBe(number);
  });

  test.skip("skip", () => expect.unreachable());

  test.fails("fails", async () => {
    await sleep(10);
    expect(now()).toBe(11);
  });
});

describe("tests at the same time share nothing", () => {
  const seen = new Set<unknown>();
  test.concurrent.for([100, 200, 300])("%i ms", async (ms, { rt, expect: own }) => {
    seen.add(rt.runner);
    await sleep(ms);
    own(rt.clock.now()).toBe(ms);
    own(rt.runner.tasks()).toHaveLength(1);
  });
  test("they had a runner each", () => {
    expect(seen.size).toBe(3);
  });
});
