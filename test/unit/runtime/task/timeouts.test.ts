/** Deadlines on blocks: rules W1 to W5 and W8 to W10, section D of the cases. */
import { describe, expect, test } from "vitest";
import {
  CancelledError,
  ExceptionGroup,
  NoCurrentTaskError,
  Runner,
  TimeoutError,
  UsageError,
  cancelScope,
  checkpoint,
  createTask,
  currentSignal,
  currentTask,
  getSuppressed,
  moveOnAfter,
  now,
  run,
  shielded,
  sleep,
  taskGroup,
  timeout,
  timeoutAt,
  type Timeout,
} from "../../../../src-runtime/index.ts";
import { createTestClock } from "../../../../src-runtime/testing/clock.ts";
import { runJumping } from "../jumping-run.ts";
import { caught, failsInCleanup } from "./caught.ts";

/** Blocks the thread: no clock but the real one shows it. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test("D01 a block ends at its deadline, relative and absolute", async () => {
  await runJumping(async () => {
    let seen: Timeout | undefined;
    const error = await caught(
      timeout(10, async (own) => {
        seen = own;
        await sleep(10_000);
      }),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect((error as TimeoutError).cause).toMatchObject({ name: "CancelledError", source: "deadline" });
    expect([seen?.when(), seen?.expired(), seen?.state]).toEqual([10, true, "expired"]);
    expect(now()).toBe(10);

    const at = await caught(timeoutAt(now() + 5, () => sleep(10_000)));
    expect(at).toBeInstanceOf(TimeoutError);
    expect(now()).toBe(15);
  });
});

test("D01 a block that is fast enough gives its value and leaves no timer", async () => {
  const clock = createTestClock();
  const runner = new Runner({ clock, signals: [] });
  await runner.run(async () => {
    expect(await timeout(10, async () => 42)).toBe(42);
    expect(clock.next()).toBe(Infinity);
  });
  await runner.close();
});

describe.each(["older outer", "outer moved there later"])("equal deadlines, %s", (how) => {
  test("D02 only the outer raises, both are expired", async () => {
    await runJumping(async () => {
      const seen: Timeout[] = [];
      let inner: unknown;
      const error = await caught(
        timeoutAt(how === "older outer" ? 10 : 5, async (outer) => {
          seen.push(outer);
          inner = await caught(
            timeoutAt(10, async (own) => {
              seen.push(own);
              outer.reschedule(10);
              await sleep(100);
            }),
          );
          throw inner;
        }),
      );
      expect(inner).toBeInstanceOf(CancelledError);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(seen.map((each) => each.expired())).toEqual([true, true]);
    });
  });
});

test("D04 no deadline never fires", async () => {
  await runJumping(async () => {
    const value = await timeout(null, async (own) => {
      expect(own.when()).toBeNull();
      await sleep(1e9);
      return own.expired();
    });
    expect(value).toBe(false);
    expect(await timeoutAt(null, async (own) => own.when())).toBeNull();
    expect(await moveOnAfter(null, async () => 1)).toEqual({ timedOut: false, value: 1 });
  });
});

describe.each([0, -1, -Infinity])("a deadline of %s ms", (ms) => {
  test("D05 wins over a body that only yields", async () => {
    await runJumping(async () => {
      expect(await caught(timeout(ms, () => sleep(0)))).toBeInstanceOf(TimeoutError);
      expect(await caught(timeoutAt(now() + ms, () => checkpoint()))).toBeInstanceOf(TimeoutError);
    });
  });

  test("D05 wins in each of many tasks, on the real clock too", async () => {
    async function all(): Promise<void> {
      const tasks = Array.from({ length: 20 }, () => createTask(() => timeout(ms, () => sleep(0))));
      for (const task of tasks) expect(await task.settled()).toMatchObject({ error: { name: "TimeoutError" } });
    }
    await runJumping(all);
    await run(all);
  });
});

test("D07 an error of the cleanup comes out unchanged and knows of the timeout", async () => {
  await runJumping(async () => {
    const mine = new Error("cleanup");
    let own: Timeout | undefined;
    const error = await caught(
      timeout(5, (block_) => {
        own = block_;
        return failsInCleanup(mine);
      }),
    );
    expect(error).toBe(mine);
    expect(own?.expired()).toBe(true);
    const [hidden] = getSuppressed(error);
    expect(hidden).toBeInstanceOf(TimeoutError);
    expect((hidden as TimeoutError).cause).toBeInstanceOf(CancelledError);
    expect("cause" in mine).toBe(false);
  });
});

test("D08 its cause is the cancellation that was thrown into the body", async () => {
  await runJumping(async () => {
    let thrown: unknown;
    const error = await caught(
      timeout(5, async () => {
        try {
          throw new Error("first");
        } catch {
          thrown = await caught(sleep(100));
          throw thrown;
        }
      }),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect((error as TimeoutError).cause).toBe(thrown);
  });
});

test("D10 the task around it is not cancelled", async () => {
  await runJumping(async () => {
    const task = createTask(async () => {
      await caught(timeout(5, () => sleep(100)));
      await sleep(1);
      return [currentTask().cancelling(), currentSignal().aborted];
    });
    expect(await task).toEqual([0, false]);
    expect(task.cancelled()).toBe(false);
  });
});

test("D11 a blocked loop finds both due: the outer fires first, the inner lets it pass", async () => {
  await run(async () => {
    let inner: unknown;
    const error = await caught(
      timeout(2, async () => {
        inner = await caught(
          timeout(8, async () => {
            block(20);
            await sleep(1000);
          }),
        );
        throw inner;
      }),
    );
    expect(inner).toBeInstanceOf(CancelledError);
    expect(error).toMatchObject({ name: "TimeoutError", ms: 2 });
  });
});

test("W5 of two due at once the earlier fires first, with what follows from it run to its end before the next", async () => {
  await run(async () => {
    const log: string[] = [];
    const error = await caught(
      timeout(8, async () => {
        await timeout(2, async () => {
          block(20);
          await sleep(1000);
        }).catch(async (inner: unknown) => {
          log.push((inner as Error).name);
          await Promise.resolve();
          log.push("handled");
        });
        await sleep(1000);
      }),
    );
    expect(log).toEqual(["TimeoutError", "handled"]);
    expect(error).toMatchObject({ name: "TimeoutError", ms: 8 });
  });
});

test("D13 moving the deadline: later, away, and then a cancel by hand", async () => {
  await runJumping(async () => {
    let own: Timeout | undefined;
    const task = createTask(() =>
      timeout(10, async (block_) => {
        own = block_;
        const later = (block_.when() ?? 0) + 20;
        block_.reschedule(later);
        expect(block_.when()).toBe(later);
        await sleep(15);
        block_.reschedule(null);
        expect(block_.when()).toBeNull();
        await sleep(1000);
      }),
    );
    await sleep(500);
    task.cancel();
    expect(await task.settled()).toMatchObject({ status: "cancelled" });
    expect(own?.expired()).toBe(false);
    expect(own?.state).toBe("finished");
  });
});

test("D13 moved into the past it fires in the next macrotask", async () => {
  await runJumping(async () => {
    const error = await caught(
      timeout(null, async (own) => {
        own.reschedule(now() - 5);
        await sleep(0);
      }),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(now()).toBe(0);
  });
});

test("D14 reschedule outside its life names the state", async () => {
  await runJumping(async () => {
    let own!: Timeout;
    await timeout(10, async (block_) => void (own = block_));
    expect(() => own.reschedule(1)).toThrow(UsageError);
    expect(() => own.reschedule(1)).toThrow(/finished/);

    let expiring: unknown;
    await caught(
      timeout(10, async (block_) => {
        own = block_;
        await sleep(100).catch((error: unknown) => {
          expiring = (() => {
            try {
              block_.reschedule(1000);
              return undefined;
            } catch (refused) {
              return refused;
            }
          })();
          throw error;
        });
      }),
    );
    expect(String(expiring)).toMatch(/expiring/);
    expect(() => own.reschedule(null)).toThrow(/expired/);
  });
});

test("D16 a timeout in the cleanup of a timed out block, under a shield", async () => {
  await runJumping(async () => {
    const error = await caught(
      timeout(5, async () => {
        try {
          await sleep(100);
        } finally {
          await shielded(() => timeout(7, () => sleep(100)));
        }
      }),
    );
    expect(error).toMatchObject({ name: "TimeoutError", ms: 7, cause: { source: "deadline" } });
    expect(getSuppressed(error)).toMatchObject([{ name: "TimeoutError", ms: 5, cause: { source: "deadline" } }]);
    expect(now()).toBe(12);
  });
});

test("D16 without a shield the cleanup's own timeout is cancelled with the block", async () => {
  await runJumping(async () => {
    const error = await caught(
      timeout(5, async () => {
        try {
          await sleep(100);
        } finally {
          await timeout(7, () => sleep(100));
        }
      }),
    );
    expect(error).toMatchObject({ name: "TimeoutError", ms: 5 });
    expect(now()).toBe(5);
  });
});

test("D17 a timeout after a swallowed cancel works once it was taken back", async () => {
  await runJumping(async () => {
    const task = createTask(async () => {
      await caught(sleep(1000));
      currentTask().uncancel();
      await timeout(0, () => sleep(1000));
    });
    await sleep(1);
    task.cancel();
    expect(await task.settled()).toMatchObject({ status: "failed", error: { name: "TimeoutError" } });
  });
});

test("D19 around a group whose child fails in its cleanup: the group comes out, with the timeout kept", async () => {
  await runJumping(async () => {
    const crash = new Error("cleanup");
    const error = await caught(
      timeout(5, () =>
        taskGroup(async (group) => {
          group.createTask(() => failsInCleanup(crash));
          await sleep(100);
        }),
      ),
    );
    expect(error).toBeInstanceOf(ExceptionGroup);
    expect((error as ExceptionGroup).errors).toEqual([crash]);
    expect(getSuppressed(error)).toMatchObject([{ name: "TimeoutError", ms: 5 }]);
  });
});

test("D20 around a slow group: one TimeoutError", async () => {
  await runJumping(async () => {
    const error = await caught(
      timeout(100, () =>
        taskGroup(async (group) => {
          group.createTask(() => sleep(2000));
          await sleep(2000);
        }),
      ),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(now()).toBe(100);
  });
});

test("D20 also where only the children are waited for", async () => {
  await runJumping(async () => {
    const error = await caught(
      timeout(100, () => taskGroup(async (group) => void group.createTask(() => sleep(2000)))),
    );
    expect(error).toBeInstanceOf(TimeoutError);
  });
});

test("D22 cancelled by hand, the deadline passes before the end: no TimeoutError", async () => {
  await run(async () => {
    let own: Timeout | undefined;
    const result = await cancelScope((scope) =>
      timeout(5, async (block_) => {
        own = block_;
        scope.cancel();
        try {
          await sleep(0);
        } finally {
          block(15);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }),
    );
    expect(result).toEqual({ cancelled: true });
    expect(own?.when()).toBeLessThan(now());
  });
});

test("D23 moveOnAfter, nested: the outer is silent, nothing after the inner runs", async () => {
  await runJumping(async () => {
    const log: string[] = [];
    const result = await moveOnAfter(100, async () => {
      await moveOnAfter(1000, () => sleep(2000));
      log.push("after the inner");
    });
    log.push("after the outer");
    expect(result).toEqual({ timedOut: true });
    expect(log).toEqual(["after the outer"]);
    expect(now()).toBe(100);
  });
});

test("D25 a timeout in a shield ends at its own deadline in a cancelled scope", async () => {
  await runJumping(async () => {
    const log: unknown[] = [];
    await cancelScope(async (scope) => {
      scope.cancel();
      log.push(await caught(shielded(() => timeout(10, () => sleep(Infinity)))));
      log.push(await shielded(() => moveOnAfter(10, () => sleep(Infinity))));
    });
    expect(log).toMatchObject([{ name: "TimeoutError" }, { timedOut: true }]);
    expect(now()).toBe(20);
  });
});

test("D26 NaN and what is no number is refused before the body begins", async () => {
  await runJumping(async () => {
    let begun = 0;
    const body = async (): Promise<void> => void begun++;
    for (const start of [timeout, timeoutAt, moveOnAfter]) {
      expect(await caught(start(Number.NaN, body))).toBeInstanceOf(RangeError);
      expect(await caught(start("5" as unknown as number, body))).toBeInstanceOf(TypeError);
      expect(await caught(start(undefined as unknown as number, body))).toBeInstanceOf(TypeError);
      expect(await caught(start(5, 7 as unknown as () => Promise<void>))).toBeInstanceOf(TypeError);
      expect(await caught(start(5, Promise.resolve() as unknown as () => Promise<void>))).toBeInstanceOf(TypeError);
    }
    expect(await caught(timeout(5, body, { grace: Number.NaN }))).toBeInstanceOf(RangeError);
    expect(begun).toBe(0);
    await timeout(5, async (own) => {
      expect(() => own.reschedule(Number.NaN)).toThrow(RangeError);
      expect(() => own.reschedule(undefined as unknown as number)).toThrow(TypeError);
      expect(own.when()).toBe(5);
    });
  });
});

test("D28 a body that swallows the timeout and returns keeps its value, and the trace says so", async () => {
  await runJumping(async ({ events }) => {
    let own: Timeout | undefined;
    const value = await timeout(5, async (block_) => {
      own = block_;
      await caught(sleep(100));
      return "OK";
    });
    expect(value).toBe("OK");
    expect(own?.expired()).toBe(true);
    expect(own?.state).toBe("expired");
    expect(events.filter(({ kind }) => kind === "cancel.ignored")).toHaveLength(1);
  });
});

test("D29 moveOnAfter keeps the value of a body that swallows its timeout", async () => {
  await runJumping(async () => {
    const result = await moveOnAfter(5, async () => {
      await caught(sleep(100));
      return "OK";
    });
    expect(result).toEqual({ timedOut: false, value: "OK" });
  });
});

test("D30 a body that answers with another error", async () => {
  await runJumping(async () => {
    const mine = new Error("mine");
    const answer = async (): Promise<never> => {
      await caught(sleep(100));
      throw mine;
    };
    expect(await caught(timeout(5, answer))).toBe(mine);
    expect(await caught(moveOnAfter(5, answer))).toBe(mine);
  });
});

test("D31 an inner TimeoutError passes through the outer moveOnAfter", async () => {
  await runJumping(async () => {
    const error = await caught(moveOnAfter(100, () => timeout(5, () => sleep(50))));
    expect(error).toMatchObject({ name: "TimeoutError", ms: 5 });
  });
});

test("D33 a loop that yields is timed out", async () => {
  await run(async () => {
    let turns = 0;
    const error = await caught(
      timeout(10, async () => {
        for (;;) {
          turns++;
          await checkpoint();
        }
      }),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(turns).toBeGreaterThan(1);
  });
});

test("D34 timeout(-1) enters its body all the same", async () => {
  await runJumping(async () => {
    const log: string[] = [];
    const error = await caught(
      timeout(-1, async () => {
        log.push("entered");
        await sleep(100);
      }),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(log).toEqual(["entered"]);
    expect(await timeout(-1, async () => "at once")).toBe("at once");
  });
});

test("D36 the message names the task and the time", async () => {
  await runJumping(async () => {
    const task = createTask(() => timeout(1300, () => sleep(2000)), { name: "fetch the page" });
    const { error } = (await task.settled()) as { error: Error };
    expect(error.message).toMatch(/fetch the page/);
    expect(error.message).toMatch(/1300 ms/);
  });
});

test("W8 around a shield: the body runs to its end, then the TimeoutError", async () => {
  await runJumping(async () => {
    let isDone = false;
    const error = await caught(
      timeout(10, () =>
        shielded(async () => {
          await sleep(50);
          isDone = true;
          return "value";
        }),
      ),
    );
    expect(error).toMatchObject({ name: "TimeoutError", cause: { source: "deadline" } });
    expect(isDone).toBe(true);
    expect(now()).toBe(50);
    const deeper = timeout(10, () => cancelScope(() => shielded(() => sleep(50))));
    expect(await caught(deeper)).toBeInstanceOf(TimeoutError);
    expect(await moveOnAfter(10, () => shielded(() => sleep(50)))).toEqual({ timedOut: true });
  });
});

test("W8 a held cancel that was thrown and swallowed after the shield lets the value pass", async () => {
  await runJumping(async () => {
    const value = await timeout(10, async () => {
      await shielded(() => sleep(50));
      await caught(sleep(1));
      return "value";
    });
    expect(value).toBe("value");
  });
});

test("W8 a shield that ended before the deadline changes nothing", async () => {
  await runJumping(async () => {
    expect(await timeout(10, () => shielded(async () => "value"))).toBe("value");
  });
});

test("W8 an enclosing cancel goes on after the shield, and is no TimeoutError", async () => {
  await runJumping(async () => {
    const log: string[] = [];
    const result = await cancelScope(async (scope) => {
      await timeout(10, () =>
        shielded(async () => {
          await sleep(20);
          scope.cancel();
        }),
      );
      log.push("after the timeout");
      await sleep(1);
      log.push("never");
    });
    expect(result).toEqual({ cancelled: true });
    expect(log).toEqual(["after the timeout"]);
  });
});

test("a body without a wait that ends after its deadline keeps its value", async () => {
  await run(async () => {
    let own: Timeout | undefined;
    const value = await timeout(2, async (block_) => {
      own = block_;
      await new Promise((resolve) => setTimeout(resolve, 15));
      return "value";
    });
    expect(value).toBe("value");
    expect(own?.expired()).toBe(true);
  });
});

test("W9 moveOnAfter swallows only its own timeout", async () => {
  await runJumping(async () => {
    const mine = new TimeoutError("of a library");
    expect(await caught(moveOnAfter(100, async () => Promise.reject(mine)))).toBe(mine);
    const outer = await caught(timeout(5, () => moveOnAfter(100, () => sleep(1000))));
    expect(outer).toMatchObject({ name: "TimeoutError", ms: 5 });
  });
});

test("W10 a time beyond Node's longest timer is no time that is over", async () => {
  await run(async () => {
    expect(await timeout(2 ** 40, async () => (await sleep(5), "value"))).toBe("value");
    const result = await moveOnAfter(5, () => sleep(2 ** 40));
    expect(result.timedOut).toBe(true);
  });
});

test("W10 the event holds the deadline and how late it fired", async () => {
  await runJumping(async ({ events }) => {
    await caught(timeout(10, () => sleep(100)));
    const fired = events.find(({ kind }) => kind === "timeout.fired");
    expect(fired).toMatchObject({ at: 10 });
    const kinds = events.map(({ kind }) => kind).filter((kind) => kind.startsWith("timeout."));
    expect(kinds).toEqual(["timeout.armed", "timeout.fired", "timeout.raised"]);
  });
});

test("a body that does not react within the grace is left behind", async () => {
  await runJumping(async () => {
    const error = await caught(timeout(10, () => new Promise(() => undefined), { grace: 7 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(now()).toBe(17);
  });
});

test("outside a run there is no clock", async () => {
  expect(await caught(timeout(1, async () => 1))).toBeInstanceOf(NoCurrentTaskError);
  expect(await caught(timeoutAt(1, async () => 1))).toBeInstanceOf(NoCurrentTaskError);
  expect(await caught(moveOnAfter(1, async () => 1))).toBeInstanceOf(NoCurrentTaskError);
});
