/** What the runtime leaves behind: nothing. */
import { expect, test } from "vitest";
import { runCore } from "./runtime-core.ts";

interface Found {
  readonly before: unknown;
  readonly after: unknown;
  readonly rootListeners: number;
  readonly tasksLeft: number;
  readonly reports: readonly string[];
}

test("100,000 tasks with random cancels leave no listener, timer, handle or task", async () => {
  const { code, lines, stderr } = await runCore("many-tasks.ts");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { before, after, ...rest } = JSON.parse(lines.join("")) as Found;
  expect(after).toEqual(before);
  expect(rest).toEqual({ rootListeners: 0, tasksLeft: 0, reports: [] });
});

test("the heap is flat within 5 % over 1,000,000 tasks one after the other", async () => {
  const { code, lines } = await runCore("flat-heap.ts", { nodeArgs: ["--expose-gc"] });
  expect(code).toBe(0);
  const [first = 0, ...rest] = JSON.parse(lines.join("")) as number[];
  expect(rest).toHaveLength(9);
  expect(Math.max(...rest)).toBeLessThan(first * 1.05);
});
