/** `waitFor` and the shield in its asyncio form: rules W6 to W8 and S1, sections E and G of the cases. */
import { expect, test } from "vitest";
import {
  CancelledError,
  Lock,
  NoCurrentTaskError,
  Queue,
  TaskCancelledError,
  TimeoutError,
  UsageError,
  cancelScope,
  createTask,
  currentTask,
  gather,
  now,
  run,
  shield,
  shielded,
  sleep,
  waitFor,
  type Task,
} from "../../../../src-runtime/index.ts";
import { runJumping } from "../jumping-run.ts";
import { caught, failsInCleanup } from "./caught.ts";

const never = (): Promise<void> => sleep(Infinity);

test("E01 it waits for the cancelled work to end", async () => {
  await runJumping(async () => {
    let isCleanedUp = false;
    const error = await caught(
      waitFor(async () => {
        try {
          await never();
        } finally {
          await shielded(() => sleep(100));
          isCleanedUp = true;
        }
      }, 10),
    );
    expect(error).toMatchObject({
      name: "TimeoutError",
      ms: 10,
      cause: { name: "CancelledError", source: "deadline" },
    });
    expect(isCleanedUp).toBe(true);
    expect(now()).toBe(110);
  });
});

test("E02 a cancelled waitFor ends only after the work has, although that ignores the cancel for a while", async () => {
  await runJumping(async () => {
    let hasExited = false;
    const task = createTask(() =>
      waitFor(async () => {
        await caught(never());
        await shielded(() => sleep(200));
        hasExited = true;
        await sleep(1);
      }, 1000),
    );
    await sleep(5);
    task.cancel();
    expect(await task.settled()).toMatchObject({ status: "cancelled" });
    expect(hasExited).toBe(true);
    expect(now()).toBe(205);
  });
});

test("E02 work that does not react is abandoned after the grace, also when the waiter is cancelled", async () => {
  await runJumping(async () => {
    const task = createTask(() => waitFor(() => new Promise(() => undefined), 1000, { grace: 50 }));
    await sleep(5);
    task.cancel();
    expect(await task.settled()).toMatchObject({ status: "cancelled" });
    expect(now()).toBe(55);
  });
});

test("E04 with no time left a function is not even started", async () => {
  await runJumping(async () => {
    for (const ms of [0, -1, -Infinity]) {
      let isStarted = false;
      const error = await caught(waitFor(async () => void (isStarted = true), ms));
      expect(error).toBeInstanceOf(TimeoutError);
      expect(isStarted).toBe(false);
    }
  });
});

test("E05 with no time left a running task is cancelled, and its cleanup has run", async () => {
  await runJumping(async () => {
    for (const ms of [0, -1]) {
      let isCleanedUp = false;
      const task = createTask(async () => {
        try {
          await never();
        } finally {
          isCleanedUp = true;
        }
      });
      await sleep(1);
      expect(await caught(waitFor(task, ms))).toBeInstanceOf(TimeoutError);
      expect(task.cancelled()).toBe(true);
      expect(isCleanedUp).toBe(true);
    }
  });
});

test("E05 a task that is done gives its result, however little time there is", async () => {
  await runJumping(async () => {
    const task = createTask(async () => 42);
    await task;
    expect(await waitFor(task, 0)).toBe(42);
    const failed = createTask(async () => Promise.reject(new Error("boom")));
    await caught(failed);
    expect(await caught(waitFor(failed, -1))).toMatchObject({ message: "boom" });
  });
});

test("E07 work that swallows the cancel and returns: its value", async () => {
  await runJumping(async () => {
    const stubborn = async (): Promise<number> => {
      await caught(never());
      return 42;
    };
    expect(await waitFor(stubborn, 10)).toBe(42);
    expect(await waitFor(createTask(stubborn), 10)).toBe(42);
  });
});

test("E08 an error of the work while it is cancelled", async () => {
  await runJumping(async () => {
    const mine = new Error("foo");
    const error = await caught(waitFor(() => failsInCleanup(mine), 10));
    expect(error).toBe(mine);
  });
});

test("E08 it wins over the waiter's own cancel too, which is thrown at the next wait", async () => {
  await runJumping(async ({ reports }) => {
    const mine = new Error("foo");
    const log: unknown[] = [];
    await cancelScope(async (scope) => {
      createTask(async () => (await sleep(1), scope.cancel()));
      log.push(await caught(waitFor(() => failsInCleanup(mine), 1000)));
      log.push(await caught(sleep(1)));
    });
    expect(log).toEqual([mine, expect.any(CancelledError)]);
    expect(reports).toEqual([]);
  });
});

test("E10 a cancel just after the work has ended: the waiter does not run on, the value is kept", async () => {
  await run(async () => {
    const inner = createTask(async () => "done");
    let hasReachedEnd = false;
    const task = createTask(async () => {
      await waitFor(inner, 100_000);
      await sleep(1000);
      hasReachedEnd = true;
    });
    await sleep(0);
    task.cancel();
    expect(await task.settled()).toMatchObject({ status: "cancelled" });
    expect(await inner).toBe("done");
    expect(hasReachedEnd).toBe(false);
  });
});

test("E11 around a shield with no time left: TimeoutError, and the task goes on", async () => {
  await runJumping(async () => {
    const task = createTask(async () => {
      await sleep(100);
      return "done";
    });
    expect(await caught(waitFor(shield(task), 0))).toBeInstanceOf(TimeoutError);
    expect(task.done()).toBe(false);
    expect(await task).toBe("done");
  });
});

test("W8 around a shield: TimeoutError at its time, and the task goes on", async () => {
  await runJumping(async () => {
    const task = createTask(async () => {
      await sleep(100);
      return "done";
    });
    expect(await caught(waitFor(shield(task), 10))).toBeInstanceOf(TimeoutError);
    expect(now()).toBe(10);
    expect(await task).toBe("done");
  });
});

test("W6 grace: abandoned at its end, by default after 5 s; 0 and Infinity are allowed", async () => {
  await runJumping(async ({ events }) => {
    const hangs = (): Promise<never> => new Promise(() => undefined);
    expect(await caught(waitFor(hangs, 10))).toBeInstanceOf(TimeoutError);
    expect(now()).toBe(5010);
    const error = await caught(waitFor(hangs, 10, { grace: 0 }));
    expect(error).toMatchObject({ name: "TimeoutError", cause: { source: "deadline" } });
    expect(now()).toBe(5020);
    expect(events.filter(({ kind }) => kind === "task.abandoned")).toHaveLength(2);
    const slow = waitFor(
      async () => {
        await caught(never());
        await shielded(() => sleep(60_000));
        await sleep(0);
      },
      10,
      { grace: Infinity },
    );
    expect(await caught(slow)).toBeInstanceOf(TimeoutError);
    expect(now()).toBe(65_030);
  });
});

test("W6 the late outcome of abandoned work is swallowed and recorded", async () => {
  await runJumping(async ({ events, reports }) => {
    const late = Promise.withResolvers<never>();
    expect(await caught(waitFor(() => late.promise, 10, { grace: 0 }))).toBeInstanceOf(TimeoutError);
    late.reject(new Error("late"));
    await sleep(1);
    expect(reports).toEqual([]);
    expect(events.map(({ kind }) => kind)).toContain("task.late_outcome");
  });
});

test("W7 a foreign promise is abandoned at once, its late error swallowed and recorded", async () => {
  await runJumping(async ({ events, reports }) => {
    const foreign = Promise.withResolvers<number>();
    expect(await caught(waitFor(foreign.promise, 10))).toBeInstanceOf(TimeoutError);
    expect(now()).toBe(10);
    foreign.reject(new Error("late"));
    await sleep(1);
    expect(reports).toEqual([]);
    expect(events.filter(({ kind }) => kind === "error.suppressed")).toHaveLength(1);
    expect(await waitFor(Promise.resolve(7), 10)).toBe(7);
    expect(await caught(waitFor(Promise.reject(new Error("own")), 10))).toMatchObject({ message: "own" });
  });
});

test("a gather is work of ours: its members are cancelled with it", async () => {
  await runJumping(async () => {
    const log: string[] = [];
    const member = (name: string) => async (): Promise<void> => {
      try {
        await never();
      } finally {
        log.push(name);
      }
    };
    for (const ms of [10, 0]) {
      expect(await caught(waitFor(gather([member("a"), member("b")]), ms))).toBeInstanceOf(TimeoutError);
    }
    expect(log).toEqual(["a", "b", "a", "b"]);
    expect(await waitFor(gather([async () => 1, async () => 2]), 10)).toEqual([1, 2]);
  });
});

test("work cancelled by somebody else is a TaskCancelledError of the waiter", async () => {
  await runJumping(async () => {
    const task = createTask(never);
    createTask(async () => void task.cancel("not needed"));
    const error = await caught(waitFor(task, 1000));
    expect(error).toBeInstanceOf(TaskCancelledError);
    expect(now()).toBe(0);
  });
});

test("a function is a child of the waiter: it is cancelled with it, whoever cancels", async () => {
  await runJumping(async () => {
    let child: Task | undefined;
    const result = await cancelScope(async (scope) => {
      createTask(async () => (await sleep(1), scope.cancel("enough")));
      await waitFor(async () => {
        child = currentTask();
        await never();
      }, null);
    });
    expect(result).toEqual({ cancelled: true });
    expect(child?.cancelled()).toBe(true);
    expect(child?.parent?.name).toBe("main");
  });
});

test("in a cancelled scope nothing is begun", async () => {
  await runJumping(async () => {
    let isStarted = false;
    await cancelScope(async (scope) => {
      scope.cancel();
      await waitFor(async () => void (isStarted = true), 10);
    });
    expect(isStarted).toBe(false);
  });
});

test("bad input is refused before anything begins", async () => {
  await runJumping(async () => {
    let isStarted = false;
    const work = async (): Promise<void> => void (isStarted = true);
    expect(await caught(waitFor(work, Number.NaN))).toBeInstanceOf(RangeError);
    expect(await caught(waitFor(work, "1" as unknown as number))).toBeInstanceOf(TypeError);
    expect(await caught(waitFor(work, undefined as unknown as number))).toBeInstanceOf(TypeError);
    expect(await caught(waitFor(work, 1, { grace: Number.NaN }))).toBeInstanceOf(RangeError);
    expect(await caught(waitFor({} as unknown as Task<number>, 1))).toBeInstanceOf(TypeError);
    expect(await caught(waitFor(currentTask(), 1))).toBeInstanceOf(UsageError);
    expect(isStarted).toBe(false);
  });
  expect(await caught(waitFor(async () => 1, 1))).toBeInstanceOf(NoCurrentTaskError);
});

test("G01 result and error pass through a shield", async () => {
  await runJumping(async () => {
    const boom = new Error("boom");
    expect(await shield(async () => 42)).toBe(42);
    expect(await shield(createTask(async () => 42))).toBe(42);
    expect(await caught(shield(async () => Promise.reject(boom)))).toBe(boom);
    expect(await caught(shield(createTask(async () => Promise.reject(boom))))).toBe(boom);
  });
});

test("G02 a cancel of the inner task ends the shield by TaskCancelledError; its caller is not cancelled", async () => {
  await runJumping(async () => {
    const inner = createTask(never);
    createTask(async () => void inner.cancel());
    expect(await caught(shield(inner))).toBeInstanceOf(TaskCancelledError);
    await sleep(1);
  });
});

test("G04 a shield of what is done gives its value at once", async () => {
  await runJumping(async () => {
    const inner = createTask(async () => 42);
    await inner;
    let hasTurned = false;
    setImmediate(() => (hasTurned = true));
    expect(await shield(inner)).toBe(42);
    expect(hasTurned).toBe(false);
  });
});

test("G05 a shield around a gather: its caller is cancelled, the gather gives its results", async () => {
  await runJumping(async () => {
    const both = gather([async () => (await sleep(10), 1), async () => (await sleep(20), 2)]);
    const caller = createTask(() => shield(both));
    await sleep(1);
    caller.cancel();
    expect(await caller.settled()).toMatchObject({ status: "cancelled" });
    expect(now()).toBe(1);
    expect(await both).toEqual([1, 2]);
  });
});

test("S1 the caller is freed at once, the work goes on under the runner, and its late error is reported", async () => {
  await runJumping(async ({ reports }) => {
    const result = await cancelScope(async (scope) => {
      createTask(async () => (await sleep(1), scope.cancel()));
      await shield(async () => {
        await sleep(50);
        throw new Error("late");
      });
    });
    expect(result).toEqual({ cancelled: true });
    expect(now()).toBe(1);
    await sleep(60);
    expect(reports).toMatchObject([{ error: { message: "late" } }]);
  });
});

test("S1 a task keeps its owner: it is cancelled with it, shield or not", async () => {
  await runJumping(async () => {
    let inner: Task | undefined;
    await cancelScope(async (scope) => {
      createTask(async () => (await sleep(1), scope.cancel()));
      await waitFor(async () => {
        inner = currentTask();
        await never();
      }, null);
    });
    expect(await caught(shield(inner!))).toBeInstanceOf(TaskCancelledError);
  });
});

test("what was handed to the work in the step of a cancel is not lost", async () => {
  await runJumping(async ({ reports }) => {
    const queue = new Queue<number>(1);
    const log: unknown[] = [];
    const task = createTask(async () => {
      log.push(await waitFor(() => queue.get(), 1000));
      log.push(await caught(sleep(1)));
    });
    await sleep(1);
    queue.putNowait(7);
    task.cancel();
    await task.settled();
    expect(log).toEqual([7, expect.any(CancelledError)]);

    createTask(async () => (await sleep(10), queue.putNowait(8)));
    expect(await waitFor(() => queue.get(), 10).catch(() => queue.getNowait())).toBe(8);

    const lock = new Lock();
    const guard = await waitFor(() => lock.acquire(), 10);
    expect(lock.stats.locked).toBe(true);
    guard[Symbol.dispose]();
    expect(lock.stats.locked).toBe(false);
    expect(reports).toEqual([]);
  });
});
