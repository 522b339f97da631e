/** Runs and their end: section O of the cases. What a signal does to a process stands in test/system. */
import { spawnSync } from "node:child_process";
import { getEventListeners } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import {
  CancelledError,
  InterruptedError,
  NoCurrentTaskError,
  Runner,
  TaskGroupClosed,
  TimeoutError,
  UsageError,
  checkpoint,
  createTask,
  currentSignal,
  currentTask,
  now,
  run,
  shielded,
  sleep,
  timeout,
  type Clock,
  type ErrorReport,
  type RunOptions,
  type RunnerOptions,
  type Task,
} from "../../../../src-runtime/index.ts";
import { createTestClock } from "../../../../src-runtime/testing/clock.ts";
import { caught, failsInCleanup } from "./caught.ts";

const INDEX = new URL("../../../../src-runtime/index.ts", import.meta.url).href;
const never = (): Promise<void> => sleep(Infinity);

afterEach(() => {
  process.exitCode = undefined;
});

function listeners(): number[] {
  return (["SIGINT", "SIGTERM"] as const).map((signal) => process.listenerCount(signal));
}

/** What a signal calls, without a signal. */
function interrupt(signal: NodeJS.Signals = "SIGINT"): void {
  process.emit(signal, signal);
}

test("O01 main's value or error comes out", async () => {
  const boom = new Error("boom");
  expect(await run(async () => 42)).toBe(42);
  expect(await caught(run(async () => Promise.reject(boom)))).toBe(boom);
  expect(
    await caught(
      run(() => {
        throw boom;
      }),
    ),
  ).toBe(boom);
});

test("O02 not again on a runner that runs; another one is fine", async () => {
  const runner = new Runner({ signals: [] });
  await runner.run(async () => {
    const error = await caught(runner.run(async () => 1));
    expect(error).toBeInstanceOf(UsageError);
    expect(await run(async () => "nested")).toBe("nested");
    expect(currentTask().name).toBe("main");
  });
  expect(await runner.run(async () => "again")).toBe("again");
  await runner.close();
});

test("O02 a task can't close its own runner: it would wait for itself", async () => {
  const runner = new Runner({ signals: [] });
  const error = await runner.run(() => caught(runner.close()));
  expect(error).toBeInstanceOf(UsageError);
  expect(await runner.run(async () => "goes on")).toBe("goes on");
  await runner.close();
});

test("O04 the errors of left-over tasks are reported; main's value is returned", async () => {
  const reports: ErrorReport[] = [];
  const boom = new Error("boom");
  const value = await run(
    async () => {
      createTask(() => failsInCleanup(boom), { name: "left over" });
      await checkpoint();
      return 123;
    },
    { onError: (report) => void reports.push(report) },
  );
  expect(value).toBe(123);
  expect(reports).toMatchObject([{ error: boom, task: { name: "left over", state: "failed" } }]);
  expect(reports[0]?.message).toMatch(/left over/);
});

test("O05 closing twice changes nothing, using it after is refused", async () => {
  const runner = new Runner({ signals: [] });
  await runner.run(async () => 1);
  await runner.close();
  await runner.close();
  await runner[Symbol.asyncDispose]();
  expect(await caught(runner.run(async () => 1))).toBeInstanceOf(UsageError);
  const unused = new Runner();
  await unused.close();
  expect(await caught(unused.run(async () => 1))).toBeInstanceOf(UsageError);
});

test("O07 main was cancelled already when the signal came: the cancellation comes out", async () => {
  const error = await caught(
    run(async () => {
      const main = currentTask();
      createTask(async () => {
        main.cancel("by a child");
        interrupt();
      });
      await never();
    }),
  );
  expect(error).toBeInstanceOf(CancelledError);
  expect(error).toMatchObject({ source: "explicit", reason: "by a child" });
  expect(process.exitCode).toBeUndefined();
});

test("O08 where no handler can be installed the run works", async () => {
  const { on } = process;
  process.on = () => {
    throw new Error("not here");
  };
  try {
    expect(await run(async () => 42)).toBe(42);
  } finally {
    process.on = on;
  }
});

test("O08 in a worker thread", async () => {
  const source = `import { run, sleep } from ${JSON.stringify(INDEX)}; await run(() => sleep(5)); process.exit(7);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  expect(await new Promise((resolve) => worker.on("exit", resolve))).toBe(7);
});

test("O14 the handlers of before are back, however the run ends", async () => {
  const before = listeners();
  await run(async () => {
    expect(listeners()).toEqual(before.map((count) => count + 1));
  });
  expect(listeners()).toEqual(before);
  await caught(run(async () => Promise.reject(new Error("boom"))));
  await caught(
    run(async () => {
      interrupt();
      await never();
    }),
  );
  expect(listeners()).toEqual(before);
  await run(async () => expect(listeners()).toEqual([before[0], before[1]! + 1]), { signals: ["SIGTERM"] });
  await run(async () => expect(listeners()).toEqual(before), { signals: [] });
  expect(listeners()).toEqual(before);
});

test("a signal cancels main once, with its source; the run rejects with InterruptedError", async () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    let cancelled: unknown;
    let hasResumed = false;
    const error = await caught(
      run(async () => {
        interrupt(signal);
        cancelled = await caught(never());
        await sleep(1);
        hasResumed = true;
      }),
    );
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error).toMatchObject({ signal });
    expect(cancelled).toMatchObject({ source: "signal" });
    expect(hasResumed).toBe(false);
    expect(process.exitCode).toBe(code);
  }
});

test("main may clean up after the signal, and an error of that wins", async () => {
  const log: string[] = [];
  const error = await caught(
    run(async () => {
      interrupt();
      try {
        await never();
      } finally {
        await shielded(() => sleep(5));
        log.push("cleaned up");
      }
    }),
  );
  expect(error).toBeInstanceOf(InterruptedError);
  expect(log).toEqual(["cleaned up"]);
  const boom = new Error("cleanup");
  expect(
    await caught(
      run(async () => {
        interrupt();
        await failsInCleanup(boom);
      }),
    ),
  ).toBe(boom);
});

test("a main that does not react to the signal is abandoned after the shutdown grace", async () => {
  const reports: ErrorReport[] = [];
  const error = await caught(
    run(
      async () => {
        interrupt();
        await new Promise(() => undefined);
      },
      { shutdownGrace: 20, onError: (report) => void reports.push(report) },
    ),
  );
  expect(error).toBeInstanceOf(InterruptedError);
  expect(process.exitCode).toBe(130);
  expect(reports).toMatchObject([{ task: { name: "main", state: "abandoned" } }]);
});

test("the second signal cuts the grace to nothing", async () => {
  const began = performance.now();
  const error = await caught(
    run(
      async () => {
        createTask(() => shielded(() => new Promise(() => undefined)), { name: "stubborn" });
        await checkpoint();
        interrupt();
        interrupt();
        await shielded(() => new Promise(() => undefined));
      },
      { onError: () => undefined },
    ),
  );
  expect(error).toBeInstanceOf(InterruptedError);
  expect(performance.now() - began).toBeLessThan(5000);
});

test("a signal while left-over tasks are waited for cuts that short", async () => {
  const began = performance.now();
  const reports: ErrorReport[] = [];
  const value = await run(
    async () => {
      createTask(
        async () => {
          setTimeout(interrupt, 5);
          await shielded(() => new Promise(() => undefined));
        },
        { name: "stubborn" },
      );
      await checkpoint();
      return "value";
    },
    { onError: (report) => void reports.push(report) },
  );
  expect(value).toBe("value");
  expect(performance.now() - began).toBeLessThan(5000);
  expect(reports).toMatchObject([{ task: { name: "stubborn", state: "abandoned" } }]);
});

test("left-over tasks are cancelled by the shutdown, and their cleanup is waited for", async () => {
  const log: unknown[] = [];
  await run(async () => {
    createTask(async () => {
      try {
        await never();
      } catch (error) {
        log.push((error as CancelledError).source);
        await shielded(() => sleep(5));
        log.push("cleaned up");
        throw error;
      }
    });
    createTask(async () => void log.push("begins"));
    await checkpoint();
  });
  expect(log).toEqual(["begins", "shutdown", "cleaned up"]);
});

test("those that do not react are abandoned after the shutdown grace, and named", async () => {
  const reports: ErrorReport[] = [];
  let stubborn: Task | undefined;
  await run(
    async () => {
      stubborn = createTask(() => new Promise(() => undefined), { name: "stubborn" });
      await checkpoint();
    },
    { shutdownGrace: 10, onError: (report) => void reports.push(report) },
  );
  expect(stubborn?.state).toBe("abandoned");
  expect(reports[0]?.message).toMatch(/stubborn.*10 ms/);
});

test("signal: an AbortSignal cancels main, and its listener is gone after", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort("enough"), 5);
  const error = await caught(run(never, { signal: controller.signal }));
  expect(error).toMatchObject({ name: "CancelledError", source: "abortSignal", reason: "enough" });

  const other = new AbortController();
  await run(async () => expect(getEventListeners(other.signal, "abort")).toHaveLength(1), { signal: other.signal });
  expect(getEventListeners(other.signal, "abort")).toHaveLength(0);

  let isStarted = false;
  expect(await caught(run(async () => void (isStarted = true), { signal: AbortSignal.abort("before") }))).toMatchObject(
    {
      reason: "before",
    },
  );
  expect(isStarted).toBe(false);
});

test("tasks(): those that have not ended, parents first", async () => {
  const runner = new Runner({ signals: [] });
  await runner.run(async () => {
    const child = createTask(never, { name: "child" });
    await checkpoint();
    expect(runner.tasks()).toContainEqual({
      id: child.id,
      name: "child",
      state: "suspended",
      parentId: currentTask().id,
    });
    child.cancel();
    await child.settled();
    expect(runner.tasks().map(({ name }) => name)).toEqual(["main"]);
  });
  expect(runner.tasks()).toEqual([]);
  await runner.close();
});

test("maxTasks: one more is refused before it begins", async () => {
  await run(
    async () => {
      createTask(never);
      let isStarted = false;
      expect(() => createTask(async () => void (isStarted = true))).toThrow(/maxTasks/);
      await checkpoint();
      expect(isStarted).toBe(false);
    },
    { maxTasks: 2 },
  );
});

test("a clock that only tells the time is woken by real timers", async () => {
  let time = 1000;
  const clock: Clock = { now: () => (time += 1) };
  await run(
    async () => {
      const began = now();
      await sleep(10);
      expect(now()).toBeGreaterThanOrEqual(began + 10);
    },
    { clock },
  );
});

test("a pushed clock moves the runner's time, and nothing is left on it", async () => {
  const clock = createTestClock(100);
  const runner = new Runner({ clock, signals: [] });
  const slept = runner.run(async () => (await sleep(1e12), now()));
  await clock.advance(1e12);
  expect(await slept).toBe(1e12 + 100);
  const left = runner.run(async () => void createTask(() => sleep(5)));
  await left;
  await runner.close();
  expect(clock.next()).toBe(Infinity);
});

test("bad input is refused before anything begins", async () => {
  const before = listeners();
  const refused: [unknown, typeof TypeError | typeof RangeError][] = [
    [{ signals: ["SIGKILL"] }, TypeError],
    [{ signals: "SIGINT" }, TypeError],
    [{ signals: [undefined] }, TypeError],
    [{ clock: {} }, TypeError],
    [{ clock: null }, TypeError],
    [{ onError: 5 }, TypeError],
    [{ maxTasks: 0 }, RangeError],
    [{ maxTasks: Number.NaN }, RangeError],
    [{ shutdownGrace: Number.NaN }, RangeError],
    [{ shutdownGrace: "1" }, TypeError],
    [{ cleanupTimeout: Number.NaN }, RangeError],
    [{ observers: [{}] }, TypeError],
  ];
  let isStarted = false;
  const main = async (): Promise<void> => void (isStarted = true);
  for (const [options, type] of refused) {
    expect(() => new Runner(options as RunnerOptions), JSON.stringify(options)).toThrow(type);
    expect(await caught(run(main, options as RunOptions))).toBeInstanceOf(type);
  }
  expect(await caught(run(5 as unknown as () => Promise<void>))).toBeInstanceOf(TypeError);
  expect(await caught(run(Promise.resolve() as unknown as () => Promise<void>))).toBeInstanceOf(TypeError);
  expect(await caught(run(main, { signal: {} as AbortSignal }))).toBeInstanceOf(TypeError);
  const runner = new Runner({ signals: [] });
  expect(await caught(runner.run(main, { signal: 5 as unknown as AbortSignal }))).toBeInstanceOf(TypeError);
  expect(await runner.run(async () => "still good")).toBe("still good");
  await runner.close();
  expect(isStarted).toBe(false);
  expect(listeners()).toEqual(before);
});

test("outside a run: waits and createTask throw, awaiting a task and its settled() work", async () => {
  expect(() => createTask(async () => 1)).toThrow(NoCurrentTaskError);
  expect(() => currentTask()).toThrow(NoCurrentTaskError);
  expect(() => currentSignal()).toThrow(NoCurrentTaskError);
  expect(() => now()).toThrow(NoCurrentTaskError);
  expect(await caught(sleep(1))).toBeInstanceOf(NoCurrentTaskError);
  expect(await caught(checkpoint())).toBeInstanceOf(NoCurrentTaskError);
  const runner = new Runner({ signals: [] });
  const task = await runner.run(async () => ({ task: createTask(async () => (await sleep(1), 42)) }));
  expect(await task.task).toBe(42);
  expect(await task.task.settled()).toEqual({ status: "completed", value: 42 });
  await runner.close();
});

test("after the end a task that outlived it can start nothing", async () => {
  let error: unknown;
  const over = Promise.withResolvers<void>();
  await run(
    async () => {
      createTask(async () => {
        await over.promise;
        error = await caught((async () => createTask(async () => 1).join())());
      });
      await checkpoint();
    },
    { shutdownGrace: 0, onError: () => undefined },
  );
  over.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(error).toBeInstanceOf(TaskGroupClosed);
});

test("the process lives while a task waits on runtime primitives alone, and ends when the run has", () => {
  const source = `import { run, createTask, currentTask, taskGroup } from ${JSON.stringify(INDEX)};
    await run(async () => {
      const task = currentTask();
      setTimeout(() => task.cancel(), 50).unref();
      await taskGroup(async (group) => { group.createTask(() => new Promise(() => {})); await new Promise(() => {}); }, { grace: 0 }).catch(() => {});
      console.log("lived");
    });`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", source], { encoding: "utf8" });
  expect({ stdout, status }).toEqual({ stdout: "lived\n", status: 0 });
});

test("a cancel around a run inside a run reaches it: its cleanup is waited for", async () => {
  const seen: string[] = [];
  await run(async () => {
    const inner = (): Promise<string> =>
      run(async () => {
        try {
          await sleep(60_000);
        } finally {
          seen.push("inner cleans up");
        }
        return "inner";
      });
    expect(await caught(timeout(5, inner))).toBeInstanceOf(TimeoutError);
    seen.push("outer goes on");
  });
  expect(seen).toEqual(["inner cleans up", "outer goes on"]);
});
