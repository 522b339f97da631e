import { describe, expect, test } from "vitest";
import type { StallRow } from "../../../../src-main/api/api.ts";
import { lanesOf, NO_LANES } from "../../../../src-renderer/timeline/columns.ts";
import { paintScene, type Scene, type SceneRow } from "../../../../src-renderer/timeline/paint.ts";
import { stallSpans } from "../../../../src-renderer/timeline/stall-spans.ts";
import { stripesOf } from "../../../../src-renderer/timeline/stripes.ts";
import { drawing, drawnPalette, drawnTable, emptySurface, tileOf, type DrawnSlice } from "./drawn-surface.ts";

const palette = drawnPalette();

function rowOf(slices: readonly DrawnSlice[], more: Partial<SceneRow> = {}): SceneRow {
  const lanes = lanesOf(tileOf(slices), 1)[0] ?? NO_LANES;
  return {
    index: 0,
    y: 0,
    height: 22,
    thread: 1,
    task: 7,
    lanes,
    laneCount: 1,
    stripes: undefined,
    strip: undefined,
    openEnd: 40,
    ...more,
  };
}

/** One Nano is one pixel. */
function paint(rows: readonly SceneRow[], scene: Partial<Scene> = {}, width = 40, height = 22): string[] {
  const surface = emptySurface(width, height);
  paintScene(
    surface,
    { from: 0, to: width, end: width, rows, sticky: [], stalls: [], mainThread: 1, grid: [], ...scene },
    palette,
  );
  return drawing(surface);
}

function stall(more: Partial<StallRow>): StallRow {
  return { id: 1, thread: 1, start: 10, dur: 10, phase: "run", cause: "own-code", samples: 1, ...more };
}

describe("a lane", () => {
  test("is a body of 13 px, a gap, a rail in the pulse band, and an end mark", () => {
    const picture = paint([rowOf([{ start: 4, end: 30 }])]);
    expect(picture).toEqual([
      "........................................",
      "........................................",
      ...Array.from({ length: 13 }, () => "....TTttttttttttttttttttttt.||.........."),
      "............................||..........",
      "............................||..........",
      "............................||..........",
      "....-----------------------.||..........",
      "............................||..........",
      "........................................",
      "________________________________________",
    ]);
  });

  test("runs to the live end without a right edge while open; the future is another surface", () => {
    const picture = paint([rowOf([{ start: 4 }], { openEnd: 30 })], { end: 30 });
    expect(picture[8]).toBe("....TTtttttttttttttttttttttttt          ");
    expect(picture[18]).toBe("....--------------------------          ");
  });

  test("takes the kind's tint", () => {
    expect(paint([rowOf([{ start: 0, end: 40, kind: "model", outcome: "open" }])])[8]).toMatch(/^MMm+$/);
    expect(paint([rowOf([{ start: 0, end: 40, kind: "agent", outcome: "open" }])])[8]).toMatch(/^PPp+$/);
    expect(paint([rowOf([{ start: 0, end: 40, kind: "request", outcome: "open" }])])[8]).toMatch(/^KKk+$/);
  });

  test("merged slices are a run of the body's tint, with neither edge nor end mark", () => {
    const picture = paint([rowOf([{ start: 4, end: 30, count: 12 }])]);
    expect(picture[8]).toBe("....tttttttttttttttttttttttttt..........");
  });

  test("slices that end in one pixel column are one run of it", () => {
    const many = Array.from({ length: 400 }, (_, index) => ({ start: index / 10, end: (index + 0.8) / 10 }));
    expect(paint([rowOf(many)])[8]).toBe("t".repeat(40));
  });

  test("a lone slice is never narrower than a pixel", () => {
    expect(paint([rowOf([{ start: 20.2, end: 20.3 }])])[8]).toBe(`${".".repeat(20)}T${".".repeat(19)}`);
  });

  test("what failed or was cancelled is seen however narrow it is, and failed before cancelled", () => {
    const narrow = (outcome: "failed" | "cancelled"): DrawnSlice => ({ start: 20.2, end: 20.3, outcome });
    expect(paint([rowOf([narrow("failed")])])[8]).toContain("eeee");
    expect(paint([rowOf([narrow("cancelled")])])[8]).toContain("cc");
    const both = [narrow("failed"), { ...narrow("cancelled"), start: 20.4, end: 20.5 }];
    expect(paint([rowOf(both)])[8]).toContain("eeee");
    expect(paint([rowOf(both)])[8]).not.toContain("c");
  });

  test("several lanes lie below one another", () => {
    const lanes = [
      { start: 0, end: 20 },
      { start: 10, end: 40, depth: 1, kind: "request" as const },
    ];
    const picture = paint([rowOf(lanes, { laneCount: 2, height: 44 })], {}, 40, 44);
    expect(picture[8]?.[5]).toBe("t");
    expect(picture[30]?.slice(0, 14)).toBe("..........KKkk");
  });

  test("a row that is cut by the upper edge is painted as far as it is seen", () => {
    const whole = paint([rowOf([{ start: 4, end: 30 }])]);
    const cut = paint([rowOf([{ start: 4, end: 30 }], { y: -10 })]);
    expect(cut.slice(0, 12)).toEqual(whole.slice(10));
  });

  test("on a screen twice as fine everything is twice as large", () => {
    const fine = emptySurface(80, 44, 2);
    const scene = { from: 0, to: 40, end: 40, sticky: [], stalls: [], mainThread: 1, grid: [] };
    paintScene(fine, { ...scene, rows: [rowOf([{ start: 4, end: 30 }])] }, palette);
    const coarse = paint([rowOf([{ start: 4, end: 30 }])]);
    const doubled = coarse.flatMap((line) => {
      const wide = line.replaceAll(/./g, "$&$&");
      return [wide, wide];
    });
    // The pulse band is four pixels of two, its rail two of them.
    expect(drawing(fine)).toEqual(doubled);
  });
});

describe("a stall", () => {
  test("is a column through every row with two edges, from six pixels on; washes never add up", () => {
    const stalls = stallSpans([stall({}), stall({ id: 2, start: 12, dur: 8 })], 40, undefined);
    const picture = paint([rowOf([]), rowOf([], { y: 22 })], { stalls }, 40, 60);
    for (const line of [picture[3], picture[30], picture[55]])
      expect(line).toBe("..........!w!wwwwww!....................");
  });

  test("narrower than six pixels has no column unless it is selected", () => {
    const narrow = stall({ dur: 4 });
    expect(paint([rowOf([])], { stalls: stallSpans([narrow], 40, undefined) })[3]).toBe(".".repeat(40));
    expect(paint([rowOf([])], { stalls: stallSpans([narrow], 40, 1) })[3]).toBe(
      `${".".repeat(10)}!ww!${".".repeat(26)}`,
    );
  });

  test("of the start-up is known: it has no column unless it is selected", () => {
    const startup = stall({ phase: "startup" });
    expect(paint([rowOf([])], { stalls: stallSpans([startup], 40, undefined) })[3]).toBe(".".repeat(40));
    expect(paint([rowOf([])], { stalls: stallSpans([startup], 40, 1) })[3]).toContain("!wwwwwwww!");
  });

  test("of another thread leaves this thread's rows alone", () => {
    const stalls = stallSpans([stall({ thread: 2 })], 40, undefined);
    const picture = paint([rowOf([]), rowOf([], { y: 22, thread: 2 })], { stalls }, 40, 44);
    expect(picture[3]).toBe(".".repeat(40));
    expect(picture[25]).toContain("!wwwwwwww!");
  });

  test("its culprit is solid over the whole slice and over the wash", () => {
    const slices: DrawnSlice[] = [
      { start: 0, end: 40, outcome: "open" },
      { start: 10, end: 20, kind: "culprit", id: 1 },
    ];
    const picture = paint([rowOf(slices)], { stalls: stallSpans([stall({})], 40, undefined) });
    for (let y = 2; y < 20; y++) expect(picture[y]?.slice(9, 21)).toMatch(/^[^S]S{10}[^S]$/);
    expect(picture[0]?.slice(9, 21)).toBe(".!wwwwwwww!.");
  });

  test("its culprit does not hide how the slice ended", () => {
    const slices: DrawnSlice[] = [
      { start: 0, end: 18, outcome: "failed" },
      { start: 10, end: 20, kind: "culprit", id: 1 },
    ];
    const picture = paint([rowOf(slices)], { stalls: stallSpans([stall({})], 40, undefined) });
    expect(picture[3]).toBe("TTttttt.eeeeeeeeee.S....................");
  });

  test("while the event loop is blocked it grows to the live end, and what waits is dotted", () => {
    const { dur: _, ...open } = stall({ start: 12 });
    const stalls = stallSpans([{ ...open, task: { id: 9, name: "parse", kind: "tool" } }], 36, undefined);
    const rows = [rowOf([{ start: 0 }], { openEnd: 36 }), rowOf([{ start: 2 }], { y: 22, task: 9, openEnd: 36 })];
    const picture = paint(rows, { stalls, end: 36 }, 40, 44);
    expect(picture[18]?.slice(0, 12)).toBe("-".repeat(12));
    expect(picture[18]?.slice(12, 36)).not.toBe("-".repeat(24));
    expect(picture[3]?.slice(12, 36)).toMatch(/^!w+!$/);
    expect(picture[30]?.slice(12, 36)).toBe("S".repeat(24));
    expect(picture[30]?.slice(36)).toBe("    ");
  });
});

describe("the event loop's strip", () => {
  const strip = (busy: readonly number[]): SceneRow =>
    rowOf([], {
      height: 44,
      strip: {
        data: { thread: 1, from: 0, to: 40, busy: Float32Array.from(busy), delay: new Float32Array(busy.length) },
      },
    });

  test("is an area with an upper edge, and nothing where nothing is known", () => {
    const picture = paint([], { sticky: [strip([1, 0.5, NaN, 0])] }, 40, 60);
    const heights = [5, 15, 25, 35].map(
      (x) => picture.slice(0, 44).filter((line) => "bB".includes(line[x] ?? "")).length,
    );
    expect(heights[0]).toBeGreaterThan(38);
    expect(heights[1]).toBeGreaterThan(18);
    expect(heights[1]).toBeLessThan(24);
    expect(heights.slice(2)).toEqual([0, 1]);
    expect(picture[2]?.[5]).toBe("B");
    expect(picture[5]?.[5]).toBe("b");
  });

  test("a stall's block has the full height from 100 ms, less below; at start-up it is hatched", () => {
    const tall = (row: Partial<StallRow>): string[] => {
      const stalls = stallSpans([stall({ start: 0, dur: 99e6, ...row })], 0, undefined);
      const picture = paint([], { sticky: [strip([NaN])], stalls, from: 0, to: 400e6 }, 40, 44);
      return picture.map((line) => line.slice(0, 9)).filter((line) => line.includes("S"));
    };
    expect(tall({})).toHaveLength(24);
    expect(tall({ dur: 100e6 })).toHaveLength(40);
    expect(tall({ dur: 100e6 }).every((line) => line === "SSSSSSSSS")).toBe(true);
    expect(tall({ dur: 100e6, phase: "startup" })[0]).toBe("SSS...SSS");
  });

  test("a stall is never narrower than two pixels", () => {
    const stalls = stallSpans([stall({ start: 20e9, dur: 1e6 })], 0, undefined);
    const picture = paint([], { sticky: [strip([NaN])], stalls, from: 0, to: 40e9, end: 40e9 }, 40, 44);
    expect(picture[40]).toBe(`${".".repeat(20)}SS${".".repeat(18)}`);
  });
});

describe("a folded track", () => {
  const TABLE = drawnTable(`
    step act        [===)
      tool search   [=)
      tool fetch     [==x
      tool parse        [)
      tool late     [====
  `);

  test("packs what is under it into lanes, densest first", () => {
    expect(stripesOf(TABLE, 0).map(({ task, lane }) => [task, lane])).toEqual([
      [2, 0],
      [5, 1],
      [3, 2],
      [4, 0],
    ]);
  });

  test("draws stripes with small end marks instead of slices, and its stalls", () => {
    const stripes = stripesOf(TABLE, 0);
    const stalls = stallSpans(
      [stall({ start: 12e6, dur: 6e6, task: { id: 3, name: "fetch", kind: "tool" } })],
      50e6,
      undefined,
    );
    const row = rowOf([], { stripes, openEnd: 50e6 });
    const surface = emptySurface(50, 22);
    paintScene(
      surface,
      { from: 0, to: 50e6, end: 50e6, rows: [row], sticky: [], stalls, mainThread: 1, grid: [] },
      palette,
    );
    const picture = drawing(surface);
    const first = picture.findIndex((line) => line.startsWith("-"));
    expect(picture[first]?.slice(0, 12)).toBe("------------");
    expect(picture[first]?.[19]).toBe("|");
    expect(picture[first + 5]?.startsWith("----------")).toBe(true);
    expect(picture[first + 10]?.slice(12, 18)).toBe("SSSSSS");
    expect(picture[first + 10]?.slice(36, 40)).toBe("eeee");
  });
});
