import { expect, test } from "vitest";
import { createProbe } from "../../../src-runtime/tracer/probe.ts";
import { createStretches } from "../../../src-runtime/tracer/stretch.ts";

test("the longest stretch runs from one callback's begin to the next", () => {
  const stretches = createStretches(0);
  stretches.before(10);
  stretches.after(12);
  stretches.before(15);
  stretches.after(90);
  stretches.close(115);
  expect([stretches.longestStart, stretches.longestEnd]).toEqual([15, 115]);
  expect([stretches.callbacks, stretches.longestCallback]).toEqual([2, 75]);
  stretches.restart(120);
  stretches.close(121);
  expect([stretches.longestStart, stretches.longestEnd, stretches.callbacks]).toEqual([120, 121, 0]);
});

test("a probe comes round when what runs now has ended, and once it has come another may be queued", async () => {
  let now = 0;
  const probe = createProbe(() => now);
  expect(probe.take(0)).toBeUndefined();
  probe.queue();
  probe.queue();
  now = 4;
  await Promise.resolve();
  now = 10;
  probe.queue();
  now = 13;
  await Promise.resolve();
  now = 60;
  probe.queue();
  expect(probe.take(100)).toEqual({ gaveWay: 2, longestTurnMs: 40 });
  expect(probe.take(100)).toBeUndefined();
});

test("a probe that comes round with the stall's end says that one callback took it all", async () => {
  let now = 45;
  const probe = createProbe(() => now);
  probe.queue();
  now = 99;
  await Promise.resolve();
  expect(probe.take(100)).toEqual({ gaveWay: 0, longestTurnMs: 54 });
});
