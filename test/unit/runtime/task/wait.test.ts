/** `wait` and `asCompleted`: rule A3, F17 to F26 of the cases. */
import { expect, test } from "vitest";
import {
  CancelledError,
  NoCurrentTaskError,
  TimeoutError,
  UsageError,
  asCompleted,
  createTask,
  currentTask,
  now,
  sleep,
  timeout,
  wait,
  type EndedTask,
  type Task,
} from "../../../../src-runtime/index.ts";
import { runJumping } from "../jumping-run.ts";
import { caught } from "./caught.ts";

function after<T>(ms: number, value: T, name = `after ${ms}`): Task<T> {
  return createTask(async () => (await sleep(ms), value), { name });
}

function failsAfter(ms: number, error: unknown): Task<never> {
  return createTask(async () => {
    await sleep(ms);
    throw error;
  });
}

test("F17 FIRST_COMPLETED: the short one is done, the long one untouched", async () => {
  await runJumping(async () => {
    const [long, short] = [after(10_000, 1), after(100, 2)];
    const { done, pending } = await wait([long, short], { returnWhen: "FIRST_COMPLETED" });
    expect([...done]).toEqual([short]);
    expect([...pending]).toEqual([long]);
    expect(long.cancelRequested).toBe(false);
    expect(now()).toBe(100);
  });
});

test("A3 everything that is really done at the wake-up is returned as done", async () => {
  await runJumping(async () => {
    const tasks = [after(5, 1), after(5, 2), after(5, 3), after(6, 4)];
    const { done, pending } = await wait(tasks, { returnWhen: "FIRST_COMPLETED" });
    expect(done.size + pending.size).toBe(4);
    for (const task of pending) expect(task.done()).toBe(false);
    for (const task of done) expect(task.done()).toBe(true);
    const again = await wait(tasks, { returnWhen: "FIRST_COMPLETED" });
    expect(again.done.size).toBeGreaterThanOrEqual(3);
  });
});

test("F19 FIRST_EXCEPTION: at once or later, and wait itself does not throw", async () => {
  await runJumping(async ({ reports }) => {
    for (const ms of [0, 10]) {
      const [failed, sleeping] = [failsAfter(ms, new Error("boom")), after(10_000, 1)];
      const { done, pending } = await wait([failed, sleeping], { returnWhen: "FIRST_EXCEPTION" });
      expect([...done]).toEqual([failed]);
      expect([...pending]).toEqual([sleeping]);
      expect(sleeping.cancelRequested).toBe(false);
    }
    await sleep(1);
    expect(reports).toEqual([]);
  });
});

test("F19 neither a value nor a cancelled task is an exception", async () => {
  await runJumping(async () => {
    const [cancelled, value, last] = [after(1000, 1), after(5, 2), after(20, 3)];
    createTask(async () => void cancelled.cancel());
    const { done, pending } = await wait([cancelled, value, last], { returnWhen: "FIRST_EXCEPTION" });
    expect(done.size).toBe(3);
    expect(pending.size).toBe(0);
    expect(now()).toBe(20);
  });
});

test("F20 ALL_COMPLETED with a failure: both done, the error is read from the task and reported nowhere", async () => {
  await runJumping(async ({ reports }) => {
    const boom = new Error("boom");
    const [good, bad] = [after(100, 1), failsAfter(10, boom)];
    const { done, pending } = await wait([good, bad]);
    expect([done.size, pending.size]).toEqual([2, 0]);
    expect(bad.exception()).toBe(boom);
    expect(reports).toEqual([]);
  });
});

test("F22 a cancel of wait leaves its tasks alone", async () => {
  await runJumping(async () => {
    const inner = after(50, 42);
    const waiter = createTask(() => wait([inner]));
    await sleep(1);
    waiter.cancel();
    expect(await waiter.settled()).toMatchObject({ status: "cancelled" });
    expect(now()).toBe(1);
    expect(inner.cancelRequested).toBe(false);
    expect(await inner).toBe(42);
  });
});

test("A3 an error that a wait saw and then was cancelled is reported: nobody has it", async () => {
  await runJumping(async ({ reports }) => {
    const bad = failsAfter(5, new Error("boom"));
    const waiter = createTask(() => wait([bad, after(1000, 1)]));
    await sleep(10);
    expect(reports).toEqual([]);
    waiter.cancel();
    await waiter.settled();
    await sleep(1);
    expect(reports).toMatchObject([{ error: { message: "boom" } }]);
  });
});

test("A3 a timeout is no error: what is done is returned, nothing is cancelled", async () => {
  await runJumping(async () => {
    const [short, long] = [after(10, 1), after(1000, 2)];
    const { done, pending } = await wait([short, long], { timeout: 50 });
    expect([[...done], [...pending]]).toEqual([[short], [long]]);
    expect(now()).toBe(50);
    expect(long.cancelRequested).toBe(false);
    const now0 = await wait([short, long], { timeout: 0 });
    expect([...now0.done]).toEqual([short]);
    expect((await wait([long], { timeout: -1 })).pending.size).toBe(1);
  });
});

test("F23 bad input is refused at once", async () => {
  await runJumping(async () => {
    const task = after(1, 1);
    expect(await caught(wait([]))).toBeInstanceOf(RangeError);
    expect(await caught(wait([task], { returnWhen: "SOMETIME" as "FIRST_COMPLETED" }))).toBeInstanceOf(TypeError);
    expect(await caught(wait([task], { timeout: Number.NaN }))).toBeInstanceOf(RangeError);
    expect(await caught(wait(5 as unknown as Task[]))).toBeInstanceOf(TypeError);
    expect(await caught(wait([async () => 1] as unknown as Task[]))).toBeInstanceOf(TypeError);
    expect(await caught(wait([Promise.resolve(1)] as unknown as Task[]))).toBeInstanceOf(TypeError);
    expect(await caught(wait([currentTask()]))).toBeInstanceOf(UsageError);
    expect(() => asCompleted([5] as unknown as Task[])).toThrow(TypeError);
    expect(() => asCompleted([task], { timeout: Number.NaN })).toThrow(RangeError);
    await task;
  });
  expect(await caught(wait([{} as Task]))).toBeInstanceOf(NoCurrentTaskError);
  expect(() => asCompleted([])).toThrow(NoCurrentTaskError);
});

test("a generator and the same task twice are fine", async () => {
  await runJumping(async () => {
    function* tasks(): Iterable<Task<number>> {
      const task = after(5, 1);
      yield task;
      yield task;
    }
    expect((await wait(tasks())).done.size).toBe(1);
    const seen: number[] = [];
    for await (const task of asCompleted(tasks())) seen.push(task.result());
    expect(seen).toEqual([1]);
  });
});

test("F25 asCompleted with a timeout: the first value, then TimeoutError; the second task is not cancelled", async () => {
  await runJumping(async () => {
    const [first, second] = [after(100, "a"), after(150, "b")];
    const values: string[] = [];
    const error = await caught(
      (async () => {
        for await (const task of asCompleted([first, second], { timeout: 120 })) values.push(task.result());
      })(),
    );
    expect(values).toEqual(["a"]);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(now()).toBe(120);
    expect(second.cancelRequested).toBe(false);
    expect(await second).toBe("b");
  });
});

test("F25 every further ask throws TimeoutError too", async () => {
  await runJumping(async () => {
    const iterator = asCompleted([after(100, 1), after(150, 2)], { timeout: 10 })[Symbol.asyncIterator]();
    expect(await caught(iterator.next())).toBeInstanceOf(TimeoutError);
    await sleep(500);
    expect(await caught(iterator.next())).toBeInstanceOf(TimeoutError);
  });
});

test("F25 with no time left what has ended comes out first", async () => {
  await runJumping(async () => {
    const [ended, other] = [after(0, 1), after(100, 2)];
    await ended;
    const iterator = asCompleted([ended, other], { timeout: 0 })[Symbol.asyncIterator]();
    expect(await iterator.next()).toMatchObject({ done: false });
    expect(await caught(iterator.next())).toBeInstanceOf(TimeoutError);
  });
});

test("F26 the same objects come out, in the order they end", async () => {
  await runJumping(async () => {
    const tasks = [after(30, "c"), after(10, "a"), failsAfter(20, new Error("b"))] as Task[];
    const [c, a, b] = tasks;
    const seen: EndedTask[] = [];
    for await (const task of asCompleted(tasks)) {
      expect(task.done()).toBe(true);
      seen.push(task);
    }
    expect(seen[0]).toBe(a);
    expect(seen[1]).toBe(b);
    expect(seen[2]).toBe(c);
    const again: EndedTask[] = [];
    for await (const task of asCompleted(tasks)) again.push(task);
    expect(again).toHaveLength(3);
    for await (const _task of asCompleted([])) throw new Error("There is none.");
  });
});

test("asCompleted: errors that end while the consumer is busy are not reported, and those it leaves are", async () => {
  await runJumping(async ({ reports }) => {
    const tasks = [after(1, 1), failsAfter(5, new Error("seen")), failsAfter(6, new Error("left"))];
    let count = 0;
    for await (const _task of asCompleted(tasks)) {
      await sleep(50);
      expect(reports).toEqual([]);
      if (++count === 2) break;
    }
    await sleep(1);
    expect(reports).toMatchObject([{ error: { message: "left" } }]);
  });
});

test("asCompleted: a cancel of the consumer leaves the tasks alone", async () => {
  await runJumping(async () => {
    const inner = after(50, 42);
    const consumer = createTask(async () => {
      for await (const _task of asCompleted([inner]));
    });
    await sleep(1);
    consumer.cancel();
    expect(await consumer.settled()).toMatchObject({ status: "cancelled" });
    expect(inner.cancelRequested).toBe(false);
    expect(await inner).toBe(42);
  });
});

test("asCompleted: in a timeout of its consumer", async () => {
  await runJumping(async () => {
    const values: number[] = [];
    const error = await caught(
      timeout(20, async () => {
        for await (const task of asCompleted([after(10, 1), after(50, 2)])) values.push(task.result());
      }),
    );
    expect(error).toMatchObject({ name: "TimeoutError", ms: 20 });
    expect((error as Error).cause).toBeInstanceOf(CancelledError);
    expect(values).toEqual([1]);
  });
});

test("asCompleted: iterated twice is refused, asked twice at once gives both", async () => {
  await runJumping(async () => {
    const all = asCompleted([after(10, 1), after(20, 2)]);
    const iterator = all[Symbol.asyncIterator]();
    expect(() => all[Symbol.asyncIterator]()).toThrow(UsageError);
    const [first, second] = await Promise.all([iterator.next(), iterator.next()]);
    expect([first.value?.result(), second.value?.result()]).toEqual([1, 2]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});
