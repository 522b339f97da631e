/** The backlog: everything in order, reading let through in between, and a bound. */
import { expect, test } from "vitest";
import { createBacklog } from "../../../src-main/collector/backlog.ts";

test("works in the order of arrival, and is done when all is", async () => {
  const backlog = createBacklog();
  const done: number[] = [];
  for (let count = 0; count < 3000; count++) backlog.add(10, () => void done.push(count));
  expect(backlog.held).toBe(30_000);
  await backlog.done();
  expect(done).toEqual(Array.from({ length: 3000 }, (_, count) => count));
  expect(backlog.held).toBe(0);
});

test("without anything to do it is done", async () => {
  await expect(createBacklog().done()).resolves.toBeUndefined();
});

test("what is added by work is done too", async () => {
  const backlog = createBacklog();
  let isDone = false;
  backlog.add(1, () => void backlog.add(1, () => void (isDone = true)));
  await backlog.done();
  expect(isDone).toBe(true);
});

test("refuses more above its bound, and calls back once there is room again", async () => {
  const backlog = createBacklog(100);
  expect(backlog.add(60, () => undefined)).toBe(true);
  expect(backlog.add(60, () => undefined)).toBe(false);
  let calls = 0;
  backlog.whenRoom(() => calls++);
  await backlog.done();
  expect(calls).toBe(1);
});

test("a long slice of work lets the event loop turn", async () => {
  const backlog = createBacklog();
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  for (let count = 0; count < 20; count++) {
    backlog.add(1, () => {
      const until = performance.now() + 3;
      while (performance.now() < until);
    });
  }
  await backlog.done();
  isOver = true;
  expect(turns).toBeGreaterThan(4);
});
