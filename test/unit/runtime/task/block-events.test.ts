/** What is told of blocks that are cancelled: whose deadline it is, and when a cancel was ignored. */
import { expect, test } from "vitest";
import {
  cancelScope,
  createTask,
  currentTask,
  gather,
  shielded,
  sleep,
  stream,
  taskGroup,
  timeout,
  waitFor,
  type Observer,
  type RuntimeEvent,
} from "../../../../src-runtime/index.ts";
import type { Cancel } from "../../../../src-runtime/task/errors.ts";
import type { TaskImpl } from "../../../../src-runtime/task/task.ts";
import { Runner } from "../../../../src-runtime/task/runner.ts";
import { createTestClock, rest } from "../../../../src-runtime/testing/clock.ts";

async function told(main: () => Promise<unknown>, ...kinds: readonly string[]): Promise<RuntimeEvent[]> {
  const events: RuntimeEvent[] = [];
  const observer: Observer = { onEvent: (event) => void (kinds.includes(event.kind) && events.push(event)) };
  await using runner = new Runner({ observers: [observer], signals: [] });
  await runner.run(main);
  return events;
}

const DEADLINES = ["scope.enter", "timeout.armed", "timeout.fired", "timeout.disarmed", "timeout.raised"];

test("a deadline is armed, and fired or disarmed, once, each told of the timeout's own scope", async () => {
  const main = async (): Promise<void> => {
    await timeout(10_000, async () => undefined);
    await timeout(1, () => sleep(10_000)).catch(() => undefined);
  };
  const events = await told(main, ...DEADLINES);
  expect(events.map(({ kind }) => kind).join(" ")).toBe(
    "scope.enter timeout.armed timeout.disarmed scope.enter timeout.armed timeout.fired timeout.raised",
  );
  const [kept, armed, disarmed, passed, ...rest] = events;
  expect(new Set([armed, disarmed].map((event) => event?.scopeId))).toEqual(new Set([kept?.scopeId]));
  expect(disarmed?.["deadline"]).toBe(armed?.["deadline"]);
  expect(new Set(rest.map((event) => event.scopeId))).toEqual(new Set([passed?.scopeId]));
});

test("a shield with a timeout has a deadline as well", async () => {
  const main = async (): Promise<void> => {
    await shielded(async () => undefined, { timeout: 10_000 });
    await shielded(() => sleep(10_000), { timeout: 1 }).catch(() => undefined);
    await shielded(async () => undefined);
  };
  const events = await told(main, ...DEADLINES);
  expect(events.map(({ kind }) => kind).join(" ")).toBe(
    "scope.enter timeout.armed timeout.disarmed scope.enter timeout.armed timeout.fired scope.enter",
  );
  expect(new Set(events.map(({ scopeKind }) => scopeKind))).toEqual(new Set(["shield"]));
});

test("a block has ignored its cancel when it was thrown it and returned a value", async () => {
  const main = async (): Promise<void> => {
    await cancelScope(async (scope) => {
      scope.cancel();
      await sleep(1).catch(() => undefined);
    });
    await taskGroup(async (group) => {
      group.cancel();
      await sleep(1).catch(() => undefined);
    });
    await shielded(() => sleep(10_000).catch(() => undefined), { timeout: 1 }).catch(() => undefined);
    await timeout(1, () => sleep(10_000).catch(() => undefined));
  };
  const events = await told(main, "cancel.ignored");
  expect(events.map(({ scopeKind }) => scopeKind)).toEqual(["scope", "group", "shield", "timeout"]);
});

test("a block left by its cancel, by another error, or before it could be thrown, has not", async () => {
  const main = async (): Promise<void> => {
    await timeout(1, () => sleep(10_000)).catch(() => undefined);
    await cancelScope(async (scope) => {
      scope.cancel();
      await sleep(1);
    });
    await cancelScope(async (scope) => scope.cancel());
    await taskGroup(async (group) => {
      const failing = group.createTask(async () => {
        throw new RangeError("broken");
      });
      await failing.settled();
      await sleep(10_000).catch(() => undefined);
    }).catch(() => undefined);
    await cancelScope(async (scope) => {
      scope.cancel();
      await sleep(1).catch(() => undefined);
      throw new RangeError("broken");
    }).catch(() => undefined);
  };
  expect(await told(main, "cancel.ignored")).toEqual([]);
});

test("a cancel that an owner passes on names the one it passes on", async () => {
  const passed: unknown[] = [];
  const note = (task: unknown): void => {
    const { scope } = task as TaskImpl;
    passed.push((scope.cancelled as Cancel).origin?.reason);
  };
  const clock = createTestClock();
  await using runner = new Runner({ clock, signals: [] });
  await runner.run(async () => {
    const outside = createTask(() => sleep(10_000));
    const member = createTask(() => sleep(10_000));
    let producer: unknown;
    const owners = [
      createTask(() => waitFor(outside, null)),
      createTask(() => Promise.resolve(gather([member]))),
      createTask(async () => {
        const items = stream<number>(async (emit) => {
          producer = currentTask();
          for (let item = 0; ; item++) await emit(item);
        });
        for await (const _item of items) await sleep(10_000);
      }),
    ];
    await rest();
    for (const [index, owner] of owners.entries()) owner.cancel(index);
    for (const owner of owners) await owner.settled();
    for (const task of [outside, member, producer]) note(task);
  });
  expect(passed).toEqual([0, 1, 2]);
});
