/** `Pool` and `transaction`: who is served, what is handed on, what is left open. */
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ExceptionGroup,
  NoCurrentTaskError,
  Pool,
  Runner,
  UsageError,
  createTask,
  getSuppressed,
  now,
  sleep,
  taskGroup,
  transaction,
  type PoolOptions,
  type RunnerOptions,
} from "../../../../src-runtime/index.ts";
import { createLog, runJumping, type JumpingRun } from "../jumping-run.ts";

interface Connection {
  readonly id: number;
  readonly did: string[];
  isOpen: boolean;
  begin(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

interface Database {
  readonly opened: Connection[];
  readonly options: Pick<PoolOptions<Connection>, "create" | "destroy">;
  broken: string | undefined;
}

function createDatabase(openMs = 0): Database {
  const opened: Connection[] = [];
  const database: Database = {
    opened,
    broken: undefined,
    options: {
      async create() {
        if (openMs > 0) await sleep(openMs);
        const did: string[] = [];
        const step = (name: string) => async () => {
          await sleep(1);
          did.push(name);
          if (database.broken === name) throw new Error(`${name} failed`);
        };
        const connection: Connection = {
          id: opened.length + 1,
          did,
          isOpen: true,
          begin: step("begin"),
          commit: step("commit"),
          rollback: step("rollback"),
        };
        opened.push(connection);
        return connection;
      },
      destroy(connection) {
        connection.isOpen = false;
      },
    },
  };
  return database;
}

async function thrown(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it should have thrown"),
    (error: unknown) => error,
  );
}

describe("Pool", () => {
  test("opens as many as are wanted at once, up to max, and lends the same ones again", async () => {
    await runJumping(async () => {
      const database = createDatabase(5);
      await using pool = new Pool({ ...database.options, max: 2 });
      const ids: number[] = [];
      await taskGroup(async (group) => {
        for (let index = 0; index < 6; index++) {
          group.createTask(() =>
            pool.use(async (connection) => {
              ids.push(connection.id);
              await sleep(10);
            }),
          );
        }
      });
      expect(database.opened).toHaveLength(2);
      expect(ids).toEqual([1, 2, 1, 2, 1, 2]);
      expect(now()).toBe(35);
      expect(pool.stats).toMatchObject({ open: 2, idle: 2, inUse: 0, waiters: 0 });
    });
  });

  test("serves waiters first come, first served; a cancelled one leaves at once", async () => {
    await runJumping(async ({ events }) => {
      const database = createDatabase();
      await using pool = new Pool({ ...database.options, max: 1, name: "db" });
      const { lines, add } = createLog();
      const take =
        (name: string): (() => Promise<void>) =>
        async () => {
          await using guard = await pool.acquire();
          add(`${name} has ${guard.resource.id}`);
          await sleep(10);
        };
      const first = createTask(take("a"));
      await sleep(1);
      const [second, third, fourth] = [createTask(take("b")), createTask(take("c")), createTask(take("d"))];
      await sleep(1);
      expect(pool.stats).toMatchObject({ inUse: 1, waiters: 3 });
      third.cancel();
      await sleep(1);
      expect(third.cancelled()).toBe(true);
      expect(pool.stats.waiters).toBe(2);
      await first;
      await second;
      await fourth;
      expect(lines).toEqual(["0 a has 1", "10 b has 1", "20 d has 1"]);
      const ofPool = events.filter(({ target }) => target?.kind === "pool").map(({ kind }) => kind);
      expect(ofPool.filter((kind) => kind.startsWith("sync."))).toEqual([
        "sync.wait",
        "sync.acquired",
        "sync.wait",
        "sync.wait",
        "sync.wait",
        "sync.cancelled",
        "sync.released",
        "sync.acquired",
        "sync.released",
        "sync.acquired",
        "sync.released",
      ]);
      expect(events.some(({ kind, target }) => kind === "await.begin" && target?.name === "db")).toBe(true);
    });
  });

  test("what a cancelled waiter asked for is opened all the same and serves the next", async () => {
    await runJumping(async () => {
      const database = createDatabase(50);
      await using pool = new Pool({ ...database.options, max: 1 });
      const first = createTask(() => pool.use(async () => "first"));
      await sleep(10);
      const second = createTask(() => pool.use(async ({ id }) => `second got ${id}`));
      await sleep(10);
      first.cancel();
      await first.settled();
      expect(now()).toBe(20);
      expect(await second).toBe("second got 1");
      expect(now()).toBe(50);
    });
  });

  test("a connection handed over before the cancel is not lost", async () => {
    await runJumping(async () => {
      const database = createDatabase();
      await using pool = new Pool({ ...database.options, max: 1, validate: () => true });
      const guard = await pool.acquire();
      const waiter = createTask(async () => {
        await using next = await pool.acquire();
        expect(next.resource.id).toBe(1);
        await sleep(1);
      });
      await sleep(1);
      const returned = guard[Symbol.asyncDispose]();
      waiter.cancel();
      await returned;
      expect((await waiter.settled()).status).toBe("cancelled");
      expect(pool.stats).toMatchObject({ open: 1, idle: 1, inUse: 0 });
    });
  });

  test("destroys what a cancelled task used, and opens another for the next", async () => {
    await runJumping(async () => {
      const database = createDatabase();
      await using pool = new Pool({ ...database.options, max: 1 });
      const task = createTask(() => pool.use(() => sleep(1000)));
      await sleep(1);
      const next = createTask(() => pool.use(async ({ id }) => id));
      await sleep(1);
      task.cancel();
      expect(await next).toBe(2);
      expect(database.opened[0]!.isOpen).toBe(false);
    });
  });

  test("validates what a cancelled task used, in peace, before it hands it on", async () => {
    await runJumping(async () => {
      const database = createDatabase();
      const asked: number[] = [];
      await using pool = new Pool({
        ...database.options,
        max: 1,
        async validate({ id }) {
          await sleep(5);
          asked.push(id);
          return asked.length < 2;
        },
      });
      for (const expected of [1, 2]) {
        const task = createTask(async () => {
          await using _guard = await pool.acquire();
          await sleep(1000);
        });
        await sleep(1);
        task.cancel();
        expect(await pool.use(async ({ id }) => id)).toBe(expected);
      }
      expect(asked).toEqual([1, 1]);
    });
  });

  test("an error of the body leaves the connection in the pool, unless validate says no", async () => {
    await runJumping(async () => {
      const fail = (): Promise<never> => Promise.reject(new Error("query"));
      const plain = createDatabase();
      await using pool = new Pool({ ...plain.options, max: 1 });
      expect(await thrown(pool.use(fail))).toMatchObject({ message: "query" });
      expect(pool.stats.idle).toBe(1);
      await using asking = new Pool({ ...createDatabase().options, max: 1, validate: () => false });
      await thrown(asking.use(fail));
      expect(asking.stats.open).toBe(0);
    });
  });

  test("an error of create goes to the waiter that is first, and the next is opened for again", async () => {
    await runJumping(async () => {
      const database = createDatabase();
      let calls = 0;
      await using pool = new Pool({
        ...database.options,
        max: 1,
        async create() {
          await sleep(5);
          if (++calls === 1) throw new Error("refused");
          return database.options.create();
        },
      });
      const [first, second] = [createTask(() => pool.use(async () => 1)), createTask(() => pool.use(async () => 2))];
      expect(await thrown(first.join())).toMatchObject({ message: "refused" });
      expect(await second).toBe(2);
    });
  });

  test("min are opened at the first use and stay; the others go when idle for idleMs", async () => {
    await runJumping(async () => {
      const database = createDatabase();
      await using pool = new Pool({ ...database.options, max: 4, min: 2, idleMs: 100 });
      await taskGroup(async (group) => {
        for (let index = 0; index < 4; index++) group.createTask(() => pool.use(() => sleep(10)));
      });
      expect(database.opened).toHaveLength(4);
      expect(pool.stats.idle).toBe(4);
      await sleep(99);
      expect(pool.stats.idle).toBe(4);
      await sleep(200);
      expect(pool.stats.idle).toBe(2);
      expect(database.opened.filter(({ isOpen }) => isOpen)).toHaveLength(2);
    });
  });

  test("discard destroys; a guard given back is of no use any more", async () => {
    await runJumping(async () => {
      const database = createDatabase();
      await using pool = new Pool({ ...database.options, max: 1, name: "db" });
      const guard = await pool.acquire();
      await guard.discard();
      await guard[Symbol.asyncDispose]();
      expect(pool.stats.open).toBe(0);
      expect(() => guard.resource).toThrow(/given back to pool db/);
    });
  });

  test("a guard its task never disposed is said, and taken back", async () => {
    await runJumping(async ({ reports }) => {
      const database = createDatabase();
      await using pool = new Pool({ ...database.options, max: 1, name: "db", validate: () => true });
      await createTask(async () => void (await pool.acquire()), { name: "careless" });
      expect(reports).toMatchObject([{ message: expect.stringMatching(/careless .* pool db/) }]);
      expect(await pool.use(async ({ id }) => id)).toBe(1);
    });
  });

  test("close fails the waiters, waits for what is lent, and can be called again", async () => {
    await runJumping(async () => {
      const database = createDatabase();
      const pool = new Pool({ ...database.options, max: 1, name: "db" });
      const holder = createTask(() => pool.use(() => sleep(30)));
      await sleep(1);
      const waiter = createTask(() => pool.use(async () => 1));
      await sleep(1);
      await Promise.all([pool.close(), pool.close()]);
      expect(now()).toBe(30);
      await holder;
      expect(await thrown(waiter.join())).toBeInstanceOf(UsageError);
      expect(database.opened[0]!.isOpen).toBe(false);
      expect(await thrown(pool.acquire())).toMatchObject({ message: "Pool db is closed. Make a new one." });
      expect(pool.stats).toMatchObject({ closed: true, open: 0 });
    });
  });

  test("close takes what does not come back within cleanupTimeout, and what is being opened", async () => {
    await runJumping(
      async () => {
        const database = createDatabase();
        const pool = new Pool({ ...database.options, max: 2 });
        const holder = createTask(() => pool.use(() => sleep(10_000)));
        await sleep(1);
        await pool.close();
        expect(now()).toBe(201);
        expect(database.opened[0]!.isOpen).toBe(false);
        holder.cancel();
        await holder.settled();

        const stubborn = createDatabase();
        const opening = new Pool({
          ...stubborn.options,
          max: 1,
          async create() {
            await sleep(50).catch(() => undefined);
            return { ...(await Promise.resolve(stubborn.opened[0] ?? ({ isOpen: true } as Connection))) };
          },
          destroy: (connection) => void stubborn.opened.push({ ...connection, isOpen: false }),
        });
        const asking = createTask(() => opening.use(async () => 1));
        await sleep(1);
        await opening.close();
        await asking.settled();
        expect(stubborn.opened).toMatchObject([{ isOpen: false }]);
      },
      { cleanupTimeout: 200 },
    );
  });

  test("L10 close rejects with what destroy threw", async () => {
    await runJumping(async () => {
      const pool = new Pool({ ...createDatabase().options, max: 1, destroy: () => Promise.reject(new Error("stuck")) });
      await pool.use(async () => 1);
      const error = await thrown(pool.close());
      expect(error).toBeInstanceOf(ExceptionGroup);
      expect((error as ExceptionGroup).errors).toMatchObject([{ message: "stuck" }]);
    });
  });

  test("a pool still open at the run's end is closed by the runner", async () => {
    const database = createDatabase();
    let pool: Pool<Connection> | undefined;
    await runJumping(async () => {
      pool = new Pool({ ...database.options, max: 1, idleMs: 1000 });
      await pool.use(async () => 1);
      createTask(() => pool!.use(() => sleep(1_000_000)));
      await sleep(1);
    });
    expect(pool!.stats).toMatchObject({ closed: true, open: 0 });
    expect(database.opened.every(({ isOpen }) => !isOpen)).toBe(true);
  });

  test("refuses wrong options, and acquire outside a run", async () => {
    const { options } = createDatabase();
    expect(() => new Pool({ ...options, max: 0 })).toThrow(RangeError);
    expect(() => new Pool({ ...options, max: Number.NaN })).toThrow(RangeError);
    expect(() => new Pool({ ...options, max: "2" as never })).toThrow(TypeError);
    expect(() => new Pool({ ...options, max: 2, min: 3 })).toThrow(RangeError);
    expect(() => new Pool({ ...options, max: 2, idleMs: Number.NaN })).toThrow(RangeError);
    expect(() => new Pool({ max: 2, destroy: options.destroy } as never)).toThrow(TypeError);
    expect(await thrown(new Pool({ ...options, max: 1 }).acquire())).toBeInstanceOf(NoCurrentTaskError);
  });

  test("never lends one to two, loses none and stays within max, under random cancels", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ start: fc.nat(40), hold: fc.nat(20), cancelAt: fc.option(fc.nat(60)) }), {
          maxLength: 25,
        }),
        async (max, users) => {
          await runJumping(async ({ reports }: JumpingRun) => {
            const database = createDatabase(3);
            const pool = new Pool({ ...database.options, max, validate: ({ id }) => id % 2 === 0 });
            const lent = new Set<Connection>();
            const tasks = users.map(({ start, hold }) =>
              createTask(async () => {
                await sleep(start);
                await using guard = await pool.acquire();
                expect(lent.has(guard.resource)).toBe(false);
                expect(guard.resource.isOpen).toBe(true);
                const { resource } = guard;
                lent.add(resource);
                expect(database.opened.filter(({ isOpen }) => isOpen).length).toBeLessThanOrEqual(max);
                try {
                  await sleep(hold);
                } finally {
                  lent.delete(resource);
                }
              }),
            );
            await Promise.all(
              users.map(async ({ cancelAt }, index) => {
                if (cancelAt === null) return;
                await sleep(cancelAt);
                tasks[index]!.cancel();
              }),
            );
            for (const task of tasks) expect((await task.settled()).status).not.toBe("failed");
            expect(pool.stats).toMatchObject({ inUse: 0, waiters: 0 });
            await pool.close();
            expect(database.opened.some(({ isOpen }) => isOpen)).toBe(false);
            expect(reports).toEqual([]);
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("transaction", () => {
  async function withPool(
    body: (pool: Pool<Connection>, database: Database, run: JumpingRun) => Promise<void>,
    options?: RunnerOptions,
  ): Promise<void> {
    await runJumping(async (run) => {
      const database = createDatabase();
      await using pool = new Pool({ ...database.options, max: 1, validate: () => true });
      await body(pool, database, run);
    }, options);
  }

  test("commits what returns", async () => {
    await withPool(async (pool, { opened }) => {
      expect(await transaction(pool, async ({ id }) => `used ${id}`)).toBe("used 1");
      expect(opened[0]!.did).toEqual(["begin", "commit"]);
      expect(pool.stats.idle).toBe(1);
    });
  });

  test("rolls back on an error, which comes out", async () => {
    await withPool(async (pool, { opened }) => {
      const broken = new Error("body");
      expect(await thrown(transaction(pool, () => Promise.reject(broken)))).toBe(broken);
      expect(opened[0]!.did).toEqual(["begin", "rollback"]);
    });
  });

  test("rolls back on a cancel, shielded from it", async () => {
    await withPool(async (pool, { opened }) => {
      const task = createTask(() => transaction(pool, () => sleep(1000)));
      await sleep(5);
      task.cancel();
      expect((await task.settled()).status).toBe("cancelled");
      expect(opened[0]!.did).toEqual(["begin", "rollback"]);
      expect(await transaction(pool, async ({ id }) => id)).toBe(1);
    });
  });

  test("a cancel during begin waits for it, then rolls back without running the body", async () => {
    await withPool(async (pool, { opened }) => {
      let ran = 0;
      await pool.use(async () => undefined);
      const task = createTask(() => transaction(pool, async () => ran++));
      await sleep(0);
      task.cancel();
      expect((await task.settled()).status).toBe("cancelled");
      expect(opened[0]!.did).toEqual(["begin", "rollback"]);
      expect(ran).toBe(0);
    });
  });

  test("a value returned wins over a cancel not yet thrown: it is committed", async () => {
    await withPool(async (pool, { opened }) => {
      const gate = Promise.withResolvers<string>();
      const task = createTask(() => transaction(pool, () => gate.promise));
      await sleep(5);
      task.cancel();
      gate.resolve("kept");
      expect(await task).toBe("kept");
      expect(opened[0]!.did).toEqual(["begin", "commit"]);
    });
  });

  test("a failed rollback is kept with the body's error and costs the connection", async () => {
    await withPool(async (pool, database) => {
      database.broken = "rollback";
      const broken = new Error("body");
      expect(await thrown(transaction(pool, () => Promise.reject(broken)))).toBe(broken);
      expect(getSuppressed(broken)).toMatchObject([{ message: "rollback failed" }]);
      expect(database.opened[0]!.isOpen).toBe(false);
    });
  });

  test("a failed rollback after a cancel is reported too: a cancel is absorbed and carries nothing out", async () => {
    await withPool(async (pool, database, { reports }) => {
      database.broken = "rollback";
      const task = createTask(() => transaction(pool, () => sleep(1000)));
      await sleep(5);
      task.cancel();
      expect((await task.settled()).status).toBe("cancelled");
      expect(reports).toMatchObject([{ error: { message: "rollback failed" } }]);
    });
  });

  test("a rollback that hangs is abandoned, and its connection destroyed", async () => {
    await withPool(
      async (pool, database, { reports }) => {
        const hanging = { begin: async () => 1, commit: async () => 1, rollback: () => new Promise(() => undefined) };
        const broken = new Error("body");
        expect(await thrown(transaction(pool, () => Promise.reject(broken), hanging))).toBe(broken);
        expect(now()).toBe(100);
        expect(database.opened[0]!.isOpen).toBe(false);
        expect(reports).toMatchObject([{ message: expect.stringContaining("rollback did not end within 100 ms") }]);
      },
      { cleanupTimeout: 100 },
    );
  });

  test("a failed commit is rolled back; a failed begin is not", async () => {
    await withPool(async (pool, database) => {
      database.broken = "commit";
      expect(await thrown(transaction(pool, async () => 1))).toMatchObject({ message: "commit failed" });
      database.broken = "begin";
      expect(await thrown(transaction(pool, async () => 1))).toMatchObject({ message: "begin failed" });
      expect(database.opened[0]!.did).toEqual(["begin", "commit", "rollback", "begin"]);
    });
  });

  test("takes steps for connections with other names, and refuses what it cannot use", async () => {
    await runJumping(async () => {
      const did: string[] = [];
      await using pool = new Pool({
        create: async () => ({ query: (sql: string) => did.push(sql) }),
        destroy() {},
        max: 1,
      });
      const steps = {
        begin: async (client: { query(sql: string): void }) => client.query("BEGIN"),
        commit: async (client: { query(sql: string): void }) => client.query("COMMIT"),
        rollback: async (client: { query(sql: string): void }) => client.query("ROLLBACK"),
      };
      await transaction(pool, async (client) => client.query("INSERT"), steps);
      expect(did).toEqual(["BEGIN", "INSERT", "COMMIT"]);
      expect(await thrown(transaction(pool, 1 as never, steps))).toBeInstanceOf(TypeError);
      expect(await thrown(transaction({} as never, async () => 1))).toBeInstanceOf(TypeError);
    });
  });

  test("runs on the real clock too", async () => {
    await using runner = new Runner({ signals: [] });
    await runner.run(async () => {
      const database = createDatabase();
      await using pool = new Pool({ ...database.options, max: 1, idleMs: 5 });
      await transaction(pool, async () => delay(1));
      while (pool.stats.open > 0) await sleep(5);
      expect(database.opened[0]!.isOpen).toBe(false);
    });
  });
});
