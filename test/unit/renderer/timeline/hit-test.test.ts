import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lanesOf, NO_LANES } from "../../../../src-renderer/timeline/columns.ts";
import { hitTest, rectOf } from "../../../../src-renderer/timeline/hit-test.ts";
import type { Scene, SceneRow } from "../../../../src-renderer/timeline/paint.ts";
import { stallSpans } from "../../../../src-renderer/timeline/stall-spans.ts";
import { tileOf, type DrawnSlice } from "./drawn-surface.ts";

const WIDTH = 1000;

function rowOf(slices: readonly DrawnSlice[], more: Partial<SceneRow> = {}): SceneRow {
  const lanes = lanesOf(tileOf(slices), 1)[0] ?? NO_LANES;
  return {
    index: 0,
    y: 44,
    height: 22,
    thread: 1,
    task: 7,
    lanes,
    laneCount: 1,
    stripes: undefined,
    strip: undefined,
    openEnd: 1e9,
    ...more,
  };
}

function sceneOf(rows: readonly SceneRow[], more: Partial<Scene> = {}): Scene {
  return { from: 0, to: 1e9, end: 1e9, rows, sticky: [], stalls: [], mainThread: 1, grid: [], ...more };
}

describe("hit test", () => {
  test("is the inverse of the layout: a slice is hit everywhere in its rectangle", () => {
    const slices = fc
      .uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 30 })
      .map((starts) =>
        starts
          .toSorted((a, b) => a - b)
          .map((start): DrawnSlice => ({ start: start * 1e7, end: start * 1e7 + 9e6, id: start + 1 })),
      );
    const part = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(fc.array(slices, { minLength: 1, maxLength: 3 }), fc.nat(), part, part, (lanes, which, x01, y01) => {
        const all = lanes.flatMap((lane, depth) => lane.map((slice) => ({ ...slice, depth })));
        const row = rowOf(all, { laneCount: lanes.length, height: 22 * lanes.length });
        const scene = sceneOf([row]);
        const slice = all[which % all.length];
        if (slice === undefined) return;
        const rect = rectOf(scene, WIDTH, row, slice.depth, slice.start, slice.end ?? 0);
        const hit = hitTest(scene, WIDTH, rect.x + x01 * rect.width, rect.y + y01 * rect.height);
        expect(hit?.on === "slice" && hit.slice.selection).toEqual({ kind: "task", id: slice.id });
        expect(hit?.on === "slice" && hit.rect).toEqual(rect);
      }),
    );
  });

  test("the culprit lies over the slice it is in, and selects the stall", () => {
    const scene = sceneOf([
      rowOf([
        { start: 0, end: 8e8 },
        { start: 2e8, end: 3e8, kind: "culprit", id: 5 },
      ]),
    ]);
    expect(hitTest(scene, WIDTH, 250, 50)).toMatchObject({
      on: "slice",
      slice: { selection: { kind: "stall", id: 5 } },
    });
    expect(hitTest(scene, WIDTH, 350, 50)).toMatchObject({
      on: "slice",
      slice: { selection: { kind: "task", id: 1 } },
    });
  });

  test("a span is selected as a span", () => {
    const scene = sceneOf([rowOf([{ start: 0, end: 8e8, kind: "span", id: 12 }])]);
    expect(hitTest(scene, WIDTH, 250, 50)).toMatchObject({ slice: { selection: { kind: "span", id: 12 } } });
  });

  test("what is a hair wide is hit three pixels beside it, but not further, and never before what is under the pointer", () => {
    const scene = sceneOf([
      rowOf([
        { start: 1e8, end: 1.001e8 },
        { start: 1.01e8, end: 2e8 },
      ]),
    ]);
    expect(hitTest(scene, WIDTH, 97.5, 50)).toMatchObject({ on: "slice", slice: { selection: { id: 1 } } });
    expect(hitTest(scene, WIDTH, 96, 50)).toMatchObject({ on: "row" });
    expect(hitTest(scene, WIDTH, 101.5, 50)).toMatchObject({ slice: { selection: { id: 2 } } });
  });

  test("an open slice ends at the live end", () => {
    const scene = sceneOf([rowOf([{ start: 1e8 }], { openEnd: 5e8 })]);
    expect(hitTest(scene, WIDTH, 499, 50)).toMatchObject({ on: "slice", slice: { end: Infinity } });
    expect(hitTest(scene, WIDTH, 510, 50)).toMatchObject({ on: "row" });
  });

  test("strips lie over the rows; their stalls are hit within the slack", () => {
    const stalls = stallSpans(
      [{ id: 3, thread: 1, start: 4e8, dur: 1e6, phase: "run", cause: "unknown", samples: 0 }],
      1e9,
      undefined,
    );
    const sticky = [rowOf([], { y: 0, height: 44, strip: { data: undefined } })];
    const scene = sceneOf([rowOf([{ start: 0, end: 1e9 }], { y: 30 })], { sticky, stalls });
    expect(hitTest(scene, WIDTH, 403, 40)).toMatchObject({ on: "stall", stall: { id: 3 } });
    expect(hitTest(scene, WIDTH, 420, 40)).toMatchObject({ on: "row", row: { height: 44 } });
    expect(hitTest(scene, WIDTH, 420, 50)).toMatchObject({ on: "slice" });
    expect(hitTest(scene, WIDTH, 420, 53)).toBeUndefined();
  });
});
