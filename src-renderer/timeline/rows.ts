/**
 * Which tracks have a row, and where: the track table, what is folded and the filter in; rows with their place out.
 *
 *     y  0   +- Event loop strip ------+  sticky: stays while the rest scrolls
 *        44  +-------------------------+
 *        0   | research                |  rows: y counts from the top of what scrolls
 *        22  |   plan                  |
 *        44  |   Requests   lane 0     |  a row of packed slices is as high as its lanes
 *        66  |              lane 1     |
 *
 * Invariant: rows lie below one another without gaps, so that a place is found by bisection.
 */
import { TRACK_KINDS, type TrackTable } from "../../src-main/api/api.ts";

export const ROW = 22;
export const STRIP_ROW = 44;
/** The slice stands in its row with this much above and below. */
export const SLICE_TOP = 2;
export const SLICE = 18;
export const BODY = 13;
export const PULSE = 4;

export interface Row {
  /** Row of the track table. */
  readonly index: number;
  readonly y: number;
  readonly height: number;
  /** Steps from the root. */
  readonly indent: number;
  readonly lanes: number;
  readonly isStrip: boolean;
  readonly hasChildren: boolean;
  readonly isFolded: boolean;
}

export interface Layout {
  readonly sticky: readonly Row[];
  readonly stickyHeight: number;
  readonly rows: readonly Row[];
  readonly height: number;
  readonly foldedCount: number;
}

const LOOP = TRACK_KINDS.indexOf("loop");

export function layoutRows(table: TrackTable, folded: ReadonlySet<number>, filter: string): Layout {
  const count = table.id.length;
  const placeOf = new Map<number, number>();
  for (let index = 0; index < count; index++) placeOf.set(table.id[index] ?? 0, index);
  const parentOf = Int32Array.from(table.parent, (parent) => placeOf.get(parent) ?? -1);
  const indents = new Uint16Array(count);
  const hasChildren = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const parent = parentOf[index] ?? -1;
    if (parent < 0) continue;
    indents[index] = (indents[parent] ?? 0) + 1;
    hasChildren[parent] = 1;
  }
  const kept = keptByFilter(table.label, parentOf, filter);
  const isFiltered = kept !== undefined;
  const isHidden = new Uint8Array(count);
  const sticky: Row[] = [];
  const rows: Row[] = [];
  let stickyHeight = 0;
  let height = 0;
  let foldedCount = 0;
  for (let index = 0; index < count; index++) {
    const parent = parentOf[index] ?? -1;
    const isStrip = table.kind[index] === LOOP;
    const isSticky = isStrip && parent < 0;
    const isFolded = !isFiltered && hasChildren[index] === 1 && folded.has(table.id[index] ?? 0);
    if (parent >= 0 && isHidden[parent] === 1) isHidden[index] = 1;
    if (isHidden[index] === 1) continue;
    if (isFolded) foldedCount++;
    const lanes = isStrip ? 1 : Math.max(1, table.depths[index] ?? 1);
    const row = { index, indent: indents[index] ?? 0, lanes, isStrip, hasChildren: hasChildren[index] === 1, isFolded };
    const rowHeight = isStrip ? STRIP_ROW : lanes * ROW;
    if (isSticky) {
      sticky.push({ ...row, y: stickyHeight, height: rowHeight });
      stickyHeight += rowHeight;
    } else if (kept === undefined || kept[index] === 1) {
      rows.push({ ...row, y: height, height: rowHeight });
      height += rowHeight;
    }
    if (isFolded) hideBelow(index, parentOf, isHidden);
  }
  return { sticky, stickyHeight, rows, height, foldedCount };
}

/** Parents come before their children, and a subtree lies together: its rows follow until one has another ancestor. */
function hideBelow(index: number, parentOf: Int32Array, isHidden: Uint8Array): void {
  for (let below = index + 1; below < parentOf.length; below++) {
    const parent = parentOf[below] ?? -1;
    if (parent !== index && (parent < 0 || isHidden[parent] !== 1)) return;
    isHidden[below] = 1;
  }
}

/** 1 for each track whose name has the filter in it, and for its ancestors. Undefined: there is no filter. */
function keptByFilter(labels: readonly string[], parentOf: Int32Array, filter: string): Uint8Array | undefined {
  const wanted = filter.trim().toLowerCase();
  if (wanted === "") return undefined;
  const kept = new Uint8Array(labels.length);
  for (const [index, label] of labels.entries()) {
    if (!label.toLowerCase().includes(wanted)) continue;
    for (let at = index; at >= 0 && kept[at] !== 1; at = parentOf[at] ?? -1) kept[at] = 1;
  }
  return kept;
}

/** The place in `rows` of the row at this height, or of the nearest; -1 if there is none. */
export function rowPlaceAt(rows: readonly Row[], y: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rows[middle]?.y ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return rows.length === 0 ? -1 : low;
}

/** The rows that have a pixel between two heights. */
export function rowsBetween(rows: readonly Row[], top: number, bottom: number): readonly Row[] {
  if (rows.length === 0 || bottom <= top) return [];
  const first = rowPlaceAt(rows, top);
  const last = rowPlaceAt(rows, Math.max(top, bottom - 1));
  const found = rows.slice(first, last + 1);
  return found.filter((row) => row.y + row.height > top && row.y < bottom);
}

/** The subtree of a track without itself: places in the table. */
export function descendants(table: TrackTable, index: number): readonly number[] {
  const ids = new Set([table.id[index] ?? 0]);
  const found: number[] = [];
  for (let below = index + 1; below < table.id.length && ids.has(table.parent[below] ?? 0); below++) {
    ids.add(table.id[below] ?? 0);
    found.push(below);
  }
  return found;
}
