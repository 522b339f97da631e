/** The agent runtime's events as records: what is written, what it costs, and that nothing of it harms the program. */
import { afterEach, describe, expect, test } from "vitest";
import {
  CancelledError,
  cancelScope,
  createTask,
  gather,
  Lock,
  run,
  scope,
  shielded,
  sleep,
  stream,
  taskGroup,
  timeout,
  waitFor,
} from "../../../../src-runtime/index.ts";
import { currentTaskOrNone } from "../../../../src-runtime/task/current.ts";
import { spawn, UNOWNED } from "../../../../src-runtime/task/spawn.ts";
import { EndFlag, RecordKind, WAIT_KINDS } from "../../../../src-runtime/protocol/record.ts";
import { createCurrentTask } from "../../../../src-runtime/tracer/current.ts";
import type { Records } from "../../../../src-runtime/tracer/emitter.ts";
import { createCancels } from "../../../../src-runtime/tracer/instrumentations/cancels.ts";
import { createPart, type Part } from "../../../../src-runtime/tracer/instrumentations/part.ts";
import { createRing, createRingReader, createRingWriter } from "../../../../src-runtime/tracer/ring.ts";
import { createRuntimeFiles } from "../../../../src-runtime/tracer/runtime/runtime-files.ts";
import { instrumentRuntime, type RuntimeTracing } from "../../../../src-runtime/tracer/runtime/runtime.ts";
import { recordingEmitter, type Told } from "../instrumentations/fake-emitter.ts";

interface Written {
  readonly kind: number;
  readonly sub: number;
  readonly id: number;
  readonly a: number;
  readonly b: number;
  readonly value: number;
}

interface Traced {
  readonly told: Told;
  readonly written: readonly Written[];
  readonly tracing: RuntimeTracing;
  readonly texts: readonly string[];
  current(): number;
  of(kind: RecordKind): readonly Written[];
  text(id: number): string;
}

const parts: Part[] = [];

afterEach(() => {
  for (const part of parts.splice(0)) part.stop();
});

function traced(given: Partial<Records> = {}, captureContent = false): Traced {
  const told = recordingEmitter(captureContent);
  const written: Written[] = [];
  const texts: string[] = [];
  let last = 0;
  const records: Records = {
    now: () => performance.now(),
    id: () => ++last,
    string: (text) => (texts.includes(text) ? texts.indexOf(text) + 1 : texts.push(text)),
    write: (kind, sub, _at, id, a, b, value) => void written.push({ kind, sub, id, a, b, value }),
    ...given,
  };
  const tasks = createCurrentTask(told.emitter.context);
  const emitter = { ...told.emitter, current: tasks.current };
  const part = createPart(emitter, "runtime");
  parts.push(part);
  const tracing = instrumentRuntime(part, emitter, records, tasks, createCancels(emitter), createRuntimeFiles(""));
  return {
    told,
    written,
    tracing,
    texts,
    current: tasks.current,
    of: (kind) => written.filter((record) => record.kind === kind),
    text: (id) => texts[id - 1] ?? "",
  };
}

function numbers(ids: readonly unknown[]): readonly number[] {
  return ids.map(Number).toSorted((a, b) => a - b);
}

describe("the usual task", () => {
  test("created, awaited, ended: three records, and no message", async () => {
    const { written, told, text } = traced();
    async function work(): Promise<number> {
      return 1;
    }
    await run(async () => {
      for (let count = 0; count < 5; count++) await createTask(work);
      const before = written.length;
      const calls = told.calls.length;
      await createTask(work);
      const [created, wait, end, ...more] = written.slice(before);
      expect(more).toEqual([]);
      expect(text(created?.b ?? 0)).toBe("work");
      expect(created).toMatchObject({ kind: RecordKind.task, a: 1 });
      expect(wait).toMatchObject({ kind: RecordKind.wait, sub: WAIT_KINDS.indexOf("task"), a: 1, b: created?.id });
      expect(end).toMatchObject({ kind: RecordKind.end, id: created?.id, b: 0 });
      expect(told.calls.length).toBe(calls);
    });
  });

  test("a task without a name is not a new text each", async () => {
    const { texts } = traced();
    await run(async () => {
      for (let count = 0; count < 50; count++) await createTask(() => Promise.resolve(count));
    });
    expect(texts.filter((text) => text.startsWith("task"))).toEqual(["task"]);
  });

  test("sites are taken of the first few of each name only", async () => {
    const { told } = traced();
    async function one(): Promise<void> {}
    async function two(): Promise<void> {}
    await run(async () => {
      for (let count = 0; count < 20; count++) await Promise.all([createTask(one), createTask(two)]);
    });
    const sites = told.of("site");
    expect(sites).toHaveLength(1 + 3 + 3);
    const [, frames] = sites.at(-1) as [number, readonly (readonly [string, string])[]];
    expect(frames[0]?.[1]).toContain("runtime.test.ts");
  });

  test("how it ended: by an error without its message, cancelled before it started, a cancel ignored", async () => {
    const { of, text } = traced();
    await run(async () => {
      const failing = createTask(async () => {
        throw new TypeError("planted-message");
      });
      await failing.settled();
      const never = createTask(() => sleep(10));
      never.cancel();
      await never.settled();
      const stubborn = createTask(() => sleep(10_000).catch(() => undefined));
      await sleep(0);
      stubborn.cancel();
      await stubborn;
    });
    const [failed, before, ignored] = of(RecordKind.end);
    expect(text(failed?.a ?? 0)).toBe("TypeError");
    expect(before).toMatchObject({ sub: 2, b: EndFlag.beforeStart });
    expect(ignored).toMatchObject({ sub: 0, b: EndFlag.ignored });
  });
});

describe("which task runs", () => {
  test("the runtime's own, in everything that follows from it; none outside", async () => {
    const { current } = traced();
    expect(current()).toBe(0);
    await run(async () => {
      const main = current();
      expect(main).toBeGreaterThan(0);
      await createTask(async () => {
        const inner = current();
        expect(inner).toBeGreaterThan(main);
        await new Promise((resolve) => setTimeout(resolve, 1));
        expect(current()).toBe(inner);
      });
      expect(current()).toBe(main);
    });
    expect(current()).toBe(0);
  });

  test("a library's task inside a task is the inner one, and a task created inside it again", async () => {
    const { told, current, of } = traced();
    await run(async () => {
      const library = 1000;
      await told.emitter.context.run(library, async () => {
        expect(current()).toBe(library);
        await createTask(async () => undefined);
      });
    });
    expect(of(RecordKind.task).at(-1)?.a).toBe(1000);
  });

  test("is open until it ends; a model call is known while it runs", async () => {
    const { tracing, current } = traced();
    await run(async () => {
      const main = current();
      expect(tracing.isOpen(main)).toBe(true);
      expect(tracing.isInModelCall()).toBe(false);
      const { root } = currentTaskOrNone()!.scope.runner;
      const attempt = async (): Promise<boolean> => createTask(async () => tracing.isInModelCall());
      expect(await spawn(root, UNOWNED, attempt, { kind: "model" })).toBe(true);
      const tool = async (): Promise<boolean> => spawn(root, UNOWNED, attempt, { kind: "tool" });
      expect(await spawn(root, UNOWNED, tool, { kind: "agent" })).toBe(false);
    });
    expect(tracing.isOpen(1)).toBe(false);
  });
});

describe("cancels", () => {
  test("of a group by its failing child: one, with who failed; each task is reached once", async () => {
    const { told, of } = traced();
    await run(async () => {
      await taskGroup(async (group) => {
        group.createTask(() => sleep(10_000), { name: "one" });
        group.createTask(() => sleep(10_000), { name: "two" });
        group.createTask(async () => {
          throw new TypeError("broken");
        });
      }).catch(() => undefined);
    });
    const [main, one, two, failing] = of(RecordKind.task).map(({ id }) => id);
    expect(told.of("cancel")).toEqual([
      [
        expect.any(Number),
        "group",
        "TypeError",
        failing,
        undefined,
        { scope: of(RecordKind.scope)[0]?.id, task: main },
      ],
    ]);
    expect(numbers(told.of("reached").map(([, task]) => task))).toEqual([one, two]);
    expect(numbers(of(RecordKind.delivered).map(({ a }) => a))).toEqual([one, two]);
    expect(of(RecordKind.settled)).toEqual([]);
  });

  test("of a failing group whose body waits: its own task too, settled when the block is left, not ignored", async () => {
    const { told, of } = traced();
    await run(async () => {
      await taskGroup(async (group) => {
        const patient = group.createTask(() => sleep(10_000));
        group.createTask(async () => {
          throw new TypeError("broken");
        });
        await patient;
      }).catch(() => undefined);
    });
    const [main, patient] = of(RecordKind.task).map(({ id }) => id);
    expect(told.of("cancel")).toHaveLength(1);
    expect(numbers(told.of("reached").map(([, task]) => task))).toEqual([main, patient]);
    expect(of(RecordKind.settled)).toMatchObject([{ sub: 0, a: main }]);
  });

  test("of a block: ignored when it was thrown into it and the block returned, and only then", async () => {
    const { of } = traced();
    await run(async () => {
      await timeout(1, () => sleep(10_000).catch(() => undefined));
      await timeout(1, () => sleep(10_000)).catch(() => undefined);
      await cancelScope(async (scope) => scope.cancel());
    });
    expect(of(RecordKind.settled).map(({ sub }) => sub)).toEqual([1, 0, 0]);
  });

  test("passed on by owners it is one, that reaches each task once: waitFor, a gather, a stream", async () => {
    const { told, of, text } = traced();
    await run(async () => {
      const outside = createTask(() => sleep(10_000), { name: "outside" });
      const member = createTask(() => sleep(10_000), { name: "member" });
      const owner = createTask(
        async () => {
          const items = stream(
            async (emit) => {
              await emit(1);
              await waitFor(async () => Promise.resolve(gather([waitFor(outside, null), member])), null);
            },
            { name: "items" },
          );
          for await (const _item of items) await sleep(1);
        },
        { name: "owner" },
      );
      await sleep(20);
      owner.cancel(new RangeError("enough"));
      await owner.settled();
    });
    const names = new Map(of(RecordKind.task).map(({ id, b }) => [id, text(b)]));
    const [[cancel, source, reason], ...others] = told.of("cancel") as [[number, string, string]];
    expect([source, reason, others]).toEqual(["explicit", "RangeError", []]);
    const reached = told.of("reached").map(([id, task]) => [id === cancel, names.get(task as number)]);
    expect(reached).toHaveLength(new Set(reached.map(([, name]) => name)).size);
    expect(reached).toEqual(
      expect.arrayContaining(["owner", "items", "outside", "member"].map((name) => [true, name])),
    );
  });

  test("an owner that is not cancelled asks by itself", async () => {
    const { told } = traced();
    await run(async () => {
      await using open = scope();
      open.spawn(() => sleep(10_000));
    });
    expect(told.of("cancel").map(([, source]) => source)).toEqual(["parent"]);
    expect(told.of("reached")).toHaveLength(1);
  });

  test("the end of a run is told only when it reaches somebody", async () => {
    const quiet = traced();
    await run(async () => undefined);
    expect(quiet.told.of("cancel")).toEqual([]);
    parts.pop()?.stop();
    const left = traced();
    await run(async () => void createTask(() => sleep(10_000)));
    expect(left.told.of("cancel")).toMatchObject([
      [expect.any(Number), "shutdown", "CancelledError", 0, undefined, undefined],
    ]);
    expect(left.told.of("reached")).toHaveLength(1);
  });

  test("what ends by a signal of a scope was reached by the scope's cancel", async () => {
    const told = recordingEmitter();
    const cancels = createCancels(told.emitter);
    let last = 0;
    const tasks = createCurrentTask(told.emitter.context);
    const part = createPart(told.emitter, "runtime");
    parts.push(part);
    const records: Records = { now: () => 0, id: () => ++last, string: () => 1, write: () => undefined };
    instrumentRuntime(part, told.emitter, records, tasks, cancels, createRuntimeFiles(""));
    let reason: unknown;
    await run(async () => {
      const task = createTask(async () => {
        const { signal } = currentTaskOrNone()!.scope;
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      });
      await sleep(1);
      task.cancel();
      await task.settled();
      const { error } = (await task.settled()) as { readonly error: Error };
      reason = error.cause ?? error;
    });
    expect(reason).toBeInstanceOf(CancelledError);
    const [[id]] = told.of("cancel") as [[number]];
    expect(cancels.of(reason)).toBe(id);
    expect(cancels.foreign(reason)).toBe(id);
    expect(cancels.foreign(new Error("else"))).toBe(0);
  });
});

test("a shield with a timeout tells its deadline", async () => {
  const { of } = traced();
  await run(() => shielded(async () => undefined, { timeout: 5000 }));
  const [shield] = of(RecordKind.scope);
  const [deadline] = of(RecordKind.deadline);
  expect(deadline?.id).toBe(shield?.id);
  expect((deadline?.value ?? 0) - performance.now()).toBeGreaterThan(4000);
});

test("a lock is described once, before the first record that names it; who holds it is said with the wait", async () => {
  const { written, of, text } = traced();
  await run(async () => {
    const lock = new Lock({ name: "database" });
    const holder = createTask(async () => {
      using _held = await lock.acquire();
      await sleep(2);
    });
    await sleep(0);
    await createTask(async () => {
      using _held = await lock.acquire();
    });
    await holder;
  });
  const subjects = of(RecordKind.subject).filter(({ b }) => text(b) === "database");
  expect(subjects).toHaveLength(1);
  const named = written.findIndex(({ kind, id }) => kind === RecordKind.hold && id === subjects[0]?.id);
  expect(written.indexOf(subjects[0]!)).toBeLessThan(named);
  const holder = of(RecordKind.task)[1]?.id;
  expect(of(RecordKind.wait).find(({ sub }) => WAIT_KINDS[sub] === "lock")).toMatchObject({ value: holder });
  expect(of(RecordKind.hold)).toHaveLength(2);
  expect(of(RecordKind.release)).toHaveLength(2);
});

test("contents of model calls are left out, unless captured", async () => {
  const attributes = { "gen_ai.request.model": "small", "gen_ai.input.messages": "planted-prompt" };
  for (const captureContent of [false, true]) {
    const { told } = traced({}, captureContent);
    await run(async () => {
      const task = currentTaskOrNone()!;
      task.scope.runner.instrument?.emit("task.attributes", task, attributes, 0, 0);
    });
    const [, set] = told.of("attributes")[0] ?? [];
    expect(set).toEqual(captureContent ? attributes : { "gen_ai.request.model": "small" });
    parts.pop()?.stop();
  }
});

test("a record that can't be written takes the tracing out, once, and not the program", async () => {
  let writes = 0;
  const { told } = traced({
    write() {
      if (++writes > 3) throw new Error("planted");
    },
  });
  const sum = await run(async () => {
    let total = 0;
    for (let count = 0; count < 10; count++) total += await createTask(async () => count);
    return total;
  });
  expect(sum).toBe(45);
  expect(told.of("trouble")).toHaveLength(1);
  expect(writes).toBe(4);
});

test("in a ring that is full, waits go before tasks do, and each is counted", async () => {
  const ring = createRing(64);
  const writer = createRingWriter(ring);
  traced({ write: writer.write });
  await run(async () => {
    for (let count = 0; count < 100; count++) await createTask(async () => count);
  });
  const reader = createRingReader(ring);
  const dropped = reader.takeDropped();
  const kept = reader.available(reader.head());
  expect(kept).toBe(64);
  expect(dropped.get(RecordKind.wait)).toBeGreaterThan(60);
  const lost = [...dropped.values()].reduce((sum, count) => sum + count, 0);
  const perTask = 3 * 100;
  const ofTheRun = 2 + 4;
  expect(kept + lost).toBe(perTask + ofTheRun);
});
