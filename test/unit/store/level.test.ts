/** Runs of a zoom level stand for exactly the slices that are too short for it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  classOf,
  createLevelBuilder,
  FIRST_LEVEL,
  LAST_LEVEL,
  levelFor,
  MAX_RUN,
  resolutionOf,
  type ClosedSlice,
  type Run,
} from "../../../src-main/store/level.ts";

/** Slices of one lane, in time, not overlapping, of very different lengths and gaps. */
const lane: fc.Arbitrary<readonly ClosedSlice[]> = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 34 }),
      dur: fc.integer({ min: 0, max: 34 }),
      outcome: fc.constantFrom("completed", "failed"),
    }),
    {
      maxLength: 60,
    },
  )
  .map((steps) => {
    let at = 0;
    return steps.map(({ gap, dur, outcome }, index) => {
      const start = at + 2 ** gap;
      at = start + 2 ** dur;
      return {
        track: 1,
        depth: 0,
        start,
        end: at,
        kind: "request",
        outcome,
        subject: index,
        label: String(index),
      } as const;
    });
  });

function runsOf(slices: readonly ClosedSlice[]): readonly Run[] {
  const levels = createLevelBuilder();
  const byPlace = new Map<string, Run>();
  for (const slice of slices) {
    levels.add(slice);
    for (const run of levels.takeChanged()) byPlace.set(`${run.level} ${run.start}`, run);
  }
  return [...byPlace.values()];
}

test("every short slice is in exactly one run of each level, every long one in none", () => {
  fc.assert(
    fc.property(lane, (slices) => {
      const runs = runsOf(slices);
      for (let level = FIRST_LEVEL; level <= LAST_LEVEL; level++) {
        const short = slices.filter(({ start, end }) => end - start < resolutionOf(level));
        const ofLevel = runs.filter((run) => run.level === level);
        expect(ofLevel.reduce((sum, { count }) => sum + count, 0)).toBe(short.length);
        for (const run of ofLevel) {
          const inside = short.filter(({ start, end }) => start >= run.start && end <= run.end);
          expect(inside).toHaveLength(run.count);
          expect(run.end - run.start).toBeLessThanOrEqual((MAX_RUN + 1) * resolutionOf(level));
          expect(run.outcome).toBe(inside.some(({ outcome }) => outcome === "failed") ? "failed" : "completed");
        }
      }
    }),
  );
});

test("a run never bridges a gap that its level resolves", () => {
  fc.assert(
    fc.property(lane, (slices) => {
      for (const run of runsOf(slices)) {
        const inside = slices.filter(({ start, end }) => start >= run.start && end <= run.end);
        for (const [index, slice] of inside.slice(1).entries()) {
          expect(slice.start - (inside[index]?.end ?? 0)).toBeLessThan(resolutionOf(run.level));
        }
      }
    }),
  );
});

test("a duration's class is the first level it is shorter than", () => {
  expect([0, 1, 3, 4, 15, 16].map(classOf)).toEqual([0, 1, 1, 2, 2, 3]);
  expect([1, 3.9, 4, 65_535, 65_536].map(levelFor)).toEqual([0, 0, 1, 7, 8]);
});
