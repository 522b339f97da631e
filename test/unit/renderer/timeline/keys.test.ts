import { describe, expect, test } from "vitest";
import { keyAction, type KeyPress } from "../../../../src-renderer/timeline/keys.ts";
import { partAt, windowOf } from "../../../../src-renderer/timeline/minimap.ts";
import { ancestorsOf, neighbour, scrollFor, trackOfSelection } from "../../../../src-renderer/timeline/navigation.ts";
import { blend, pack, parseColour } from "../../../../src-renderer/timeline/palette.ts";
import { layoutRows } from "../../../../src-renderer/timeline/rows.ts";
import { drawnTable } from "./drawn-surface.ts";

function press(key: string, more: Partial<KeyPress> = {}): KeyPress {
  return { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more };
}

describe("keys", () => {
  test("letters hold everywhere but in a field, and never with a modifier", () => {
    for (const place of ["tree", "canvas", "elsewhere"] as const) expect(keyAction(press("w"), place)).toBe("zoomIn");
    expect(keyAction(press("w"), "field")).toBeUndefined();
    expect(keyAction(press("w", { ctrlKey: true }), "canvas")).toBeUndefined();
    expect(keyAction(press("ArrowDown"), "field")).toBeUndefined();
  });

  test("arrows fold in the tree and step on the canvas, and are the page's elsewhere", () => {
    expect(keyAction(press("ArrowLeft"), "tree")).toBe("fold");
    expect(keyAction(press("ArrowLeft"), "canvas")).toBe("previousSlice");
    expect(keyAction(press("ArrowLeft"), "elsewhere")).toBeUndefined();
    expect(keyAction(press("Enter"), "elsewhere")).toBeUndefined();
  });

  test("what belongs to the page is left to it", () => {
    for (const key of ["n", "N", "0", "l", "Escape", "/", "["]) expect(keyAction(press(key), "canvas")).toBeUndefined();
  });
});

describe("moving among tracks", () => {
  const table = drawnTable(`
    loop Event-loop
    agent research   [====)
      step plan      [=)
      tool search      [=)
  `);
  const layout = layoutRows(table, new Set(), "");

  test("steps to the next row and stops at the ends", () => {
    expect([undefined, 1, 3, 4].map((active) => neighbour(layout, table, active, 1))).toEqual([1, 2, 4, 4]);
    expect([4, 1].map((active) => neighbour(layout, table, active, -1))).toEqual([3, 1]);
  });

  test("finds the track of what was selected: a task's own, or that of the task that held the event loop", () => {
    const stall = { id: 9, thread: 1, start: 0, dur: 1, phase: "run" as const, cause: "own-code" as const, samples: 1 };
    const overview = { stalls: [{ ...stall, task: { id: 4, name: "search", kind: "tool" as const } }] };
    expect(trackOfSelection({ kind: "task", id: 3 }, table, overview)).toBe(3);
    expect(trackOfSelection({ kind: "stall", id: 9 }, table, overview)).toBe(4);
    expect(trackOfSelection({ kind: "span", id: 3 }, table, overview)).toBeUndefined();
    expect(ancestorsOf(table, 4)).toEqual([2]);
  });

  test("scrolls only for a row that is not seen", () => {
    const row = {
      index: 0,
      y: 220,
      height: 22,
      indent: 0,
      lanes: 1,
      isStrip: false,
      hasChildren: false,
      isFolded: false,
    };
    expect(scrollFor(row, 100, 300)).toBe(100);
    expect(scrollFor(row, 230, 300)).toBe(198);
    expect(scrollFor(row, 0, 200)).toBe(64);
  });
});

describe("the minimap's window", () => {
  const whole = { from: 0, to: 1000 };

  test("is where the viewport is, and can be taken however narrow", () => {
    expect(windowOf({ from: 100, to: 300 }, whole, 500)).toEqual({ left: 50, right: 150 });
    const narrow = windowOf({ from: 999, to: 1000 }, whole, 500);
    expect(narrow.right - narrow.left).toBe(8);
    expect(narrow.right).toBeLessThanOrEqual(500);
  });

  test("has two grips, an inside and an outside", () => {
    const window = { left: 50, right: 150 };
    expect([30, 48, 53, 100, 148, 153, 200].map((x) => partAt(window, x))).toEqual([
      "outside",
      "left",
      "left",
      "inside",
      "right",
      "right",
      "outside",
    ]);
    expect(partAt({ left: 10, right: 18 }, 15)).toBe("right");
  });
});

describe("colours", () => {
  test("are read as tokens and builds write them", () => {
    expect(parseColour("#0f8")).toEqual({ pixel: pack(0, 255, 136), alpha: 1 });
    expect(parseColour("#589fff")).toEqual({ pixel: 0xffff9f58, alpha: 1 });
    expect(parseColour("#ff5b361c").alpha).toBeCloseTo(0.11, 2);
    expect(parseColour("rgb(255 91 54 / .11)")).toEqual({ pixel: pack(255, 91, 54), alpha: 0.11 });
    expect(parseColour("rgba(255, 91, 54, 50%)").alpha).toBe(0.5);
    expect(() => parseColour("tomato")).toThrow(/tomato.*#rrggbb/);
  });

  test("a wash mixes with what is under it", () => {
    expect(blend(pack(0, 0, 0), { pixel: pack(200, 100, 50), alpha: 0.5 })).toBe(pack(100, 50, 25));
  });
});
