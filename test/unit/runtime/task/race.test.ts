/** `race` and `firstSuccess`: rule A4, F28 and F29 of the cases. */
import { expect, test } from "vitest";
import {
  CancelledError,
  Lock,
  ExceptionGroup,
  NoCurrentTaskError,
  TaskCancelledError,
  cancelScope,
  createTask,
  currentTask,
  firstSuccess,
  getSuppressed,
  now,
  race,
  shielded,
  sleep,
} from "../../../../src-runtime/index.ts";
import { runJumping } from "../jumping-run.ts";
import { caught, failsInCleanup } from "./caught.ts";

const never = (): Promise<void> => sleep(Infinity);

interface Attempts {
  readonly started: number[];
  readonly interrupted: number[];
  readonly fns: (() => Promise<number>)[];
}

/** One for each time, which gives it as its value; at 0 it fails at once. */
function attempts(times: readonly number[]): Attempts {
  const started: number[] = [];
  const interrupted: number[] = [];
  const fns = times.map((ms) => async () => {
    started.push(ms);
    if (ms === 0) throw new Error("boom");
    try {
      await sleep(ms);
    } catch (error) {
      interrupted.push(ms);
      throw error;
    }
    return ms;
  });
  return { started, interrupted, fns };
}

test("F28 race: the first that ends, be it by an error; the last never begins", async () => {
  await runJumping(async () => {
    const { started, interrupted, fns } = attempts([500, 300, 200, 0, 100]);
    expect(await caught(race(fns))).toMatchObject({ message: "boom" });
    expect(interrupted).toEqual([500, 300, 200]);
    expect(started).toEqual([500, 300, 200, 0]);
    expect(now()).toBe(0);
  });
});

test("F28 firstSuccess with the same: the first value, the others are cancelled", async () => {
  await runJumping(async ({ reports }) => {
    const { interrupted, fns } = attempts([500, 300, 200, 0, 100]);
    expect(await firstSuccess(fns)).toBe(100);
    expect(interrupted).toEqual([500, 300, 200]);
    expect(reports).toEqual([]);
  });
});

test("A4 the cleanup of losers is awaited before the result comes out; their code after the wait never runs", async () => {
  await runJumping(async () => {
    const log: string[] = [];
    const loser = async (): Promise<string> => {
      try {
        await never();
        log.push("never");
      } finally {
        await shielded(() => sleep(100));
        log.push("cleaned up");
      }
      log.push("never");
      return "loser";
    };
    const winner = async (): Promise<string> => (await sleep(10), "winner");
    expect(await race([loser, winner])).toBe("winner");
    expect(log).toEqual(["cleaned up"]);
    expect(now()).toBe(110);
  });
});

test("A4 all fail: an ExceptionGroup in input order", async () => {
  await runJumping(async () => {
    const fail = (ms: number) => async (): Promise<never> => {
      await sleep(ms);
      throw new Error(`${ms}`);
    };
    for (const options of [{}, { stagger: 5 }]) {
      const error = await caught(firstSuccess([fail(30), fail(10), fail(20)], options));
      expect(error).toBeInstanceOf(ExceptionGroup);
      expect((error as ExceptionGroup).errors.map((each: Error) => each.message)).toEqual(["30", "10", "20"]);
    }
  });
});

test("A4 a loser that does not react is abandoned after the grace", async () => {
  await runJumping(async () => {
    expect(await race([() => new Promise<number>(() => undefined), async () => 1])).toBe(1);
    expect(now()).toBe(5000);
  });
});

test("A4 an error in a loser's cleanup reaches the error handler, or goes with the winner's error", async () => {
  await runJumping(async ({ reports }) => {
    const bad = () => failsInCleanup(new Error("cleanup"));
    expect(await race([bad, async () => (await sleep(5), 2)])).toBe(2);
    expect(reports).toMatchObject([{ error: { message: "cleanup" } }]);
    const boom = new Error("boom");
    const error = await caught(
      race([
        bad,
        async () => {
          await sleep(5);
          throw boom;
        },
      ]),
    );
    expect(error).toBe(boom);
    expect(getSuppressed(error)).toMatchObject([{ message: "cleanup" }]);
    expect(reports).toHaveLength(1);
  });
});

test("A4 a cancel of the caller reaches all, and is thrown when they have ended", async () => {
  await runJumping(async () => {
    for (const start of [race, firstSuccess]) {
      const log: string[] = [];
      const member = async (): Promise<void> => {
        try {
          await never();
        } finally {
          await shielded(() => sleep(10));
          log.push("cleaned up");
        }
      };
      const task = createTask(() => start([member, member]));
      await sleep(1);
      task.cancel();
      expect(await task.settled()).toMatchObject({ status: "cancelled" });
      expect(log).toEqual(["cleaned up", "cleaned up"]);
    }
  });
});

test("A4 an error of the cleanup wins over the caller's cancel; failed attempts of before do not", async () => {
  await runJumping(async () => {
    const before = new Error("before");
    const task = createTask(() => firstSuccess([async () => Promise.reject(before), never]));
    await sleep(1);
    task.cancel();
    expect(await task.settled()).toMatchObject({ status: "cancelled" });

    const mine = new Error("cleanup");
    const other = createTask(() => race([() => failsInCleanup(mine), never]));
    await sleep(1);
    other.cancel();
    expect(await other.settled()).toEqual({ status: "failed", error: mine });
  });
});

test("F29 hedged calls: the next starts after the stagger, and wins", async () => {
  await runJumping(async () => {
    const log: string[] = [];
    const value = await firstSuccess(
      [
        async () => {
          await sleep(10_000).finally(() => log.push(currentTask().state));
          return 0;
        },
        async () => {
          log.push(`second at ${now()}`);
          return 1;
        },
        async () => {
          log.push("third");
          return 2;
        },
      ],
      { stagger: 100 },
    );
    expect(value).toBe(1);
    expect(log).toEqual(["second at 100", "cancelling"]);
    expect(now()).toBe(100);
  });
});

test("F29 the next starts as soon as the one before has failed, and not again at its time", async () => {
  await runJumping(async () => {
    const starts: number[] = [];
    const value = await firstSuccess(
      [
        async () => {
          starts.push(now());
          await sleep(30);
          throw new Error("first");
        },
        async () => {
          starts.push(now());
          await sleep(200);
          return "second";
        },
        async () => {
          starts.push(now());
          await sleep(500);
          return "third";
        },
      ],
      { stagger: 100 },
    );
    expect(value).toBe("second");
    expect(starts).toEqual([0, 30, 130]);
  });
});

test("a member that somebody cancels ends a race, and no firstSuccess", async () => {
  await runJumping(async () => {
    const cancelsItself = async (): Promise<number> => {
      currentTask().cancel();
      await sleep(1);
      return 1;
    };
    expect(await caught(race([cancelsItself, async () => (await sleep(5), 2)]))).toBeInstanceOf(TaskCancelledError);
    expect(await firstSuccess([cancelsItself, async () => (await sleep(5), 2)])).toBe(2);
  });
});

test("in a cancelled scope nothing begins", async () => {
  await runJumping(async () => {
    const { started, fns } = attempts([1, 2]);
    const error = await caught(
      createTask(async () => {
        currentTask().cancel();
        await race(fns);
      }).join(),
    );
    expect((error as Error).cause).toBeInstanceOf(CancelledError);
    expect((await cancelScope(async (scope) => (scope.cancel(), firstSuccess(fns)))).cancelled).toBe(true);
    expect(started).toEqual([]);
  });
});

test("bad input is refused before anything begins", async () => {
  await runJumping(async () => {
    const { started, fns } = attempts([1]);
    expect(await caught(race([]))).toBeInstanceOf(RangeError);
    expect(await caught(firstSuccess([]))).toBeInstanceOf(RangeError);
    expect(await caught(race([...fns, Promise.resolve(1)] as unknown as typeof fns))).toBeInstanceOf(TypeError);
    expect(await caught(race(5 as unknown as typeof fns))).toBeInstanceOf(TypeError);
    expect(await caught(firstSuccess(fns, { stagger: Number.NaN }))).toBeInstanceOf(RangeError);
    expect(await caught(firstSuccess(fns, { stagger: "1" as unknown as number }))).toBeInstanceOf(TypeError);
    expect(started).toEqual([]);
    expect(await race(new Set([async () => 7]))).toBe(7);
  });
  expect(await caught(race([async () => 1]))).toBeInstanceOf(NoCurrentTaskError);
});

test("with no room for more tasks the error comes out, and what has begun is cancelled", async () => {
  await runJumping(
    async () => {
      const { interrupted, fns } = attempts([100, 200, 300]);
      expect(await caught(race(fns))).toBeInstanceOf(RangeError);
      expect(interrupted).toEqual([100, 200]);
    },
    { maxTasks: 3 },
  );
});

test("a guard that is the winner's value is the caller's", async () => {
  await runJumping(async ({ reports }) => {
    const lock = new Lock();
    const never = (): Promise<Disposable> => new Promise(() => undefined);
    const acquire = (): Promise<Disposable> => lock.acquire();
    for (const start of [() => race([acquire, never]), () => firstSuccess([acquire, never])]) {
      const guard = await start();
      expect(lock.stats.locked).toBe(true);
      guard[Symbol.dispose]();
      expect(lock.stats.locked).toBe(false);
    }
    expect(reports).toEqual([]);
  });
});
