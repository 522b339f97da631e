/** `use` and `AsyncExitStack`: what is released, in which order, and which error comes out. */
import { describe, expect, test } from "vitest";
import {
  AsyncExitStack,
  type CancelledError,
  ExceptionGroup,
  NoCurrentTaskError,
  TimeoutError,
  UsageError,
  createTask,
  currentSignal,
  currentTask,
  getSuppressed,
  moveOnAfter,
  scope,
  sleep,
  taskGroup,
  timeout,
  use,
  type Outcome,
} from "../../../../src-runtime/index.ts";
import { createLog, runJumping } from "../jumping-run.ts";

const nothing = async (): Promise<void> => undefined;

async function thrown(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it should have thrown"),
    (error: unknown) => error,
  );
}

describe("use", () => {
  test("gives the body's value and tells release that it completed", async () => {
    await runJumping(async () => {
      const outcomes: Outcome[] = [];
      const value = await use(
        async () => 21,
        async (n) => n * 2,
        async (_, outcome) => void outcomes.push(outcome),
      );
      expect(value).toBe(42);
      expect(outcomes).toEqual([{ status: "completed" }]);
    });
  });

  test("L01 releases nested resources in reverse, one after the other", async () => {
    await runJumping(async () => {
      const { lines, add } = createLog();
      const open = (name: string, body: () => Promise<void>): Promise<void> =>
        use(
          async () => name,
          body,
          async () => {
            add(`${name} starts`);
            await sleep(10);
            add(`${name} done`);
          },
        );
      await open("first", () => open("second", nothing));
      expect(lines).toEqual(["0 second starts", "10 second done", "10 first starts", "20 first done"]);
    });
  });

  test("L02 an error while acquiring comes out where it is used, and nothing is released", async () => {
    await runJumping(async () => {
      const broken = new Error("cannot open");
      let released = 0;
      const error = await thrown(
        use(
          () => Promise.reject(broken),
          nothing,
          async () => void released++,
        ),
      );
      expect(error).toBe(broken);
      expect(released).toBe(0);
    });
  });

  test("L04 a resource's task that fails later fails the owner, past a local try", async () => {
    await runJumping(async () => {
      const late = new Error("connection lost");
      const log: string[] = [];
      const error = await thrown(
        taskGroup(async (group) => {
          await use(
            async () =>
              void group.createTask(async () => {
                await sleep(5);
                throw late;
              }),
            async () => {
              try {
                await sleep(1000);
              } catch (inner) {
                log.push((inner as Error).name);
              }
              await sleep(1000);
              log.push("went on");
            },
            async (_, { status }) => void log.push(`released ${status}`),
          );
        }),
      );
      expect(error).toBeInstanceOf(ExceptionGroup);
      expect((error as ExceptionGroup).errors).toEqual([late]);
      expect(log).toEqual(["CancelledError", "released cancelled"]);
    });
  });

  test("L05 a cancel does not interrupt acquiring: it is thrown after, and release runs", async () => {
    await runJumping(async () => {
      const { lines, add } = createLog();
      const task = createTask(() =>
        use(
          async () => {
            await sleep(100);
            add("acquired");
          },
          async () => add("body"),
          async (_, { status, error }) => {
            await sleep(10);
            add(`released ${status} ${(error as Error).name}`);
          },
        ),
      );
      await sleep(50);
      task.cancel("enough");
      expect((await task.settled()).status).toBe("cancelled");
      expect(lines).toEqual(["100 acquired", "110 released cancelled CancelledError"]);
    });
  });

  test("an interruptible acquire gets the cancel, and nothing is released", async () => {
    await runJumping(async () => {
      const { lines, add } = createLog();
      const result = await moveOnAfter(20, () =>
        use(
          () => sleep(100),
          nothing,
          async () => add("released"),
          { interruptibleAcquire: true },
        ),
      );
      add("over");
      expect(result.timedOut).toBe(true);
      expect(lines).toEqual(["20 over"]);
    });
  });

  test("does not acquire in a cancelled scope", async () => {
    await runJumping(async () => {
      let acquired = 0;
      const task = createTask(async () => {
        currentTask().cancel();
        await use(async () => acquired++, nothing, nothing);
      });
      expect((await task.settled()).status).toBe("cancelled");
      expect(acquired).toBe(0);
    });
  });

  test("L07 both failing gives a SuppressedError: release's error, and body's as suppressed", async () => {
    await runJumping(async () => {
      const [first, second] = [new Error("body"), new Error("release")];
      const told: Outcome[] = [];
      const error = await thrown(
        use(
          async () => 1,
          () => Promise.reject(first),
          async (_, outcome) => {
            told.push(outcome);
            throw second;
          },
        ),
      );
      expect(told).toEqual([{ status: "failed", error: first }]);
      expect(error).toBeInstanceOf(SuppressedError);
      expect(error).toMatchObject({ error: second, suppressed: first });
    });
  });

  test("L08 three errors are all kept, in order", async () => {
    await runJumping(async () => {
      const [first, second, third] = [new Error("1"), new Error("2"), new Error("3")];
      const failing = (error: Error, body: () => Promise<void>): Promise<void> =>
        use(
          async () => 1,
          body,
          () => Promise.reject(error),
        );
      const error = await thrown(failing(third, () => failing(second, () => Promise.reject(first))));
      expect(error).toMatchObject({ error: third, suppressed: { error: second, suppressed: first } });
    });
  });

  test("L10 an error of release comes out after a body that went well", async () => {
    await runJumping(async () => {
      const broken = new Error("teardown");
      const error = await thrown(
        use(
          async () => 1,
          async () => 2,
          () => Promise.reject(broken),
        ),
      );
      expect(error).toBe(broken);
    });
  });

  test("a cancel never hides release's error, and is kept with it", async () => {
    await runJumping(async () => {
      const broken = new Error("release");
      const task = createTask(() =>
        use(
          async () => 1,
          () => sleep(1000),
          () => Promise.reject(broken),
        ),
      );
      await sleep(1);
      task.cancel("why");
      expect(await task.settled()).toEqual({ status: "failed", error: broken });
      expect(getSuppressed(broken)).toMatchObject([{ name: "CancelledError", reason: "why" }]);
    });
  });

  test("a library's own abort is told to release as the cancel it is", async () => {
    await runJumping(async () => {
      let status = "";
      const result = await moveOnAfter(5, () =>
        use(
          async () => 1,
          () =>
            new Promise((_, reject) => {
              currentSignal().addEventListener("abort", () =>
                reject(Object.assign(new Error("x"), { code: "ABORT_ERR" })),
              );
            }),
          async (_, outcome) => void ({ status } = outcome),
        ),
      );
      expect(result.timedOut).toBe(true);
      expect(status).toBe("cancelled");
    });
  });

  test("release that hangs is abandoned after cleanupTimeout and reported; the value goes on", async () => {
    await runJumping(
      async ({ reports }) => {
        const { lines, add } = createLog();
        const value = await use(
          async () => 1,
          async () => "value",
          () => new Promise(() => undefined),
          { name: "socket" },
        );
        add(value);
        expect(lines).toEqual(["300 value"]);
        expect(reports).toMatchObject([{ message: expect.stringContaining("socket did not end within 300 ms") }]);
        expect(reports[0]!.error).toBeInstanceOf(TimeoutError);
      },
      { cleanupTimeout: 300 },
    );
  });

  test("a TimeoutError of release itself is an error like any other", async () => {
    await runJumping(async ({ reports }) => {
      const error = await thrown(
        use(
          async () => 1,
          nothing,
          () => timeout(5, () => sleep(100)),
        ),
      );
      expect(error).toBeInstanceOf(TimeoutError);
      expect(reports).toEqual([]);
    });
  });

  test("says each step", async () => {
    await runJumping(async ({ events }) => {
      await thrown(
        use(
          async () => 1,
          () => Promise.reject(new Error("no")),
          nothing,
          { name: "file" },
        ),
      );
      const steps = events.filter(({ kind }) => kind.startsWith("resource."));
      expect(steps.map((event) => [event.kind, event["resource"], event["outcome"]])).toEqual([
        ["resource.acquiring", "file", undefined],
        ["resource.acquired", "file", undefined],
        ["resource.releasing", "file", 1],
        ["resource.released", "file", 1],
      ]);
    });
  });

  test("refuses what is no function before anything starts, and use outside a run", async () => {
    await runJumping(async () => {
      let acquired = 0;
      const acquire = async (): Promise<number> => acquired++;
      expect(await thrown(use(acquire, nothing, undefined as never))).toBeInstanceOf(TypeError);
      expect(await thrown(use(acquire, Promise.resolve(1) as never, nothing))).toBeInstanceOf(TypeError);
      expect(acquired).toBe(0);
    });
    expect(await thrown(use(nothing, nothing, nothing))).toBeInstanceOf(NoCurrentTaskError);
  });
});

describe("AsyncExitStack", () => {
  test("L01 leaves in reverse, one after the other, whatever kind they are", async () => {
    await runJumping(async () => {
      const { lines, add } = createLog();
      {
        await using stack = new AsyncExitStack();
        const file = stack.use({ name: "file", [Symbol.dispose]: () => add("file") });
        expect(file.name).toBe("file");
        stack.use({
          [Symbol.asyncDispose]: async () => {
            await sleep(10);
            add("socket");
          },
        });
        stack.defer(() => add("deferred"));
        stack.push(async ({ status }) => add(`pushed ${status}`));
      }
      expect(lines).toEqual(["0 pushed completed", "0 deferred", "10 socket", "10 file"]);
    });
  });

  test("L08 each exit runs though others threw, and all errors come out in order", async () => {
    await runJumping(async () => {
      const [first, second, third] = [new Error("1"), new Error("2"), new Error("3")];
      let ran = 0;
      const error = await thrown(
        AsyncExitStack.run(async (stack) => {
          stack.defer(() => void ran++);
          stack.defer(() => Promise.reject(third));
          stack.defer(() => Promise.reject(second));
          throw first;
        }),
      );
      expect(ran).toBe(1);
      expect(error).toMatchObject({ error: third, suppressed: { error: second, suppressed: first } });
    });
  });

  test("run tells the true outcome; an exit takes the error away, and those below see none", async () => {
    await runJumping(async () => {
      const told: Outcome[] = [];
      const broken = new Error("body");
      const value = await AsyncExitStack.run(async (stack) => {
        stack.push(async (outcome) => void told.push(outcome));
        stack.push(async (outcome) => {
          told.push(outcome);
          return true;
        });
        throw broken;
      });
      expect(value).toBeUndefined();
      expect(told).toEqual([{ status: "failed", error: broken }, { status: "completed" }]);
      expect(await AsyncExitStack.run(async () => 7)).toBe(7);
    });
  });

  test("L14 in await using the body's error is not known, and no exit takes it away", async () => {
    await runJumping(async () => {
      const told: Outcome[] = [];
      const block = async (): Promise<void> => {
        await using stack = new AsyncExitStack();
        stack.push(async (outcome) => {
          told.push(outcome);
          return true;
        });
        throw new Error("body");
      };
      expect(await thrown(block())).toMatchObject({ message: "body" });
      expect(told).toEqual([{ status: "completed" }]);
    });
  });

  test("L13 errors of disposers come out as the language chains them", async () => {
    await runJumping(async () => {
      const block = async (): Promise<void> => {
        await using outer = new AsyncExitStack();
        outer.defer(() => Promise.reject(new Error("last")));
        await using inner = new AsyncExitStack();
        inner.defer(() => Promise.reject(new Error("middle")));
        throw new Error("first");
      };
      const error = (await thrown(block())) as SuppressedError;
      expect(error).toBeInstanceOf(SuppressedError);
      expect(error.error).toMatchObject({ message: "last" });
      expect(error.suppressed).toMatchObject({ error: { message: "middle" }, suppressed: { message: "first" } });
    });
  });

  test("in a cancelled scope the exits run shielded, and know of the cancel", async () => {
    await runJumping(async () => {
      const { lines, add } = createLog();
      const task = createTask(async () => {
        await using stack = new AsyncExitStack();
        stack.push(async ({ status, error }) => {
          await sleep(10);
          add(`${status} ${(error as CancelledError).reason as string}`);
        });
        await sleep(1000);
      });
      await sleep(5);
      task.cancel("stop");
      expect((await task.settled()).status).toBe("cancelled");
      expect(lines).toEqual(["15 cancelled stop"]);
    });
  });

  test("L11 takes nothing after its end, and leaves only once", async () => {
    await runJumping(async () => {
      let ran = 0;
      const stack = new AsyncExitStack();
      stack.defer(() => void ran++);
      await stack[Symbol.asyncDispose]();
      await stack[Symbol.asyncDispose]();
      expect(ran).toBe(1);
      expect(stack.disposed).toBe(true);
      expect(() => stack.defer(() => undefined)).toThrow(UsageError);
      expect(() => stack.use({ [Symbol.dispose]: () => undefined })).toThrow(UsageError);
      const ended = scope();
      await ended[Symbol.asyncDispose]();
      expect(() => ended.spawn(nothing)).toThrow(Error);
    });
  });

  test("refuses what cannot be disposed", () => {
    const stack = new AsyncExitStack();
    expect(() => stack.use({} as never)).toThrow(TypeError);
    expect(() => stack.use(undefined as never)).toThrow(TypeError);
    expect(() => stack.defer(Promise.resolve() as never)).toThrow(TypeError);
    expect(() => stack.push(1 as never)).toThrow(TypeError);
  });

  test("works outside a run too, without a bound", async () => {
    const log: string[] = [];
    {
      await using stack = new AsyncExitStack();
      stack.defer(() => void log.push("left"));
    }
    expect(log).toEqual(["left"]);
  });
});
