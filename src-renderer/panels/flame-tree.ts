/**
 * A flame's runs as one tree: how long each stack stood, and how much of that in its innermost frame. Pure.
 *
 *     runs   a‹b  a‹b  a‹c  a        tree   a 4, self 1
 *            1    1    1    1               ├ b 2, self 2
 *                                           └ c 1, self 1
 *
 * Invariants: a node's total is its self and its children's totals; the roots' totals are the time that was sampled.
 * A named function is one node however many of its lines were seen, since a stack says where it stood at that instant.
 */
import type { Flame, Frame, Site } from "../../src-main/api/api.ts";

export interface FlameNode {
  /** Of the lines seen of it, the one that stood longest; of the blamed function, the blamed one. */
  readonly frame: Frame;
  /** The same in the next answer about a stall that grows. */
  readonly label: string;
  readonly parent: FlameNode | undefined;
  readonly depth: number;
  /** Heaviest first. */
  readonly children: readonly FlameNode[];
  /** Nanos in which it was the innermost, and in which it stood at all. */
  readonly self: number;
  readonly total: number;
  /** The blame's function; of a recursion the outermost. */
  readonly isBlamed: boolean;
}

export interface FlameRun {
  readonly leaf: FlameNode;
  readonly from: number;
  readonly to: number;
}

export interface FlameTree {
  readonly roots: readonly FlameNode[];
  /** Nanos. */
  readonly total: number;
  readonly depth: number;
  /** In time. */
  readonly runs: readonly FlameRun[];
}

interface Growing {
  frame: Frame;
  readonly label: string;
  readonly parent: Growing | undefined;
  readonly depth: number;
  readonly children: Growing[];
  readonly byLabel: Map<string, Growing>;
  readonly isBlamed: boolean;
  self: number;
  total: number;
  /** How long its frame, as it is shown, stood. */
  heaviest: number;
}

export function flameTree(flame: Flame, blame: Site | undefined): FlameTree {
  const weights = weightsOf(flame);
  const roots: Growing[] = [];
  const rootsByLabel = new Map<string, Growing>();
  const grown: Growing[] = [];
  // Parents come first.
  for (const [place, [frameIndex, parentPlace]] of flame.nodes.entries()) {
    const frame = flame.frames[frameIndex];
    if (frame === undefined) throw new Error(`The flame's node ${place} names frame ${frameIndex}, which it lacks.`);
    const parent = grown[parentPlace];
    const label = labelOf(frame);
    const siblings = parent?.byLabel ?? rootsByLabel;
    const weight = weights[place] ?? 0;
    let node = siblings.get(label);
    if (node === undefined) {
      node = {
        frame,
        label,
        parent,
        depth: parent === undefined ? 0 : parent.depth + 1,
        children: [],
        byLabel: new Map(),
        isBlamed: isBlamed(frame, parent, blame),
        self: 0,
        total: 0,
        heaviest: weight,
      };
      siblings.set(label, node);
      (parent?.children ?? roots).push(node);
    } else if (weight > node.heaviest) {
      node.frame = frame;
      node.heaviest = weight;
    }
    grown.push(node);
  }
  const runs: FlameRun[] = [];
  for (const [place, from, dur] of flame.runs) {
    const leaf = grown[place];
    if (leaf === undefined) continue;
    leaf.self += dur;
    for (let at: Growing | undefined = leaf; at !== undefined; at = at.parent) at.total += dur;
    runs.push({ leaf, from, to: from + dur });
  }
  // A profile knows of callers only where they begin; the blame says where it stood.
  for (const node of grown) {
    if (node.isBlamed && blame !== undefined) node.frame = { ...node.frame, line: blame.line, column: blame.column };
  }
  heaviestFirst(roots);
  for (const { children } of grown) heaviestFirst(children);
  return {
    roots,
    total: roots.reduce((sum, { total }) => sum + total, 0),
    depth: grown.reduce((most, { depth }) => Math.max(most, depth + 1), 0),
    runs: runs.toSorted((a, b) => a.from - b.from),
  };
}

/** How long each node of the flame stood. */
function weightsOf(flame: Flame): Float64Array {
  const weights = new Float64Array(flame.nodes.length);
  for (const [node, , dur] of flame.runs) weights[node] = (weights[node] ?? 0) + dur;
  for (let place = weights.length - 1; place >= 0; place--) {
    const parent = flame.nodes[place]?.[1] ?? -1;
    if (parent >= 0) weights[parent] = (weights[parent] ?? 0) + (weights[place] ?? 0);
  }
  return weights;
}

/** Functions without a name are told apart by their line. */
function labelOf({ function: name, file, line }: Frame): string {
  return name === "" ? `:${line} ${file}` : `${name} ${file}`;
}

function isBlamed(frame: Frame, parent: Growing | undefined, blame: Site | undefined): boolean {
  if (blame === undefined || !isFunctionOf(frame, blame)) return false;
  for (let at = parent; at !== undefined; at = at.parent) if (at.isBlamed) return false;
  return true;
}

function isFunctionOf(frame: Frame, blame: Site): boolean {
  if (frame.function !== blame.function || frame.file !== blame.file) return false;
  return blame.function !== "" || frame.line === blame.line;
}

function heaviestFirst(nodes: Growing[]): void {
  nodes.sort((a, b) => b.total - a.total);
}

/** The way down to a node, by which it is found again in another tree of the same stall. */
export function pathTo(node: FlameNode): readonly string[] {
  const path: string[] = [];
  for (let at: FlameNode | undefined = node; at !== undefined; at = at.parent) path.unshift(at.label);
  return path;
}

export function nodeAt(tree: FlameTree, path: readonly string[]): FlameNode | undefined {
  let siblings = tree.roots;
  let found: FlameNode | undefined;
  for (const label of path) {
    found = siblings.find((node) => node.label === label);
    if (found === undefined) return undefined;
    siblings = found.children;
  }
  return found;
}

/** The node in another tree of the same stall: on the same way down, else the heaviest of the same function. */
export function sameNode(tree: FlameTree, path: readonly string[]): FlameNode | undefined {
  const label = path.at(-1);
  return nodeAt(tree, path) ?? heaviest(tree, (node) => node.label === label);
}

/** The heaviest node of the blamed function. */
export function blamedNode(tree: FlameTree): FlameNode | undefined {
  return heaviest(tree, ({ isBlamed: is }) => is);
}

function heaviest(tree: FlameTree, isMeant: (node: FlameNode) => boolean): FlameNode | undefined {
  let found: FlameNode | undefined;
  const look = (nodes: readonly FlameNode[]): void => {
    for (const node of nodes) {
      if (isMeant(node) && node.total > (found?.total ?? -1)) found = node;
      look(node.children);
    }
  };
  look(tree.roots);
  return found;
}

export interface FunctionTime {
  readonly frame: Frame;
  readonly self: number;
  readonly total: number;
  readonly isBlamed: boolean;
}

/** The same by function, wherever it was called from: a recursion counts once. */
export function functionTimes(tree: FlameTree): readonly FunctionTime[] {
  const times = new Map<string, { frame: Frame; self: number; total: number; isBlamed: boolean; heaviest: number }>();
  const above = new Set<string>();
  const add = (node: FlameNode): void => {
    const { label, frame, self, total } = node;
    let time = times.get(label);
    if (time === undefined) {
      time = { frame, self: 0, total: 0, isBlamed: false, heaviest: total };
      times.set(label, time);
    } else if (total > time.heaviest) {
      time.frame = frame;
      time.heaviest = total;
    }
    time.self += self;
    time.isBlamed ||= node.isBlamed;
    const isOutermost = !above.has(label);
    if (isOutermost) {
      time.total += total;
      above.add(label);
    }
    for (const child of node.children) add(child);
    if (isOutermost) above.delete(label);
  };
  for (const root of tree.roots) add(root);
  return [...times.values()].map(({ frame, self, total, isBlamed: blamed }) => ({
    frame,
    self,
    total,
    isBlamed: blamed,
  }));
}
