import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  descendants,
  layoutRows,
  rowPlaceAt,
  rowsBetween,
  type Layout,
} from "../../../../src-renderer/timeline/rows.ts";
import { drawnTable } from "./drawn-surface.ts";

const TABLE = drawnTable(`
  loop Event-loop
  agent research     [=========)
    step plan        [==)
      model gpt       [=)
    step act            [====)
      tool search       [==x
      requests Requests ×3
  spans Spans ×2
`);

const names = (layout: Layout): string[] =>
  [...layout.sticky, ...layout.rows].map(
    (row) => `${"  ".repeat(row.indent)}${TABLE.label[row.index] ?? ""}${row.isFolded ? " +" : ""}`,
  );

describe("rows", () => {
  test("the event loop stays on top, lanes make a row as high as they are", () => {
    const layout = layoutRows(TABLE, new Set(), "");
    expect(layout.sticky.map(({ height }) => height)).toEqual([44]);
    expect(layout.rows.map(({ height }) => height)).toEqual([22, 22, 22, 22, 22, 66, 44]);
    expect(layout.height).toBe(220);
    expect(names(layout)).toEqual([
      "Event-loop",
      "research",
      "  plan",
      "    gpt",
      "  act",
      "    search",
      "    Requests",
      "Spans",
    ]);
  });

  test("what is under a folded track has no row", () => {
    const layout = layoutRows(TABLE, new Set([5]), "");
    expect(names(layout)).toEqual(["Event-loop", "research", "  plan", "    gpt", "  act +", "Spans"]);
    expect(layout.foldedCount).toBe(1);
    expect(names(layoutRows(TABLE, new Set([2, 5]), ""))).toEqual(["Event-loop", "research +", "Spans"]);
  });

  test("folding what has no children folds nothing", () => {
    expect(layoutRows(TABLE, new Set([4, 8]), "").foldedCount).toBe(0);
  });

  test("the filter keeps a match, its ancestors and the event loop, and looks into what is folded", () => {
    expect(names(layoutRows(TABLE, new Set([2, 5]), "  SEARCH "))).toEqual([
      "Event-loop",
      "research",
      "  act",
      "    search",
    ]);
    expect(names(layoutRows(TABLE, new Set(), "nothing has this"))).toEqual(["Event-loop"]);
  });

  test("a height leads to its row, and rows between two heights are those with a pixel there", () => {
    const { rows, height } = layoutRows(TABLE, new Set(), "");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: height - 1 }), fc.integer({ min: 1, max: 300 }), (y, length) => {
        const row = rows[rowPlaceAt(rows, y)];
        expect(row !== undefined && row.y <= y && y < row.y + row.height).toBe(true);
        const expected = rows.filter((candidate) => candidate.y + candidate.height > y && candidate.y < y + length);
        expect(rowsBetween(rows, y, y + length)).toEqual(expected);
      }),
    );
    expect(rowPlaceAt([], 5)).toBe(-1);
  });

  test("descendants are the whole subtree and nothing after it", () => {
    expect(descendants(TABLE, 1).map((index) => TABLE.label[index])).toEqual([
      "plan",
      "gpt",
      "act",
      "search",
      "Requests",
    ]);
    expect(descendants(TABLE, 3)).toEqual([]);
  });
});
