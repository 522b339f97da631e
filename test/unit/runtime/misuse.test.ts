/** What a newcomer may get wrong: each is refused where it is written, by an error that says what to give. */
import { describe, expect, test } from "vitest";
import {
  Barrier,
  CancelledError,
  CapacityLimiter,
  Condition,
  Event,
  LifoQueue,
  Lock,
  Pool,
  PriorityQueue,
  Queue,
  RateLimiter,
  Runner,
  Semaphore,
  TaskCancelledError,
  UsageError,
  asCompleted,
  cancelScope,
  circuitBreaker,
  createTask,
  currentTask,
  fallback,
  firstSuccess,
  gather,
  mapConcurrent,
  retry,
  run,
  scope,
  shield,
  shielded,
  sleep,
  stream,
  supervisorGroup,
  taskGroup,
  timeout,
  timeoutAt,
  toNodeReadable,
  toReadableStream,
  toThread,
  transaction,
  use,
  wait,
  waitFor,
} from "../../../src-runtime/index.ts";
import { caught } from "./task/caught.ts";
import { inRun, settle } from "./sync/run.ts";

const WORK = new URL("./thread/work.ts", import.meta.url);

/** Of a function that throws at once, or of its promise. */
async function refusal(call: () => unknown): Promise<unknown> {
  return caught((async () => call())());
}

describe("options", () => {
  let begun = 0;
  const body = async (): Promise<number> => ++begun;
  const none = null as never;
  test.each<[string, () => unknown]>([
    ["run's options", () => run(body, none)],
    ["A Runner's options", () => new Runner(none)],
    ["A task's options", () => createTask(body, none)],
    ["A task's options", () => taskGroup(async (group) => group.start(body, none))],
    ["A task's options", () => taskGroup(async (group) => void group.createTask(body, none))],
    ["taskGroup's options", () => taskGroup(body, none)],
    ["supervisorGroup's options", () => supervisorGroup(body, none)],
    ["cancelScope's options", () => cancelScope(body, none)],
    ["scope's options", () => scope(none)],
    ["timeout's options", () => timeout(5, body, none)],
    ["timeoutAt's options", () => timeoutAt(5, body, none)],
    ["shielded's options", () => shielded(body, none)],
    ["gather's options", () => gather([body], none)],
    ["wait's options", () => wait([], none)],
    ["asCompleted's options", () => asCompleted([], none)],
    ["waitFor's options", () => waitFor(body, 5, none)],
    ["firstSuccess's options", () => firstSuccess([body], none)],
    ["retry's policy", () => retry(body, none)],
    ["fallback's options", () => fallback([body], none)],
    ["circuitBreaker's options", () => circuitBreaker(none)],
    ["use's options", () => use(body, body, async () => void begun++, none)],
    ["A Pool's options", () => new Pool(none)],
    ["transaction's steps", () => transaction(new Pool({ max: 1, create: body, destroy: sleep }), body, none)],
    ["A stream's options", () => stream(async () => void begun++, none)],
    ["toReadableStream's options", () => toReadableStream(stream(sleep as never), none)],
    ["toNodeReadable's options", () => toNodeReadable(stream(sleep as never), none)],
    ["toThread's options", () => toThread(WORK, "add", [], none)],
    ["A lock's options", () => new Lock(none)],
    ["An event's options", () => new Event(none)],
    ["A condition's options", () => new Condition(undefined, none)],
    ["A semaphore's options", () => new Semaphore(1, none)],
    ["A barrier's options", () => new Barrier(1, none)],
    ["A limiter's options", () => new CapacityLimiter(1, none)],
    ["A RateLimiter's options", () => new RateLimiter(none)],
    ["A queue's options", () => new Queue(1, none)],
    ["A queue's options", () => new LifoQueue(1, none)],
    ["A queue's options", () => new PriorityQueue(1, none)],
  ])("%s can't be null, and nothing begins", async (what, call) => {
    begun = 0;
    let error = await inRun(() => refusal(call));
    if (error instanceof AggregateError) [error] = error.errors;
    expect(error).toMatchObject({ name: "TypeError", message: `${what} must be an object, not null.` });
    expect(begun).toBe(0);
  });

  test("where they are required, none is refused", () => {
    const [limiter, pool] = [RateLimiter, Pool] as unknown as (new () => unknown)[];
    expect(() => new limiter!()).toThrow("A RateLimiter's options must be an object, not undefined.");
    expect(() => new pool!()).toThrow("A Pool's options must be an object, not undefined.");
    expect(circuitBreaker as unknown as () => void).toThrow(
      "circuitBreaker's options must be an object, not undefined.",
    );
  });

  test("a name in their place is told how to be given", async () => {
    const message = 'A task\'s options must be an object, not "fetch". Give a name as { name: "…" }.';
    const error = await inRun(() => refusal(() => createTask(async () => 1, "fetch" as never)));
    expect(error).toMatchObject({ name: "TypeError", message });
  });
});

test("a pool's guard left behind is told to be taken by await using", async () => {
  const said = await inRun(async ({ reports }) => {
    const pool = new Pool({ name: "db", max: 1, create: async () => 1, destroy: async () => undefined });
    await createTask(async () => void (await pool.acquire()), { name: "careless" });
    await pool[Symbol.asyncDispose]();
    return reports.map(({ message }) => message);
  });
  expect(said).toEqual([
    expect.stringMatching(/^Task careless .*Take it by "await using guard = await …acquire\(\)"\.$/),
  ]);
});

test.each<[string, () => unknown]>([
  [
    "an async generator",
    async function* numbers() {
      yield 1;
    },
  ],
  [
    "a generator",
    function* numbers() {
      yield 1;
    },
  ],
])("a stream whose producer is %s fails, and says what to use", async (_, producer) => {
  const error = await inRun(() =>
    caught(
      (async () => {
        for await (const item of stream(producer as () => Promise<void>)) expect(item).toBe("none");
      })(),
    ),
  );
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({ message: expect.stringMatching(/stream numbers.*emit\(item\).*fromIterable/) });
});

describe("PriorityQueue", () => {
  test.each<[string, unknown, unknown]>([
    ["a string among numbers", 3, "b"],
    ["a number among strings", "b", 3],
    ["a number among pairs", [3, "b"], 3],
    ["a pair of another kind", [3, "b"], ["b", 3]],
  ])("refuses %s, for which there is no order", async (_, first, second) => {
    await inRun(async () => {
      const queue = new PriorityQueue<unknown>();
      await queue.put(first);
      expect(await refusal(() => queue.put(second))).toBeInstanceOf(TypeError);
      expect(() => queue.putNowait(second)).toThrow(/has no order between .* Put items of one kind, or give compare\./);
      expect(queue.qsize()).toBe(1);
      expect(await queue.get()).toBe(first);
      // An empty one takes either.
      await queue.put(second);
      expect(await queue.get()).toBe(second);
    });
  });

  test("numbers, bigints and dates have an order; a compare makes one for everything", async () => {
    await inRun(async () => {
      const queue = new PriorityQueue<unknown>();
      for (const item of [3, 2n, new Date(1)]) await queue.put(item);
      expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([new Date(1), 2n, 3]);
      const any = new PriorityQueue<unknown>(Infinity, { compare: (a, b) => String(a).localeCompare(String(b)) });
      for (const item of [3, "b", 1]) await any.put(item);
      expect([await any.get(), await any.get(), await any.get()]).toEqual([1, 3, "b"]);
    });
  });
});

test.each([0, -1, 1.5, NaN, "2", null])("a limit of %s is refused, by the name of who was given it", async (limit) => {
  await inRun(async () => {
    const body = async (): Promise<number> => 1;
    const what = /'s limit must be a whole number of at least 1, or Infinity, not /;
    const errors = [
      await refusal(() => gather([body], { limit: limit as number })),
      await refusal(() => mapConcurrent([1], limit as number, body)),
    ];
    for (const [index, name] of ["gather", "mapConcurrent"].entries()) {
      expect(errors[index]).toBeInstanceOf(RangeError);
      expect((errors[index] as Error).message).toMatch(new RegExp(`^${name}${what.source}`));
    }
  });
});

test("waitFor and shield tell all they take", async () => {
  const takes = "must be a function, a task or a promise, not 5.";
  await inRun(async () => {
    expect(await refusal(() => waitFor(5 as never, 10))).toEqual(new TypeError(`What waitFor() waits for ${takes}`));
    expect(await refusal(() => shield(5 as never))).toEqual(new TypeError(`What shield() protects ${takes}`));
  });
});

test("a transaction on a connection without begin says what to give, and the connection is lent again", async () => {
  await inRun(async () => {
    let opened = 0;
    const destroyed: number[] = [];
    const pool = new Pool<{ readonly id: number }>({
      name: "db",
      max: 1,
      create: async () => ({ id: ++opened }),
      destroy: async ({ id }) => void destroyed.push(id),
    });
    const error = await refusal(() => transaction(pool as never, async () => 1));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(
      /^A connection of pool db has no begin\(\)\. Give .* third argument: \{ begin/,
    );
    expect(pool.stats).toMatchObject({ idle: 1, inUse: 0 });
    const steps = { begin: async () => 1, commit: async () => 2, rollback: async () => 3 };
    expect(await transaction(pool, async ({ id }) => id, steps)).toBe(1);
    expect(destroyed).toEqual([]);
    await pool[Symbol.asyncDispose]();
  });
});

describe("messages", () => {
  test("a task is called by its name, one without by its number", async () => {
    await inRun(async () => {
      const itself = (name?: string): Promise<unknown> => {
        const task = createTask(
          (
            () => () =>
              caught(currentTask())
          )(),
          name === undefined ? {} : { name },
        );
        return task.join().then((error) => (error as Error).message);
      };
      expect(await itself("fetch")).toBe("Task fetch awaits itself: it would wait for ever.");
      expect(await itself()).toMatch(/^Task \d+ awaits itself: /);
    });
  });

  test("one task is told of as one", async () => {
    const runner = new Runner({ maxTasks: 1, signals: [] });
    const error = await runner.run(() => refusal(() => createTask(async () => 1)));
    expect((error as Error).message).toMatch(/^There is 1 task already \(maxTasks\)\./);
    await runner.close();
  });

  test("who awaits a cancelled task is told why it was", async () => {
    await inRun(async () => {
      const task = createTask(() => sleep(Infinity), { name: "a" });
      await settle();
      task.cancel("no more needed");
      const error = await caught(task);
      expect(error).toBeInstanceOf(TaskCancelledError);
      expect(error).toMatchObject({ message: "Task a was cancelled by main (explicit): no more needed." });
      const own = createTask(async () => Promise.reject(new CancelledError()), { name: "b" });
      expect(((await caught(own)) as Error).message).not.toMatch(/undefined/);
    });
  });
});
