/** Section C of the cases: cancel scopes, their nesting, and what a scope that is itself a shield does. */
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  CancelledError,
  ExceptionGroup,
  FatalError,
  TaskGroupClosed,
  TimeoutError,
  UsageError,
  cancelScope,
  checkpoint,
  createTask,
  currentSignal,
  currentTask,
  moveOnAfter,
  now,
  scope,
  shielded,
  sleep,
  taskGroup,
  timeout,
  type CancelScope,
  type OpenScope,
  type ScopeResult,
  type Task,
} from "../../../../src-runtime/index.ts";
import { inRun, settle } from "../sync/run.ts";
import { caught } from "./caught.ts";

const forever = (): Promise<void> => sleep(1e9);

test("C01 the outermost cancelled scope absorbs: the inner does not, the outer is untouched", () =>
  inRun(async () => {
    const log: string[] = [];
    let middle: ScopeResult<void> | undefined;
    const outer = await cancelScope(async () => {
      middle = await cancelScope(async (second) => {
        await cancelScope(async (third) => {
          third.cancel();
          second.cancel();
          await forever();
        });
        log.push("between inner and middle");
      });
      log.push("after middle");
      await checkpoint();
      return "outer";
    });
    expect(middle).toEqual({ cancelled: true });
    expect(outer).toEqual({ cancelled: false, value: "outer" });
    expect(log).toEqual(["after middle"]);
  }));

test("C02 a cancel of a scope that is left is not delivered afterwards", () =>
  inRun(async () => {
    const result = await cancelScope(async (block) => {
      block.cancel();
      await shielded(() => checkpoint());
    });
    await checkpoint();
    expect(result).toEqual({ cancelled: false, value: undefined });
  }));

test("C04 a shield is fixed: a sleeper under it is cancelled at the first wait after it, none sooner", () =>
  inRun(async ({ clock }) => {
    const log: string[] = [];
    const task = createTask(() =>
      cancelScope(async (block) => {
        block.cancel();
        await cancelScope(async () => sleep(10).then(() => log.push("slept")), { shield: true });
        await checkpoint();
        log.push("not reached");
      }),
    );
    await clock.advance(9);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(await task).toEqual({ cancelled: true });
    expect(log).toEqual(["slept"]);
  }));

test("C05 a shield in the cleanup of a travelling cancellation does not keep it from its scope", () =>
  inRun(async () => {
    const log: string[] = [];
    const outer = await cancelScope(async (block) => {
      const inner = await cancelScope(async () => {
        block.cancel();
        try {
          await checkpoint();
        } finally {
          await cancelScope(async () => checkpoint().then(() => log.push("cleaned up")), { shield: true });
        }
      });
      log.push(`inner ${inner.cancelled}`);
    });
    expect([outer, log]).toEqual([{ cancelled: true }, ["cleaned up"]]);
  }));

test("C07 code in a shield cancels the group: nothing inside, then every wait throws", () =>
  inRun(async () => {
    let thrown = 0;
    await taskGroup(async (tg) => {
      await shielded(async () => {
        tg.cancel();
        expect(currentSignal().aborted).toBe(false);
        await checkpoint();
        await sleep(0);
      });
      expect(currentSignal().aborted).toBe(true);
      for (let n = 0; n < 3; n++) await sleep(0).catch(() => thrown++);
    });
    expect(thrown).toBe(3);
  }));

test("C08 a shielded scope that is itself cancelled is interrupted, also when it was before its first wait", () =>
  inRun(async () => {
    for (const early of [true, false]) {
      const result = await cancelScope(
        async (block) => {
          if (early) block.cancel();
          else createTask(async () => checkpoint().then(() => block.cancel()));
          await forever();
        },
        { shield: true },
      );
      expect(result).toEqual({ cancelled: true });
    }
  }));

test("C10 the outer scope is cancelled while the inner is left: the outer absorbs, nothing between them runs", () =>
  inRun(async () => {
    const log: string[] = [];
    const outer = await cancelScope(async (second) => {
      await cancelScope(async (first) => {
        first.cancel();
        try {
          await checkpoint();
        } finally {
          second.cancel();
        }
      });
      log.push("between");
    });
    expect([outer, log]).toEqual([{ cancelled: true }, []]);
  }));

test("C11 the same with a shielded inner scope: it absorbs, the code between runs, the outer has caught nothing", () =>
  inRun(async () => {
    const log: unknown[] = [];
    const outer = await cancelScope(async (second) => {
      const inner = await cancelScope(
        async (first) => {
          first.cancel();
          try {
            await checkpoint();
          } finally {
            second.cancel();
          }
        },
        { shield: true },
      );
      log.push(inner);
    });
    expect(outer).toEqual({ cancelled: false, value: undefined });
    expect(log).toEqual([{ cancelled: true }]);
  }));

test("C13 a scope that is cancelled and left without a wait has caught nothing", () =>
  inRun(async () => {
    const result = await cancelScope(async (block) => {
      block.cancel();
      expect(block.signal.aborted).toBe(true);
      return "value";
    });
    expect(result).toEqual({ cancelled: false, value: "value" });
  }));

test("C14 a scope cancelled before anything else throws at its first wait", () =>
  inRun(async () => {
    const log: string[] = [];
    const result = await cancelScope(async (block) => {
      block.cancel("early");
      log.push("body");
      await checkpoint();
      log.push("not reached");
    });
    expect([result, log]).toEqual([{ cancelled: true }, ["body"]]);
  }));

test("C16 a deadline that has passed stays passed", () =>
  inRun(async ({ clock }) => {
    const task = createTask(() =>
      timeout(10, async (block) => {
        await forever().catch(() => undefined);
        expect(() => block.reschedule(now() + 1000)).toThrow(UsageError);
        expect(block.expired()).toBe(true);
        await checkpoint();
      }),
    );
    const scoped = createTask(() =>
      cancelScope(
        async () => {
          await checkpoint();
          await checkpoint();
        },
        { deadline: now() - 5 },
      ),
    );
    await clock.advance(10);
    expect(await caught(task)).toBeInstanceOf(TimeoutError);
    expect(await scoped).toEqual({ cancelled: true });
  }));

test("C17 leaving open scopes in the wrong order, or from another task, is an error", () =>
  inRun(async () => {
    const outer = scope({ name: "outer" });
    const inner = scope({ name: "inner" });
    const child = inner.spawn(forever);
    expect(await caught(outer[Symbol.asyncDispose]())).toBeInstanceOf(UsageError);
    expect(child.cancelRequested).toBe(false);
    const other = createTask(async () => inner[Symbol.asyncDispose]());
    expect(await caught(other)).toBeInstanceOf(UsageError);
    await inner[Symbol.asyncDispose]();
    expect(child.cancelled()).toBe(true);
    await outer[Symbol.asyncDispose]();
    await outer[Symbol.asyncDispose]();
  }));

test("C19 of nested deadlines the earlier counts; a shield hides the outer; a cancelled scope has none to wait for", () =>
  inRun(async ({ clock }) => {
    const times: Record<string, number> = {};
    const inScopes = (name: string, deadlines: number[], shield: boolean): Task<void> =>
      createTask(async () => {
        const [first = 0, second = 0] = deadlines;
        await cancelScope(
          async () => {
            await cancelScope(() => forever().finally(() => void (times[name] = now())), { deadline: second, shield });
          },
          { deadline: first },
        );
      });
    const tasks = [
      inScopes("inner earlier", [20, 10], false),
      inScopes("outer earlier", [10, 20], false),
      inScopes("shielded", [10, 20], true),
    ];
    await clock.advance(30);
    for (const task of tasks) await task;
    expect(times).toEqual({ "inner earlier": 10, "outer earlier": 10, shielded: 20 });
    const start = now();
    await cancelScope(
      async (block) => {
        block.cancel();
        await forever();
      },
      { deadline: now() + 1000 },
    );
    expect(now()).toBe(start);
  }));

test("C20 a child is cancelled though its host is in a shield, and the host waits on safely", () =>
  inRun(async ({ clock }) => {
    const log: string[] = [];
    const parent = createTask(() =>
      taskGroup(async (tg) => {
        tg.createTask(() => forever().finally(() => log.push(`child at ${now()}`)));
        await shielded(() => sleep(10));
        log.push(`host at ${now()}`);
      }),
    );
    await clock.advance(5);
    parent.cancel();
    await clock.advance(5);
    expect((await parent.settled()).status).toBe("cancelled");
    expect(log).toEqual(["child at 5", "host at 10"]);
  }));

test("C22 a deadline inside a shield is its own", () =>
  inRun(async ({ clock }) => {
    const task = createTask(() =>
      moveOnAfter(10, () =>
        shielded(async () => {
          const inner = await moveOnAfter(1000, forever);
          return { inner, at: now() };
        }),
      ),
    );
    await clock.advance(999);
    expect(task.done()).toBe(false);
    await clock.advance(1);
    const result = await task;
    expect(now()).toBe(1000);
    if (!result.timedOut) expect(result.value).toEqual({ inner: { timedOut: true }, at: 1000 });
  }));

test("C23 a scope's cancel is not counted", () =>
  inRun(async () => {
    const counts: number[] = [];
    await cancelScope(async (block) => {
      block.cancel();
      await checkpoint().finally(() => counts.push(currentTask().cancelling()));
    });
    expect([...counts, currentTask().cancelling()]).toEqual([0, 0]);
  }));

test("C25 two cancels during a shielded wait are both counted and listed; the first reason is on the error", () =>
  inRun(async ({ clock }) => {
    const task = createTask(async () => {
      await shielded(() => sleep(10));
      await checkpoint();
    });
    await settle();
    task.cancel("native 1");
    task.cancel("native 2");
    await clock.advance(10);
    expect(await caught(task)).toMatchObject({ cause: { reason: "native 1" } });
    expect(task.cancelling()).toBe(2);
    expect(task.cancelRequests.map(({ reason }) => reason)).toEqual(["native 1", "native 2"]);
  }));

test("C26 a scope that another task opened can be cancelled; that task goes on after it", () =>
  inRun(async () => {
    let block: CancelScope | undefined;
    const child = createTask(async () => {
      const result = await cancelScope(async (opened) => {
        block = opened;
        await forever();
      });
      await checkpoint();
      return result;
    });
    await settle();
    block?.cancel();
    expect(await child).toEqual({ cancelled: true });
  }));

test("C27 a shielded block in a cancelled task completes; the next wait outside throws", () =>
  inRun(async () => {
    const log: string[] = [];
    const task = createTask(async () => {
      await shielded(async () => {
        currentTask().cancel();
        await checkpoint();
        log.push("inside");
      });
      log.push("after");
      await checkpoint();
      log.push("not reached");
    });
    expect((await task.settled()).status).toBe("cancelled");
    expect(log).toEqual(["inside", "after"]);
  }));

test("C29 two shielded blocks in a row both complete", () =>
  inRun(async () => {
    const log: number[] = [];
    const task = createTask(async () => {
      currentTask().cancel();
      for (const n of [1, 2]) await shielded(() => checkpoint().then(() => void log.push(n)));
      await checkpoint();
    });
    expect((await task.settled()).status).toBe("cancelled");
    expect(log).toEqual([1, 2]);
  }));

// Rules the cases leave open.

test("rule C5 and C8: a CancelledError that leaves a task or scope that is not cancelled is an ordinary error", () =>
  inRun(async () => {
    let stray: unknown;
    await cancelScope(async (block) => {
      block.cancel();
      stray = await caught(checkpoint());
    });
    const task = createTask(async () => {
      throw stray;
    });
    expect(await caught(task)).toBe(stray);
    expect([task.cancelled(), task.state]).toEqual([false, "failed"]);
    expect(await caught(cancelScope(async () => Promise.reject(stray as Error)))).toBe(stray);
  }));

test("rule C9 uncancel lifts the task's own level in its blocks and children: signals are fresh, old ones stay aborted", () =>
  inRun(async () => {
    const task = createTask(async () => {
      const before = currentSignal();
      currentTask().cancel("one");
      currentTask().cancel("two");
      expect(before.aborted).toBe(true);
      await cancelScope(async (block) => {
        expect(await caught(checkpoint())).toMatchObject({ reason: "one" });
        expect(currentTask().uncancel()).toBe(1);
        expect(await caught(checkpoint())).toMatchObject({ reason: "one" });
        expect(currentTask().uncancel()).toBe(0);
        expect([currentTask().uncancel(), block.signal.aborted]).toEqual([0, false]);
        await checkpoint();
      });
      expect([before.aborted, currentSignal().aborted, currentSignal() === before]).toEqual([true, false, false]);
      await taskGroup(async (tg) => void tg.createTask(async () => checkpoint()));
      currentTask().cancel("three");
      expect(await caught(checkpoint())).toMatchObject({ reason: "three" });
      currentTask().uncancel();
      return "alive";
    });
    expect(await task).toBe("alive");
    expect(task).toMatchObject({ cancelIgnored: false });
  }));

test("rule C9 uncancel does not lift what its scopes above, or somebody who does not count, asked for", () =>
  inRun(async ({ clock }) => {
    let inner: Task<void> | undefined;
    await taskGroup(async (tg) => {
      inner = tg.createTask(async () => {
        await forever().catch(() => currentTask().uncancel());
        await checkpoint();
      });
      await settle();
      inner.cancel();
      tg.cancel("the group's");
    });
    expect(await caught(inner!)).toMatchObject({ cause: { reason: "the group's" } });
    // A deadline that came behind a cancel of its own is there when that is lifted.
    const late = createTask(async () => {
      const work = createTask(async () => {
        currentTask().cancel();
        await shielded(() => sleep(20));
        currentTask().uncancel();
        await forever();
      });
      return timeoutOf(work);
    });
    async function timeoutOf(work: Task<void>): Promise<unknown> {
      const { waitFor } = await import("../../../../src-runtime/index.ts");
      return caught(waitFor(work, 10));
    }
    await clock.advance(25);
    expect(late.done()).toBe(true);
    expect(await late).toBeInstanceOf(TimeoutError);
  }));

test("rule C12 a cancellation says who, why, where and when", () =>
  inRun(async ({ clock }) => {
    await clock.advance(7);
    const task = createTask(forever);
    await settle();
    const actor = createTask(async () => task.cancel("why"));
    await actor;
    const { cause } = (await caught(task)) as Error;
    expect(cause).toBeInstanceOf(CancelledError);
    expect(cause).toMatchObject({
      reason: "why",
      source: "explicit",
      by: actor.id,
      at: 7,
      scopeId: expect.any(String) as unknown,
    });
  }));

test("rule C13 a followed signal cancels its scope, and its listener is gone with the scope", () =>
  inRun(async () => {
    const controller = new AbortController();
    const { signal } = controller;
    await cancelScope(async (block) => {
      block.follow(signal);
      await checkpoint();
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
    });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    let left: CancelScope | undefined;
    const error = await caught(
      cancelScope(async (block) => {
        left = block;
        await cancelScope(async (inner) => {
          inner.follow(signal);
          throw new Error("body");
        });
      }),
    );
    expect(error).toMatchObject({ message: "body" });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(() => left?.follow(signal)).toThrow(UsageError);
    let seen: unknown;
    const result = await cancelScope(async (block) => {
      block.follow(signal);
      createTask(async () => controller.abort("enough"));
      seen = await caught(forever());
      throw seen;
    });
    expect(result).toEqual({ cancelled: true });
    expect(seen).toMatchObject({ source: "abortSignal", reason: "enough" });
    const atOnce = await cancelScope(async (block) => {
      block.follow(signal);
      await forever();
    });
    expect(atOnce).toEqual({ cancelled: true });
  }));

test("signalUntilExit is aborted by the cancel, else when the block has ended", () =>
  inRun(async () => {
    let block: CancelScope | undefined;
    let signal: AbortSignal | undefined;
    await cancelScope(async (opened) => {
      block = opened;
      signal = opened.signalUntilExit;
      expect(signal).toBe(opened.signalUntilExit);
      await checkpoint();
      expect(signal.aborted).toBe(false);
    });
    expect([signal?.aborted, block?.signal.aborted]).toEqual([true, false]);
    await cancelScope(async (opened) => {
      signal = opened.signalUntilExit;
      opened.cancel("why");
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toMatchObject({ reason: "why" });
    });
    await cancelScope(async (opened) => {
      block = opened;
    });
    expect(block?.signalUntilExit.aborted).toBe(true);
    block?.cancel();
    await checkpoint();
  }));

test("a cancel of several scopes in a task aborts each signal once; a second abort changes no reason", () =>
  inRun(async () => {
    const reasons: unknown[] = [];
    const task = createTask(async () => {
      const outer = currentSignal();
      await cancelScope(async (block) => {
        for (const signal of [outer, block.signal]) {
          signal.addEventListener("abort", () => reasons.push((signal.reason as CancelledError).reason));
        }
        await forever();
      });
    });
    await settle();
    task.cancel("first");
    task.cancel("second");
    await task.settled();
    expect(reasons).toEqual(["first", "first"]);
  }));

test("cancels of waits of one scope reach all of them, though leaving one hands on to another", () =>
  inRun(async () => {
    const result = await cancelScope(async (block) => {
      const waits = Array.from({ length: 5 }, () => forever().catch(() => "cancelled"));
      await Promise.resolve();
      block.cancel();
      return Promise.all(waits);
    });
    expect(result).toEqual({ cancelled: false, value: Array.from({ length: 5 }, () => "cancelled") });
  }));

test("scope(): a failing child cancels the others, later children are refused, and leaving throws the group", () =>
  inRun(async () => {
    let block: OpenScope | undefined;
    let sibling: Task<void> | undefined;
    const boom = new Error("boom");
    const error = await caught(
      (async () => {
        await using opened = scope();
        block = opened;
        sibling = opened.spawn(forever);
        opened.spawn(async () => Promise.reject(boom));
        await settle();
        expect(() => opened.spawn(forever)).toThrow(TaskGroupClosed);
        expect(opened.signal.aborted).toBe(true);
      })(),
    );
    expect(error).toBeInstanceOf(ExceptionGroup);
    expect((error as ExceptionGroup).errors).toEqual([boom]);
    expect(sibling?.cancelled()).toBe(true);
    expect(() => block?.spawn(forever)).toThrow(TaskGroupClosed);
  }));

test("scope(): cancelled by hand it refuses children by its own cancel, and does not reach its block's waits", () =>
  inRun(async () => {
    await using block = scope();
    const child = block.spawn(forever);
    block.cancel("closing");
    await checkpoint();
    expect(() => block.spawn(forever)).toThrow("closing");
    expect(child.cancelled()).toBe(true);
  }));

test("scope(): its deadline cancels its children; a shield keeps the parent's cancel from them", () =>
  inRun(async ({ clock }) => {
    const log: string[] = [];
    const parent = createTask(async () => {
      await using block = scope({ deadline: 10, shield: true });
      block.spawn(() => forever().finally(() => log.push(`child at ${now()}`)));
      await shielded(() => sleep(20));
    });
    await clock.advance(5);
    parent.cancel();
    await clock.advance(15);
    await parent.settled();
    expect(log).toEqual(["child at 10"]);
  }));

test("scope(): a fatal error of a child comes out bare", () =>
  inRun(async () => {
    const fatal = new FatalError("out");
    const error = await caught(
      (async () => {
        await using block = scope();
        block.spawn(async () => Promise.reject(fatal));
        await settle();
      })(),
    );
    expect(error).toBe(fatal);
  }));

test("scope(): one that is never left is said to be, and its children are cancelled", () =>
  inRun(async ({ reports }) => {
    let child: Task<void> | undefined;
    let left: OpenScope | undefined;
    await createTask(
      async () => {
        left = scope({ name: "leaky" });
        child = left.spawn(forever);
        await checkpoint();
      },
      { name: "opener" },
    );
    await settle();
    expect(child?.cancelled()).toBe(true);
    expect(reports).toMatchObject([{ error: expect.any(UsageError) as unknown, task: { name: "opener" } }]);
    expect(reports[0]?.message).toContain("leaky");
    expect(() => left?.spawn(forever)).toThrow(TaskGroupClosed);
  }));

test("an error and a cancel from the cleanup: the error is what comes out", () =>
  inRun(async () => {
    const boom = new Error("boom");
    const task = createTask(async () => {
      await using _resource = {
        async [Symbol.asyncDispose]() {
          await checkpoint();
        },
      };
      currentTask().cancel();
      throw boom;
    });
    expect(await caught(task)).toBe(boom);
    const both = createTask(async () => {
      await using _resource = {
        async [Symbol.asyncDispose]() {
          await checkpoint();
        },
      };
      currentTask().cancel();
      await forever();
    });
    expect((await both.settled()).status).toBe("cancelled");
  }));
