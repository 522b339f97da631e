/** Rules T1 to T5 and C8, beyond the cases: start and context, unretrieved errors, who looks, callbacks, deadlocks. */
import { expect, test } from "vitest";
import {
  CancelledError,
  ContextVar,
  NoCurrentTaskError,
  Runner,
  TaskCancelledError,
  TaskNotFinished,
  UsageError,
  checkpoint,
  copyContext,
  createTask,
  currentTask,
  gather,
  sleep,
  taskGroup,
  wait,
  type ErrorReport,
  type Task,
  type TaskState,
} from "../../../../src-runtime/index.ts";
import { inRun, settle } from "../sync/run.ts";
import { caught } from "./caught.ts";

const boom = new Error("boom");
const fails = async (): Promise<never> => {
  throw boom;
};

test("T1 a queued task starts in a microtask, an eager one at once; both with a copy of the creator's context", () =>
  inRun(async () => {
    const name = new ContextVar<string>("name");
    name.set("creator");
    const log: unknown[] = [];
    const queued = createTask(async () => void log.push("queued", name.get()));
    const eager = createTask(
      async () => {
        log.push("eager", name.get());
        name.set("the task's own");
      },
      { start: "eager" },
    );
    name.set("later");
    log.push("sync");
    await Promise.resolve();
    await Promise.resolve();
    expect(log).toEqual(["eager", "creator", "sync", "queued", "creator"]);
    expect(name.get()).toBe("later");
    await gather([queued, eager]);
  }));

test("T1 an explicit context is used as it is: what the task sets in it, the next task in it sees", () =>
  inRun(async () => {
    const name = new ContextVar<string>("name");
    const context = copyContext();
    await createTask(async () => name.set("shared"), { context });
    expect(await createTask(async () => name.get(), { context })).toBe("shared");
    expect(name.get()).toBeUndefined();
    await taskGroup(async (tg) => {
      expect(await tg.createTask(async () => name.get(), { context })).toBe("shared");
    });
  }));

test("T2 a task's failure cancels nobody, and is reported after a macrotask when nobody looked", () =>
  inRun(async ({ reports }) => {
    const other = createTask(() => sleep(1e6));
    createTask(fails, { name: "lost" });
    await Promise.resolve();
    await Promise.resolve();
    expect(reports).toEqual([]);
    await settle();
    expect(reports).toMatchObject([{ error: boom, task: { name: "lost", state: "failed" } }]);
    expect(reports[0]?.message).toContain("lost");
    expect(other.cancelRequested).toBe(false);
  }));

const looks: readonly (readonly [string, (task: Task<never>) => unknown])[] = [
  ["await", (task) => caught(task)],
  ["join()", (task) => caught(task.join())],
  ["settled()", (task) => task.settled()],
  ["exception()", (task) => task.exception()],
  ["result()", (task) => expect(() => task.result()).toThrow(boom)],
  ["addDoneCallback()", (task) => task.addDoneCallback(() => undefined)],
  ["gather()", (task) => caught(gather([task]))],
  ["wait()", (task) => wait([task])],
];

test.each(looks)("T2 %s looks at the outcome: nothing is reported", (_name, look) =>
  inRun(async ({ reports }) => {
    const task = createTask(fails);
    // A turn that was asked for before the failure comes before its report.
    await checkpoint();
    await look(task);
    await settle();
    expect(reports).toEqual([]);
  }),
);

test("T2 who asked too early, or was cancelled while waiting, has not looked", () =>
  inRun(async ({ reports }) => {
    const early = createTask(() => settle().then(fails), { name: "asked too early" });
    expect(() => early.exception()).toThrow(TaskNotFinished);
    expect(() => early.result()).toThrow(TaskNotFinished);
    const awaited = createTask(() => settle().then(fails), { name: "left by its awaiter" });
    const awaiters = [createTask(() => awaited.join()), createTask(() => awaited.settled())];
    await checkpoint();
    for (const awaiter of awaiters) awaiter.cancel();
    await settle();
    await settle();
    expect(reports.map(({ task }) => task?.name)).toEqual(["asked too early", "left by its awaiter"]);
  }));

test("T2 a failure that comes as another is being reported still has its macrotask", () =>
  inRun(async ({ reports }) => {
    createTask(fails, { name: "first" });
    await Promise.resolve();
    await Promise.resolve();
    // The first one's report is due in this turn; the second's is due after the checkpoint.
    const turn = checkpoint();
    const second = createTask(fails);
    await turn;
    expect(await caught(second)).toBe(boom);
    await settle();
    expect(reports.map(({ task }) => task?.name)).toEqual(["first"]);
  }));

test("T2 errors never become unhandled rejections, and the last ones are reported by the end of the run", async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", listener);
  const reports: ErrorReport[] = [];
  const runner = new Runner({ signals: [], onError: (report) => void reports.push(report) });
  await runner.run(async () => {
    createTask(fails, { name: "early" });
    await settle();
    createTask(fails, { name: "last" });
  });
  await runner.close();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", listener);
  expect(unhandled).toEqual([]);
  expect(reports.map(({ task }) => task?.name)).toEqual(["early", "last"]);
});

test("T2 a cancelled task nobody looks at is no error", () =>
  inRun(async ({ reports }) => {
    createTask(() => sleep(1e6)).cancel();
    const running = createTask(() => sleep(1e6));
    await settle();
    running.cancel();
    await settle();
    expect(reports).toEqual([]);
  }));

test("T3 TaskCancelledError is the same for all who await, and retries may handle it", () =>
  inRun(async () => {
    const task = createTask(() => sleep(1e6));
    const awaiters = [caught(task), caught(task)];
    await settle();
    task.cancel();
    const [first, second] = await Promise.all(awaiters);
    expect(first).toBeInstanceOf(TaskCancelledError);
    expect(first).not.toBeInstanceOf(CancelledError);
    expect(second).toBe(first);
    expect(task.exception()).toBe(first);
  }));

test("T4 a task that many await is cancelled by none of their cancels", () =>
  inRun(async ({ clock }) => {
    const shared = createTask(() => sleep(10).then(() => "shared"));
    const awaiters = Array.from({ length: 3 }, () => createTask(async () => shared));
    await settle();
    awaiters[0]?.cancel();
    awaiters[1]?.cancel();
    await clock.advance(10);
    expect(await awaiters[2]).toBe("shared");
    expect(shared.cancelRequests).toEqual([]);
  }));

test("T5 a cycle of awaits is reported as a deadlock in debug mode, with its tasks", () =>
  inRun(
    async ({ reports }) => {
      const tasks: Task[] = [];
      tasks.push(createTask(async () => checkpoint().then(() => tasks[1]), { name: "a" }));
      tasks.push(createTask(async () => checkpoint().then(() => tasks[0]), { name: "b" }));
      await settle();
      await settle();
      expect(reports.map(({ message }) => message)).toEqual([expect.stringMatching(/Deadlock.*\b[ab]\b.*\b[ab]\b/)]);
      for (const task of tasks) task.cancel();
    },
    { debug: true },
  ));

test("done callbacks run once each, in order, as the task; one that is disposed does not; one that throws is reported", () =>
  inRun(async ({ reports }) => {
    const log: unknown[] = [];
    const task = createTask(async () => "value", { name: "subject" });
    task.addDoneCallback((ended) => log.push(["first", ended.result(), currentTask().name]));
    task.addDoneCallback(() => log.push("disposed"))[Symbol.dispose]();
    task.addDoneCallback(() => {
      throw boom;
    });
    task.addDoneCallback(() => log.push("last"));
    await task;
    expect(log).toEqual([["first", "value", "subject"], "last"]);
    expect(reports).toMatchObject([{ error: boom, task: { name: "subject" } }]);
    task.addDoneCallback(() => log.push("late"));
    expect(log).toHaveLength(2);
    await checkpoint();
    expect(log).toHaveLength(3);
  }));

test("a cancel taken back before the start lets the task run", () =>
  inRun(async () => {
    const task = createTask(async () => checkpoint().then(() => "ran"));
    task.cancel();
    expect([task.cancelling(), task.uncancel()]).toEqual([1, 0]);
    expect(task.state).toBe("created");
    expect(await task).toBe("ran");
  }));

test("states: created, running, suspended, cancelling, and the ends", () =>
  inRun(async () => {
    let inside: TaskState | undefined;
    const task = createTask(async () => {
      inside = currentTask().state;
      await sleep(1e6);
    });
    const seen = [task.state];
    await settle();
    seen.push(inside!, task.state);
    task.cancel();
    seen.push(task.state);
    await task.settled();
    seen.push(task.state);
    expect(seen).toEqual(["created", "running", "suspended", "cancelling", "cancelled"]);
    const failed = createTask(fails);
    await failed.settled();
    expect(failed.state).toBe("failed");
  }));

test("tasks have ids of their own, names that can be changed, and a parent", () =>
  inRun(async () => {
    async function worker(): Promise<void> {}
    const one = createTask(worker);
    const two = createTask(worker);
    expect(one.id).not.toBe(two.id);
    expect([one.name, one.parent]).toEqual(["worker", currentTask()]);
    one.name = "renamed";
    expect(one.name).toBe("renamed");
    await gather([one, two]);
  }));

test("anything can be thrown, also nothing", () =>
  inRun(async () => {
    for (const thrown of ["text", 0, null, undefined]) {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- That is the case.
      const raise = async (): Promise<never> => Promise.reject(thrown);
      const task = createTask(raise);
      expect(await task.settled()).toEqual({ status: "failed", error: thrown });
      const error = await caught(taskGroup(raise));
      expect((error as AggregateError).errors).toEqual([thrown]);
      const child = await caught(taskGroup(async (tg) => void tg.createTask(raise)));
      expect((child as AggregateError).errors).toEqual([thrown]);
    }
  }));

test("a task may end by another task, whose outcome is its own; by itself it may not", () =>
  inRun(async () => {
    const inner = createTask(async () => "inner");
    expect(await createTask(async () => inner)).toBe("inner");
    expect(await createTask(() => inner)).toBe("inner");
    const itself = createTask(async () => currentTask());
    expect(await caught(itself)).toBeInstanceOf(UsageError);
  }));

test("after its run has ended, code that was left behind can't begin a runtime wait", async () => {
  const over = Promise.withResolvers<void>();
  let error: unknown;
  const done = Promise.withResolvers<void>();
  const runner = new Runner({ signals: [], shutdownGrace: 0, onError: () => undefined });
  await runner.run(async () => {
    void over.promise
      .then(() => sleep(5))
      .catch((thrown: unknown) => (error = thrown))
      .finally(() => done.resolve());
  });
  await runner.close();
  over.resolve();
  await done.promise;
  expect(error).toBeInstanceOf(NoCurrentTaskError);
});
