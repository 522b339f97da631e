/** The promise hooks themselves, in this process: what they tell, and that the program can't tell them. */
import { createHook } from "node:async_hooks";
import { inspect } from "node:util";
import v8 from "node:v8";
import { afterEach, expect, test } from "vitest";
import { PromiseEvent } from "../../../src-runtime/protocol/promise-words.ts";
import { createPromiseReader, createPromiseRing, type PromiseRing } from "../../../src-runtime/tracer/promise-ring.ts";
import { startPromiseHooks, type PromiseHooks } from "../../../src-runtime/tracer/promises.ts";
import { readPromiseChunk } from "../../../src-main/store/promise-chunk.ts";
import { createPromiseIntake } from "../../../src-main/store/promise-intake.ts";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function start(current: () => number = () => 0, words = 1 << 16, canSkip = false) {
  const ring = createPromiseRing(words);
  const errors: unknown[] = [];
  const hooks = startPromiseHooks(ring, current, canSkip, (error) => void errors.push(error));
  stops.push(hooks.stop);
  return { ring, hooks, errors };
}

function wordsOf(ring: PromiseRing): Int32Array {
  const reader = createPromiseReader(ring);
  const bytes = new Uint8Array(reader.available() * 4);
  reader.take(bytes.length / 4, bytes, 0);
  return new Int32Array(bytes.buffer);
}

function eventsOf(ring: PromiseRing, hooks: PromiseHooks) {
  hooks.stop();
  hooks.publish();
  const events: { kind: PromiseEvent; at: number; id: number; parent: number; task: number }[] = [];
  const intake = createPromiseIntake(0);
  for (const chunk of [...intake.push(wordsOf(ring)), ...intake.flush()]) {
    readPromiseChunk(chunk, (kind, at, id, parent, task) => void events.push({ kind, at, id, parent, task }));
  }
  return events;
}

test("creation, parent, settlement, run and task of a promise", async () => {
  let task = 0;
  const { ring, hooks } = start(() => task);
  const before = performance.now();
  const first = Promise.resolve(1);
  const second = first.then(() => {
    const until = performance.now() + 5;
    while (performance.now() < until);
  });
  task = 7;
  await second;
  const events = eventsOf(ring, hooks);
  expect(events.slice(0, 3).map(({ kind, id, parent }) => [kind, id, parent])).toEqual([
    [PromiseEvent.init, 1, 0],
    [PromiseEvent.settled, 1, 0],
    [PromiseEvent.init, 2, 1],
  ]);
  const run = events.filter(
    ({ id, kind }) => id === 2 && (kind === PromiseEvent.before || kind === PromiseEvent.after),
  );
  expect(run.map(({ kind, task: of }) => [kind, of])).toEqual([
    [PromiseEvent.before, 7],
    [PromiseEvent.after, 7],
  ]);
  expect((run[1]?.at ?? 0) - (run[0]?.at ?? 0)).toBeGreaterThanOrEqual(4.9e6);
  expect(events[0]?.at).toBeGreaterThanOrEqual(before * 1e6 - 100);
  const longest = hooks.longest();
  expect((longest?.start ?? 0) * 1e6).toBeCloseTo(run[0]?.at ?? 0, 0);
  expect((longest?.end ?? 0) * 1e6).toBeCloseTo(run[1]?.at ?? 0, 0);
  expect(hooks.longest()).toBeUndefined();
});

test("nothing of it shows in a promise, and frozen, subclassed and older ones work", async () => {
  const older = Promise.resolve("older");
  class Mine extends Promise<string> {}
  const { errors } = start();
  const promise = Promise.resolve(1);
  expect(inspect(promise, { showHidden: true })).toBe("Promise { 1 }");
  expect(Reflect.ownKeys(promise)).toEqual([]);
  const frozen = Object.freeze(Promise.resolve("frozen"));
  const mine = new Mine((resolve) => resolve("mine")).then((text) => text);
  expect(mine).toBeInstanceOf(Mine);
  expect(await Promise.all([older, Object.freeze(older.then((text) => text)), frozen, mine])).toEqual([
    "older",
    "older",
    "frozen",
    "mine",
  ]);
  expect(errors).toEqual([]);
});

async function order(): Promise<readonly string[]> {
  const log: string[] = [];
  const say = (text: string) => (): void => void log.push(text);
  async function inner(): Promise<void> {
    log.push("inner");
    await Promise.resolve();
    log.push("inner after");
  }
  process.nextTick(say("tick"));
  queueMicrotask(say("microtask"));
  const pending = [
    Promise.resolve().then(say("then")).then(say("then then")),
    Promise.reject(new Error("no")).catch(say("catch")).finally(say("finally")),
    inner().then(say("inner then")),
    new Promise<void>((resolve) => resolve(inner())).then(say("adopted")),
    // oxlint-disable-next-line unicorn/no-thenable
    (async () => await { then: (resolve: () => void) => resolve() })().then(say("thenable")),
  ];
  async function* items() {
    yield 1;
    yield Promise.resolve(2);
  }
  for await (const item of items()) log.push(`item ${item}`);
  await Promise.all(pending);
  return log;
}

test("microtasks run in the same order", async () => {
  const without = await order();
  start();
  expect(await order()).toEqual(without);
});

test("a program's own hooks go on beside ours, and after them", async () => {
  const seen = { promise: 0, asyncHooks: 0 };
  const { hooks } = start();
  stops.push(v8.promiseHooks.onInit(() => void seen.promise++) as () => void);
  const own = createHook({
    init(_id, type) {
      if (type === "PROMISE") seen.asyncHooks++;
    },
  }).enable();
  stops.push(() => void own.disable());
  await Promise.resolve(1);
  expect(seen.promise).toBeGreaterThan(0);
  expect(seen.asyncHooks).toBeGreaterThan(0);
  hooks.stop();
  const before = { ...seen };
  await Promise.resolve(1);
  expect(seen.promise).toBeGreaterThan(before.promise);
  expect(seen.asyncHooks).toBeGreaterThan(before.asyncHooks);
});

test("an error of ours unhooks us, is said once, and is not heard by the program", async () => {
  const { ring, errors } = start(() => {
    throw new Error("ours");
  });
  expect(await Promise.resolve(1).then((value) => value + 1)).toBe(2);
  expect(errors).toMatchObject([{ message: "ours" }]);
  wordsOf(ring);
  await Promise.resolve(1);
  expect(createPromiseReader(ring).available()).toBeGreaterThanOrEqual(0);
  expect(errors).toHaveLength(1);
});

test("a program that overflows its stack is no error of ours: events are lost, and counted", async () => {
  let depth = 0;
  const { ring, hooks, errors } = start(() => {
    if (depth > 0) throw new RangeError("Maximum call stack size exceeded");
    return 0;
  });
  await Promise.resolve(1);
  depth = 1;
  await Promise.resolve(1);
  depth = 0;
  await Promise.resolve(1);
  hooks.publish();
  expect(errors).toEqual([]);
  expect(createPromiseReader(ring).takeDropped()[PromiseEvent.before]).toBeGreaterThan(0);
  const events = eventsOf(ring, hooks);
  expect(events.at(-1)?.id).toBeGreaterThan(3);
});

test("a full ring drops, counts by kind, and goes on with the right ids", () => {
  const { ring, hooks } = start(undefined, 64);
  for (let index = 0; index < 200; index++) void new Promise(() => {});
  hooks.publish();
  const reader = createPromiseReader(ring);
  const intake = createPromiseIntake(0);
  const take = (): void => {
    const bytes = new Uint8Array(reader.available() * 4);
    reader.take(bytes.length / 4, bytes, 0);
    intake.push(new Int32Array(bytes.buffer));
  };
  take();
  const [lostInits = 0, ...others] = reader.takeDropped();
  expect(others).toEqual([0, 0, 0]);
  expect(intake.created + lostInits).toBe(200);
  void new Promise(() => {});
  hooks.stop();
  hooks.publish();
  take();
  const [last] = intake.flush().slice(-1);
  expect([last?.firstId, last?.lastId]).toEqual([201, 201]);
});
