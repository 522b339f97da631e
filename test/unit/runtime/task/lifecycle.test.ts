/** Section A of the cases: how tasks begin, are cancelled, counted and end. */
import { expect, test } from "vitest";
import {
  CancelledError,
  ExceptionGroup,
  FatalError,
  TaskCancelledError,
  TaskNotFinished,
  UsageError,
  cancelScope,
  cancellable,
  checkpoint,
  createTask,
  currentSignal,
  currentTask,
  race,
  shielded,
  sleep,
  taskGroup,
  waitFor,
  type Observer,
} from "../../../../src-runtime/index.ts";
import { inRun, settle } from "../sync/run.ts";
import { caught } from "./caught.ts";

const forever = (): Promise<void> => sleep(1e9);

test("A01 a task cancelled before it starts never runs, and its error carries the reason", () =>
  inRun(async () => {
    let ran = false;
    const task = createTask(async () => {
      ran = true;
    });
    expect(task.cancel("not now")).toBe(true);
    const error = (await caught(task)) as TaskCancelledError;
    expect(error).toBeInstanceOf(TaskCancelledError);
    expect(error.cause).toBeInstanceOf(CancelledError);
    expect(error.cause).toMatchObject({ reason: "not now", source: "explicit", by: currentTask().id });
    expect(ran).toBe(false);
    expect(task.cancelled()).toBe(true);
    expect(task.state).toBe("cancelled");
  }));

test("A02 a task launched and cancelled at once never enters its body, in a group neither", () =>
  inRun(async () => {
    let entered = 0;
    await taskGroup(async (tg) => {
      tg.createTask(async () => void entered++).cancel();
    });
    createTask(async () => void entered++).cancel();
    await settle();
    expect(entered).toBe(0);
  }));

test("A03 an eager task has run its first step before it can be cancelled; the cancel comes at its next wait", () =>
  inRun(async () => {
    const log: string[] = [];
    const task = createTask(
      async () => {
        log.push("begun");
        await checkpoint();
        log.push("never");
      },
      { start: "eager" },
    );
    expect(log).toEqual(["begun"]);
    task.cancel();
    await task.settled();
    expect(task.cancelled()).toBe(true);
    expect(log).toEqual(["begun"]);
  }));

test("A04 a child spawned where all is cancelled never begins, and ends as cancelled before its start", async () => {
  const ends: unknown[] = [];
  const observer: Observer = {
    onEvent(event) {
      if (event.kind === "task.cancelled") ends.push(event["beforeStart"]);
    },
  };
  await inRun(
    async () => {
      let began = 0;
      await cancelScope(async (scope) => {
        scope.cancel();
        await taskGroup(async (tg) => {
          tg.createTask(async () => void began++);
          const eager = tg.createTask(async () => void began++, { start: "eager" });
          expect(eager.cancelled()).toBe(true);
        });
      });
      expect(began).toBe(0);
      expect(ends).toEqual([1, 1]);
    },
    { observers: [observer] },
  );
});

test("A06 cancelling a finished task is refused and changes nothing", () =>
  inRun(async () => {
    const done = createTask(async () => 1);
    await done;
    expect(done.cancel("late")).toBe(false);
    expect([done.cancelling(), done.cancelRequests, done.cancelled(), done.result()]).toEqual([0, [], false, 1]);
    const cancelled = createTask(forever);
    cancelled.cancel("first");
    await cancelled.settled();
    expect(cancelled.cancel("second")).toBe(false);
    expect(cancelled.cancelRequests.map(({ reason }) => reason)).toEqual(["first"]);
  }));

test("A07 cancelling a group whose child has just finished reports nothing", () =>
  inRun(async ({ reports }) => {
    await taskGroup(async (tg) => {
      const child = tg.createTask(async () => undefined);
      await child;
      tg.cancel();
    });
    await taskGroup(async (tg) => {
      tg.createTask(async () => undefined, { start: "eager" });
      tg.cancel();
    });
    await settle();
    expect(reports).toEqual([]);
  }));

test("A09 cancelling a scope twice is one cancellation, which the scope absorbs", () =>
  inRun(async () => {
    let seen = 0;
    const result = await cancelScope(async (scope) => {
      scope.cancel("one");
      scope.cancel("two");
      await checkpoint().catch((error: unknown) => {
        seen++;
        expect(error).toMatchObject({ reason: "one" });
        throw error;
      });
    });
    expect(seen).toBe(1);
    expect(result).toEqual({ cancelled: true });
  }));

test("A10 a caught cancellation is thrown again by the next wait, and the next", () =>
  inRun(async () => {
    let thrown = 0;
    await cancelScope(async (scope) => {
      scope.cancel();
      const waits = [
        checkpoint,
        () => sleep(0),
        () => sleep(5),
        () => createTask(async () => 1),
        () => createTask(async () => 1).settled(),
        () => cancellable(Promise.resolve()),
        () => taskGroup(async (tg) => tg.start(async (started: () => void) => started())),
      ];
      for (const wait of waits) {
        expect(await caught(wait() as PromiseLike<unknown>)).toBeInstanceOf(CancelledError);
        thrown++;
      }
    });
    expect(thrown).toBe(7);
  }));

test("A12 a task that catches its cancel and returns has completed, and ignored it", async () => {
  const ignored: unknown[] = [];
  await inRun(
    async () => {
      const task = createTask(
        async () => {
          await forever().catch(() => undefined);
          return 42;
        },
        { name: "stubborn" },
      );
      await settle();
      task.cancel();
      expect(await task).toBe(42);
      expect(task.cancelled()).toBe(false);
      expect(task.state).toBe("completed");
      expect(task.cancelRequested).toBe(true);
      expect(ignored).toEqual(["stubborn"]);
    },
    {
      observers: [{ onEvent: ({ kind, taskName }) => void (kind === "cancel.ignored" && ignored.push(taskName)) }],
    },
  );
});

test("A13 a task that swallows its cancel is thrown it again by a runtime wait, while a plain promise is waited for", () =>
  inRun(async () => {
    const log: string[] = [];
    const task = createTask(async () => {
      await forever().catch(() => log.push("caught"));
      log.push(await Promise.resolve("plain"));
      await forever().catch(() => log.push("caught again"));
      return "done";
    });
    await settle();
    task.cancel();
    expect(await task).toBe("done");
    expect(log).toEqual(["caught", "plain", "caught again"]);
  }));

test("A14 uncancel lets the task live; a second cancel ends it; on a task that has ended it does nothing", () =>
  inRun(async ({ clock }) => {
    const counts: number[] = [];
    const task = createTask(async () => {
      await forever().catch(() => counts.push(currentTask().cancelling(), currentTask().uncancel()));
      await sleep(10);
      counts.push(-1);
      await forever();
    });
    await settle();
    task.cancel("first");
    await settle();
    expect(counts).toEqual([1, 0]);
    expect(task.state).toBe("suspended");
    await clock.advance(10);
    expect(counts).toEqual([1, 0, -1]);
    task.cancel("second");
    expect(await caught(task)).toMatchObject({ cause: { reason: "second" } });
    expect(task.cancelling()).toBe(1);
    expect(task.uncancel()).toBe(1);
    expect(task.cancelled()).toBe(true);
  }));

test("A16 a timeout made by hand of cancel and uncancel tells its own cancel from another", () =>
  inRun(async ({ clock }) => {
    class HandTimeout extends Error {}
    async function byHand<T>(ms: number, body: () => Promise<T>): Promise<T> {
      const host = currentTask();
      let isOver = false;
      const timer = createTask(async () => {
        await sleep(ms);
        isOver = true;
        host.cancel();
      });
      try {
        return await body();
      } catch (error) {
        if (isOver && host.uncancel() === 0) throw new HandTimeout();
        throw error;
      } finally {
        timer.cancel();
      }
    }
    const task = createTask(async () => {
      const error = await caught(byHand(10, forever));
      await checkpoint();
      return [error, await byHand(10, async () => "quick"), currentTask().cancelling()];
    });
    await clock.advance(20);
    const [error, value, count] = await task;
    expect(error).toBeInstanceOf(HandTimeout);
    expect([value, count]).toEqual(["quick", 0]);
  }));

test("A17 a task that cancels itself is cancelled at its next wait", () =>
  inRun(async () => {
    const task = createTask(async () => {
      currentTask().cancel("enough");
      await sleep(100_000);
    });
    expect(await caught(task)).toMatchObject({ cause: { reason: "enough", by: task.id } });
  }));

test("A18 a cancel that was never thrown leaves the value: the task has completed", () =>
  inRun(async () => {
    const task = createTask(async () => {
      currentTask().cancel();
      return 12;
    });
    expect(await task).toBe(12);
    expect(task.cancelled()).toBe(false);
    expect(task.cancelling()).toBe(1);
    expect(task).toMatchObject({ cancelUnobserved: true, cancelIgnored: false });
  }));

test("A19 a cancelled awaiter leaves the task it awaits alone", () =>
  inRun(async ({ clock }) => {
    const inner = createTask(async () => {
      await sleep(10);
      return "inner";
    });
    const outer = createTask(async () => {
      currentTask().cancel();
      return inner;
    });
    await outer.settled();
    expect(outer.cancelled()).toBe(true);
    const late = createTask(async () => inner.join());
    await settle();
    late.cancel();
    await late.settled();
    expect([inner.cancelRequested, inner.done()]).toEqual([false, false]);
    await clock.advance(10);
    expect(inner.result()).toBe("inner");
  }));

test("A21 the awaiter of a task cancelled by somebody else fails by an ordinary error, and is not cancelled", () =>
  inRun(async () => {
    const inner = createTask(forever);
    const outer = createTask(async () => inner);
    await settle();
    inner.cancel();
    expect(await caught(outer)).toBeInstanceOf(TaskCancelledError);
    expect(outer.cancelled()).toBe(false);
    expect(outer.state).toBe("failed");
    const caring = createTask(() => inner.join().catch(() => sleep(0).then(() => "went on")));
    expect(await caring).toBe("went on");
  }));

test("A22 a cancelled task is cancelling, then cancelled; awaiting it throws TaskCancelledError of its cancellation", () =>
  inRun(async () => {
    const running = createTask(forever);
    await settle();
    running.cancel("why");
    expect(running.state).toBe("cancelling");
    const unstarted = createTask(forever);
    unstarted.cancel("why");
    expect(unstarted.state).toBe("cancelling");
    for (const task of [running, unstarted]) {
      const error = await caught(task);
      expect(error).toBeInstanceOf(TaskCancelledError);
      expect((error as Error).cause).toBeInstanceOf(CancelledError);
      expect(task.state).toBe("cancelled");
    }
    await checkpoint();
    expect(currentTask().cancelling()).toBe(0);
  }));

test("A24 a failed task throws its very error, and the group still throws its group", () =>
  inRun(async () => {
    const boom = new Error("boom");
    let seen: unknown;
    const error = await caught(
      taskGroup(async (tg) => {
        const child = tg.createTask(async () => Promise.reject(boom));
        await shielded(async () => {
          seen = await caught(child);
          expect(child.state).toBe("failed");
          expect(child.exception()).toBe(boom);
          expect(() => child.result()).toThrow(boom);
        });
      }),
    );
    expect(seen).toBe(boom);
    expect((error as ExceptionGroup).errors).toEqual([boom]);
  }));

test("A25 the reason of a cancel comes back as it was, whatever it is", () =>
  inRun(async () => {
    for (const reason of [5, "my message", undefined, null, { a: 1 }, new Error("as a reason")]) {
      const task = createTask(forever);
      await settle();
      task.cancel(reason);
      const error = (await caught(task)) as Error;
      expect((error.cause as CancelledError).reason).toBe(reason);
      expect(task.cancelRequests[0]?.reason).toBe(reason);
    }
  }));

test("A27 a fatal error thrown while being cancelled is the task's outcome", () =>
  inRun(async () => {
    class Exit extends FatalError {}
    const exit = new Exit("out");
    const task = createTask(() =>
      forever().catch(() => {
        throw exit;
      }),
    );
    await settle();
    task.cancel();
    expect(await caught(task)).toBe(exit);
    expect([task.cancelled(), task.exception()]).toEqual([false, exit]);
  }));

test("A28 an ordinary error takes the place of the cancellation", () =>
  inRun(async () => {
    class MyError extends Error {}
    const error = (await caught(
      taskGroup(async (tg) => {
        tg.cancel();
        await forever().catch(() => {
          throw new MyError();
        });
      }),
    )) as ExceptionGroup;
    expect(error).toBeInstanceOf(ExceptionGroup);
    expect(error.errors).toEqual([expect.any(MyError)]);
    const task = createTask(async () => {
      try {
        await forever();
      } catch (cancelled) {
        throw new MyError("wrapped", { cause: cancelled });
      }
    });
    await settle();
    task.cancel();
    await task.settled();
    expect(task.state).toBe("failed");
    expect(task.exception()).toBeInstanceOf(MyError);
  }));

test("A30 a race's loser does not go on after its child, and its cleanup is over before the winner comes out", () =>
  inRun(async ({ clock }) => {
    const log: string[] = [];
    const winner = createTask(() =>
      race([
        async () => {
          await sleep(1);
          return "winner";
        },
        async () => {
          await taskGroup(async (tg) => {
            tg.createTask(async () => {
              try {
                await forever();
              } finally {
                await shielded(() => sleep(10));
                log.push("cleaned up");
              }
            });
          });
          log.push("resurrected");
          return "loser";
        },
      ]),
    );
    await clock.advance(5);
    expect([winner.done(), log]).toEqual([false, []]);
    await clock.advance(6);
    expect(await winner).toBe("winner");
    expect(log).toEqual(["cleaned up"]);
  }));

test("A31 waiting for a cancelled task waits for its asynchronous cleanup", () =>
  inRun(async ({ clock }) => {
    let isClean = false;
    const task = createTask(async () => {
      try {
        await forever();
      } finally {
        await shielded(() => sleep(10));
        isClean = true;
      }
    });
    await settle();
    task.cancel();
    const settled = task.settled();
    await clock.advance(9);
    expect(task.done()).toBe(false);
    await clock.advance(1);
    expect((await settled).status).toBe("cancelled");
    expect(isClean).toBe(true);
  }));

test("A33 an error of the cleanup comes out instead of the cancellation, however often it is asked for", () =>
  inRun(async () => {
    const boom = new Error("cleanup");
    let child: ReturnType<typeof createTask> | undefined;
    const parent = createTask(() =>
      taskGroup(async (tg) => {
        child = tg.createTask(() =>
          forever().finally(() => {
            throw boom;
          }),
        );
      }),
    );
    await settle();
    parent.cancel();
    const first = await caught(parent);
    expect(first).toBeInstanceOf(ExceptionGroup);
    expect((first as ExceptionGroup).errors).toEqual([boom]);
    expect(await caught(parent)).toBe(first);
    expect(await caught(child!)).toBe(boom);
  }));

test("A34 the error of a child and that of the parent's cleanup are both kept, the parent's last", () =>
  inRun(async () => {
    const error = (await caught(
      taskGroup(async (tg) => {
        tg.createTask(async () => {
          throw new Error("boom");
        });
        try {
          await forever();
        } finally {
          // oxlint-disable-next-line no-unsafe-finally -- That is the case.
          throw new Error("bang");
        }
      }),
    )) as ExceptionGroup;
    expect(error.errors.map(({ message }: Error) => message)).toEqual(["boom", "bang"]);
  }));

test("A36 a task may cancel itself; joining itself is an error", () =>
  inRun(async () => {
    const task = createTask(async () => {
      expect(currentTask().cancel()).toBe(true);
      await forever();
    });
    expect((await task.settled()).status).toBe("cancelled");
    const selfish = createTask(() => currentTask().join());
    expect(await caught(selfish)).toBeInstanceOf(UsageError);
  }));

test("A37 a task that awaits itself throws at once, in whichever way it waits", () =>
  inRun(async () => {
    const ways: (() => PromiseLike<unknown>)[] = [
      () => currentTask(),
      () => currentTask().join(),
      () => currentTask().settled(),
      () => waitFor(currentTask(), 10),
      () => cancelScope(async () => currentTask().join()),
      // Resolving a promise with the task awaits it.
      () => Promise.resolve(currentTask()),
    ];
    for (const way of ways) {
      const task = createTask(async () => way());
      const error = await caught(task);
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message).toContain("awaits itself");
    }
  }));

test("A39 an abort listener is called once, whoever cancels, and the cancel comes though a shield came later", () =>
  inRun(async () => {
    let aborts = 0;
    const task = createTask(async () => {
      await cancelScope(async (outer) => {
        await cancelScope(async (inner) => {
          currentSignal().addEventListener("abort", () => aborts++);
          inner.cancel();
          outer.cancel();
          currentTask().cancel();
          await shielded(() => sleep(0));
          await checkpoint();
          throw new Error("not reached");
        });
      });
    });
    expect((await task.settled()).status).toBe("cancelled");
    expect(aborts).toBe(1);
  }));

test("A40 a cancel waits for the end of a shielded block, and who asked is kept", () =>
  inRun(async ({ clock }) => {
    const task = createTask(async () => {
      await shielded(() => sleep(10));
      await checkpoint();
    });
    await settle();
    const actor = createTask(async () => task.cancel("why"), { name: "actor" });
    await actor;
    await clock.advance(9);
    expect(task.done()).toBe(false);
    await clock.advance(1);
    expect(await caught(task)).toMatchObject({ cause: { reason: "why", by: actor.id, source: "explicit" } });
    expect(task.cancelRequests).toEqual([expect.objectContaining({ by: actor.id, reason: "why" })]);
  }));

test("A42 a catch-all sees a cancellation as everything else, but cannot keep it: every wait throws again", () =>
  inRun(async () => {
    let attempts = 0;
    const log: string[] = [];
    const task = createTask(async () => {
      try {
        while (attempts < 3) {
          try {
            await forever();
          } catch {
            attempts++;
          }
        }
        await checkpoint();
      } finally {
        log.push("finalizer");
      }
    });
    await settle();
    task.cancel();
    expect((await task.settled()).status).toBe("cancelled");
    expect([attempts, log]).toEqual([3, ["finalizer"]]);
  }));

test("A43 a value that comes after the cancel is dropped", () =>
  inRun(async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const log: string[] = [];
    const task = createTask(async () => {
      try {
        log.push(await cancellable(promise));
      } finally {
        await Promise.resolve();
        resolve("late");
        await Promise.resolve();
      }
    });
    await settle();
    task.cancel();
    expect((await task.settled()).status).toBe("cancelled");
    expect(log).toEqual([]);
  }));

test("A44 the signal given to a promise-returning function is aborted by the cancel, with the CancelledError", () =>
  inRun(async () => {
    let signal: AbortSignal | undefined;
    const task = createTask(async () => {
      signal = currentSignal();
      await new Promise<void>((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal?.reason as Error));
      });
    });
    await settle();
    expect(signal?.aborted).toBe(false);
    task.cancel("stop");
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toBeInstanceOf(CancelledError);
    expect((await task.settled()).status).toBe("cancelled");
  }));

test("A46 synchronous code does not let a child run early", () =>
  inRun(async () => {
    const order: number[] = [];
    order.push(1);
    const child = createTask(async () => void order.push(3));
    order.push(2);
    await child;
    order.push(4);
    expect(order).toEqual([1, 2, 3, 4]);
  }));

test("an outcome asked for too early is TaskNotFinished, and a cancelled task's is its TaskCancelledError", () =>
  inRun(async () => {
    const task = createTask(forever);
    expect(() => task.result()).toThrow(TaskNotFinished);
    expect(() => task.exception()).toThrow(TaskNotFinished);
    task.cancel();
    expect(() => task.result()).toThrow(TaskNotFinished);
    const settled = await task.settled();
    expect(() => task.result()).toThrow(TaskCancelledError);
    expect(task.exception()).toBe(settled.status === "cancelled" ? settled.error : undefined);
    expect(task.exception()).toBeInstanceOf(TaskCancelledError);
    const done = createTask(async () => "value");
    expect(await done.settled()).toEqual({ status: "completed", value: "value" });
    expect([done.result(), done.exception()]).toEqual(["value", null]);
  }));
