/** `gather` and `mapConcurrent`: rules A1 and A2, F01 to F16 of the cases. */
import { expect, test } from "vitest";
import {
  CancelledError,
  Lock,
  NoCurrentTaskError,
  Runner,
  TaskCancelledError,
  UsageError,
  cancelScope,
  createTask,
  currentTask,
  gather,
  getSuppressed,
  mapConcurrent,
  now,
  shielded,
  sleep,
  type Awaitish,
  type Task,
} from "../../../../src-runtime/index.ts";
import { runJumping } from "../jumping-run.ts";
import { caught, failsInCleanup } from "./caught.ts";

const never = (): Promise<void> => sleep(Infinity);

function after<T>(ms: number, value: T): () => Promise<T> {
  return async () => {
    await sleep(ms);
    return value;
  };
}

function failsAfter(ms: number, error: unknown): () => Promise<never> {
  return async () => {
    await sleep(ms);
    throw error;
  };
}

test("F01 results in the order of the arguments", async () => {
  await runJumping(async () => {
    const values = await gather([after(30, "a"), createTask(after(10, "b")), Promise.resolve("c"), after(20, "d")]);
    expect(values).toEqual(["a", "b", "c", "d"]);
    expect(now()).toBe(30);
    expect(await gather([])).toEqual([]);
  });
});

test("F02 the first error ends it at once; the others go on, and their outcomes do nothing", async () => {
  await runJumping(async ({ reports }) => {
    const boom = new Error("boom");
    const log: string[] = [];
    const member = (name: string, ms: number) => async (): Promise<void> => {
      await sleep(ms);
      log.push(name);
    };
    const inputs = [member("a", 10), failsAfter(5, boom), member("b", 20), failsAfter(30, new Error("later")), never];
    const error = await caught(gather(inputs));
    expect(error).toBe(boom);
    expect(now()).toBe(5);
    await sleep(50);
    expect(log).toEqual(["a", "b"]);
    expect(reports).toEqual([]);
  });
});

test("F04 a cancelled member is an error of its own kind; the caller is not cancelled", async () => {
  await runJumping(async () => {
    const cancelled = createTask(never);
    createTask(async () => void cancelled.cancel("why"));
    const error = await caught(gather([after(10, 1), cancelled]));
    expect(error).toBeInstanceOf(TaskCancelledError);
    expect((error as Error).cause).toMatchObject({ reason: "why" });
    await sleep(1);
  });
});

test("F05 returnExceptions: errors and cancelled members in their places", async () => {
  await runJumping(async () => {
    const boom = new Error("boom");
    const one = createTask(never);
    const two = createTask(never);
    createTask(async () => void (one.cancel(), two.cancel()));
    const values = await gather([one, after(5, "v"), two, failsAfter(1, boom)], { returnExceptions: true });
    expect(values).toEqual([expect.any(TaskCancelledError), "v", expect.any(TaskCancelledError), boom]);
  });
});

test("F07 a later error is kept with the first and reported nowhere", async () => {
  await runJumping(async ({ reports }) => {
    const [first, second] = [new Error("first"), new Error("second")];
    const error = await caught(gather([failsAfter(1, first), failsAfter(2, second)]));
    expect(error).toBe(first);
    await sleep(5);
    expect(getSuppressed(error)).toEqual([second]);
    expect(reports).toEqual([]);
  });
});

test("F08 a cancel in the step in which the last member ended changes nothing", async () => {
  await runJumping(async () => {
    const member = createTask(after(5, 42));
    const all = gather([member]);
    let answer: boolean | undefined;
    member.addDoneCallback(() => (answer = all.cancel()));
    expect(await all).toEqual([42]);
    expect(answer).toBe(false);
    expect(all.cancel()).toBe(false);
  });
});

test("F10 the same input more than once runs once and fills all its places", async () => {
  await runJumping(async () => {
    let runs = 0;
    const once = async (): Promise<number> => {
      await sleep(5);
      return ++runs;
    };
    const promise = Promise.resolve("p");
    const task = createTask(after(1, "t"));
    expect(await gather([once, once, after(1, "x"), once, task, promise, task, promise])).toEqual([
      1,
      1,
      "x",
      1,
      "t",
      "p",
      "t",
      "p",
    ]);
    expect(runs).toBe(1);
  });
});

test("F11 an invalid input among good ones: TypeError, nothing begins, nothing is reported", async () => {
  await runJumping(async ({ reports }) => {
    let isStarted = false;
    const good = async (): Promise<void> => void (isStarted = true);
    for (const bad of [{}, 5, undefined, null, "text"]) {
      expect(() => gather([good, bad as Awaitish])).toThrow(TypeError);
    }
    await sleep(5);
    expect(isStarted).toBe(false);
    expect(reports).toEqual([]);
  });
});

test("F13 onError cancel: members that began are cancelled and awaited, those that did not never begin", async () => {
  await runJumping(async () => {
    const started: number[] = [];
    const interrupted: number[] = [];
    const boom = new Error("boom");
    const member = (number: number) => async (): Promise<void> => {
      started.push(number);
      if (number === 2) {
        await sleep(100);
        throw boom;
      }
      try {
        await never();
      } finally {
        interrupted.push(number);
        await shielded(() => sleep(50));
      }
    };
    const error = await caught(gather([1, 2, 3, 4].map(member), { limit: 3, onError: "cancel" }));
    expect(error).toBe(boom);
    expect(started).toEqual([1, 2, 3]);
    expect(interrupted).toEqual([1, 3]);
    expect(now()).toBe(150);
  });
});

test("F14 onError cancel: a slow resource of a loser never becomes active afterwards", async () => {
  await runJumping(async () => {
    let isActive = false;
    const slow = async (): Promise<void> => {
      await sleep(100);
      isActive = true;
    };
    const error = await caught(gather([slow, failsAfter(5, new Error("early"))], { onError: "cancel" }));
    expect(error).toMatchObject({ message: "early" });
    await sleep(500);
    expect(isActive).toBe(false);
  });
});

test("F16 by default the others are still active after the error", async () => {
  await runJumping(async () => {
    const hangs = createTask(never);
    await caught(gather([after(1, 1), failsAfter(2, new Error("boom")), hangs]));
    expect(hangs.done()).toBe(false);
    expect(hangs.cancelRequested).toBe(false);
  });
});

test("A2 a cancel of who awaits it reaches all members, waits for them, and is never swallowed", async () => {
  await runJumping(async () => {
    for (const returnExceptions of [false, true]) {
      const log: string[] = [];
      const member = (name: string) => async (): Promise<void> => {
        try {
          await never();
        } finally {
          await shielded(() => sleep(10));
          log.push(name);
        }
      };
      const own = createTask(member("task"));
      const task = createTask(async () => {
        await gather([member("a"), own, member("b")], { returnExceptions: returnExceptions as true });
        log.push("never");
      });
      await sleep(1);
      task.cancel();
      expect(await task.settled()).toMatchObject({ status: "cancelled" });
      expect(log.toSorted()).toEqual(["a", "b", "task"]);
    }
  });
});

test("A2 an error in a member's cleanup wins over the cancel of who awaits", async () => {
  await runJumping(async ({ reports }) => {
    const mine = new Error("cleanup");
    const member = () => failsInCleanup(mine);
    const task = createTask(async () => gather([member, never]));
    await sleep(1);
    task.cancel();
    expect(await task.settled()).toEqual({ status: "failed", error: mine });
    let error: unknown;
    const returning = createTask(async () => {
      error = await caught(gather([member, never], { returnExceptions: true }));
      throw error;
    });
    await sleep(1);
    returning.cancel();
    expect(await returning.settled()).toMatchObject({ status: "cancelled" });
    expect(error).toBeInstanceOf(CancelledError);
    expect(getSuppressed(error)).toEqual([mine]);
    expect(reports).toEqual([]);
  });
});

test("A2 cancel() of the gather cancels every member; awaiting it throws TaskCancelledError", async () => {
  await runJumping(async () => {
    const members: Task[] = [];
    const member = async (): Promise<void> => {
      members.push(currentTask());
      await never();
    };
    for (const returnExceptions of [false, true]) {
      const all = gather([member, () => member(), new Promise(() => undefined)], {
        returnExceptions: returnExceptions as true,
      });
      await sleep(1);
      expect(all.cancel("enough")).toBe(true);
      expect(await caught(all)).toBeInstanceOf(TaskCancelledError);
    }
    expect(members.every((task) => task.cancelled())).toBe(true);
    expect(now()).toBe(2);
  });
});

test("A2 a foreign promise is abandoned by onError cancel, and its late error is not heard of", async () => {
  await runJumping(async ({ reports }) => {
    const foreign = Promise.withResolvers<number>();
    const error = await caught(gather([foreign.promise, failsAfter(5, new Error("boom"))], { onError: "cancel" }));
    expect(error).toMatchObject({ message: "boom" });
    foreign.reject(new Error("late"));
    await sleep(1);
    expect(reports).toEqual([]);
  });
});

test("a gather in a gather is cancelled with it and gives its values to it", async () => {
  await runJumping(async () => {
    const log: string[] = [];
    const member = async (): Promise<void> => {
      try {
        await never();
      } finally {
        log.push("cleanup");
      }
    };
    const outer = gather([gather([member, () => member()]), member]);
    await sleep(1);
    outer.cancel();
    expect(await caught(outer)).toBeInstanceOf(TaskCancelledError);
    expect(log).toHaveLength(3);
    expect(await gather([gather([after(1, 1), after(2, 2)]), after(1, 3)])).toEqual([[1, 2], 3]);
  });
});

test("a member that never reacts is abandoned after the grace, so that the error comes out", async () => {
  await runJumping(async () => {
    const hangs = (): Promise<never> => new Promise(() => undefined);
    const error = await caught(gather([hangs, failsAfter(5, new Error("boom"))], { onError: "cancel" }));
    expect(error).toMatchObject({ message: "boom" });
    expect(now()).toBe(5005);
  });
});

test("limit: so many functions at a time, and every place is filled", async () => {
  await runJumping(async () => {
    let active = 0;
    let most = 0;
    const member = (number: number) => async (): Promise<number> => {
      most = Math.max(most, ++active);
      await sleep(10 - number);
      active--;
      return number;
    };
    const values = await gather([0, 1, 2, 3, 4, 5, 6].map(member), { limit: 2 });
    expect(values).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
  });
});

test("with more functions than the runner takes, the error comes out of the gather", async () => {
  await runJumping(
    async () => {
      const error = await caught(gather([never, () => never(), () => never(), () => never()], { onError: "cancel" }));
      expect(error).toBeInstanceOf(RangeError);
      expect(String(error)).toMatch(/maxTasks/);
    },
    { maxTasks: 3 },
  );
});

test("the error of a gather that nobody awaits is reported", async () => {
  await runJumping(async ({ reports }) => {
    gather([failsAfter(1, new Error("boom"))]);
    await sleep(5);
    expect(reports).toMatchObject([{ error: { message: "boom" } }]);
  });
});

test("in a cancelled scope awaiting it throws, and its functions never begin", async () => {
  await runJumping(async () => {
    let isStarted = false;
    const result = await cancelScope(async (scope) => {
      scope.cancel();
      await gather([async () => void (isStarted = true)]);
    });
    expect(result).toEqual({ cancelled: true });
    expect(isStarted).toBe(false);
  });
});

test("it can be awaited outside the run that made it", async () => {
  const runner = new Runner({ signals: [] });
  let all!: PromiseLike<readonly number[]>;
  await runner.run(async () => void (all = gather([after(1, 1), after(2, 2)])));
  expect(await all).toEqual([1, 2]);
  await runner.close();
});

test("bad input is refused before anything begins", async () => {
  await runJumping(async () => {
    let isStarted = false;
    const work = async (): Promise<void> => void (isStarted = true);
    expect(() => gather(5 as unknown as [])).toThrow(TypeError);
    expect(() => gather([work], { limit: Number.NaN })).toThrow(RangeError);
    expect(() => gather([work], { limit: 0 })).toThrow(RangeError);
    expect(() => gather([work], { limit: "2" as unknown as number })).toThrow(/limit/);
    expect(() => gather([work], { onError: "stop" as "cancel" })).toThrow(TypeError);
    expect(() => gather([work, currentTask()])).toThrow(UsageError);
    await sleep(1);
    expect(isStarted).toBe(false);
  });
  expect(() => gather([async () => 1])).toThrow(NoCurrentTaskError);
});

test("mapConcurrent: results in input order, a limit, and the first error cancels the rest", async () => {
  await runJumping(async () => {
    let active = 0;
    let most = 0;
    const values = await mapConcurrent(new Set([30, 10, 20, 5]), 2, async (ms, ...rest) => {
      most = Math.max(most, ++active);
      await sleep(ms);
      active--;
      return [ms, ...rest];
    });
    expect(values.map(([ms]) => ms)).toEqual([30, 10, 20, 5]);
    expect(most).toBe(2);
    expect(await mapConcurrent([], 3, async () => 1)).toEqual([]);

    const log: string[] = [];
    const error = await caught(
      mapConcurrent([1, 2, 3], 2, async (number) => {
        if (number === 2) throw new Error("boom");
        try {
          await never();
        } finally {
          log.push(`cancelled ${number}`);
        }
      }),
    );
    expect(error).toMatchObject({ message: "boom" });
    expect(log).toEqual(["cancelled 1"]);
  });
});

test("mapConcurrent refuses bad input", async () => {
  await runJumping(async () => {
    const fn = async (): Promise<number> => 1;
    expect(await caught(mapConcurrent(5 as unknown as [], 1, fn))).toBeInstanceOf(TypeError);
    expect(await caught(mapConcurrent([1], 0, fn))).toBeInstanceOf(RangeError);
    expect(await caught(mapConcurrent([1], Number.NaN, fn))).toBeInstanceOf(RangeError);
    expect(await caught(mapConcurrent([1], 1, 5 as unknown as typeof fn))).toBeInstanceOf(TypeError);
  });
});

test("a gather that a cancel took along is no unretrieved error", async () => {
  await runJumping(async ({ reports }) => {
    await cancelScope(async (scope) => {
      gather([never, () => never()]);
      await sleep(1);
      scope.cancel();
    });
    await sleep(1);
    expect(reports).toEqual([]);
  });
});

test("a guard that is a member's value is the caller's; one whose gather has failed is released", async () => {
  await runJumping(async ({ reports }) => {
    const [one, other] = [new Lock(), new Lock()];
    const [guard] = await gather([() => one.acquire(), after(5, "v")]);
    expect(one.stats).toMatchObject({ locked: true });
    guard[Symbol.dispose]();
    expect(one.stats).toMatchObject({ locked: false });
    expect(reports).toEqual([]);
    const late = async (): Promise<unknown> => {
      await sleep(10);
      return other.acquire();
    };
    await caught(gather([late, failsAfter(1, new Error("boom"))]));
    await sleep(20);
    expect(other.stats.locked).toBe(false);
    expect(reports).toHaveLength(1);
  });
});

test("A2 the recording marks the members that go on after the error", async () => {
  await runJumping(async ({ events }) => {
    const left = createTask(after(10, 1), { name: "left" });
    await caught(gather([left, failsAfter(1, new Error("boom")), Promise.resolve(1)]));
    const marks = events.filter(({ kind }) => kind === "task.attributes");
    expect(marks).toMatchObject([{ taskName: "left", attributes: { "stallscope.task.orphaned_by_gather": true } }]);
  });
});
