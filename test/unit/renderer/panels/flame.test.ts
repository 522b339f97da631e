import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Flame } from "../../../../src-main/api/api.ts";
import {
  layoutHeaviest,
  layoutInTime,
  rectAt,
  rectOfNode,
  walk,
  type FlameRect,
  type FlameRows,
  type Step,
} from "../../../../src-renderer/panels/flame-layout.ts";
import {
  blamedNode,
  flameTree,
  functionTimes,
  nodeAt,
  pathTo,
  sameNode,
  type FlameNode,
  type FlameTree,
} from "../../../../src-renderer/panels/flame-tree.ts";
import { drawnFlame, drawnFrame, ENCODING } from "../../../e2e/fixtures/drawn-flame.ts";

const MS = 1e6;
const BLAME = drawnFrame("encodeChunk@node_modules/bpe-lite/src/encode.ts:117");

function nodes(tree: FlameTree): readonly FlameNode[] {
  const all: FlameNode[] = [];
  const add = (node: FlameNode): void => {
    all.push(node);
    node.children.forEach(add);
  };
  tree.roots.forEach(add);
  return all;
}

/** `f 0.00-0.50`, a row a line. */
function drawn(rows: FlameRows): readonly string[] {
  return rows.map((row) =>
    row
      .map(({ node, from, to, count }) => {
        const name = count > 1 ? `${count} frames` : node.frame.function;
        return `${name} ${from.toFixed(2)}-${to.toFixed(2)}`;
      })
      .join("  "),
  );
}

describe("the tree of a flame", () => {
  test("adds up self and total time, heaviest first", () => {
    const tree = flameTree(
      drawnFlame([
        [1, "a", "b"],
        [2, "a", "c"],
        [3, "a"],
        [1, "a", "b"],
        [4, "d"],
      ]),
      undefined,
    );
    expect(tree.total).toBe(11 * MS);
    expect(tree.depth).toBe(2);
    expect(nodes(tree).map((node) => `${node.frame.function} ${node.self / MS} ${node.total / MS}`)).toEqual([
      "a 3 7",
      "b 2 2",
      "c 2 2",
      "d 4 4",
    ]);
  });

  test("takes a named function for one however many lines were seen, and shows the longest", () => {
    const lines = flameTree(
      drawnFlame([
        [1, "f@a.ts:1"],
        [5, "f@a.ts:2"],
        [2, "f@b.ts:1"],
        [1, "@a.ts:3"],
        [1, "@a.ts:4"],
      ]),
      undefined,
    );
    expect(
      lines.roots.map(({ frame, total }) => `${frame.function}@${frame.file}:${frame.line} ${total / MS}`),
    ).toEqual(["f@a.ts:2 6", "f@b.ts:1 2", "@a.ts:3 1", "@a.ts:4 1"]);
  });

  test("marks the outermost of a blamed recursion, once on each way down", () => {
    const blame = drawnFrame("f@a.ts:1");
    const tree = flameTree(
      drawnFlame([
        [5, "f@a.ts:1", "f@a.ts:2"],
        [9, "g@a.ts:7", "f@a.ts:1"],
      ]),
      blame,
    );
    expect(
      nodes(tree)
        .filter(({ isBlamed }) => isBlamed)
        .map(({ depth, total }) => [depth, total / MS]),
    ).toEqual([
      [1, 9],
      [0, 5],
    ]);
    expect(blamedNode(tree)?.total).toBe(9 * MS);
    // A profile says where a caller begins; the blame, where it stood.
    expect(blamedNode(flameTree(drawnFlame([[1, "f@a.ts:40"]]), blame))?.frame).toMatchObject({ line: 1, column: 9 });
    expect(functionTimes(tree).find(({ frame }) => frame.function === "f")).toMatchObject({
      self: 14 * MS,
      total: 14 * MS,
      isBlamed: true,
    });
  });

  test("finds a node again when more stacks have come", () => {
    const before = flameTree(drawnFlame(ENCODING.slice(0, 4)), BLAME);
    const path = pathTo(blamedNode(before) as FlameNode);
    const after = flameTree(drawnFlame(ENCODING), BLAME);
    expect(nodeAt(after, path)?.frame.function).toBe("encodeChunk");
    expect(nodeAt(after, [...path, "gone"])).toBeUndefined();
    // Stacks of another teller may begin deeper: the function is the same.
    const shorter = flameTree(drawnFlame([[5, "encodeChunk@node_modules/bpe-lite/src/encode.ts:9"]]), BLAME);
    expect(sameNode(shorter, path)?.total).toBe(5 * MS);
    expect(sameNode(shorter, [...path, "gone"])).toBeUndefined();
  });

  test("of nothing is nothing", () => {
    const tree = flameTree(drawnFlame([]), undefined);
    expect(tree).toEqual({ roots: [], total: 0, depth: 0, runs: [] });
    expect(layoutHeaviest(tree, undefined, 0.01)).toEqual([]);
    expect(layoutInTime(tree, { from: 0, to: 10 }, 0.01)).toEqual([]);
    expect(layoutInTime(tree, { from: 0, to: 0 }, 0.01)).toEqual([]);
  });

  test("says which node lacks its frame", () => {
    const broken: Flame = { source: "profile", intervalMs: 1, frames: [], nodes: [[3, -1]], runs: [] };
    expect(() => flameTree(broken, undefined)).toThrow("The flame's node 0 names frame 3, which it lacks.");
  });
});

describe("heaviest first", () => {
  const tree = flameTree(
    drawnFlame([
      [2, "a", "b"],
      [1, "c"],
      [5, "a", "d", "e"],
      [2, "a"],
    ]),
    undefined,
  );

  test("callees stand under their caller, the heaviest at the left", () => {
    expect(drawn(layoutHeaviest(tree, undefined, 0))).toEqual([
      "a 0.00-0.90  c 0.90-1.00",
      "d 0.00-0.50  b 0.50-0.70",
      "e 0.00-0.50",
    ]);
  });

  test("what it is zoomed into fills the width, under its callers", () => {
    const d = nodeAt(tree, pathTo(tree.roots[0]?.children[0] as FlameNode));
    expect(drawn(layoutHeaviest(tree, d, 0))).toEqual(["a 0.00-1.00", "d 0.00-1.00", "e 0.00-1.00"]);
  });

  test("what is too narrow is one, and no time is lost", () => {
    const many = flameTree(
      drawnFlame([
        [94, "a"],
        [2, "b", "x"],
        [2, "c"],
        [1, "d"],
        [1, "e"],
      ]),
      undefined,
    );
    expect(drawn(layoutHeaviest(many, undefined, 0.05))).toEqual(["a 0.00-0.94  4 frames 0.94-1.00"]);
  });
});

describe("in time", () => {
  test("equal stacks that follow one another are one, and a gap parts them", () => {
    const tree = flameTree(
      drawnFlame([[2, "a", "b"], [1, "a", "b"], [1, "a"], [1, "a", "b"], [2], [3, "a", "b"]]),
      undefined,
    );
    expect(drawn(layoutInTime(tree, { from: 0, to: 10 * MS }, 0))).toEqual([
      "a 0.00-0.50  a 0.70-1.00",
      "b 0.00-0.30  b 0.40-0.50  b 0.70-1.00",
    ]);
  });

  test("a part of the time is drawn alone", () => {
    const tree = flameTree(
      drawnFlame([
        [4, "a", "b"],
        [4, "a", "c"],
        [2, "d"],
      ]),
      undefined,
    );
    expect(drawn(layoutInTime(tree, { from: 3 * MS, to: 5 * MS }, 0))).toEqual([
      "a 0.00-1.00",
      "b 0.00-0.50  c 0.50-1.00",
    ]);
  });

  test("neighbours that are too narrow are one", () => {
    const tree = flameTree(
      drawnFlame([
        [1, "a", "x"],
        [1, "b"],
        [1, "c"],
        [97, "d"],
      ]),
      undefined,
    );
    expect(drawn(layoutInTime(tree, { from: 0, to: 100 * MS }, 0.02))).toEqual(["3 frames 0.00-0.03  d 0.03-1.00"]);
  });
});

describe("the way among frames", () => {
  const tree = flameTree(drawnFlame(ENCODING), BLAME);
  const rows = layoutHeaviest(tree, undefined, 0.005);
  const go = (from: FlameRect, ...steps: Step[]): FlameRect =>
    steps.reduce((at, step) => walk(rows, at, step) ?? at, from);
  const root = rows[0]?.[0] as FlameRect;

  test("leads in by the heaviest callee and out again", () => {
    expect(go(root, "in", "in", "in", "in").node.frame.function).toBe("encodeChunk");
    expect(go(root, "in", "in", "in", "in", "out", "out").node.frame.function).toBe("splitIntoChunks");
    expect(walk(rows, root, "out")).toBeUndefined();
  });

  test("leads along a row", () => {
    expect(go(root, "right").node.frame.function).toBe("(garbage collector)");
    expect(go(root, "last", "left", "first")).toBe(root);
    expect(walk(rows, root, "left")).toBeUndefined();
  });

  test("finds what is under the pointer, and a frame again in the other view", () => {
    expect(rectAt(rows, 4, 0.1)?.node.isBlamed).toBe(true);
    expect(rectAt(rows, 99, 0.1)).toBeUndefined();
    const inTime = layoutInTime(tree, { from: 0, to: 640 * MS }, 0.005);
    const blamed = blamedNode(tree) as FlameNode;
    expect(rectOfNode(inTime, blamed, 0.95)?.to).toBeCloseTo(1);
    expect(rectOfNode(inTime, tree.roots[1] as FlameNode, 0)?.node).toBe(tree.roots[1]);
  });
});

describe("of any stacks", () => {
  const stack = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 0, maxLength: 5 });
  const stacks = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), stack), { maxLength: 40 });
  const least = fc.constantFrom(0, 0.01, 0.1, 0.4);
  const flames = stacks.map((list) => drawnFlame(list.map(([ms, frames]) => [ms, ...frames] as const)));
  const SLACK = 1e-6;

  test("a node's time is its own and its callees', and the roots' is all", () => {
    fc.assert(
      fc.property(flames, (flame) => {
        const tree = flameTree(flame, undefined);
        for (const { self, total, children } of nodes(tree)) {
          expect(total).toBe(self + children.reduce((sum, child) => sum + child.total, 0));
          expect(children.map((child) => child.total)).toEqual(
            children.map((child) => child.total).toSorted((a, b) => b - a),
          );
        }
        expect(tree.total).toBe(flame.runs.reduce((sum, [, , dur]) => sum + dur, 0));
        const times = functionTimes(tree);
        expect(times.reduce((sum, { self }) => sum + self, 0)).toBe(tree.total);
        for (const { self, total } of times) expect(total).toBeGreaterThanOrEqual(self);
      }),
    );
  });

  test("frames of a row do not overlap and lie within their caller's", () => {
    fc.assert(
      fc.property(flames, least, (flame, narrow) => {
        const tree = flameTree(flame, undefined);
        const end = Math.max(1, ...flame.runs.map(([, start, dur]) => start + dur));
        for (const rows of [
          layoutHeaviest(tree, undefined, narrow),
          layoutInTime(tree, { from: 0, to: end }, narrow),
        ]) {
          for (const [depth, row] of rows.entries()) {
            let before = 0;
            for (const rect of row) {
              expect(rect.depth).toBe(depth);
              expect(rect.from).toBeGreaterThanOrEqual(before - SLACK);
              expect(rect.to).toBeGreaterThanOrEqual(rect.from);
              expect(rect.to).toBeLessThanOrEqual(1 + SLACK);
              before = rect.to;
              if (depth === 0) continue;
              const caller = rows[depth - 1]?.find(
                (one) => one.from <= rect.from + SLACK && one.to >= rect.to - SLACK && one.node === rect.node.parent,
              );
              expect(caller?.count).toBe(1);
            }
          }
        }
      }),
    );
  });

  test("no time disappears from the row of roots", () => {
    fc.assert(
      fc.property(flames, least, (flame, narrow) => {
        const tree = flameTree(flame, undefined);
        if (tree.total === 0) return;
        const end = Math.max(...flame.runs.map(([, start, dur]) => start + dur));
        const sum = (rows: FlameRows): number => (rows[0] ?? []).reduce((all, { total }) => all + total, 0);
        expect(sum(layoutHeaviest(tree, undefined, narrow))).toBe(tree.total);
        expect(sum(layoutInTime(tree, { from: 0, to: end }, narrow))).toBe(tree.total);
      }),
    );
  });

  test("every way leads to a frame that is drawn", () => {
    const steps = fc.array(fc.constantFrom<Step>("in", "out", "left", "right", "first", "last"), { maxLength: 20 });
    fc.assert(
      fc.property(flames, least, steps, (flame, narrow, way) => {
        const rows = layoutHeaviest(flameTree(flame, undefined), undefined, narrow);
        let at = rows[0]?.[0];
        for (const step of way) {
          if (at === undefined) return;
          at = walk(rows, at, step) ?? at;
          expect(rows[at.depth]).toContain(at);
        }
      }),
    );
  });
});
