/** What S1 to S3 and C30 say of `shield` and `shielded`. */
import { expect, test } from "vitest";
import {
  CancelledError,
  TaskCancelledError,
  TimeoutError,
  cancelScope,
  checkpoint,
  createTask,
  currentSignal,
  currentTask,
  gather,
  now,
  shield,
  shielded,
  sleep,
  taskGroup,
  timeout,
  waitFor,
  type Task,
} from "../../../../src-runtime/index.ts";
import { inRun, settle } from "../sync/run.ts";
import { caught } from "./caught.ts";

const forever = (): Promise<void> => sleep(1e9);

test("C30 a shielded block is cut off while it runs and not afterwards; value and errors pass through", () =>
  inRun(async () => {
    const task = createTask(async () => {
      currentTask().cancel();
      const seen = [currentSignal().aborted];
      const value = await shielded(async () => {
        seen.push(currentSignal().aborted);
        await checkpoint();
        return "value";
      });
      seen.push(currentSignal().aborted);
      const error = await caught(shielded(async () => Promise.reject(new Error("inside"))));
      return { seen, value, error };
    });
    expect(await task).toEqual({ seen: [true, false, true], value: "value", error: new Error("inside") });
  }));

test("S1 a cancelled caller of shield() is free at once; the task goes on under its own owner", () =>
  inRun(async ({ clock }) => {
    let isDone = false;
    const inner = createTask(() => sleep(10).then(() => void (isDone = true)));
    const caller = createTask(() => shield(inner));
    await settle();
    caller.cancel();
    expect((await caller.settled()).status).toBe("cancelled");
    expect([inner.cancelRequested, isDone]).toEqual([false, false]);
    await clock.advance(10);
    expect(isDone).toBe(true);
  }));

test("S1 a function becomes the runner's: the group that shields it does not wait for it, nor cancel it", () =>
  inRun(async ({ clock }) => {
    const log: string[] = [];
    const group = createTask(() =>
      taskGroup(async (tg) => {
        tg.createTask(() => shield(() => sleep(10).then(() => void log.push(`written at ${now()}`))));
        await checkpoint();
        tg.cancel();
      }),
    );
    await group;
    expect(log).toEqual([]);
    await clock.advance(10);
    expect(log).toEqual(["written at 10"]);
  }));

test("S1 a late error of shielded work is reported when nobody looks, and not when somebody does", () =>
  inRun(async ({ reports }) => {
    const boom = new Error("boom");
    const fails = (): Promise<void> => settle().then(() => Promise.reject(boom));
    const caller = createTask(() => shield(fails));
    await checkpoint();
    caller.cancel();
    await settle();
    await settle();
    expect(reports).toMatchObject([{ error: boom }]);
    const inner = createTask(fails);
    const second = createTask(() => shield(inner));
    await checkpoint();
    second.cancel();
    expect(await caught(inner)).toBe(boom);
    await settle();
    expect(reports).toHaveLength(1);
  }));

test("S1 the outcome of the work is the caller's: value, error, TaskCancelledError", () =>
  inRun(async () => {
    expect(await shield(async () => "value")).toBe("value");
    const boom = new Error("boom");
    expect(await caught(shield(createTask(async () => Promise.reject(boom))))).toBe(boom);
    const cancelled = createTask(forever);
    cancelled.cancel();
    expect(await caught(shield(cancelled))).toBeInstanceOf(TaskCancelledError);
    expect(await shield(gather([async () => 1, async () => 2]))).toEqual([1, 2]);
  }));

test("S1 in a cancelled scope shield() throws at once and starts nothing", () =>
  inRun(async () => {
    let calls = 0;
    await cancelScope(async (block) => {
      block.cancel();
      expect(await caught(shield(async () => void calls++))).toBeInstanceOf(CancelledError);
    });
    await settle();
    expect(calls).toBe(0);
  }));

test("S2 a shielded block's own scopes and deadlines work inside it", () =>
  inRun(async ({ clock }) => {
    const task = createTask(async () => {
      currentTask().cancel();
      return shielded(async () => {
        const scoped = await cancelScope(async (block) => {
          block.cancel();
          await forever();
        });
        const error = await caught(timeout(10, forever));
        return [scoped, error, now()];
      });
    });
    await clock.advance(10);
    expect(await task).toEqual([{ cancelled: true }, expect.any(TimeoutError), 10]);
  }));

test("S2 shields nest, and one inside a group's child protects only that child", () =>
  inRun(async ({ clock }) => {
    const log: string[] = [];
    const group = createTask(() =>
      taskGroup(async (tg) => {
        tg.createTask(() =>
          shielded(() => shielded(() => sleep(10))).then(() => void log.push(`protected at ${now()}`)),
        );
        tg.createTask(() => forever().finally(() => log.push(`sibling at ${now()}`)));
        await sleep(5);
        throw new Error("body");
      }).catch(() => undefined),
    );
    await clock.advance(10);
    await group;
    expect(log).toEqual(["sibling at 5", "protected at 10"]);
  }));

test("S2 with a timeout the shielded block is cancelled at its time, and abandoned if it does not react", () =>
  inRun(async ({ clock }) => {
    const reacting = createTask(() => shielded(forever, { timeout: 10 }));
    const stuck = createTask(() => shielded(() => new Promise<void>(() => undefined), { timeout: 10 }));
    await clock.advance(10);
    for (const task of [reacting, stuck]) {
      expect(await caught(task)).toBeInstanceOf(TimeoutError);
      expect(await caught(task)).toMatchObject({ ms: 10 });
    }
    expect(await shielded(async () => "in time", { timeout: 10 })).toBe("in time");
  }));

test("S3 children of a group are cancelled while the body is in a shield", () =>
  inRun(async () => {
    let child: Task<void> | undefined;
    let sawChild = false;
    const group = createTask(() =>
      taskGroup(async (tg) => {
        child = tg.createTask(forever);
        await shielded(async () => {
          await settle();
          await settle();
          sawChild = child?.cancelled() === true;
        });
      }),
    );
    await checkpoint();
    group.cancel();
    await group.settled();
    expect(sawChild).toBe(true);
  }));

test("W8 waitFor over a shielded task times out, and the task goes on", () =>
  inRun(async ({ clock }) => {
    const inner = createTask(() => sleep(20).then(() => "inner"));
    const waiter = createTask(() => waitFor(shield(inner), 10));
    await clock.advance(10);
    expect(await caught(waiter)).toBeInstanceOf(TimeoutError);
    await clock.advance(10);
    expect(inner.result()).toBe("inner");
  }));

test("rule C6 cancels during a shielded cleanup are counted and interrupt nothing", () =>
  inRun(async ({ clock }) => {
    const log: string[] = [];
    let aborts = 0;
    const task = createTask(async () => {
      currentSignal().addEventListener("abort", () => aborts++);
      try {
        await forever();
      } finally {
        await shielded(() => sleep(10));
        log.push("clean");
      }
    });
    await settle();
    task.cancel();
    await settle();
    task.cancel();
    task.cancel();
    await clock.advance(10);
    expect((await task.settled()).status).toBe("cancelled");
    expect([task.cancelling(), aborts, log]).toEqual([3, 1, ["clean"]]);
  }));

test("rule C7 in a cleanup plain awaits go on, runtime waits throw", () =>
  inRun(async () => {
    const log: string[] = [];
    const task = createTask(async () => {
      try {
        await forever();
      } finally {
        log.push(await Promise.resolve("plain"));
        await checkpoint().catch(() => log.push("thrown again"));
      }
    });
    await settle();
    task.cancel();
    await task.settled();
    expect(log).toEqual(["plain", "thrown again"]);
  }));
