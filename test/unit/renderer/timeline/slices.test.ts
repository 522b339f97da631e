import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  firstEndingAfter,
  gallopEndingAfter,
  lanesOf,
  NO_LANES,
  type TrackLanes,
} from "../../../../src-renderer/timeline/columns.ts";
import { findSlice, nextSlice, slicesBetween } from "../../../../src-renderer/timeline/slices.ts";
import { tileOf, type DrawnSlice } from "./drawn-surface.ts";

function lanes(slices: readonly DrawnSlice[]): TrackLanes {
  return lanesOf(tileOf(slices), 1)[0] ?? NO_LANES;
}

describe("columns", () => {
  test("each track and depth is one stretch, culprits apart, and what failed or was cancelled again", () => {
    const [first, second, third] = lanesOf(
      tileOf([
        { track: 0, start: 0, end: 10 },
        { track: 0, start: 2, end: 4, kind: "culprit" },
        { track: 0, start: 12, end: 14, outcome: "failed" },
        { track: 0, depth: 2, start: 1 },
        { track: 2, start: 5, end: 6, outcome: "cancelled" },
      ]),
      3,
    );
    const starts = (list: TrackLanes["slices"] | undefined): (number[] | undefined)[] | undefined =>
      list && Array.from(list, (lane) => lane && Array.from(lane.columns.start.subarray(lane.from, lane.to)));
    expect(starts(first?.slices)).toEqual([[0, 12], undefined, [1]]);
    expect(starts(first?.culprits)).toEqual([[2]]);
    expect(starts(first?.failed)).toEqual([[12]]);
    expect(starts(second?.slices)).toEqual([]);
    expect(starts(third?.slices)).toEqual([[5]]);
    expect(starts(third?.cancelled)).toEqual([[5]]);
  });

  test("waits are no bodies", () => {
    const { slices, failed, culprits } = lanes([
      { start: 0, end: 10 },
      { depth: 1, start: 2, end: 4, kind: "wait", outcome: "failed" },
    ]);
    expect([slices.length, failed.length, culprits.length]).toEqual([1, 0, 0]);
  });

  test("galloping finds what bisection finds, which is what looking at each finds", () => {
    const ends = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(ends, fc.integer({ min: -5, max: 1500 }), fc.nat(60), (lengths, time, from) => {
        let at = 0;
        const drawn = lengths.map((length) => {
          const slice = { start: at, end: at + length };
          at += length;
          return slice;
        });
        const lane = lanes(drawn).slices[0];
        if (lane === undefined) return;
        const each = drawn.findIndex(({ end }) => end > time);
        expect(firstEndingAfter(lane, time)).toBe(each < 0 ? drawn.length : each);
        const start = Math.min(from, drawn.length);
        const later = drawn.findIndex(({ end }, index) => index >= start && end > time);
        expect(gallopEndingAfter(lane, start, time)).toBe(later < 0 ? drawn.length : later);
      }),
    );
  });
});

describe("slices", () => {
  test("those of a length are found without the others, whatever lies between", () => {
    const parts = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 40 })), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(
        parts,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 500 }),
        (drawnParts, least, from) => {
          let at = 0;
          const drawn = drawnParts.map(([gap, length]) => {
            const slice = { start: at + gap, end: at + gap + length };
            at = slice.end;
            return slice;
          });
          const lane = lanes(drawn).slices[0];
          if (lane === undefined) return;
          const found = [...slicesBetween(lane, 0, from, from + 200, least, Infinity)].map(({ start }) => start);
          const expected = drawn.filter(({ start, end }) => end > from && start < from + 200 && end - start >= least);
          expect(found).toEqual(expected.map(({ start }) => start));
        },
      ),
    );
  });

  test("the next and the previous one are found across lanes", () => {
    const track = lanes([
      { start: 0, end: 10, id: 1 },
      { start: 20, end: 30, id: 2 },
      { depth: 1, start: 5, end: 40, id: 3 },
    ]);
    const idOf = (at: number, step: 1 | -1): number | undefined => nextSlice(track, at, step)?.selection.id;
    expect([idOf(-1, 1), idOf(0, 1), idOf(5, 1), idOf(20, 1)]).toEqual([1, 3, 2, undefined]);
    expect([idOf(20, -1), idOf(5, -1), idOf(0, -1)]).toEqual([3, 1, undefined]);
    expect(findSlice(track, ({ start }) => start === 5)?.depth).toBe(1);
  });
});
