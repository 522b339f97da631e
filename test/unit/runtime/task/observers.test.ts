/** Observers: section Q of the cases. */
import { expect, test } from "vitest";
import {
  Runner,
  checkpoint,
  createTask,
  sleep,
  type ErrorReport,
  type Observer,
  type RuntimeEvent,
} from "../../../../src-runtime/index.ts";
import { runJumping } from "../jumping-run.ts";

function recorder(): Observer & { readonly events: RuntimeEvent[] } {
  const events: RuntimeEvent[] = [];
  return { events, onEvent: (event) => void events.push(event) };
}

test("Q01 one created and one end of the main task", async () => {
  const observer = recorder();
  const runner = new Runner({ observers: [observer], signals: [] });
  await runner.run(async () => checkpoint());
  await runner.close();
  const count = (kind: string): number => observer.events.filter((event) => event.kind === kind).length;
  expect(["run.start", "task.created", "task.started", "task.completed", "run.end"].map(count)).toEqual([
    1, 1, 1, 1, 1,
  ]);
  expect(observer.events.find(({ kind }) => kind === "task.completed")?.taskName).toBe("main");
});

test("Q02 each wait is one suspended and one resumed, in exact order", async () => {
  const observer = recorder();
  const runner = new Runner({ observers: [observer], signals: [] });
  await runner.run(async () => {
    for (let step = 0; step < 5; step++) await checkpoint();
  });
  await runner.close();
  const steps = observer.events.map(({ kind }) => kind).filter((kind) => kind.startsWith("task."));
  expect(steps).toEqual([
    "task.created",
    "task.started",
    ...Array.from({ length: 5 }, () => ["task.suspended", "task.resumed"]).flat(),
    "task.completed",
  ]);
  const seqs = observer.events.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(seqs).size).toBe(seqs.length);
});

test("Q04 an observer that throws is removed and said to be; the program and the other observers go on", async () => {
  const [before, after] = [recorder(), recorder()];
  let calls = 0;
  const broken: Observer = {
    onEvent() {
      calls++;
      throw new Error("broken");
    },
  };
  const reports: ErrorReport[] = [];
  const runner = new Runner({
    observers: [before, broken, after],
    onError: (report) => reports.push(report),
    signals: [],
  });
  expect(await runner.run(async () => (await checkpoint(), 42))).toBe(42);
  await runner.close();
  expect(calls).toBe(1);
  expect(reports).toMatchObject([{ error: { message: "broken" } }]);
  expect(reports[0]?.message).toMatch(/observer/i);
  expect(before.events.filter(({ kind }) => kind === "observer.disabled")).toHaveLength(1);
  expect(after.events.map(({ seq }) => seq)).toEqual(before.events.map(({ seq }) => seq));
  expect(after.events.at(-1)?.kind).toBe("shutdown.end");
});

test("Q04 the only observer throws: nobody listens any more", async () => {
  let calls = 0;
  await runJumping(async () => sleep(1), {
    observers: [
      {
        onEvent() {
          calls++;
          throw new Error("broken");
        },
      },
    ],
  });
  expect(calls).toBe(1);
});

test("Q05 replaced in the middle: the records join without a gap", async () => {
  const [first, second] = [recorder(), recorder()];
  const runner = new Runner({ signals: [] });
  await runner.run(async () => {
    const listening = runner.observe(first);
    await checkpoint();
    listening[Symbol.dispose]();
    using _listening = runner.observe(second);
    await checkpoint();
  });
  await runner.close();
  const seqs = [...first.events, ...second.events].map(({ seq }) => seq);
  expect(first.events.length).toBeGreaterThan(0);
  expect(second.events.length).toBeGreaterThan(0);
  expect(seqs).toEqual(Array.from(seqs, (_seq, index) => seqs[0]! + index));
});

test("Q05 adding the same one twice changes nothing", async () => {
  const observer = recorder();
  const runner = new Runner({ signals: [], observers: [observer, observer] });
  runner.observe(observer);
  await runner.run(async () => checkpoint());
  await runner.close();
  expect(observer.events.filter(({ kind }) => kind === "run.start")).toHaveLength(1);
});

test("with nobody listening no event is made: an observer added later begins at its first", async () => {
  const observer = recorder();
  const runner = new Runner({ signals: [] });
  await runner.run(async () => {
    await createTask(async () => 1);
    runner.observe(observer)[Symbol.dispose]();
  });
  await runner.close();
  expect(observer.events).toEqual([]);
});

test("what is no observer is refused", () => {
  expect(() => new Runner({ observers: [{} as Observer] })).toThrow(TypeError);
  expect(() => new Runner({ observers: [undefined as unknown as Observer] })).toThrow(TypeError);
  expect(() => new Runner().observe(5 as unknown as Observer)).toThrow(TypeError);
});

test("a cancel is told with who, why, where, and that it was thrown", async () => {
  await runJumping(async ({ events }) => {
    const task = createTask(() => sleep(1000), { name: "victim" });
    await sleep(1);
    task.cancel("not needed");
    await task.settled();
    const told = events.filter(({ taskName }) => taskName === "victim");
    expect(told.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["cancel.requested", "cancel.delivered", "task.cancelled"]),
    );
    const requested = told.find(({ kind }) => kind === "cancel.requested");
    expect(requested?.cancel).toMatchObject({ source: "explicit", reason: "not needed" });
    expect(requested?.cancel?.by).toBe(events.find(({ taskName }) => taskName === "main")?.taskId);
  });
});
