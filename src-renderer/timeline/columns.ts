/**
 * A tile as the painter reads it: for each lane of a track one stretch of the shared columns, ordered by start.
 *
 *     tile      a a a b b b b            slices in the query's order of tracks, then depth, then start
 *     lanes     [0,3) [3,7)              no copies: a lane is two numbers
 *
 * Culprits overlap the slice they lie in, so they are kept apart, and waits say what a task's state was, which no body
 * shows: within a lane slices then neither overlap nor close
 * out of order, and both their starts and their ends are sorted.
 */
import { SLICE_KINDS, type Tile } from "../../src-main/api/api.ts";
import { OUTCOMES } from "../../src-runtime/protocol/record.ts";

export interface Columns {
  readonly start: Float64Array;
  /** Infinity while open. */
  readonly end: Float64Array;
  readonly kind: Uint8Array;
  readonly outcome: Uint8Array;
  readonly count: Uint32Array;
  readonly id: Float64Array;
  readonly label: Uint32Array;
  readonly firstChunk: Float64Array;
  readonly labels: readonly string[];
}

/** Slices [from, to) of the columns. */
export interface Lane {
  readonly columns: Columns;
  readonly from: number;
  readonly to: number;
}

export interface TrackLanes {
  /** By depth; undefined where a depth has no slice here. */
  readonly slices: Lanes;
  /** The slices among them that were cancelled and that failed, again: what must be seen however narrow it is. */
  readonly cancelled: Lanes;
  readonly failed: Lanes;
  readonly culprits: Lanes;
}

type Lanes = readonly (Lane | undefined)[];

export const NO_LANES: TrackLanes = { slices: [], cancelled: [], failed: [], culprits: [] };

const CANCELLED = OUTCOMES.indexOf("cancelled");
const FAILED = OUTCOMES.indexOf("failed");
const CULPRIT = SLICE_KINDS.indexOf("culprit");
const WAIT = SLICE_KINDS.indexOf("wait");

/** The lanes of each track of the query, in its order. */
export function lanesOf(tile: Tile, trackCount: number): readonly TrackLanes[] {
  const collected = (isWanted: (place: number) => boolean): readonly Lanes[] => collect(tile, trackCount, isWanted);
  const isCulprit = (place: number): boolean => tile.kind[place] === CULPRIT;
  const isBody = (place: number): boolean => !isCulprit(place) && tile.kind[place] !== WAIT;
  const slices = collected(isBody);
  const cancelled = collected((place) => isBody(place) && tile.outcome[place] === CANCELLED);
  const failed = collected((place) => isBody(place) && tile.outcome[place] === FAILED);
  const culprits = collected(isCulprit);
  return Array.from({ length: trackCount }, (_, track) => ({
    slices: slices[track] ?? [],
    cancelled: cancelled[track] ?? [],
    failed: failed[track] ?? [],
    culprits: culprits[track] ?? [],
  }));
}

function collect(tile: Tile, trackCount: number, isWanted: (place: number) => boolean): Lanes[] {
  const places: number[] = [];
  for (let place = 0; place < tile.kind.length; place++) if (isWanted(place)) places.push(place);
  const found: (Lane | undefined)[][] = Array.from({ length: trackCount }, () => []);
  if (places.length === 0) return found;
  const columns = pick(tile, places);
  let from = 0;
  for (let to = 1; to <= places.length; to++) {
    const first = places[from] ?? 0;
    const next = places[to];
    if (next !== undefined && tile.track[next] === tile.track[first] && tile.depth[next] === tile.depth[first])
      continue;
    const lanes = found[tile.track[first] ?? 0];
    if (lanes !== undefined) lanes[tile.depth[first] ?? 0] = { columns, from, to };
    from = to;
  }
  return found;
}

function pick(tile: Tile, places: readonly number[]): Columns {
  const isWhole = places.length === tile.kind.length;
  const take = <T extends Float64Array | Uint32Array | Uint8Array>(column: T, taken: T): T => {
    if (isWhole) return column;
    for (const [to, from] of places.entries()) taken[to] = column[from] ?? 0;
    return taken;
  };
  const length = places.length;
  const end = new Float64Array(length);
  for (const [to, from] of places.entries()) {
    const dur = tile.dur[from] ?? NaN;
    end[to] = Number.isNaN(dur) ? Infinity : (tile.start[from] ?? 0) + dur;
  }
  return {
    start: take(tile.start, new Float64Array(isWhole ? 0 : length)),
    end,
    kind: take(tile.kind, new Uint8Array(isWhole ? 0 : length)),
    outcome: take(tile.outcome, new Uint8Array(isWhole ? 0 : length)),
    count: take(tile.count, new Uint32Array(isWhole ? 0 : length)),
    id: take(tile.id, new Float64Array(isWhole ? 0 : length)),
    label: take(tile.label, new Uint32Array(isWhole ? 0 : length)),
    firstChunk: take(tile.firstChunk, new Float64Array(isWhole ? 0 : length)),
    labels: tile.labels,
  };
}

/** The first slice of the lane that ends after `time`; `lane.to` if none does. */
export function firstEndingAfter(lane: Lane, time: number): number {
  const { end } = lane.columns;
  let low = lane.from;
  let high = lane.to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((end[middle] ?? 0) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** As `firstEndingAfter`, looking from `from` on in doubling steps: cheap when the answer is near. */
export function gallopEndingAfter(lane: Lane, from: number, time: number): number {
  const { end } = lane.columns;
  let step = 1;
  let low = from;
  while (low < lane.to && (end[Math.min(low + step, lane.to) - 1] ?? Infinity) <= time) {
    low = Math.min(low + step, lane.to);
    step *= 2;
  }
  return firstEndingAfter({ columns: lane.columns, from: low, to: Math.min(lane.to, low + step) }, time);
}
