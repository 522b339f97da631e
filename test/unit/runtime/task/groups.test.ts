/** Section B of the cases: task groups, supervisors, and `start()`. */
import { expect, test } from "vitest";
import {
  CancelledError,
  ContextVar,
  ExceptionGroup,
  FatalError,
  TaskCancelledError,
  TaskGroupClosed,
  UsageError,
  cancelScope,
  checkpoint,
  createTask,
  currentTask,
  getSuppressed,
  scope,
  shielded,
  sleep,
  supervisorGroup,
  taskGroup,
  type Task,
  type TaskGroup,
} from "../../../../src-runtime/index.ts";
import { inRun, settle } from "../sync/run.ts";
import { caught } from "./caught.ts";

class ZeroDivision extends Error {}
class MyExc extends Error {}

const forever = (): Promise<void> => sleep(1e9);
const divideByZero = async (): Promise<never> => {
  throw new ZeroDivision();
};
const divideInFinally = (): Promise<void> =>
  forever().finally(() => {
    throw new ZeroDivision();
  });

/** The classes of a tree of errors. */
function shape(error: unknown): unknown {
  if (error instanceof AggregateError) return (error.errors as unknown[]).map(shape);
  return (error as Error).constructor.name;
}

test("B01 a group waits for all children", () =>
  inRun(async ({ clock }) => {
    const group = createTask(() =>
      taskGroup(async (tg) => [
        tg.createTask(() => sleep(100).then(() => 42)),
        tg.createTask(() => sleep(200).then(() => 11)),
      ]),
    );
    await clock.advance(199);
    expect(group.done()).toBe(false);
    await clock.advance(1);
    const tasks = await group;
    expect(tasks?.map((task) => task.result())).toEqual([42, 11]);
  }));

test("B02 a child is added while the body runs, when another has ended", () =>
  inRun(async () => {
    const results = await taskGroup(async (tg) => {
      const first = tg.createTask(async () => 1);
      await first;
      expect(tg.size).toBe(0);
      return [first, tg.createTask(async () => 2)];
    });
    expect(results?.map((task) => task.result())).toEqual([1, 2]);
  }));

test("B04 a failing child cancels its siblings, and the code after the block is not reached", () =>
  inRun(async () => {
    let sibling: Task<void> | undefined;
    const log: string[] = [];
    const error = await caught(
      (async () => {
        await taskGroup(async (tg) => {
          tg.createTask(divideByZero);
          sibling = tg.createTask(forever);
        });
        log.push("after");
      })(),
    );
    expect(shape(error)).toEqual(["ZeroDivision"]);
    expect(sibling?.cancelled()).toBe(true);
    expect(sibling?.cancelRequests).toEqual([expect.objectContaining({ source: "group" })]);
    expect(log).toEqual([]);
  }));

test("B05 several fail in one step: the body and the others are cancelled, and only the errors come out", () =>
  inRun(async () => {
    let sibling: Task<void> | undefined;
    let bodySaw: unknown;
    const error = await caught(
      taskGroup(async (tg) => {
        sibling = tg.createTask(forever);
        for (let n = 0; n < 3; n++) tg.createTask(divideByZero);
        await forever().catch((cancelled: unknown) => {
          bodySaw = cancelled;
          throw cancelled;
        });
      }),
    );
    expect(shape(error)).toEqual(["ZeroDivision", "ZeroDivision", "ZeroDivision"]);
    expect(bodySaw).toBeInstanceOf(CancelledError);
    expect(bodySaw).toMatchObject({ source: "group" });
    expect(sibling?.cancelled()).toBe(true);
  }));

test("B07 errors of children win over a cancel from outside, which the next wait throws", () =>
  inRun(async () => {
    let next: unknown;
    let error: unknown;
    const parent = createTask(async () => {
      error = await caught(
        taskGroup(async (tg) => {
          for (let n = 0; n < 5; n++) tg.createTask(divideInFinally);
          await forever();
        }),
      );
      next = await caught(checkpoint());
      throw next;
    });
    await settle();
    parent.cancel();
    expect((await parent.settled()).status).toBe("cancelled");
    expect(shape(error)).toEqual(Array.from({ length: 5 }, () => "ZeroDivision"));
    expect(next).toBeInstanceOf(CancelledError);
  }));

test.each([0, 1])("B08 an error of the body cancels the children (%i waits before it)", (waits) =>
  inRun(async () => {
    let child: Task<void> | undefined;
    const error = await caught(
      taskGroup(async (tg) => {
        child = tg.createTask(forever);
        for (let n = 0; n < waits; n++) await checkpoint();
        throw new ZeroDivision();
      }),
    );
    expect(shape(error)).toEqual(["ZeroDivision"]);
    expect(child?.cancelled()).toBe(true);
  }),
);

test("B10 a child of the outer group fails while the inner group waits: one flat group", () =>
  inRun(async () => {
    let inner: unknown;
    const error = await caught(
      taskGroup(async (outer) => {
        outer.createTask(async () => {
          await checkpoint();
          throw new MyExc();
        });
        await taskGroup(async (tg) => {
          tg.createTask(forever);
        }).catch((thrown: unknown) => {
          inner = thrown;
          throw thrown;
        });
      }),
    );
    expect(shape(error)).toEqual(["MyExc"]);
    expect(inner).toBeInstanceOf(CancelledError);
  }));

test("B11 a child of the inner group fails: a group in a group", () =>
  inRun(async () => {
    const error = await caught(
      taskGroup(async (outer) => {
        outer.createTask(forever);
        await taskGroup(async (inner) => {
          inner.createTask(divideByZero);
          await forever();
        });
      }),
    );
    expect(shape(error)).toEqual([["ZeroDivision"]]);
  }));

test("B13 a child fails and the body throws for it: both, the body's last", () =>
  inRun(async () => {
    const error = await caught(
      taskGroup(async (tg) => {
        tg.createTask(divideByZero);
        await forever().finally(() => {
          throw new MyExc();
        });
      }),
    );
    expect(shape(error)).toEqual(["ZeroDivision", "MyExc"]);
  }));

test("B14 a fatal error comes out bare, of the body or a child; the other errors are kept with it", () =>
  inRun(async () => {
    class Stop extends FatalError {}
    const stop = new Stop("stop");
    const ofBody = await caught(
      taskGroup(async (tg) => {
        tg.createTask(divideByZero);
        await forever().finally(() => {
          throw stop;
        });
      }),
    );
    expect(ofBody).toBe(stop);
    expect(getSuppressed(stop).map(shape)).toEqual(["ZeroDivision"]);
    const ofChild = new Stop("child");
    for (const group of [taskGroup, supervisorGroup]) {
      let sibling: Task<void> | undefined;
      const error = await caught(
        group(async (tg) => {
          sibling = tg.createTask(forever);
          await taskGroup(async (inner) => {
            inner.createTask(async () => Promise.reject(ofChild));
            await forever();
          });
        }),
      );
      expect(error).toBe(ofChild);
      expect(sibling?.cancelled()).toBe(true);
    }
  }));

test("B16 children spawn children when the body has ended", () =>
  inRun(async () => {
    const log: string[] = [];
    await taskGroup(async (tg) => {
      tg.createTask(async () => {
        await checkpoint();
        tg.createTask(() => sleep(0).then(() => void log.push("first")));
        tg.createTask(async () => void log.push("second"));
      });
    });
    expect(log.toSorted()).toEqual(["first", "second"]);
  }));

test("B17 a hydra is stopped by the first error, also where heads have just woken", () =>
  inRun(async ({ clock }) => {
    let count = 0;
    async function head(tg: TaskGroup): Promise<void> {
      count++;
      await sleep(10);
      tg.createTask(() => head(tg));
      tg.createTask(() => head(tg));
    }
    async function hercules(): Promise<void> {
      while (count < 10) await sleep(15);
      throw new ZeroDivision();
    }
    const group = createTask(() =>
      caught(
        taskGroup(async (tg) => {
          tg.createTask(() => head(tg));
          tg.createTask(hercules);
        }),
      ),
    );
    await clock.advance(100);
    expect(shape(await group)).toEqual(["ZeroDivision"]);
    expect(count).toBeLessThan(40);
  }));

test("a child or body that is refused a task by the failing group adds no error of its own", () =>
  inRun(async () => {
    let refused: unknown;
    const error = await caught(
      taskGroup(async (tg) => {
        tg.createTask(async () => {
          await checkpoint();
          throw new MyExc();
        });
        const spawning = tg.createTask(async () => {
          await caught(forever());
          tg.createTask(forever);
        });
        await caught(forever());
        refused = await shielded(() => caught(spawning));
        tg.createTask(forever);
      }),
    );
    expect(shape(error)).toEqual(["MyExc"]);
    expect(refused).toBeInstanceOf(TaskGroupClosed);
  }));

test("B19 no child after the end; a refused function is never called", () =>
  inRun(async () => {
    let group: TaskGroup | undefined;
    let calls = 0;
    const call = async (): Promise<void> => void calls++;
    await taskGroup(async (tg) => {
      group = tg;
    });
    expect(() => group?.createTask(call)).toThrow(TaskGroupClosed);
    expect(await caught(group!.start(call))).toBeInstanceOf(TaskGroupClosed);
    await taskGroup(async (tg) => {
      group = tg;
      throw new MyExc();
    }).catch(() => undefined);
    expect(() => group?.createTask(call)).toThrow(TaskGroupClosed);
    await settle();
    expect(calls).toBe(0);
  }));

test("B20 a group takes children while it waits for its last, and none after its end", () =>
  inRun(async () => {
    let group: TaskGroup | undefined;
    let late: Task<string> | undefined;
    await taskGroup(async (tg) => {
      group = tg;
      const last = tg.createTask(async () => checkpoint());
      // In the very step in which the group has become empty.
      last.addDoneCallback(() => {
        late = tg.createTask(() => checkpoint().then(() => "late"));
      });
    });
    expect(late?.result()).toBe("late");
    expect(() => group?.createTask(forever)).toThrow(TaskGroupClosed);
  }));

test("B22 a group's cancel is not counted", () =>
  inRun(async () => {
    const counts: number[] = [];
    await caught(
      taskGroup(async (tg) => {
        tg.createTask(divideByZero);
        await forever().finally(() => counts.push(currentTask().cancelling()));
      }),
    );
    counts.push(currentTask().cancelling());
    await checkpoint();
    expect(counts).toEqual([0, 0]);
  }));

test("B23 inner and outer group fail in one step: each error is seen at its own level", () =>
  inRun(async () => {
    let inner: unknown;
    let next: unknown;
    const outer = await caught(
      taskGroup(async (tg) => {
        tg.createTask(async () => {
          throw new MyExc();
        });
        inner = await caught(
          taskGroup(async (tg2) => {
            tg2.createTask(divideByZero);
            await forever();
          }),
        );
        next = await caught(checkpoint());
        throw next;
      }),
    );
    expect(shape(inner)).toEqual(["ZeroDivision"]);
    expect(next).toBeInstanceOf(CancelledError);
    expect(shape(outer)).toEqual(["MyExc"]);
    await checkpoint();
    expect(currentTask().cancelling()).toBe(0);
  }));

test("B25 a resource of the body throws as it is released for a child's error: both errors, no cancellation", () =>
  inRun(async () => {
    const error = await caught(
      taskGroup(async (tg) => {
        tg.createTask(async () => {
          throw new MyExc("child");
        });
        await using _database = {
          async [Symbol.asyncDispose]() {
            throw new MyExc("exit");
          },
        };
        await forever();
      }),
    );
    expect((error as ExceptionGroup).errors.map(({ message }: Error) => message)).toEqual(["child", "exit"]);
    expect(shape(error)).toEqual(["MyExc", "MyExc"]);
    expect(currentTask().cancelling()).toBe(0);
  }));

test("B26 a child has the name it was given, else its function's", () =>
  inRun(async () => {
    await taskGroup(async (tg) => {
      async function fetcher(): Promise<void> {}
      expect(tg.createTask(forever, { name: "named" }).name).toBe("named");
      expect(tg.createTask(fetcher).name).toBe("fetcher");
      expect(tg.createTask(async () => undefined).name).toMatch(/^task \d+$/);
      await tg.start(async (started: () => void) => {
        expect(currentTask().name).toMatch(/^task \d+$/);
        started();
      });
      tg.cancel();
    });
  }));

test("B28 an empty group lets another task that is ready run", () =>
  inRun(async () => {
    for (let round = 0; round < 2; round++) {
      let ran = false;
      const other = createTask(async () => void (ran = true));
      await taskGroup(async () => undefined);
      expect(ran).toBe(true);
      await other;
    }
  }));

test("B29 the text of a cancellation has the reason and the name of the task that cancelled", () =>
  inRun(async () => {
    const errors: unknown[] = [];
    await taskGroup(async (tg) => {
      tg.createTask(() => forever().catch((error: unknown) => void errors.push(error)));
      await checkpoint();
      tg.createTask(async () => tg.cancel("test reason"), { name: "the canceller" });
    });
    await cancelScope(async (block) => {
      block.cancel("scope reason");
      errors.push(await caught(checkpoint()));
    });
    expect(String(errors[0])).toContain("test reason");
    expect(String(errors[0])).toContain("the canceller");
    expect(String(errors[1])).toContain("scope reason");
    expect(String(errors[1])).toContain(currentTask().name);
  }));

test("B31 start() waits for started() and gives its value; the group waits for the child", () =>
  inRun(async ({ clock }) => {
    let isOver = false;
    let value: string | undefined;
    const group = createTask(() =>
      taskGroup(async (tg) => {
        value = await tg.start(async (started: (port: string) => void) => {
          await sleep(10);
          started("foo");
          await sleep(10);
          isOver = true;
        });
      }),
    );
    await clock.advance(9);
    expect(value).toBeUndefined();
    await clock.advance(1);
    expect([value, isOver, group.done()]).toEqual(["foo", false, false]);
    await clock.advance(10);
    await group;
    expect(isOver).toBe(true);
  }));

test("B32 a child that fails before started() fails start(), bare, and not the group", () =>
  inRun(async () => {
    const result = await taskGroup(async (tg) => {
      const error = await caught(
        tg.start(async () => {
          throw new MyExc("early");
        }),
      );
      expect(error).toBeInstanceOf(MyExc);
      await checkpoint();
      return "fine";
    });
    expect(result).toBe("fine");
  }));

test("B34 a child that ends without started() is an error that says so", () =>
  inRun(async () => {
    await taskGroup(async (tg) => {
      const error = await caught(tg.start(async () => undefined, { name: "server" }));
      expect(error).toBeInstanceOf(UsageError);
      expect(String(error)).toContain("server");
      expect(String(error)).toContain("started()");
    });
  }));

test("B35 started() twice is an error", () =>
  inRun(async () => {
    const error = await caught(
      taskGroup(async (tg) => {
        await tg.start(async (started: (n: number) => void) => {
          started(1);
          started(2);
        });
      }),
    );
    expect(shape(error)).toEqual(["UsageError"]);
  }));

test("B37 start() in a cancelled group throws the cancel, its child never begins; one begun is cancelled", () =>
  inRun(async () => {
    const log: string[] = [];
    await taskGroup(async (tg) => {
      tg.cancel();
      const error = await caught(tg.start(async () => void log.push("begun")));
      expect(error).toBeInstanceOf(CancelledError);
      throw error;
    });
    await taskGroup(async (tg) => {
      tg.createTask(async () => checkpoint().then(() => tg.cancel()));
      await tg.start(async (started: () => void) => {
        log.push("second begun");
        await forever();
        started();
        log.push("second finished");
      });
    });
    expect(log).toEqual(["second begun"]);
  }));

test("B38 a failing sibling in the inner group cancels a start() in the outer", () =>
  inRun(async () => {
    let finished = false;
    const error = await caught(
      taskGroup(async (outer) => {
        await taskGroup(async (inner) => {
          inner.createTask(async () => {
            await checkpoint();
            throw new MyExc();
          });
          await outer.start(async (started: () => void) => {
            await forever();
            started();
            finished = true;
          });
        });
      }),
    );
    expect(shape(error)).toEqual([["MyExc"]]);
    expect(finished).toBe(false);
  }));

test("B40 a group that waits for its children is cancelled: they get it, and it waits on until they have ended", () =>
  inRun(async ({ clock }) => {
    let isClean = false;
    const parent = createTask(() =>
      taskGroup(async (tg) => {
        tg.createTask(async () => {
          try {
            await forever();
          } finally {
            await shielded(() => sleep(10));
            isClean = true;
          }
        });
      }),
    );
    await settle();
    parent.cancel();
    await clock.advance(9);
    expect(parent.done()).toBe(false);
    await clock.advance(1);
    expect((await parent.settled()).status).toBe("cancelled");
    expect(isClean).toBe(true);
  }));

test("B41 an empty group in a cancelled scope raises nothing by itself", () =>
  inRun(async () => {
    const result = await cancelScope(async (block) => {
      block.cancel();
      return taskGroup(async () => "value");
    });
    expect(result).toEqual({ cancelled: false, value: "value" });
  }));

test("B43 two tasks fail in their cleanup in nested groups: the two errors and no cancellation", () =>
  inRun(async () => {
    const error = await caught(
      taskGroup(async (outer) => {
        outer.createTask(divideInFinally);
        outer.createTask(() =>
          taskGroup(async (inner) => {
            inner.createTask(() =>
              forever().finally(() => {
                throw new MyExc();
              }),
            );
            inner.createTask(forever);
          }),
        );
        await checkpoint();
        outer.cancel();
      }),
    );
    expect(shape(error)).toEqual(expect.arrayContaining(["ZeroDivision", ["MyExc"]]));
    expect((error as ExceptionGroup).errors).toHaveLength(2);
  }));

test("B44 a scope takes the cancellation out of a group that the program made; cause and message stay", () =>
  inRun(async () => {
    const cause = new Error("the cause");
    for (const makeGroup of [
      (errors: unknown[]) => new ExceptionGroup(errors, "mine"),
      (errors: unknown[]) => new AggregateError(errors, "mine"),
    ]) {
      const thrown = await caught(
        cancelScope(async (block) => {
          block.cancel();
          const cancelled = await caught(checkpoint());
          const group = makeGroup([new MyExc("real"), cancelled]);
          group.cause = cause;
          throw group;
        }),
      );
      expect(thrown).toBeInstanceOf(ExceptionGroup);
      expect(shape(thrown)).toEqual(["MyExc"]);
      expect(thrown).toMatchObject({ message: "mine", cause });
    }
    const onlyCancelled = await cancelScope(async (block) => {
      block.cancel();
      await Promise.any([checkpoint(), forever()]);
    });
    expect(onlyCancelled).toEqual({ cancelled: true });
  }));

test("B46 cancellations of several scopes go up to the outermost; only the real error comes out", () =>
  inRun(async () => {
    const log: string[] = [];
    let error: unknown;
    const result = await cancelScope(async (outer) => {
      error = await caught(
        taskGroup(async (tg) => {
          tg.createTask(forever);
          tg.createTask(() => forever().finally(() => log.push("cancelled")));
          tg.createTask(async () => {
            await checkpoint();
            outer.cancel();
            await forever();
          });
          tg.createTask(async () => {
            await shielded(() => settle());
            throw new ZeroDivision();
          });
          await forever();
        }),
      );
      await checkpoint();
    });
    expect(shape(error)).toEqual(["ZeroDivision"]);
    expect([result, log]).toEqual([{ cancelled: true }, ["cancelled"]]);
  }));

test("B47 a single error is always wrapped, in nested groups at each level", () =>
  inRun(async () => {
    const error = await caught(
      taskGroup(async (outer) => {
        outer.createTask(forever);
        outer.createTask(() =>
          taskGroup(async (inner) => {
            inner.createTask(forever);
            throw new MyExc();
          }),
        );
      }),
    );
    expect(shape(error)).toEqual([["MyExc"]]);
  }));

test("B49 a cancel reaches all descendants in one step", () =>
  inRun(async () => {
    const leaves: Task<void>[] = [];
    await taskGroup(async (top) => {
      for (let worker = 0; worker < 2; worker++) {
        top.createTask(() =>
          taskGroup(async (tg) => {
            for (let leaf = 0; leaf < 2; leaf++) leaves.push(tg.createTask(forever));
          }),
        );
      }
      await settle();
      top.cancel();
      expect(leaves.map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => "cancelling"));
    });
    expect(leaves.map((leaf) => leaf.cancelled())).toEqual([true, true, true, true]);
  }));

test("B50 a supervisor's child fails: the other goes on, the error goes to the handler, the value comes out", () =>
  inRun(async ({ clock, reports }) => {
    const failures: unknown[] = [];
    const boom = new Error("boom");
    async function body(tg: TaskGroup): Promise<boolean> {
      tg.createTask(async () => Promise.reject(boom), { name: "failing" });
      const other = tg.createTask(() => sleep(10));
      await sleep(5);
      return other.done();
    }
    const handled = createTask(() =>
      supervisorGroup(body, { onChildError: (error, task) => void failures.push([error, task.name]) }),
    );
    await clock.advance(10);
    expect(await handled).toBe(false);
    expect(failures).toEqual([[boom, "failing"]]);
    expect(reports).toEqual([]);
    const unhandled = createTask(() => supervisorGroup(body));
    await clock.advance(10);
    expect(await unhandled).toBe(false);
    expect(reports).toMatchObject([{ error: boom, task: { name: "failing" } }]);
  }));

test("B52 an error of a supervisor's body cancels the child, whose cleanup is over before it comes out, bare", () =>
  inRun(async ({ clock }) => {
    const log: string[] = [];
    const group = createTask(() =>
      supervisorGroup(async (tg) => {
        tg.createTask(async () => {
          try {
            await forever();
          } finally {
            await shielded(() => sleep(10));
            log.push("cleaned");
          }
        });
        await checkpoint();
        throw new MyExc();
      }).catch((error: unknown) => void log.push(error as string)),
    );
    await clock.advance(10);
    await group;
    expect(log).toEqual(["cleaned", expect.any(MyExc)]);
  }));

test("B53 a supervisor's body fails and a child in its cleanup: the body's error comes out, the child's is handled", () =>
  inRun(async () => {
    const handled: unknown[] = [];
    const error = await caught(
      supervisorGroup(
        async (tg) => {
          tg.createTask(divideInFinally);
          await checkpoint();
          throw new MyExc();
        },
        { onChildError: (each) => void handled.push(each) },
      ),
    );
    expect(error).toBeInstanceOf(MyExc);
    expect(handled.map(shape)).toEqual(["ZeroDivision"]);
  }));

test("B55 a group's value comes when grandchildren have ended, too", () =>
  inRun(async ({ clock }) => {
    const log: number[] = [];
    const group = createTask(() =>
      taskGroup(async (tg) => {
        tg.createTask(async () => {
          tg.createTask(() => sleep(20).then(() => void log.push(3)));
          await sleep(5);
          log.push(1);
        });
        tg.createTask(() => sleep(10).then(() => void log.push(2)));
        return 42;
      }),
    );
    await clock.advance(20);
    expect(await group).toBe(42);
    expect(log).toEqual([1, 2, 3]);
  }));

test.each(["body", "child", "twice", "first thing", "outside"])(
  "B56 a group cancelled by %s ends without an error",
  (who) =>
    inRun(async () => {
      let group: TaskGroup | undefined;
      let child: Task<void> | undefined;
      if (who === "outside") createTask(async () => checkpoint().then(() => group?.cancel()));
      const result = await taskGroup(async (tg) => {
        group = tg;
        if (who === "first thing") tg.cancel("early");
        else child = tg.createTask(forever);
        if (who === "child") tg.createTask(async () => tg.cancel());
        if (who === "body" || who === "twice") tg.cancel();
        if (who === "twice") tg.cancel();
        await forever();
        return "not reached";
      });
      expect(result).toBeUndefined();
      expect(child?.cancelled() ?? true).toBe(true);
      group?.cancel();
      await checkpoint();
    }),
);

test("B57 leaving scope() cancels its children; a group waits for them", () =>
  inRun(async ({ clock }) => {
    let child: Task<void> | undefined;
    const parent = createTask(async () => {
      await using block = scope();
      child = block.spawn(forever);
      await checkpoint();
      return 1;
    });
    expect(await parent).toBe(1);
    expect(child?.cancelled()).toBe(true);
    const group = createTask(() =>
      taskGroup(async (tg) => {
        child = tg.createTask(() => sleep(10));
      }),
    );
    await clock.advance(10);
    await group;
    expect(child?.cancelled()).toBe(false);
  }));

test("B59 siblings are cancelled together and clean up side by side", () =>
  inRun(async ({ clock }) => {
    const log: string[] = [];
    const child = (name: string) => async () => {
      try {
        await forever();
      } finally {
        log.push(`${name} start`);
        await shielded(() => sleep(10));
        log.push(`${name} done`);
      }
    };
    const parent = createTask(async () => {
      await using block = scope();
      block.spawn(child("first"));
      block.spawn(child("second"));
      await checkpoint();
    });
    await clock.advance(10);
    await parent;
    expect(log.slice(0, 2).toSorted()).toEqual(["first start", "second start"]);
    expect(log.slice(2).toSorted()).toEqual(["first done", "second done"]);
  }));

test("B60 an error inside a nested group can be caught around it", () =>
  inRun(async () => {
    const result = await taskGroup(async (tg) => {
      const sibling = tg.createTask(async () => checkpoint().then(() => "untouched"));
      const inner = await caught(taskGroup(async (nested) => void nested.createTask(divideByZero)));
      const open = await caught(
        (async () => {
          await using block = scope();
          block.spawn(divideByZero);
          await settle();
        })(),
      );
      return [shape(inner), shape(open), await sibling];
    });
    expect(result).toEqual([["ZeroDivision"], ["ZeroDivision"], "untouched"]);
  }));

test("B61 an error in the cleanup of a task that is being cancelled is never dropped", () =>
  inRun(async ({ reports }) => {
    const task = createTask(divideInFinally, { name: "broken cleanup" });
    await settle();
    task.cancel();
    await settle();
    expect(reports).toMatchObject([{ error: expect.any(ZeroDivision) as unknown, task: { name: "broken cleanup" } }]);
  }));

test("B62 parents are right during start() and after the end", () =>
  inRun(async () => {
    const parent = createTask(
      () =>
        taskGroup(async (tg) => {
          let seen: Task | undefined;
          await tg.start(async (started: () => void) => {
            seen = currentTask().parent;
            started();
          });
          expect(seen).toBe(currentTask());
          return [tg.createTask(async () => undefined)];
        }),
      { name: "parent" },
    );
    const [child] = (await parent) ?? [];
    expect(child?.done()).toBe(true);
    expect(child?.parent).toBe(parent);
    expect(parent.parent).toBe(currentTask());
    expect(currentTask().parent).toBeUndefined();
  }));

// Rules the cases leave open.

test("an abort that nobody of us asked for is an ordinary error of a body, not swallowed by the group's own cancel", () =>
  inRun(async () => {
    const abort = new DOMException("The user aborted.", "AbortError");
    for (const delay of [false, true]) {
      const error = await caught(
        taskGroup(async (tg) => {
          if (delay) tg.createTask(forever);
          throw abort;
        }),
      );
      expect((error as ExceptionGroup).errors).toEqual([abort]);
    }
    const ofChild = await caught(taskGroup(async (tg) => void tg.createTask(async () => Promise.reject(abort))));
    expect((ofChild as ExceptionGroup).errors).toEqual([abort]);
    const many = new AggregateError([abort, new CancelledError()], "both");
    expect(await caught(taskGroup(async () => Promise.reject(many)))).toMatchObject({ errors: [many] });
    expect(await caught(supervisorGroup(async () => Promise.reject(abort)))).toBe(abort);
  }));

test("an eager child that has ended by the time the group has it does not keep the group", () =>
  inRun(async () => {
    const error = await caught(
      taskGroup(async (tg) => {
        const value = tg.createTask(() => 1 as unknown as Promise<number>, { start: "eager" });
        expect([value.done(), tg.size]).toEqual([true, 0]);
        tg.createTask(
          () => {
            throw new MyExc();
          },
          { start: "eager" },
        );
        expect(() => tg.createTask(forever)).toThrow(TaskGroupClosed);
      }),
    );
    expect(shape(error)).toEqual(["MyExc"]);
  }));

test("an error a body lets pass from its child is one error", () =>
  inRun(async () => {
    const error = await caught(
      taskGroup(async (tg) => {
        const child = tg.createTask(divideByZero);
        await shielded(async () => child.join());
      }),
    );
    expect(shape(error)).toEqual(["ZeroDivision"]);
  }));

test("a body that awaits a child cancelled by hand fails by an ordinary error", () =>
  inRun(async () => {
    const error = await caught(
      taskGroup(async (tg) => {
        const child = tg.createTask(forever);
        child.cancel();
        await child;
      }),
    );
    expect((error as ExceptionGroup).errors).toEqual([expect.any(TaskCancelledError)]);
    const quiet = await taskGroup(async (tg) => {
      tg.createTask(forever).cancel();
      return "fine";
    });
    expect(quiet).toBe("fine");
  }));

test("after cancel() a group takes no child, and throws its own cancel", () =>
  inRun(async () => {
    await taskGroup(async (tg) => {
      tg.cancel("closing");
      expect(() => tg.createTask(forever)).toThrow(CancelledError);
      expect(() => tg.createTask(forever)).toThrow("closing");
      expect(tg.signal.aborted).toBe(true);
    });
  }));

test("a value that the body has is kept though the group was cancelled", () =>
  inRun(async () => {
    const value = await taskGroup(async (tg) => {
      tg.createTask(forever);
      tg.cancel();
      return "in hand";
    });
    expect(value).toBe("in hand");
  }));

test("the error of a child whose start() nobody waits for any more is the group's", () =>
  inRun(async () => {
    const error = await caught(
      taskGroup(async (tg) => {
        await cancelScope(async (block) => {
          createTask(async () => block.cancel());
          await tg.start(divideInFinally);
        });
      }),
    );
    expect(shape(error)).toEqual(["ZeroDivision"]);
  }));

test("an eager start() may call started() in its first step", () =>
  inRun(async () => {
    const value = await taskGroup(async (tg) =>
      tg.start(
        async (started: (n: number) => void) => {
          started(7);
          await checkpoint();
        },
        { start: "eager" },
      ),
    );
    expect(value).toBe(7);
  }));

test("the grace of a group bounds body and children together; who is left is abandoned and said to be", async () => {
  const kinds: string[] = [];
  let late: ((error: Error) => void) | undefined;
  await inRun(
    async ({ clock }) => {
      const stuck: Task<void>[] = [];
      const parent = createTask(() =>
        taskGroup(
          async (tg) => {
            stuck.push(
              tg.createTask(() => new Promise<void>((_resolve, reject) => (late = reject)), { name: "stuck" }),
            );
            await new Promise(() => undefined);
          },
          { grace: 50 },
        ),
      );
      await clock.advance(1000);
      expect(parent.done()).toBe(false);
      parent.cancel();
      await clock.advance(49);
      expect(parent.done()).toBe(false);
      await clock.advance(1);
      expect((await parent.settled()).status).toBe("cancelled");
      expect(stuck[0]?.state).toBe("abandoned");
      expect(await caught(stuck[0]!)).toBeInstanceOf(TaskCancelledError);
      late?.(new Error("much too late"));
      await settle();
      expect(kinds).toEqual(["task.abandoned", "task.late_outcome"]);
    },
    {
      observers: [
        {
          onEvent: ({ kind }) => {
            if (kind === "task.abandoned" || kind === "task.late_outcome") kinds.push(kind);
          },
        },
      ],
    },
  );
});

test("a supervisor's child's error that its awaiter gets is not reported too", () =>
  inRun(async ({ reports }) => {
    const value = await supervisorGroup(async (tg) => {
      const child = tg.createTask(divideByZero);
      return (await caught(child)) as Error;
    });
    expect(value).toBeInstanceOf(ZeroDivision);
    await settle();
    expect(reports).toEqual([]);
  }));

test("onChildError that throws is reported, and the group goes on", () =>
  inRun(async ({ reports }) => {
    const value = await supervisorGroup(
      async (tg) => {
        tg.createTask(divideByZero);
        await settle();
        return "went on";
      },
      {
        onChildError() {
          throw new MyExc("in the handler");
        },
      },
    );
    expect(value).toBe("went on");
    expect(reports).toMatchObject([{ error: expect.any(MyExc) as unknown }]);
  }));

test("a supervisor cancelled from outside cancels its children and throws the bare cancel; cancel() ends it", () =>
  inRun(async () => {
    let child: Task<void> | undefined;
    const outside = createTask(() =>
      supervisorGroup(async (tg) => {
        child = tg.createTask(forever);
      }),
    );
    await settle();
    outside.cancel();
    expect((await outside.settled()).status).toBe("cancelled");
    expect(child?.cancelled()).toBe(true);
    const ended = await supervisorGroup(async (tg) => {
      child = tg.createTask(forever);
      tg.cancel();
      await forever();
      return 1;
    });
    expect([ended, child?.cancelled()]).toEqual([undefined, true]);
  }));

test("a cancel from outside while a group waits comes out bare; a group that had nothing to wait for keeps its value", () =>
  inRun(async () => {
    const waiting = createTask(() =>
      taskGroup(async (tg) => {
        tg.createTask(forever);
        return "lost";
      }),
    );
    await settle();
    waiting.cancel("outside");
    expect(await caught(waiting)).toMatchObject({ cause: { reason: "outside", source: "explicit" } });
    const nothing = createTask(() =>
      taskGroup(async () => {
        currentTask().cancel();
        return "kept";
      }),
    );
    expect(await nothing).toBe("kept");
  }));

test("errors stand in the order of their failures", () =>
  inRun(async ({ clock }) => {
    const group = createTask(() =>
      caught(
        taskGroup(async (tg) => {
          for (const ms of [30, 10, 20]) {
            tg.createTask(() =>
              sleep(10)
                .then(
                  () => undefined,
                  () => undefined,
                )
                .then(async () => {
                  await shielded(() => sleep(ms));
                  throw new Error(`after ${ms}`);
                }),
            );
          }
        }),
      ),
    );
    await clock.advance(100);
    expect(((await group) as ExceptionGroup).errors.map(({ message }: Error) => message)).toEqual([
      "after 10",
      "after 20",
      "after 30",
    ]);
  }));

test("children see the context of where they were created", () =>
  inRun(async () => {
    const name = new ContextVar<string>("name");
    name.set("outer");
    await taskGroup(async (tg) => {
      name.set("body");
      const child = tg.createTask(async () => {
        const seen = name.get();
        name.set("child");
        return seen;
      });
      expect(await child).toBe("body");
      expect(name.get()).toBe("body");
    });
  }));
