import fc from "fast-check";
import { expect, test } from "vitest";
import { drawAxis, niceStep, ticks } from "../../../../src-renderer/timeline/axis.ts";
import { formatInstant } from "../../../../src-main/api/format.ts";
import { stallSpans } from "../../../../src-renderer/timeline/stall-spans.ts";
import { drawnPalette } from "./drawn-surface.ts";
import { createDrawLog } from "./draw-log.ts";

test("steps are what people count in", () => {
  expect(niceStep(3)).toBe(5);
  expect(niceStep(150e3)).toBe(200e3);
  expect(niceStep(0.6e9)).toBe(1e9);
  expect(niceStep(12e9)).toBe(15e9);
  expect(niceStep(61e9)).toBe(120e9);
  expect(niceStep(3 * 86400e9 - 1)).toBe(3 * 86400e9);
});

test("ticks lie within the window, are multiples of their step, keep their distance and read differently", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e12 }),
      fc.double({ min: 4, max: 13, noNaN: true }),
      fc.integer({ min: 200, max: 3000 }),
      (from, magnitude, width) => {
        const span = Math.round(10 ** magnitude);
        const { at, decimals } = ticks(from, from + span, width);
        for (const [index, instant] of at.entries()) {
          expect(instant).toBeGreaterThanOrEqual(from);
          expect(instant).toBeLessThanOrEqual(from + span);
          const before = at[index - 1];
          if (before === undefined) continue;
          expect(((instant - before) / span) * width).toBeGreaterThan(80);
          expect(formatInstant(instant, decimals)).not.toBe(formatInstant(before, decimals));
        }
        expect(at.length).toBeLessThanOrEqual(width / 80 + 1);
      },
    ),
  );
});

test("a selected stall has a bracket with its duration, and no tick's text touches it", () => {
  const log = createDrawLog();
  const [stall] = stallSpans(
    [{ id: 1, thread: 1, start: 5.12e9, dur: 0.64e9, phase: "run", cause: "own-code", samples: 1 }],
    0,
    1,
  );
  drawAxis(
    log.pen,
    { from: 3.2e9, to: 7e9, width: 760, selectedStall: stall, now: undefined, isBlocked: false },
    drawnPalette(),
  );
  const words = log.texts();
  expect(words.map(({ text }) => text)).toEqual([
    "640 ms",
    "3.5 s",
    "4.0 s",
    "4.5 s",
    "5.0 s",
    "6.0 s",
    "6.5 s",
    "7.0 s",
  ]);
  const placed = words.toSorted((a, b) => a.x - b.x);
  for (const [index, word] of placed.entries()) {
    const next = placed[index + 1];
    if (next !== undefined) expect(word.x + log.pen.measureText(word.text).width).toBeLessThan(next.x);
  }
  expect(log.calls).toContainEqual(expect.stringMatching(/^fillRect 384 19 128 3/));
});

test("the live end is named", () => {
  const log = createDrawLog();
  drawAxis(
    log.pen,
    { from: 0, to: 10e9, width: 800, selectedStall: undefined, now: 9e9, isBlocked: true },
    drawnPalette(),
  );
  expect(log.texts().map(({ text }) => text)).toContain("now");
});
