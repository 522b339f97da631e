/** What holds whatever happens: random programs of puts, gets, acquires, cancels and shutdowns. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CapacityLimiter,
  LifoQueue,
  Lock,
  PriorityQueue,
  Queue,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  RateLimiter,
  Semaphore,
  createTask,
  type Guard,
  type Task,
} from "../../../../src-runtime/index.ts";
import { dispose, inRun, settle } from "./run.ts";

const queueStep = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("put", "get", "putNowait", "getNowait", "settle") },
  { weight: 8, arbitrary: fc.record({ cancel: fc.nat() }) },
  { weight: 1, arbitrary: fc.constantFrom("shutdown", "shutdownNow") },
);

/** Of those that have not ended. */
function pick(tasks: readonly Task[], index: number): Task | undefined {
  const live = tasks.filter((task) => !task.done());
  return live[index % Math.max(1, live.length)];
}

test("each item put is delivered once, or undelivered once, or still inside; first in, first out", async () => {
  const setUp = fc.record({
    kind: fc.constantFrom("fifo" as const, "lifo" as const, "priority" as const),
    maxsize: fc.constantFrom(0, 1, 2, Infinity),
    steps: fc.array(queueStep, { maxLength: 60, size: "max" }),
  });
  await fc.assert(
    fc.asyncProperty(setUp, ({ kind, maxsize, steps }) =>
      inRun(async ({ reports }) => {
        const undelivered: number[] = [];
        const options = { onUndelivered: (item: number) => void undelivered.push(item) };
        const Kind = { fifo: Queue<number>, lifo: LifoQueue<number>, priority: PriorityQueue<number> }[kind];
        const queue = new Kind(maxsize, options);
        let items = 0;
        let gets = 0;
        const kept: number[] = [];
        const delivered: { readonly get: number; readonly item: number }[] = [];
        const tasks: Task[] = [];
        for (const step of steps) {
          if (typeof step !== "string") pick(tasks, step.cancel)?.cancel();
          else if (step === "put") tasks.push(createTask(() => queue.put(items++)));
          else if (step === "get") {
            tasks.push(
              createTask(async () => {
                const get = gets++;
                delivered.push({ get, item: await queue.get() });
              }),
            );
          } else if (step === "settle") await settle();
          else if (step === "shutdown") queue.shutdown();
          else if (step === "shutdownNow") queue.shutdown(true);
          else {
            try {
              if (step === "putNowait") queue.putNowait(items++);
              else delivered.push({ get: gets++, item: queue.getNowait() });
            } catch (error) {
              if (step === "putNowait") kept.push(items - 1);
              expect([QueueEmpty, QueueFull, QueueShutDown].some((type) => error instanceof type)).toBe(true);
            }
          }
          const { getters, putters, size } = queue.stats;
          expect(size).toBeLessThanOrEqual(maxsize);
          expect(getters === 0 || (size === 0 && putters === 0)).toBe(true);
        }
        await settle();
        const inside: number[] = [];
        while (queue.stats.size + queue.stats.putters > 0) inside.push(queue.getNowait());
        queue.shutdown();
        for (const task of tasks) {
          const outcome = await task.settled();
          if (outcome.status === "failed") expect(outcome.error).toBeInstanceOf(QueueShutDown);
        }
        const all = [...delivered.map(({ item }) => item), ...undelivered, ...kept, ...inside];
        expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: items }, (_, item) => item));
        expect(queue.stats).toMatchObject({ size: 0, getters: 0, putters: 0 });
        expect(queue.stats.unfinished).toBe(delivered.length + inside.length);
        if (kind === "fifo") {
          const inOrder = delivered.toSorted((a, b) => a.get - b.get).map(({ item }) => item);
          expect([...inOrder, ...inside]).toEqual([...inOrder, ...inside].toSorted((a, b) => a - b));
        }
        expect(reports.filter(({ message }) => message.startsWith("onUndelivered"))).toEqual([]);
      }),
    ),
    { numRuns: 300 },
  );
});

const permitStep = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("acquire", "careless", "release", "tryAcquire", "settle") },
  { weight: 3, arbitrary: fc.record({ cancel: fc.nat() }) },
);

test("every permit comes back, never more are out than there are, and they are given in the order asked for", async () => {
  const setUp = fc.record({
    kind: fc.constantFrom("lock", "semaphore", "limiter"),
    total: fc.integer({ min: 1, max: 3 }),
    steps: fc.array(permitStep, { maxLength: 60, size: "max" }),
  });
  await fc.assert(
    fc.asyncProperty(setUp, ({ kind, total, steps }) =>
      inRun(async ({ reports }) => {
        const count = kind === "lock" ? 1 : total;
        const gate =
          kind === "lock" ? new Lock() : kind === "semaphore" ? new Semaphore(count) : new CapacityLimiter(count);
        const tasks: Task[] = [];
        const taken: Guard[] = [];
        const letGo: (() => void)[] = [];
        const given: number[] = [];
        let asked = 0;
        let out = 0;
        let careless = 0;
        const work = async (isCareless: boolean): Promise<void> => {
          const number = asked++;
          const guard = await gate.acquire();
          given.push(number);
          expect(++out + taken.length).toBeLessThanOrEqual(count);
          const { promise, resolve } = Promise.withResolvers<void>();
          letGo.push(resolve);
          await promise;
          out--;
          if (isCareless) careless++;
          else dispose(guard);
        };
        const holder = async (step: string): Promise<void> => {
          if (step === "tryAcquire") {
            // The limiter's one token per task: a task of its own each.
            const free = out + taken.length < count && gate.stats.waiters === 0;
            await createTask(
              async () => {
                const options = kind === "limiter" ? { borrower: {} } : undefined;
                using guard = (gate as CapacityLimiter).tryAcquire(options);
                if (guard !== undefined) expect(free).toBe(true);
              },
              { start: "eager" },
            );
          } else letGo.shift()?.();
        };
        for (const step of steps) {
          if (typeof step !== "string") pick(tasks, step.cancel)?.cancel();
          else if (step === "settle") await settle();
          else if (step === "acquire" || step === "careless") tasks.push(createTask(() => work(step === "careless")));
          else await holder(step);
        }
        await settle();
        while (tasks.some((task) => !task.done())) {
          letGo.shift()?.();
          await settle();
        }
        for (const task of tasks) expect((await task.settled()).status).not.toBe("failed");
        expect(given).toEqual(given.toSorted((a, b) => a - b));
        expect(reports).toHaveLength(careless);
        expect(gate.stats.waiters).toBe(0);
        const again = Array.from({ length: count + 1 }, () =>
          kind === "limiter" ? (gate as CapacityLimiter).tryAcquire({ borrower: {} }) : gate.tryAcquire(),
        );
        expect(again.map((guard) => guard !== undefined)).toEqual([
          ...Array.from({ length: count }, () => true),
          false,
        ]);
        for (const guard of again) dispose(guard);
      }),
    ),
    { numRuns: 300 },
  );
});

test("a rate is never exceeded, in the order asked for, and cancelled waiters cost nothing", async () => {
  const step = fc.oneof(
    fc.constant("acquire" as const),
    fc.record({ cancel: fc.nat() }),
    fc.record({ pause: fc.integer({ min: 0, max: 60 }) }),
  );
  const setUp = fc.record({
    limit: fc.integer({ min: 1, max: 4 }),
    burst: fc.integer({ min: 1, max: 3 }),
    steps: fc.array(step, { maxLength: 40, size: "max" }),
  });
  await fc.assert(
    fc.asyncProperty(setUp, ({ limit, burst, steps }) =>
      inRun(async ({ clock }) => {
        const per = 100;
        const limiter = new RateLimiter({ limit, per, burst });
        const tasks: Task[] = [];
        const passed: { readonly number: number; readonly at: number }[] = [];
        let asked = 0;
        for (const move of steps) {
          if (move === "acquire") {
            tasks.push(
              createTask(async () => {
                const number = asked++;
                await limiter.acquire();
                passed.push({ number, at: clock.now() });
              }),
            );
          } else if ("cancel" in move) pick(tasks, move.cancel)?.cancel();
          else await clock.advance(move.pause);
        }
        await clock.advance(steps.length * per);
        expect(tasks.every((task) => task.done())).toBe(true);
        expect(passed.length).toBeGreaterThanOrEqual(tasks.filter((task) => !task.cancelled()).length);
        for (const [index, { number, at }] of passed.entries()) {
          expect(number).toBeGreaterThan(passed[index - 1]?.number ?? -1);
          const before = passed[index - burst];
          if (before !== undefined) expect(at - before.at).toBeGreaterThanOrEqual(per / limit - 1e-6);
        }
        expect(clock.next()).toBe(Infinity);
      }),
    ),
    { numRuns: 100 },
  );
});
