/** ExceptionGroup, catchGroup (E1, E2), and wrong arguments of tasks, groups, scopes and shields. */
import { expect, test } from "vitest";
import {
  CancelledError,
  ExceptionGroup,
  FatalError,
  InterruptedError,
  NoCurrentTaskError,
  TaskGroupClosed,
  TaskNotFinished,
  TimeoutError,
  UsageError,
  cancelScope,
  cancellable,
  catchGroup,
  checkpoint,
  createTask,
  currentSignal,
  currentTask,
  now,
  rethrowIfCancelled,
  scope,
  shield,
  shielded,
  sleep,
  supervisorGroup,
  taskGroup,
  timeout,
  type GroupHandler,
  type Task,
} from "../../../../src-runtime/index.ts";
import { inRun, settle } from "../sync/run.ts";
import { caught } from "./caught.ts";

class A extends Error {}
class B extends Error {}
class C extends Error {}

const a = new A("a");
const b = new B("b");
const c = new C("c");

const isA = (error: unknown): boolean => error instanceof A;

/** The tree as nested arrays of messages. */
function tree(error: unknown): unknown {
  if (error instanceof AggregateError) return (error.errors as unknown[]).map(tree);
  return error instanceof Error ? error.message : error;
}

async function endOf(handler: GroupHandler): Promise<unknown> {
  return handler.end().then(
    () => "nothing left",
    (error: unknown) => error,
  );
}

test("a group is an AggregateError with its errors in order, a message and a name", () => {
  const group = new ExceptionGroup(new Set([a, "text", undefined]), "several");
  expect(group).toBeInstanceOf(AggregateError);
  expect(group).toBeInstanceOf(Error);
  expect([group.errors, group.message, group.name]).toEqual([[a, "text", undefined], "several", "ExceptionGroup"]);
  expect(new ExceptionGroup([a]).message).toContain("a");
  expect(() => new ExceptionGroup([])).toThrow(UsageError);
  expect(() => new ExceptionGroup(5 as never)).toThrow(TypeError);
  expect(() => group.split(undefined as never)).toThrow(TypeError);
});

test("split and subgroup keep the shape of the tree, messages and causes; null is where nothing is left", () => {
  const inner = new ExceptionGroup([a, b], "inner");
  inner.cause = c;
  const outer = new ExceptionGroup([inner, a, new ExceptionGroup([b])], "outer");
  const [matching, rest] = outer.split(isA);
  expect(tree(matching)).toEqual([["a"], "a"]);
  expect(tree(rest)).toEqual([["b"], ["b"]]);
  expect(matching).toMatchObject({ message: "outer", errors: [{ message: "inner", cause: c }, a] });
  expect(outer.split(() => true)[1]).toBeNull();
  expect(outer.split(() => false)[0]).toBeNull();
  expect(outer.subgroup(() => false)).toBeNull();
  expect(tree(outer.subgroup(isA))).toEqual([["a"], "a"]);
  expect(tree(outer)).toEqual([["a", "b"], "a", ["b"]]);
});

test("a part of a group says what is in that part, unless its message was given", () => {
  const [a, b] = [new TypeError("a"), new RangeError("b")];
  const described = new ExceptionGroup([a, b]);
  expect(described.message).toBe("2 errors: TypeError: a, …");
  expect(described.subgroup((error) => error === b)?.message).toBe("RangeError: b");
  expect(described.subgroup((error) => error === b)?.stack).toMatch(/^ExceptionGroup: RangeError: b\n {4}at /);
  expect(new ExceptionGroup([a, b], "both").subgroup((error) => error === b)?.message).toBe("both");
});

test("derive makes a group of other errors with the message and the cause; subclasses keep their class", () => {
  class MyGroup extends ExceptionGroup {
    override derive(errors: readonly unknown[]): ExceptionGroup {
      return new MyGroup(errors, this.message);
    }
  }
  const group = new MyGroup([a, b], "mine");
  expect(group.split(isA)[0]).toBeInstanceOf(MyGroup);
  const plain = new ExceptionGroup([a], "plain");
  plain.cause = c;
  expect(plain.derive([b])).toMatchObject({ message: "plain", cause: c, errors: [b] });
});

test("leaves are all errors that are no group, depth first", () => {
  const group = new ExceptionGroup([
    new ExceptionGroup([a, new AggregateError([b])]),
    c,
    new AggregateError([], "empty"),
  ]);
  expect([...group.leaves()].map(tree)).toEqual(["a", "b", "c", "empty"]);
});

test("E1 each leaf goes to the first handler that matches, in the shape of the tree; nothing left throws nothing", async () => {
  const group = new ExceptionGroup([new ExceptionGroup([a, b]), a, c], "outer");
  const log: unknown[] = [];
  const end = await endOf(
    catchGroup(group)
      .on(A, (each) => void log.push(["A", tree(each), each.message]))
      .on(Error, async (each) => {
        await Promise.resolve();
        log.push(["Error", tree(each), each.message]);
      })
      .on(B, () => void log.push("never")),
  );
  expect(end).toBe("nothing left");
  expect(log).toEqual([
    ["A", [["a"], "a"], "outer"],
    ["Error", [["b"], "c"], "outer"],
  ]);
});

test("E1 what is left is thrown as one group, with the errors that handlers threw", async () => {
  const group = new ExceptionGroup([new ExceptionGroup([a, b]), c]);
  expect(tree(await endOf(catchGroup(group).on(A, () => undefined)))).toEqual([["b"], "c"]);
  const thrown = new Error("thrown by the handler");
  const both = await endOf(
    catchGroup(group)
      .on(A, () => {
        throw thrown;
      })
      .on(C, async () => Promise.reject(new Error("rejected"))),
  );
  expect(tree(both)).toEqual(["thrown by the handler", "rejected", [["b"]]]);
  expect(await endOf(catchGroup(group))).toBe(group);
});

test("E1 a bare error is handled as a group of one, and thrown as one when nobody handles it", async () => {
  const seen: unknown[] = [];
  expect(await endOf(catchGroup(a).on(A, (group) => void seen.push(group)))).toBe("nothing left");
  expect(seen).toEqual([expect.any(ExceptionGroup)]);
  expect(tree(seen[0])).toEqual(["a"]);
  const left = await endOf(catchGroup(a).on(B, () => undefined));
  expect(left).toBeInstanceOf(ExceptionGroup);
  expect(tree(left)).toEqual(["a"]);
  expect(tree(await endOf(catchGroup("a string").on(A, () => undefined)))).toEqual(["a string"]);
});

test("E1 a CancelledError is never matched and passes, alone, in a group, and thrown by a handler", async () => {
  const cancelled = new CancelledError("cancelled");
  const log: unknown[] = [];
  const log1 = (group: ExceptionGroup): void => void log.push(tree(group));
  expect(await endOf(catchGroup(cancelled).on(Error, log1))).toBe(cancelled);
  const mixed = await endOf(catchGroup(new ExceptionGroup([a, cancelled])).on(() => true, log1));
  expect((mixed as ExceptionGroup).errors).toEqual([cancelled]);
  expect(log).toEqual([["a"]]);
  await inRun(async () => {
    const task = createTask(async () => {
      currentTask().cancel();
      await catchGroup(a)
        .on(A, () => checkpoint())
        .end();
    });
    expect((await task.settled()).status).toBe("cancelled");
  });
});

test("E1 predicates and classes are told apart, and handlers can be given only before end()", async () => {
  const log: string[] = [];
  const predicates = catchGroup(new ExceptionGroup([a, b]))
    .on(
      function isTheOne(error) {
        return error === a;
      },
      () => void log.push("function"),
    )
    .on(
      (error) => error === b,
      () => void log.push("arrow"),
    );
  expect(log).toEqual([]);
  await predicates.end();
  expect(log).toEqual(["function", "arrow"]);
  expect(() => predicates.on(A, () => undefined)).toThrow(UsageError);
  await expect(predicates.end()).rejects.toThrow(UsageError);
  expect(() => catchGroup(a).on("A" as never, () => undefined)).toThrow(TypeError);
  expect(() => catchGroup(a).on(A, undefined as never)).toThrow(TypeError);
  await catchGroup(new DOMException("x", "AbortError"))
    .on(DOMException, () => void log.push("DOMException"))
    .end();
  expect(log.at(-1)).toBe("DOMException");
});

test("E2 an AggregateError counts as a group, a SuppressedError is opened into both sides", async () => {
  const log: unknown[] = [];
  const foreign = new AggregateError([a, new AggregateError([b, c])], "foreign");
  expect(
    await endOf(
      catchGroup(foreign)
        .on(B, (group) => void log.push(tree(group)))
        .on(A, (group) => void log.push(tree(group))),
    ),
  ).toMatchObject({ message: "foreign", errors: [{ errors: [c] }] });
  expect(log).toEqual([[["b"]], ["a"]]);
  for (const error of [new SuppressedError(a, b), new ExceptionGroup([new SuppressedError(a, b)])]) {
    log.length = 0;
    const left = await endOf(catchGroup(error).on(A, (group) => void log.push(tree(group))));
    expect([log, tree(left)]).toEqual([[["a"]], ["b"]]);
  }
  const split = new ExceptionGroup([new SuppressedError(a, b), c]).split(isA);
  expect(split.map(tree)).toEqual([["a"], ["b", "c"]]);
  const whole = new SuppressedError(a, new A("a2"));
  expect(new ExceptionGroup([whole, c]).split(isA)[0]?.errors).toEqual([whole]);
});

test("the error classes keep their names, and a fatal one is told by its class", () => {
  expect(new InterruptedError("SIGINT")).toBeInstanceOf(FatalError);
  expect(new CancelledError("why")).toMatchObject({ name: "CancelledError", message: "why", source: "explicit" });
  expect(new CancelledError()).toBeInstanceOf(Error);
  expect(() => rethrowIfCancelled(new CancelledError())).toThrow(CancelledError);
  expect(rethrowIfCancelled(a)).toBeUndefined();
});

// Bad input: a typed error that names the thing and the fix, before any side effect.

test("outside a run runtime waits and createTask are refused, while a task can be awaited anywhere", async () => {
  const work = async (): Promise<void> => undefined;
  const uses: (() => unknown)[] = [
    () => createTask(work),
    () => currentTask(),
    () => currentSignal(),
    () => now(),
    () => scope(),
    () => checkpoint(),
    () => sleep(1),
    () => cancellable(Promise.resolve()),
    () => taskGroup(work),
    () => supervisorGroup(work),
    () => cancelScope(work),
    () => shield(work),
    () => shielded(work),
    () => timeout(1, work),
  ];
  for (const use of uses) {
    const error = await caught((async () => use())());
    expect(error).toBeInstanceOf(NoCurrentTaskError);
    expect((error as Error).message).toContain("run(");
  }
  let task: Task<string> | undefined;
  await inRun(async () => {
    task = createTask(async () => "value");
    await task;
  });
  expect(await task).toBe("value");
  expect(await task?.settled()).toEqual({ status: "completed", value: "value" });
});

const notFunctions: readonly unknown[] = [undefined, null, 5, "fn", {}, Promise.resolve()];

test.each([
  ["createTask", (fn: never) => createTask(fn)],
  ["taskGroup", (fn: never) => taskGroup(fn)],
  ["supervisorGroup", (fn: never) => supervisorGroup(fn)],
  ["cancelScope", (fn: never) => cancelScope(fn)],
  ["shielded", (fn: never) => shielded(fn)],
  ["timeout", (fn: never) => timeout(1, fn)],
  ["TaskGroup.createTask", (fn: never) => taskGroup(async (tg) => void tg.createTask(fn))],
  ["TaskGroup.start", (fn: never) => taskGroup(async (tg) => tg.start(fn))],
  ["OpenScope.spawn", (fn: never) => scope().spawn(fn)],
  ["addDoneCallback", (fn: never) => currentTask().addDoneCallback(fn)],
])("%s takes a function, and says so", (_name, use) =>
  inRun(async () => {
    for (const value of notFunctions) {
      const thrown = await caught((async () => use(value as never))());
      const error: unknown = thrown instanceof ExceptionGroup ? thrown.errors[0] : thrown;
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toMatch(/function/);
    }
  }),
);

test("shield() takes a function, a task or a promise", () =>
  inRun(async () => {
    for (const value of [undefined, 5, {}]) expect(await caught(shield(value as never))).toBeInstanceOf(TypeError);
    expect(await caught(cancellable(5 as never))).toBeInstanceOf(TypeError);
  }));

test("options of the wrong type and NaN times are refused before anything starts", () =>
  inRun(async () => {
    let calls = 0;
    const work = async (): Promise<void> => void calls++;
    const uses: (readonly [() => unknown, typeof TypeError | typeof RangeError])[] = [
      [() => createTask(work, { name: 5 as never }), TypeError],
      [() => createTask(work, { start: "later" as never }), TypeError],
      [() => createTask(work, { context: {} as never }), TypeError],
      [() => taskGroup(work, { name: 5 as never }), TypeError],
      [() => taskGroup(work, { grace: Number.NaN }), RangeError],
      [() => taskGroup(work, { grace: "1" as never }), TypeError],
      [() => supervisorGroup(work, { onChildError: 5 as never }), TypeError],
      [() => cancelScope(work, { deadline: Number.NaN }), RangeError],
      [() => cancelScope(work, { deadline: "soon" as never }), TypeError],
      [() => cancelScope(async (block) => block.follow(5 as never)), TypeError],
      [() => scope({ deadline: Number.NaN }), RangeError],
      [() => scope({ name: 5 as never }), TypeError],
      [() => shielded(work, { timeout: Number.NaN }), RangeError],
      [() => sleep(Number.NaN), RangeError],
      [() => sleep("1" as never), TypeError],
    ];
    for (const [use, type] of uses) expect(await caught((async () => use())())).toBeInstanceOf(type);
    await settle();
    expect(calls).toBe(0);
    // Nothing is left behind that the end of the task would have to say.
    expect(currentTask().state).toBe("running");
  }));

test("zero and negative times mean now", () =>
  inRun(async () => {
    await sleep(0);
    await sleep(-1);
    expect(await caught(timeout(-5, () => sleep(1)))).toBeInstanceOf(TimeoutError);
    expect(await cancelScope(() => sleep(1), { deadline: -1 })).toEqual({ cancelled: true });
    const group = createTask(() => taskGroup(() => new Promise(() => undefined), { grace: -1 }));
    await settle();
    group.cancel();
    expect((await group.settled()).status).toBe("cancelled");
  }));

test("what has ended says so: groups, scopes, tasks not yet ended", () =>
  inRun(async () => {
    let refused: unknown;
    await taskGroup(async (tg) => {
      createTask(async () => {
        await settle();
        try {
          tg.createTask(checkpoint);
        } catch (error) {
          refused = error;
        }
      });
    });
    await settle();
    await settle();
    expect(refused).toBeInstanceOf(TaskGroupClosed);
    const task = createTask(checkpoint, { name: "slow" });
    expect(() => task.result()).toThrow(TaskNotFinished);
    expect(() => task.result()).toThrow(/slow/);
  }));
