import { expect, test } from "vitest";
import {
  CancelledError,
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  UsageError,
  cancelScope,
  createTask,
  currentTask,
  moveOnAfter,
  taskGroup,
} from "../../../../src-runtime/index.ts";
import { inRun, settle } from "./run.ts";

test("I01 put waits on a full queue until a get", () =>
  inRun(async () => {
    const queue = new Queue<number>(2);
    const done: number[] = [];
    const producer = createTask(async () => {
      for (const n of [1, 2, 3]) {
        await queue.put(n);
        done.push(n);
      }
    });
    await settle();
    expect(done).toEqual([1, 2]);
    expect([queue.qsize(), queue.full(), queue.stats.putters]).toEqual([2, true, 1]);
    expect(await queue.get()).toBe(1);
    expect(queue.qsize()).toBe(2);
    await producer;
    expect(done).toEqual([1, 2, 3]);
  }));

test("I02 a cancelled getter is skipped", () =>
  inRun(async () => {
    const queue = new Queue<string>(5);
    const [first, second] = [createTask(() => queue.get()), createTask(() => queue.get())];
    await settle();
    first.cancel();
    await queue.put("a");
    expect(await second).toBe("a");
    expect((await first.settled()).status).toBe("cancelled");
  }));

test("I04 of several readers one is cancelled: each item reaches exactly one of the others", () =>
  inRun(async () => {
    const queue = new Queue<number>(Infinity);
    const readers = [1, 2, 3].map(() => createTask(() => queue.get()));
    await settle();
    queue.putNowait(1);
    readers[0]!.cancel();
    queue.putNowait(2);
    // The first reader held its item before the cancel.
    expect(await readers[0]).toBe(1);
    expect(await readers[1]).toBe(2);
    readers[2]!.cancel();
    queue.putNowait(3);
    expect(queue.getNowait()).toBe(3);
    expect(queue.stats.getters).toBe(0);
  }));

test("I05 a put cancelled just after there was room is done; the item is in once", () =>
  inRun(async () => {
    const lost: number[] = [];
    const queue = new Queue<number>(1, { onUndelivered: (item) => void lost.push(item) });
    await queue.put(1);
    const put = createTask(() => queue.put(2));
    await settle();
    expect(queue.getNowait()).toBe(1);
    put.cancel();
    expect((await put.settled()).status).toBe("completed");
    expect(queue.qsize()).toBe(1);
    expect(queue.getNowait()).toBe(2);
    expect(queue.empty()).toBe(true);
    expect(lost).toEqual([]);
  }));

test("a put cancelled while it waits inserts nothing, and its item is undelivered once", () =>
  inRun(async () => {
    const lost: number[] = [];
    const queue = new Queue<number>(1, { onUndelivered: (item) => void lost.push(item) });
    await queue.put(1);
    const put = createTask(() => queue.put(2));
    await settle();
    put.cancel();
    expect((await put.settled()).status).toBe("cancelled");
    expect(lost).toEqual([2]);
    expect(queue.getNowait()).toBe(1);
    expect(() => queue.getNowait()).toThrow(QueueEmpty);
  }));

test("I07 no waiter is left after a get that timed out and a put that was cancelled", () =>
  inRun(async ({ clock }) => {
    const queue = new Queue<number>(1);
    const late = createTask(() => moveOnAfter(10, () => queue.get()));
    await settle();
    expect(queue.stats.getters).toBe(1);
    await clock.advance(10);
    expect(await late).toEqual({ timedOut: true });
    expect(queue.stats.getters).toBe(0);
    await queue.put(1);
    const put = createTask(() => queue.put(2));
    await settle();
    put.cancel();
    expect(queue.stats).toEqual({ size: 1, maxsize: 1, getters: 0, putters: 0, unfinished: 1, isShutDown: false });
  }));

test("I08 a producer and a consumer over a queue of one come to an end", () =>
  inRun(async () => {
    const queue = new Queue<number>(1);
    const got: number[] = [];
    await taskGroup(async (group) => {
      group.createTask(async () => {
        for (let n = 0; n < 5; n++) await queue.put(n);
      });
      group.createTask(async () => {
        while (got.length < 5) got.push(await queue.get());
      });
    });
    expect(got).toEqual([0, 1, 2, 3, 4]);
  }));

test("I10 taskDone too often is refused", () =>
  inRun(async () => {
    const queue = new Queue<number>(1, { name: "jobs" });
    expect(() => queue.taskDone()).toThrow(UsageError);
    await queue.put(1);
    await queue.get();
    queue.taskDone();
    expect(() => queue.taskDone()).toThrow(/the queue "jobs"/);
  }));

test("I11 join ends when all items are marked, at once when there are none, also twice", () =>
  inRun(async () => {
    const queue = new Queue<number>(Infinity);
    await queue.join();
    await queue.join();
    for (let n = 0; n < 100; n++) queue.putNowait(n);
    let sum = 0;
    const workers = [1, 2].map(() =>
      createTask(async () => {
        for (;;) {
          sum += await queue.get();
          await settle();
          queue.taskDone();
        }
      }),
    );
    await queue.join();
    expect(sum).toBe(4950);
    await queue.join();
    for (const worker of workers) worker.cancel();
    const joiner = createTask(() => queue.join());
    queue.putNowait(1);
    await settle();
    joiner.cancel();
    expect((await joiner.settled()).status).toBe("cancelled");
  }));

test("I13 shutdown of a full queue: the put is refused, the item still read, then gets are refused", () =>
  inRun(async () => {
    const lost: number[] = [];
    const queue = new Queue<number>(1, { onUndelivered: (item) => void lost.push(item) });
    await queue.put(1);
    const put = createTask(() => queue.put(2));
    const join = createTask(() => queue.join());
    await settle();
    queue.shutdown();
    await expect(put.join()).rejects.toThrow(QueueShutDown);
    expect(lost).toEqual([2]);
    await expect(queue.put(3)).rejects.toThrow(QueueShutDown);
    expect(() => queue.putNowait(4)).toThrow(QueueShutDown);
    expect(lost).toEqual([2, 3]);
    expect(await queue.get()).toBe(1);
    await expect(queue.get()).rejects.toThrow(QueueShutDown);
    expect(() => queue.getNowait()).toThrow(QueueShutDown);
    expect(join.done()).toBe(false);
    queue.taskDone();
    await join;
  }));

test("I14 immediate shutdown drops the items as done; those taken still need taskDone", () =>
  inRun(async () => {
    const lost: number[] = [];
    const queue = new Queue<number>(Infinity, { onUndelivered: (item) => void lost.push(item) });
    for (const n of [1, 2, 3]) queue.putNowait(n);
    await queue.get();
    const join = createTask(() => queue.join());
    await settle();
    queue.shutdown(true);
    expect(lost).toEqual([2, 3]);
    expect(queue.stats).toMatchObject({ size: 0, unfinished: 1, isShutDown: true });
    await expect(queue.get()).rejects.toThrow(QueueShutDown);
    await settle();
    expect(join.done()).toBe(false);
    queue.taskDone();
    await join;
    queue.shutdown(true);
    expect(() => queue.taskDone()).toThrow(UsageError);
    expect(lost).toEqual([2, 3]);
  }));

test("immediate shutdown with nothing taken ends joins and getters", () =>
  inRun(async () => {
    const queue = new Queue<number>(Infinity);
    const getter = createTask(() => queue.get());
    await settle();
    queue.shutdown();
    await expect(getter.join()).rejects.toThrow(QueueShutDown);
    const other = new Queue<number>(Infinity);
    other.putNowait(1);
    const join = createTask(() => other.join());
    await settle();
    other.shutdown(true);
    await join;
    expect(other.empty()).toBe(true);
  }));

test("I16 a put in a cancelled scope puts nothing", () =>
  inRun(async () => {
    const lost: string[] = [];
    const queue = new Queue<string>(5, { onUndelivered: (item) => void lost.push(item) });
    const receiver = createTask(() => queue.get());
    await settle();
    const { cancelled } = await cancelScope(async (scope) => {
      scope.cancel();
      await queue.put("hello");
    });
    expect(cancelled).toBe(true);
    expect(lost).toEqual(["hello"]);
    await queue.put("world");
    expect(await receiver).toBe("world");
  }));

test("a get in a cancelled scope takes nothing", () =>
  inRun(async () => {
    const queue = new Queue<string>(5);
    queue.putNowait("a");
    await cancelScope(async (scope) => {
      scope.cancel();
      await expect(queue.get()).rejects.toThrow(CancelledError);
      await expect(queue.join()).rejects.toThrow(CancelledError);
    });
    expect(queue.getNowait()).toBe("a");
  }));

test("I17 an item handed over before the cancel is kept by the receiver", () =>
  inRun(async () => {
    const queue = new Queue<string>(Infinity);
    const receiver = createTask(async () => {
      let received: string | undefined;
      const result = await cancelScope(async (scope) => {
        queueMicrotask(() => {
          queue.putNowait("hello");
          scope.cancel();
        });
        received = await queue.get();
        return { wasCancelled: scope.signal.aborted };
      });
      return { received, result };
    });
    expect(await receiver).toEqual({
      received: "hello",
      result: { cancelled: false, value: { wasCancelled: true } },
    });
  }));

test("I19 of two blocked putters one goes away: only its put is refused, the other's item is delivered", () =>
  inRun(async () => {
    const queue = new Queue<string>(0);
    const first = createTask(() => queue.put("first"));
    const second = createTask(() => queue.put("second"));
    await settle();
    first.cancel();
    expect(await queue.get()).toBe("second");
    await second;
    expect((await first.settled()).status).toBe("cancelled");
  }));

test("I20 putting works while one receiver is left, and is refused once the last has shut the queue down", () =>
  inRun(async () => {
    const queue = new Queue<number>(0);
    const receivers = [1, 2].map(() => createTask(() => queue.get()));
    await settle();
    receivers[0]!.cancel();
    await queue.put(1);
    expect(await receivers[1]).toBe(1);
    const put = createTask(() => queue.put(2));
    await settle();
    queue.shutdown();
    await expect(put.join()).rejects.toThrow(QueueShutDown);
  }));

test("I22 with no buffer the nowait operations find nothing, and put and get meet", () =>
  inRun(async () => {
    const queue = new Queue<number>(0);
    expect(() => queue.putNowait(1)).toThrow(QueueFull);
    expect(() => queue.getNowait()).toThrow(QueueEmpty);
    const put = createTask(() => queue.put(1));
    await settle();
    expect(put.done()).toBe(false);
    expect(await queue.get()).toBe(1);
    await put;
    const get = createTask(() => queue.get());
    await settle();
    queue.putNowait(2);
    expect(await get).toBe(2);
    const another = createTask(() => queue.put(3));
    await settle();
    expect(queue.getNowait()).toBe(3);
    await another;
    expect(queue.stats).toMatchObject({ size: 0, getters: 0, putters: 0, unfinished: 3 });
  }));

test("I23 the item, or the free place, belongs to who waits for it", () =>
  inRun(async () => {
    const queue = new Queue<number>(1);
    const getter = createTask(() => queue.get());
    await settle();
    await queue.put(1);
    expect(() => queue.getNowait()).toThrow(QueueEmpty);
    expect(await getter).toBe(1);

    await queue.put(2);
    const putter = createTask(() => queue.put(3));
    await settle();
    expect(queue.getNowait()).toBe(2);
    expect(() => queue.putNowait(4)).toThrow(QueueFull);
    await putter;
    expect(queue.getNowait()).toBe(3);
  }));

test("I25 an item put into a queue that is shut down is handed back", () =>
  inRun(async () => {
    const lost: string[] = [];
    const queue = new Queue<string>(1, { onUndelivered: (item) => void lost.push(item) });
    queue.shutdown();
    await expect(queue.put("resource")).rejects.toThrow(QueueShutDown);
    expect(lost).toEqual(["resource"]);
  }));

test("I26 statistics are right at each step", () =>
  inRun(async () => {
    const queue = new Queue<number>(1);
    const stats = (): unknown[] => [queue.stats.size, queue.stats.getters, queue.stats.putters, queue.stats.unfinished];
    expect(stats()).toEqual([0, 0, 0, 0]);
    const getter = createTask(() => queue.get());
    await settle();
    expect(stats()).toEqual([0, 1, 0, 0]);
    await queue.put(1);
    expect(stats()).toEqual([0, 0, 0, 1]);
    await getter;
    await queue.put(2);
    const putter = createTask(() => queue.put(3));
    await settle();
    expect(stats()).toEqual([1, 0, 1, 2]);
    await queue.get();
    expect(stats()).toEqual([1, 0, 0, 3]);
    await putter;
    expect(queue.maxsize).toBe(1);
  }));

test("a failing onUndelivered is reported; the others are still handed back", () =>
  inRun(async ({ reports }) => {
    const lost: number[] = [];
    const queue = new Queue<number>(Infinity, {
      onUndelivered: (item) => {
        lost.push(item);
        if (item === 1) throw new Error("no way back");
      },
    });
    queue.putNowait(1);
    queue.putNowait(2);
    queue.shutdown(true);
    expect(lost).toEqual([1, 2]);
    expect(reports.map(({ error }) => String(error))).toEqual(["Error: no way back"]);
  }));

test("outside a run the nowait operations and shutdown work, waits are refused", async () => {
  const queue = new Queue<number>(Infinity, {
    onUndelivered: (item) => {
      throw new Error(`no way back for ${item}`);
    },
  });
  queue.putNowait(1);
  queue.putNowait(2);
  expect(queue.getNowait()).toBe(1);
  await expect(queue.get()).rejects.toMatchObject({ name: "NoCurrentTaskError" });
  await expect(queue.put(3)).rejects.toMatchObject({ name: "NoCurrentTaskError" });
  expect(() => queue.shutdown(true)).toThrow("no way back for 2");
  expect(queue.empty()).toBe(true);
});

test("a last-in-first-out queue gives the latest, a priority queue the least, among equals the older", () =>
  inRun(async () => {
    const lifo = new LifoQueue<number>();
    for (const n of [1, 2, 3]) await lifo.put(n);
    expect([await lifo.get(), await lifo.get(), await lifo.get()]).toEqual([3, 2, 1]);

    const numbers = new PriorityQueue<number>();
    for (const n of [3, 1, 2]) await numbers.put(n);
    expect([await numbers.get(), await numbers.get(), await numbers.get()]).toEqual([1, 2, 3]);

    const pairs = new PriorityQueue<readonly [number, { readonly n: number }]>();
    for (let n = 0; n < 10; n++) await pairs.put([n % 2, { n }]);
    const order: number[] = [];
    while (!pairs.empty()) order.push((await pairs.get())[1].n);
    expect(order).toEqual([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]);

    const jobs = new PriorityQueue<{ readonly rank: number }>(Infinity, { compare: (a, b) => b.rank - a.rank });
    for (const rank of [1, 3, 2]) await jobs.put({ rank });
    expect((await jobs.get()).rank).toBe(3);
  }));

test("a priority queue refuses what has no order before anything happens", () =>
  inRun(async () => {
    const queue = new PriorityQueue<unknown>();
    expect(() => queue.putNowait({})).toThrow(TypeError);
    await expect(queue.put(Number.NaN)).rejects.toThrow(/give compare/);
    expect(queue.stats).toMatchObject({ size: 0, unfinished: 0 });
  }));

test("a compare that throws fails the one put, and the queue stays as it was", () =>
  inRun(async () => {
    const lost: number[] = [];
    const queue = new PriorityQueue<number>(2, {
      compare: (a, b) => {
        if (a === 13 || b === 13) throw new Error("unlucky");
        return a - b;
      },
      onUndelivered: (item) => void lost.push(item),
    });
    await queue.put(2);
    await expect(queue.put(13)).rejects.toThrow("unlucky");
    await queue.put(1);
    const waiting = createTask(() => queue.put(13));
    const next = createTask(() => queue.put(0));
    await settle();
    expect(await queue.get()).toBe(1);
    await expect(waiting.join()).rejects.toThrow("unlucky");
    await next;
    expect(lost).toEqual([13, 13]);
    expect([queue.getNowait(), queue.getNowait(), queue.empty()]).toEqual([0, 2, true]);
  }));

test("what is no maxsize is refused", () => {
  expect(() => new Queue(-1)).toThrow(RangeError);
  expect(() => new Queue(Number.NaN)).toThrow(RangeError);
  expect(() => new Queue("1" as unknown as number)).toThrow(TypeError);
  expect(() => new Queue(1, { onUndelivered: 1 as unknown as () => void })).toThrow(TypeError);
  expect(() => new PriorityQueue(1, { compare: 1 as unknown as () => number })).toThrow(TypeError);
});

test("the cancelled put's item comes back although its task goes on", () =>
  inRun(async () => {
    const lost: number[] = [];
    const queue = new Queue<number>(0, { onUndelivered: (item) => void lost.push(item) });
    const putter = createTask(async () => {
      await queue.put(1).catch(() => currentTask().uncancel());
      await queue.put(2);
    });
    await settle();
    putter.cancel();
    await settle();
    expect(lost).toEqual([1]);
    expect(await queue.get()).toBe(2);
    await putter;
  }));

test("listeners see the depth, and who is blocked on which side", async () => {
  const seen: string[] = [];
  await inRun(
    async () => {
      const queue = new Queue<number>(1);
      const getter = createTask(() => queue.get(), { name: "getter" });
      await settle();
      await queue.put(1);
      await getter;
      await queue.put(2);
      const putter = createTask(() => queue.put(3), { name: "putter" });
      await settle();
      await queue.get();
      await putter;
      queue.shutdown(true);
    },
    {
      observers: [
        { onEvent: ({ kind, taskName }) => void (kind.startsWith("queue.") && seen.push(`${kind} ${taskName}`)) },
      ],
    },
  );
  expect(seen).toEqual([
    "queue.blocked getter",
    "queue.put main",
    "queue.unblocked getter",
    "queue.get getter",
    "queue.put main",
    "queue.blocked putter",
    "queue.unblocked putter",
    "queue.put putter",
    "queue.get main",
    "queue.shutdown main",
    "queue.undelivered undefined",
  ]);
});
