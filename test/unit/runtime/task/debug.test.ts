/** Debug mode and the call graph: P01 to P09 of the cases. */
import { expect, test } from "vitest";
import {
  Runner,
  RuntimeWarning,
  asCompleted,
  captureCallGraph,
  checkpoint,
  createTask,
  currentTask,
  formatCallGraph,
  gather,
  race,
  run,
  shield,
  sleep,
  taskGroup,
  wait,
  waitFor,
  type CallGraph,
  type ErrorReport,
  type RunnerOptions,
  type RuntimeEvent,
  type Task,
} from "../../../../src-runtime/index.ts";
import type { TaskImpl } from "../../../../src-runtime/task/task.ts";
import { runJumping } from "../jumping-run.ts";
import { caught } from "./caught.ts";

const never = (): Promise<void> => sleep(Infinity);

interface Told {
  readonly reports: ErrorReport[];
  readonly events: RuntimeEvent[];
}

/** A real run: its clock, its promise hooks. */
async function inDebug(main: (told: Told) => Promise<void>, options: RunnerOptions = {}): Promise<Told> {
  const told: Told = { reports: [], events: [] };
  await run(() => main(told), {
    debug: true,
    signals: [],
    onError: (report) => void told.reports.push(report),
    observers: [{ onEvent: (event) => void told.events.push(event) }],
    ...options,
  });
  return told;
}

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const warnings = ({ reports }: Told, about: RegExp): string[] =>
  reports.filter(({ error, message }) => error instanceof RuntimeWarning && about.test(message)).map((r) => r.message);

test("P01 a slow step of a task and a slow callback are told, each with its name and duration", async () => {
  const told = await inDebug(async () => {
    const task = createTask(
      async () => {
        await sleep(1);
        block(150);
        await sleep(1);
      },
      { name: "slow task" },
    );
    await task;
    const quick = createTask(async () => 1, { name: "slow callback" });
    quick.addDoneCallback(() => block(150));
    await quick;
    await createTask(async () => block(150), { name: "slow start" });
    await createTask(async () => sleep(150), { name: "only waits" });
  });
  for (const name of ["slow task", "slow callback", "slow start"]) {
    const about = warnings(told, new RegExp(name));
    expect(about, name).toHaveLength(1);
    expect(about[0]).toMatch(/1[5-9]\d ms|[2-9]\d\d ms/);
  }
  expect(warnings(told, /only waits/)).toEqual([]);
  const steps = told.events.filter(({ kind }) => kind === "loop.slow_step");
  expect(steps.map(({ taskName }) => taskName)).toEqual(["slow task", "slow callback", "slow start"]);
});

test("P01 not without debug mode", async () => {
  const told = await inDebug(async () => createTask(async () => block(150)).join(), { debug: false });
  expect(told.reports).toEqual([]);
});

test("P02 the error of a task nobody awaits is told at the next macrotask", async () => {
  await runJumping(async ({ reports, events }) => {
    const boom = new Error("boom");
    createTask(async () => Promise.reject(boom), { name: "dropped" });
    await Promise.resolve();
    expect(reports).toEqual([]);
    await checkpoint();
    await checkpoint();
    expect(reports).toMatchObject([{ error: boom, task: { name: "dropped", state: "failed" } }]);
    expect(reports[0]?.message).toMatch(/never retrieved/);
    expect(events.filter(({ kind }) => kind === "error.unretrieved")).toHaveLength(1);
  });
});

test("P02 looking is awaiting, settled, result, exception, a callback, gather, wait, asCompleted, waitFor, race", async () => {
  await runJumping(async ({ reports }) => {
    const fails = (): Task<never> => createTask(async () => Promise.reject(new Error("seen")));
    await caught(fails());
    await caught(fails().join());
    await fails().settled();
    fails().addDoneCallback(() => undefined);
    await caught(gather([fails(), fails()]));
    await gather([fails()], { returnExceptions: true });
    await wait([fails(), fails()]);
    for await (const _task of asCompleted([fails(), fails()]));
    await caught(waitFor(fails(), 10));
    await caught(shield(fails()));
    await caught(race([async () => Promise.reject(new Error("seen"))]));
    for (const look of ["result", "exception"] as const) {
      const task = fails();
      while (!task.done()) await Promise.resolve();
      await (async () => task[look]())().catch(() => undefined);
    }
    await sleep(1);
    expect(reports).toEqual([]);
  });
});

test("P03 a failed task that is cancelled afterwards is told all the same", async () => {
  await runJumping(async ({ reports }) => {
    const task = createTask(async () => Promise.reject(new Error("boom")));
    await Promise.resolve().then(() => undefined);
    while (!task.done()) await Promise.resolve();
    expect(task.cancel()).toBe(false);
    await sleep(1);
    expect(reports).toMatchObject([{ error: { message: "boom" } }]);
  });
});

test("P05 the handle holds the stack of its creation", async () => {
  await inDebug(async () => {
    function createsOne(): Task<void> {
      return createTask(async () => undefined);
    }
    const task = createsOne();
    await task;
    const { site } = task as TaskImpl<void>;
    expect(site?.split("\n")[0]).toMatch(/createsOne.*debug\.test\.ts/);
    expect(site).not.toMatch(/src-runtime/);
  });
  await runJumping(async () => {
    const task = createTask(async () => undefined);
    await task;
    expect((task as TaskImpl<void>).site).toBeUndefined();
  });
});

test("P05 so does a cancel request, and reports name the place", async () => {
  const told = await inDebug(async () => {
    const task = createTask(never);
    await checkpoint();
    task.cancel();
    await task.settled();
    expect(String(task.cancelRequests[0]?.site)).toMatch(/debug\.test\.ts/);
    createTask(async () => 1, { name: "not looked at" });
    await checkpoint();
  });
  const [report] = told.reports.filter(({ message }) => /not looked at/.test(message));
  expect(String(report?.error)).toMatch(/debug\.test\.ts/);
});

test("P06 a broken onError is told on stderr with what it was told; nothing crashes", async () => {
  const written: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = (text: string | Uint8Array) => {
    written.push(String(text));
    return true;
  };
  try {
    await run(
      async () => {
        createTask(async () => Promise.reject(new Error("boom")), { name: "dropped" });
        await sleep(1);
      },
      {
        onError: () => {
          throw new Error("broken handler");
        },
      },
    );
  } finally {
    process.stderr.write = write;
  }
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/Unhandled error in .*onError/);
  expect(written[0]).toMatch(/broken handler/);
  expect(written[0]).toMatch(/dropped/);
  expect(written[0]).toMatch(/boom/);
});

/** Names of who waits, all the way up. */
function above(graph: CallGraph): string[] {
  return graph.awaitedBy.flatMap((each) => [each.task.name, ...above(each)]);
}

async function deep(inner: () => Promise<void>): Promise<void> {
  await Promise.resolve();
  await inner();
}

test("P08 the graph inside a deep call: the stack, and who waits through group, gather, shield, wait, waitFor, race", async () => {
  await runJumping(async () => {
    const graphs: Record<string, CallGraph> = {};
    const capture = (how: string) => async (): Promise<void> => {
      await sleep(1);
      await deep(async () => void (graphs[how] = captureCallGraph()));
    };
    const through: Record<string, (how: string) => PromiseLike<unknown>> = {
      group: (how) => taskGroup(async (group) => void group.createTask(capture(how), { name: "inner" })),
      gather: (how) => gather([capture(how), () => sleep(2)]).then(() => undefined),
      shield: (how) => shield(createTask(capture(how))),
      shieldOfFunction: (how) => shield(capture(how)),
      wait: (how) => wait([createTask(capture(how)), createTask(() => sleep(2))]),
      waitFor: (how) => waitFor(capture(how), 100),
      race: (how) => race([capture(how), never]),
      join: (how) => createTask(capture(how)).join(),
      asCompleted: async (how) => {
        for await (const _task of asCompleted([createTask(capture(how))]));
      },
    };
    for (const [how, start] of Object.entries(through)) {
      await createTask(async () => start(how), { name: `${how} waits` });
      const graph = graphs[how]!;
      expect(above(graph), how).toEqual([`${how} waits`, "main"]);
      expect(graph.callStack.join("\n"), how).toMatch(/debug\.test\.ts/);
      expect(graph.awaitedBy[0]?.callStack, how).toEqual([]);
    }
    expect(graphs["group"]?.task).toMatchObject({ name: "inner", state: "running" });
  });
});

test("P08 of another task: what it waits for, and all who wait for it", async () => {
  await runJumping(async () => {
    const subject = createTask(() => sleep(10), { name: "subject" });
    const waiters = ["a", "b"].map((name) => createTask(async () => subject, { name }));
    const plain = Promise.withResolvers<void>();
    const foreign = createTask(() => plain.promise, { name: "foreign" });
    await sleep(1);
    const graph = captureCallGraph(subject);
    expect(graph.waitsFor).toEqual([{ kind: "sleep", name: "10 ms" }]);
    expect(graph.callStack).toEqual([]);
    expect(graph.awaitedBy.map(({ task }) => task.name).toSorted()).toEqual(["a", "b"]);
    expect(graph.awaitedBy[0]?.waitsFor).toEqual([{ kind: "task", name: "subject" }]);
    expect(captureCallGraph(foreign)).toMatchObject({ waitsFor: [], awaitedBy: [] });
    plain.resolve();
    await gather([...waiters, foreign]);
    expect(captureCallGraph(subject)).toMatchObject({ task: { state: "completed" }, waitsFor: [], awaitedBy: [] });
  });
});

test("P08 bad input, and outside a run", async () => {
  expect(() => captureCallGraph()).toThrow(/outside a run/);
  expect(() => captureCallGraph({} as Task)).toThrow(TypeError);
  expect(() => formatCallGraph(5 as unknown as Task)).toThrow(TypeError);
});

test("P09 the names through three nested groups", async () => {
  await runJumping(async () => {
    let graph: CallGraph | undefined;
    let text = "";
    async function nested(depth: number): Promise<void> {
      await taskGroup(async (group) => {
        if (depth < 2) group.createTask(() => nested(depth + 1), { name: `depth-${depth + 1}` });
        else {
          group.createTask(
            async () => {
              await sleep(1);
              graph = captureCallGraph();
              text = formatCallGraph();
            },
            { name: "leaf" },
          );
        }
      });
    }
    await createTask(() => nested(0), { name: "root" });
    expect(above(graph!)).toEqual(["depth-2", "depth-1", "root", "main"]);
    const lines = text.split("\n").filter((line) => /awaited by|leaf/.test(line));
    expect(lines.map((line) => line.replace(/ \(.*$/, ""))).toEqual([
      "leaf",
      "  awaited by depth-2",
      "    awaited by depth-1",
      "      awaited by root",
      "        awaited by main",
    ]);
  });
});

test("tasks nobody ever looked at are told at the end", async () => {
  const told = await inDebug(async () => {
    createTask(async () => 1, { name: "forgotten" });
    await createTask(async () => 1, { name: "awaited" });
    createTask(never, { name: "cancelled by the end" });
    await checkpoint();
  });
  expect(warnings(told, /Nobody looked/)).toEqual([expect.stringMatching(/task forgotten/)]);
});

test("a cancel that a task ignores, and one it does not react to for a second", async () => {
  await runJumping(
    async ({ reports, events }) => {
      const ignores = createTask(async () => void (await caught(never())), { name: "ignores" });
      const hangs = createTask(() => new Promise<void>((resolve) => setImmediate(resolve)), { name: "quick enough" });
      const stuck = Promise.withResolvers<void>();
      const unresponsive = createTask(() => stuck.promise, { name: "unresponsive" });
      await checkpoint();
      for (const task of [ignores, hangs, unresponsive]) task.cancel();
      await sleep(2000);
      stuck.resolve();
      await wait([ignores, hangs, unresponsive]);
      const about = (name: string): string[] =>
        reports.map(({ message }) => message).filter((message) => message.includes(`Task ${name} `));
      expect(about("ignores")).toEqual([expect.stringMatching(/was cancelled and completed all the same/)]);
      expect(about("unresponsive")).toEqual([expect.stringMatching(/cancelled 1000 ms ago and has not ended/)]);
      expect(about("quick enough")).toEqual([]);
      const kinds = events.map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "cancel.unresponsive")).toHaveLength(1);
      expect(kinds.filter((kind) => kind === "cancel.ignored")).toHaveLength(1);
    },
    { debug: true },
  );
});

test("a circle of awaits is a deadlock, told by its names", async () => {
  await runJumping(
    async ({ reports }) => {
      const tasks: Task<unknown>[] = [];
      const ring = ["a", "b", "c"].map((name, index) =>
        createTask(
          async () => {
            await sleep(1);
            await tasks[(index + 1) % 3];
          },
          { name },
        ),
      );
      tasks.push(...ring);
      await sleep(10);
      expect(reports.map(({ message }) => message)).toEqual([expect.stringMatching(/Deadlock: .*a.*b.*c.*/)]);
      for (const task of ring) task.cancel();
      await wait(ring);
      expect(await caught(currentTask().join())).toMatchObject({ name: "UsageError" });
    },
    { debug: true },
  );
});

test("the histogram of the event loop's delay is told at the end", async () => {
  const told = await inDebug(async () => {
    await sleep(30);
    block(60);
    await sleep(30);
  });
  const delay = told.events.filter(({ kind }) => kind === "loop.delay");
  expect(delay).toHaveLength(1);
  expect(delay[0]?.["maxMs"]).toBeGreaterThan(20);
});

test("without debug mode nothing of this is told", async () => {
  const reports: ErrorReport[] = [];
  const runner = new Runner({ signals: [], onError: (report) => void reports.push(report) });
  await runner.run(async () => {
    createTask(async () => 1);
    const task = createTask(async () => void (await caught(never())));
    await checkpoint();
    task.cancel();
    await checkpoint();
  });
  await runner.close();
  expect(reports).toEqual([]);
});
