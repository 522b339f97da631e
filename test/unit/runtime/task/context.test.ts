/** Context variables, with Python's rules: section N of the cases. */
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  ContextVar,
  NoCurrentTaskError,
  Runner,
  UsageError,
  cancelScope,
  copyContext,
  createTask,
  gather,
  shield,
  sleep,
  taskGroup,
  timeout,
  type Context,
  type Token,
} from "../../../../src-runtime/index.ts";
import { runJumping } from "../jumping-run.ts";
import { caught } from "./caught.ts";

test("N01 a child gets a copy: neither sees what the other sets later", async () => {
  await runJumping(async () => {
    const variable = new ContextVar<string>("user");
    variable.set("before");
    const seen: unknown[] = [];
    const child = createTask(async () => {
      seen.push(variable.get());
      variable.set("child's");
      await sleep(10);
      seen.push(variable.get());
    });
    variable.set("parent's");
    await sleep(5);
    seen.push(variable.get());
    await child;
    seen.push(variable.get());
    expect(seen).toEqual(["before", "parent's", "child's", "parent's"]);
  });
});

test("N01 the copy is made at creation, also where the start is eager, in a group, a gather or a shield", async () => {
  await runJumping(async () => {
    const variable = new ContextVar<number>("n");
    variable.set(1);
    const change = async (): Promise<number | undefined> => {
      const seen = variable.get();
      variable.set(99);
      return seen;
    };
    expect(await createTask(change, { start: "eager" })).toBe(1);
    expect(await taskGroup(async (group) => group.createTask(change))).toBe(1);
    expect(await gather([change, async () => change()])).toEqual([1, 1]);
    expect(await shield(change)).toBe(1);
    expect(variable.get()).toBe(1);
  });
});

test("N02 a done callback does not pollute the task's context, nor its creator's", async () => {
  await runJumping(async () => {
    const variable = new ContextVar<string>("v");
    const seen: unknown[] = [];
    const task = createTask(async () => {
      variable.set("task's");
      await sleep(1);
    });
    task.addDoneCallback(() => {
      seen.push(variable.get());
      variable.set("callback's");
    });
    task.addDoneCallback(() => void seen.push(variable.get()));
    await task;
    seen.push(variable.get());
    expect(seen).toEqual(["task's", "task's", undefined]);
  });
});

test("N04 two tasks one after the other in one given context", async () => {
  await runJumping(async () => {
    const variable = new ContextVar<number>("n");
    const context = copyContext();
    const step = (value: number) => async (): Promise<number | undefined> => {
      const seen = variable.get();
      await sleep(1);
      variable.set(value);
      return seen;
    };
    const seen = [await createTask(step(1), { context }), await createTask(step(2), { context })];
    seen.push(await createTask(step(3), { context }));
    expect(seen).toEqual([undefined, 1, 2]);
    expect(variable.get()).toBeUndefined();
  });
});

test("N05 a runner keeps its context between runs, and two runners share nothing", async () => {
  const variable = new ContextVar<string>("v");
  const [one, other] = [new Runner({ signals: [] }), new Runner({ signals: [] })];
  await one.run(async () => void variable.set("kept"));
  expect(await one.run(async () => variable.get())).toBe("kept");
  expect(await other.run(async () => variable.get())).toBeUndefined();
  await Promise.all([one.close(), other.close()]);
});

test("N07 each of three tasks sees the value of before and changes its own", async () => {
  await runJumping(async () => {
    const variable = new ContextVar<number>("n");
    variable.set(1);
    const increment = async (): Promise<(number | undefined)[]> => {
      const seen = variable.get() ?? 0;
      await sleep(1);
      variable.set(seen + 1);
      await sleep(1);
      return [seen, variable.get()];
    };
    expect(await gather([increment, () => increment(), async () => increment()])).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
  });
});

test("N08 the body of an async generator sees the context of whoever steps it", async () => {
  await runJumping(async () => {
    const variable = new ContextVar<string>("v");
    variable.set("creator");
    const seen: unknown[] = [];
    async function* body(): AsyncGenerator<number, void> {
      for (;;) {
        seen.push(variable.get());
        yield 1;
      }
    }
    const generator = body();
    for (const name of ["A", "B", "B"]) {
      await createTask(async () => {
        variable.set(name);
        await generator.next();
      });
    }
    await generator.return();
    expect(seen).toEqual(["A", "B", "B"]);
  });
});

test("a callee awaited in the same task may change it for its caller, through blocks and foreign awaits", async () => {
  await runJumping(async () => {
    const variable = new ContextVar<string>("v");
    async function callee(value: string): Promise<void> {
      await delay(1);
      variable.set(value);
    }
    await callee("plain");
    expect(variable.get()).toBe("plain");
    await timeout(1e6, () => callee("timeout"));
    expect(variable.get()).toBe("timeout");
    await cancelScope(() => callee("scope"));
    expect(variable.get()).toBe("scope");
    await taskGroup(() => callee("group body"));
    expect(variable.get()).toBe("group body");
  });
});

test("reset takes back one set, once, in the context of the set", async () => {
  await runJumping(async () => {
    const variable = new ContextVar<string>("user");
    const other = new ContextVar<string>("other");
    const unset = variable.set("one");
    const token = variable.set("two");
    expect(() => other.reset(token)).toThrow(UsageError);
    expect(() => other.reset(token)).toThrow(/user.*other/);
    const elsewhere = await createTask(async () => caught((async () => variable.reset(token))()));
    expect(elsewhere).toBeInstanceOf(UsageError);
    variable.reset(token);
    expect(variable.get()).toBe("one");
    expect(() => variable.reset(token)).toThrow(UsageError);
    variable.reset(unset);
    expect(variable.get()).toBeUndefined();
    expect(() => variable.reset({} as Token)).toThrow(TypeError);
  });
});

test("run: the value in the function and all that follows from it, the caller's own stays", async () => {
  await runJumping(async () => {
    const variable = new ContextVar<string>("v");
    variable.set("outer");
    const value = await variable.run("inner", async () => {
      await sleep(1);
      const seen = [variable.get(), await createTask(async () => variable.get())];
      variable.set("changed");
      return [...seen, variable.get()];
    });
    expect(value).toEqual(["inner", "inner", "changed"]);
    expect(variable.get()).toBe("outer");
    expect(variable.run("sync", () => variable.get())).toBe("sync");
    expect(() =>
      variable.run("x", () => {
        throw new Error("boom");
      }),
    ).toThrow("boom");
  });
});

test("run: a cancel reaches waits in it", async () => {
  await runJumping(async () => {
    const variable = new ContextVar<string>("v");
    const result = await cancelScope(async (scope) => {
      createTask(async () => (await sleep(1), scope.cancel()));
      await variable.run("inner", () => sleep(1000));
    });
    expect(result).toEqual({ cancelled: true });
  });
});

test("bad input, and outside a run", async () => {
  expect(() => new ContextVar(5 as unknown as string)).toThrow(TypeError);
  const variable = new ContextVar<string>("v");
  expect(variable.get()).toBeUndefined();
  expect(() => variable.set("x")).toThrow(NoCurrentTaskError);
  expect(() => variable.run("x", () => 1)).toThrow(NoCurrentTaskError);
  expect(() => copyContext()).toThrow(NoCurrentTaskError);
  await runJumping(async () => {
    expect(() => variable.run("x", 5 as unknown as () => number)).toThrow(TypeError);
    expect(() => createTask(async () => 1, { context: {} as unknown as Context })).toThrow(TypeError);
  });
});
