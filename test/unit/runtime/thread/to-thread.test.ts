/** `toThread` with real threads: what goes there, what comes back, what a cancel does. */
import { once } from "node:events";
import { MessageChannel } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import {
  type CancelledError,
  CapacityLimiter,
  ContextVar,
  DataCloneError,
  NoCurrentTaskError,
  Runner,
  ThreadEndedError,
  TimeoutError,
  UsageError,
  checkCancelled,
  createTask,
  currentTask,
  run,
  taskGroup,
  timeout,
  toThread,
  type ErrorReport,
  type RuntimeEvent,
  type ToThreadOptions,
} from "../../../../src-runtime/index.ts";
import type { Shared } from "./work.ts";

const WORK = new URL("./work.ts", import.meta.url);

function share(): Shared {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** Until the thread has got that far. */
async function until(shared: Shared, state: number): Promise<void> {
  while (Atomics.load(shared, 0) < state) await new Promise((resolve) => void setTimeout(resolve, 1));
}

async function thrown(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it should have thrown"),
    (error: unknown) => error,
  );
}

/** A limiter that knows how many have a token. */
function createLimiter(): { held: number; acquire(): Promise<Disposable> } {
  const limiter = {
    held: 0,
    acquire: async (): Promise<Disposable> => {
      limiter.held++;
      return { [Symbol.dispose]: () => void limiter.held-- };
    },
  };
  return limiter;
}

interface Told {
  readonly reports: ErrorReport[];
  readonly events: RuntimeEvent[];
}

async function inRun(main: (told: Told) => Promise<void>): Promise<Told> {
  const told: Told = { reports: [], events: [] };
  const observers = [{ onEvent: (event: RuntimeEvent) => void told.events.push(event) }];
  await run(() => main(told), { signals: [], observers, onError: (report) => told.reports.push(report) });
  return told;
}

describe("a call", () => {
  test("M01 gives the function's value, from another thread", async () => {
    await inRun(async () => {
      expect(await toThread<number>(WORK, "add", [1, 2])).toBe(3);
      expect(await toThread<number>(WORK, "addLater", [3, 4])).toBe(7);
      expect(await toThread<number>(WORK, "thread")).toBeGreaterThan(0);
    });
  });

  test("M01 throws the function's error: class name, message, stack, properties, causes", async () => {
    await inRun(async () => {
      const error = (await thrown(toThread(WORK, "fail", ["x"]))) as Error & Record<string, unknown>;
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ name: "LookupError", message: "no x", key: "x", lookedUp: new Map([["a", 1]]) });
      expect(error.stack).toContain("work.ts");
      expect(error).not.toHaveProperty("unclonable");
      expect(error.cause).toBeInstanceOf(TypeError);
      expect(error.cause).toMatchObject({ message: "inner", cause: "deep" });
      expect(Object.keys(error)).not.toContain("cause");

      const many = (await thrown(toThread(WORK, "failWithMany"))) as AggregateError;
      expect(many).toBeInstanceOf(AggregateError);
      expect(many.errors).toMatchObject([{ message: "a" }, { name: "LookupError", key: "b" }]);
      expect(await thrown(toThread(WORK, "failWithText"))).toBe("text");
    });
  });

  test("M01 ten at once all come back, in threads that are used again", async () => {
    await inRun(async () => {
      const sums = await Promise.all(Array.from({ length: 10 }, (_, n) => toThread<number>(WORK, "addLater", [n, n])));
      expect(sums).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
      const first = await toThread(WORK, "thread");
      expect(await toThread(WORK, "thread")).toBe(first);
    });
  });

  test("M02 context variables are there by name, as far as they can be cloned", async () => {
    await inRun(async () => {
      const user = new ContextVar<string>("user");
      const secret = new ContextVar<unknown>("secret");
      user.set("ada");
      secret.set(() => "no way");
      expect(await toThread(WORK, "contextOf")).toEqual(["ada", undefined]);
      secret.set({ deep: new Map([[1, 2]]) });
      expect(await toThread(WORK, "contextOf")).toEqual(["ada", { deep: new Map([[1, 2]]) }]);
      expect(await user.run("eve", () => toThread(WORK, "contextOf"))).toMatchObject(["eve", {}]);
      expect(user.get()).toBe("ada");
    });
  });

  test("M05 in a cancelled scope nothing is run, and nothing moved", async () => {
    await inRun(async () => {
      const limiter = createLimiter();
      const bytes = new Uint8Array([1, 2, 3]);
      const shared = share();
      const task = createTask(async () => {
        currentTask().cancel();
        await toThread(WORK, "spin", [shared, bytes], { limiter, transfer: [bytes.buffer] });
      });
      expect((await task.settled()).status).toBe("cancelled");
      expect([shared[0], limiter.held, bytes.length]).toEqual([0, 0, 3]);
    });
  });

  test("M05 one that is cancelled while it waits for its turn is not run either", async () => {
    await inRun(async () => {
      const gate = share();
      const late = share();
      const gated: ToThreadOptions = {
        limiter: { acquire: () => until(gate, 1).then(() => ({ [Symbol.dispose]() {} })) },
      };
      const task = createTask(() => toThread(WORK, "spin", [late], gated));
      await new Promise((resolve) => void setImmediate(resolve));
      task.cancel();
      Atomics.store(gate, 0, 1);
      expect((await task.settled()).status).toBe("cancelled");
      expect(late[0]).toBe(0);
    });
  });

  test("buffers and ports are moved where transfer says so", async () => {
    await inRun(async () => {
      const bytes = new Uint8Array([1, 2, 3]);
      expect(await toThread(WORK, "sumOf", [bytes])).toBe(6);
      expect(bytes.length).toBe(3);
      expect(await toThread(WORK, "sumOf", [bytes], { transfer: [bytes.buffer] })).toBe(6);
      expect(bytes.length).toBe(0);
      const { port1, port2 } = new MessageChannel();
      const heard = once(port1, "message");
      await toThread(WORK, "hello", [port2], { transfer: [port2] });
      expect(await heard).toEqual(["hello"]);
    });
  });

  test("a module of the JavaScript kind works as well", async () => {
    await inRun(async () => {
      const module = new URL("data:text/javascript,export default (x) => x * 2");
      expect(await toThread(module, "default", [21])).toBe(42);
    });
  });

  test("a CapacityLimiter lets in one call at a time, also of one task", async () => {
    await inRun(async () => {
      const limiter = new CapacityLimiter(1);
      const calls = [1, 2, 3].map((n) => toThread<number>(WORK, "addLater", [n, n], { limiter }));
      expect(limiter.stats).toMatchObject({ borrowed: 1, waiters: 2 });
      expect(await Promise.all(calls)).toEqual([2, 4, 6]);
      expect(limiter.borrowed).toBe(0);
    });
  });

  test("says when it is queued, started and ended, and what is waited for", async () => {
    const { events } = await inRun(async () => void (await toThread(WORK, "add", [1, 2])));
    const ofThread = events.filter(({ kind }) => kind.startsWith("thread."));
    expect(ofThread.map(({ kind }) => kind)).toEqual(["thread.queued", "thread.started", "thread.ended"]);
    expect(ofThread[1]).toMatchObject({ target: { kind: "thread", name: "add (work.ts)" } });
    expect(ofThread[1]!["worker"]).toBeGreaterThan(0);
    expect(events.some(({ kind, target }) => kind === "await.begin" && target?.kind === "thread")).toBe(true);
  });
});

describe("a cancel", () => {
  test("terminates an endless loop, and the token is free when the thread has ended", async () => {
    const { events, reports } = await inRun(async () => {
      const limiter = createLimiter();
      const shared = share();
      const task = createTask(() => toThread(WORK, "spin", [shared], { limiter }));
      await until(shared, 1);
      expect(limiter.held).toBe(1);
      task.cancel("enough");
      const { status, error } = (await task.settled()) as { status: string; error: Error };
      expect(status).toBe("cancelled");
      expect((error.cause as CancelledError).reason).toBe("enough");
      expect(limiter.held).toBe(0);
      const turns = shared[1];
      await new Promise((resolve) => void setTimeout(resolve, 20));
      expect(shared[1]).toBe(turns);
      expect(await toThread(WORK, "add", [1, 1])).toBe(2);
    });
    expect(events.some(({ kind }) => kind === "thread.terminated")).toBe(true);
    expect(reports).toEqual([]);
  });

  test("timeouts and failing siblings terminate it too", async () => {
    await inRun(async () => {
      expect(await thrown(timeout(50, () => toThread(WORK, "spin", [share()])))).toBeInstanceOf(TimeoutError);
      const shared = share();
      const group = taskGroup(async (tg) => {
        tg.createTask(() => toThread(WORK, "spin", [shared]));
        await until(shared, 1);
        throw new Error("sibling");
      });
      expect(await thrown(group)).toMatchObject({ errors: [{ message: "sibling" }] });
    });
  });

  test("more calls than threads: those that are cancelled leave the line, the others get their turn", async () => {
    await inRun(async () => {
      const spinning = Array.from({ length: 64 }, () => createTask(() => toThread(WORK, "spin", [share()])));
      const waiting = createTask(() => toThread<number>(WORK, "add", [2, 3]));
      await new Promise((resolve) => void setTimeout(resolve, 50));
      for (const task of spinning) task.cancel();
      expect(await waiting).toBe(5);
      for (const task of spinning) expect((await task.settled()).status).toBe("cancelled");
    });
  });

  test("wait: checkCancelled throws in the thread, and the task is cancelled when that has ended", async () => {
    await inRun(async () => {
      const shared = share();
      const task = createTask(() => toThread(WORK, "spinUntilCancelled", [shared], { onCancel: "wait" }));
      await until(shared, 1);
      const thread = toThread(WORK, "thread");
      task.cancel();
      expect(task.done()).toBe(false);
      expect((await task.settled()).status).toBe("cancelled");
      expect(shared[0]).toBe(2);
      expect(await thread).toBeGreaterThan(0);
    });
  });

  test("wait: a value or an error that comes all the same wins", async () => {
    await inRun(async () => {
      const shared = share();
      const task = createTask(() => toThread(WORK, "spinUntilTold", [shared, "kept"], { onCancel: "wait" }));
      await until(shared, 1);
      task.cancel();
      Atomics.store(shared, 1, 1);
      expect(await task).toBe("kept");

      const other = share();
      const failing = createTask(() => toThread(WORK, "failWhenCancelled", [other], { onCancel: "wait" }));
      await until(other, 1);
      failing.cancel();
      expect(await failing.settled()).toMatchObject({ status: "failed", error: { message: "clean-up failed" } });
    });
  });

  test("M04 abandon: the task ends at once, the thread goes on, its result is dropped without noise", async () => {
    const { reports } = await inRun(async () => {
      const limiter = createLimiter();
      const shared = share();
      const options: ToThreadOptions = { onCancel: "abandon", limiter };
      const task = createTask(() => toThread(WORK, "spinUntilTold", [shared, "late"], options));
      await until(shared, 1);
      task.cancel();
      expect((await task.settled()).status).toBe("cancelled");
      expect([shared[0], limiter.held]).toEqual([1, 1]);
      expect(await toThread(WORK, "add", [1, 1])).toBe(2);
      Atomics.store(shared, 1, 1);
      await until(shared, 2);
      while (limiter.held > 0) await new Promise((resolve) => void setTimeout(resolve, 1));
    });
    expect(reports).toEqual([]);
  });

  test("M04 abandon: the thread left behind can see that it is cancelled", async () => {
    await inRun(async () => {
      const shared = share();
      const task = createTask(() => toThread(WORK, "spinUntilCancelled", [shared], { onCancel: "abandon" }));
      await until(shared, 1);
      task.cancel();
      await task.settled();
      await until(shared, 2);
      expect(shared[0]).toBe(2);
    });
  });

  test("M04 abandon: threads left behind take nobody's place, and one not yet started is not started", async () => {
    await inRun(async () => {
      const abandon: ToThreadOptions = { onCancel: "abandon" };
      for (let count = 0; count < 3; count++) {
        const shared = share();
        const task = createTask(() => toThread(WORK, "spin", [shared], abandon));
        await until(shared, 1);
        task.cancel();
        await task.settled();
      }
      expect(await timeout(5000, () => toThread(WORK, "add", [1, 1]))).toBe(2);
      const never = Promise.withResolvers<Disposable>();
      const late = share();
      const task = createTask(() =>
        toThread(WORK, "spin", [late], { ...abandon, limiter: { acquire: () => never.promise } }),
      );
      await new Promise((resolve) => void setImmediate(resolve));
      task.cancel();
      await task.settled();
      never.resolve({ [Symbol.dispose]() {} });
      await new Promise((resolve) => void setTimeout(resolve, 10));
      expect(late[0]).toBe(0);
    });
  });

  test("M08 a run ends while a thread left behind works: it is ended, without noise", async () => {
    const shared = share();
    const { reports } = await inRun(async () => {
      const task = createTask(() => toThread(WORK, "spin", [shared], { onCancel: "abandon" }));
      await until(shared, 1);
      task.cancel();
      await task.settled();
    });
    const turns = shared[1];
    await new Promise((resolve) => void setTimeout(resolve, 20));
    expect(shared[1]).toBe(turns);
    expect(reports).toEqual([]);
  });

  test("M08 one that wait keeps past the shutdown grace is ended with the run", async () => {
    const shared = share();
    const reports: ErrorReport[] = [];
    await using runner = new Runner({ signals: [], shutdownGrace: 30, onError: (report) => reports.push(report) });
    await runner.run(async () => {
      createTask(() => toThread(WORK, "spin", [shared], { onCancel: "wait" }), { name: "stubborn" });
      await until(shared, 1);
    });
    await runner.close();
    const turns = shared[1];
    await new Promise((resolve) => void setTimeout(resolve, 20));
    expect(shared[1]).toBe(turns);
    expect(reports.map(({ message }) => message)).toContainEqual(expect.stringContaining("stubborn did not end"));
  });
});

describe("what goes wrong", () => {
  test("M07 checkCancelled outside a thread of toThread says so", async () => {
    expect(() => checkCancelled()).toThrow(UsageError);
    await inRun(async () => expect(() => checkCancelled()).toThrow(/await checkpoint/));
  });

  test("an argument that can't be cloned is refused at once, by its place", async () => {
    await inRun(async () => {
      const limiter = createLimiter();
      const error = await thrown(toThread(WORK, "add", [1, () => 2], { limiter }));
      expect(error).toBeInstanceOf(DataCloneError);
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ name: "DataCloneError", message: expect.stringContaining("Argument 1 of add") });
    });
  });

  test("a value that can't be cloned is an error, and the thread is used again", async () => {
    await inRun(async () => {
      const before = await toThread(WORK, "thread");
      expect(await thrown(toThread(WORK, "returnFunction"))).toMatchObject({
        name: "DataCloneError",
        message: expect.stringContaining("returnFunction returned"),
      });
      expect(await toThread(WORK, "thread")).toBe(before);
    });
  });

  test("a missing export, a missing module", async () => {
    await inRun(async () => {
      expect(await thrown(toThread(WORK, "nothing"))).toMatchObject({
        message: expect.stringMatching(/exports no function nothing. It exports: .*spin/),
      });
      expect(await thrown(toThread(WORK, "notAFunction"))).toBeInstanceOf(TypeError);
      const missing = new URL("./not-there.ts", import.meta.url);
      expect(await thrown(toThread(missing, "x"))).toMatchObject({
        code: "ERR_MODULE_NOT_FOUND",
        message: `There is no module ${missing.href}, whose x toThread() was to call.`,
      });
    });
  });

  test("a thread that exits, or fails outside of the call, is an error of the call, and replaced", async () => {
    const { reports } = await inRun(async () => {
      expect(await thrown(toThread(WORK, "exit"))).toBeInstanceOf(ThreadEndedError);
      const error = await thrown(toThread(WORK, "failOutside"));
      expect(error).toMatchObject({ name: "ThreadEndedError", cause: { message: "outside of the call" } });
      expect(await toThread(WORK, "add", [1, 1])).toBe(2);
    });
    expect(reports).toEqual([]);
  });

  test.each([
    ["a path", ["./work.ts", "add", []], TypeError],
    ["a function", [WORK, () => 1, []], TypeError],
    ["arguments outside an array", [WORK, "add", 1], TypeError],
    ["a module of the web", [new URL("https://example.com/work.js"), "add"], TypeError],
    ["an unknown onCancel", [WORK, "add", [], { onCancel: "kill" }], TypeError],
    ["a limiter that is none", [WORK, "add", [], { limiter: {} }], TypeError],
    ["a transfer outside an array", [WORK, "add", [], { transfer: 1 }], TypeError],
  ])("%s is refused", async (_, args, type) => {
    await inRun(async () => {
      expect(await thrown((toThread as (...args: unknown[]) => Promise<unknown>)(...args))).toBeInstanceOf(type);
    });
  });

  test("outside a run it says so", async () => {
    expect(await thrown(toThread(WORK, "add", [1, 2]))).toBeInstanceOf(NoCurrentTaskError);
  });
});
