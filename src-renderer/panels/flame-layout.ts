/**
 * Where each frame of a flame is drawn, growing down, as fractions of the width; and the way among them by arrows. Pure.
 *
 *     heaviest first                      in time
 *     +--------------------------+        +--------------------------+
 *     | execute                  |        | execute                  |
 *     +------------------+-----+-+        +-----+-+------------+-----+
 *     | encode           | log |·|        | log |·| encode     | enc |
 *     +------------------+-----+-+        +-----+-+------------+-----+
 *
 * Invariants: frames of one row do not overlap, and each lies within its caller's. What is narrower than `least` is
 * drawn as one with its neighbours under the same caller, so that no time disappears; nothing is drawn below it.
 */
import type { FlameNode, FlameTree } from "./flame-tree.ts";

export interface FlameRect {
  /** Of several, the heaviest. */
  readonly node: FlameNode;
  readonly depth: number;
  /** 0…1. */
  readonly from: number;
  readonly to: number;
  /** More than 1: so many frames too narrow to be drawn apart. */
  readonly count: number;
  /** Nanos of those together. */
  readonly total: number;
}

/** Rows from the outermost in, each from left to right. */
export type FlameRows = readonly (readonly FlameRect[])[];

export interface Instants {
  readonly from: number;
  readonly to: number;
}

/** @param zoom fills the width, under its callers. */
export function layoutHeaviest(tree: FlameTree, zoom: FlameNode | undefined, least: number): FlameRows {
  const rows: FlameRect[][] = [];
  const put = (rect: FlameRect): void => {
    (rows[rect.depth] ??= []).push(rect);
  };
  const whole = zoom?.total ?? tree.total;
  if (whole <= 0) return [];
  const place = (nodes: readonly FlameNode[], from: number): void => {
    let at = from;
    for (const [index, node] of nodes.entries()) {
      if (node.total <= 0) break;
      const to = at + node.total / whole;
      if (to - at < least) {
        put(together(nodes.slice(index), at, whole));
        return;
      }
      put({ node, depth: node.depth, from: at, to, count: 1, total: node.total });
      place(node.children, at);
      at = to;
    }
  };
  if (zoom === undefined) place(tree.roots, 0);
  else {
    for (let at = zoom.parent; at !== undefined; at = at.parent) {
      rows[at.depth] = [{ node: at, depth: at.depth, from: 0, to: 1, count: 1, total: at.total }];
    }
    place([zoom], 0);
  }
  return rows;
}

/** The rest of some siblings, heaviest first. */
function together(nodes: readonly FlameNode[], from: number, whole: number): FlameRect {
  const seen = nodes.filter(({ total }) => total > 0);
  const total = seen.reduce((sum, node) => sum + node.total, 0);
  const [node] = nodes as readonly [FlameNode, ...FlameNode[]];
  return { node, depth: node.depth, from, to: from + total / whole, count: seen.length, total };
}

/** A little later than the end of the one before is still right after it: instants are rounded. */
const SLACK_NS = 1e3;

interface Stretch {
  readonly node: FlameNode;
  from: number;
  to: number;
  readonly children: Stretch[];
}

/** Equal stacks that follow one another are one. Where nothing was sampled there is a gap. */
export function layoutInTime(tree: FlameTree, { from, to }: Instants, least: number): FlameRows {
  if (to <= from) return [];
  const roots: Stretch[] = [];
  let open: Stretch[] = [];
  for (const run of tree.runs) {
    const start = Math.max(from, run.from);
    const end = Math.min(to, run.to);
    if (end <= start) continue;
    const stack: FlameNode[] = [];
    for (let at: FlameNode | undefined = run.leaf; at !== undefined; at = at.parent) stack.unshift(at);
    const isNext = (open[0]?.to ?? -Infinity) + SLACK_NS >= start;
    const next: Stretch[] = [];
    for (const [depth, node] of stack.entries()) {
      let stretch = isNext && next.length === depth && open[depth]?.node === node ? open[depth] : undefined;
      // What ended before this run began is over, though its caller stands.
      if (stretch !== undefined && stretch.to + SLACK_NS < start) stretch = undefined;
      if (stretch === undefined || (depth > 0 && next[depth - 1]?.children.at(-1) !== stretch)) {
        stretch = { node, from: start, to: end, children: [] };
        (next[depth - 1]?.children ?? roots).push(stretch);
      } else stretch.to = end;
      next.push(stretch);
    }
    open = next;
  }
  const rows: FlameRect[][] = [];
  const length = to - from;
  const put = (stretches: readonly Stretch[]): void => {
    let narrow: Stretch[] = [];
    const flush = (): void => {
      const [first] = narrow;
      const last = narrow.at(-1);
      if (first === undefined || last === undefined) return;
      const heaviest = narrow.reduce((most, one) => (one.to - one.from > most.to - most.from ? one : most), first);
      const total = narrow.reduce((sum, one) => sum + one.to - one.from, 0);
      (rows[first.node.depth] ??= []).push({
        node: heaviest.node,
        depth: first.node.depth,
        from: (first.from - from) / length,
        to: (last.to - from) / length,
        count: narrow.length,
        total,
      });
      narrow = [];
    };
    for (const stretch of stretches) {
      if ((stretch.to - stretch.from) / length < least) {
        const before = narrow.at(-1);
        if (before !== undefined && stretch.from - before.to > SLACK_NS) flush();
        narrow.push(stretch);
        continue;
      }
      flush();
      const { node } = stretch;
      (rows[node.depth] ??= []).push({
        node,
        depth: node.depth,
        from: (stretch.from - from) / length,
        to: (stretch.to - from) / length,
        count: 1,
        total: stretch.to - stretch.from,
      });
      put(stretch.children);
    }
    flush();
  };
  put(roots);
  return rows;
}

export function rectAt(rows: FlameRows, depth: number, x: number): FlameRect | undefined {
  return rows[depth]?.find(({ from, to }) => x >= from && x < to);
}

/** A frame again in another layout: the one of this node that stands there, else the widest of it. */
export function rectOfNode(rows: FlameRows, node: FlameNode, x: number): FlameRect | undefined {
  const own = (rows[node.depth] ?? []).filter((rect) => rect.node === node);
  return own.find(({ from, to }) => x >= from && x < to) ?? widest(own);
}

export type Step = "in" | "out" | "left" | "right" | "first" | "last";

/** In goes to the widest callee, out to the caller, sideways along the row; undefined where there is nothing. */
export function walk(rows: FlameRows, at: FlameRect, step: Step): FlameRect | undefined {
  const row = rows[at.depth] ?? [];
  const place = row.indexOf(at);
  switch (step) {
    case "in":
      return widest(
        (rows[at.depth + 1] ?? []).filter((rect) => rect.from >= at.from - TINY && rect.to <= at.to + TINY),
      );
    case "out":
      return rectAt(rows, at.depth - 1, (at.from + at.to) / 2);
    case "left":
      return row[place - 1];
    case "right":
      return row[place + 1];
    case "first":
      return row[0];
    case "last":
      return row.at(-1);
  }
}

const TINY = 1e-9;

function widest(rects: readonly FlameRect[]): FlameRect | undefined {
  return rects.reduce<FlameRect | undefined>(
    (most, rect) => (most === undefined || rect.to - rect.from > most.to - most.from ? rect : most),
    undefined,
  );
}
