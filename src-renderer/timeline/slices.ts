/** One slice taken out of the columns: what labels, hover card, selection and keys need to know of it. */
import { SLICE_KINDS, type Selection, type SliceKind } from "../../src-main/api/api.ts";
import type { Outcome } from "../../src-runtime/protocol/record.ts";
import { firstEndingAfter, type Lane, type TrackLanes } from "./columns.ts";
import { outcomeOf } from "./end-marks.ts";

export interface Slice {
  readonly selection: Selection;
  readonly kind: SliceKind;
  readonly label: string;
  readonly start: number;
  /** Infinity while open. */
  readonly end: number;
  readonly outcome: Outcome;
  /** More than 1: that many merged, of which `selection` is one. */
  readonly count: number;
  /** NaN where none. */
  readonly firstChunk: number;
  readonly depth: number;
}

export function sliceAt(lane: Lane, place: number, depth: number): Slice {
  const { columns } = lane;
  const kind = SLICE_KINDS[columns.kind[place] ?? 0] ?? "function";
  return {
    selection: selectionOf(kind, columns.id[place] ?? 0),
    kind,
    label: columns.labels[columns.label[place] ?? 0] ?? "",
    start: columns.start[place] ?? 0,
    end: columns.end[place] ?? Infinity,
    outcome: outcomeOf(columns.outcome[place] ?? 0),
    count: columns.count[place] ?? 1,
    firstChunk: columns.firstChunk[place] ?? NaN,
    depth,
  };
}

export function selectionOf(kind: SliceKind, id: number): Selection {
  if (kind === "span") return { kind: "span", id };
  return kind === "stall" || kind === "culprit" ? { kind: "stall", id } : { kind: "task", id };
}

export function isSelected(slice: Slice, selection: Selection | undefined): boolean {
  return selection !== undefined && slice.selection.kind === selection.kind && slice.selection.id === selection.id;
}

/** The slices of a lane in a window that are at least `least` Nanos long, without looking at each of the others. */
export function* slicesBetween(
  lane: Lane,
  depth: number,
  from: number,
  to: number,
  least: number,
  openEnd: number,
): Generator<Slice> {
  const { start, end } = lane.columns;
  let place = firstEndingAfter(lane, from);
  while (place < lane.to && (start[place] ?? 0) < to) {
    const begin = start[place] ?? 0;
    if (Math.min(end[place] ?? 0, openEnd) - begin >= least) {
      yield sliceAt(lane, place, depth);
      place++;
    } else {
      // What ends before this instant is shorter too: it starts after `begin`.
      place = Math.max(place + 1, firstEndingAfter({ ...lane, from: place + 1 }, begin + least));
    }
  }
}

/** Every slice of a track that has a lane here, culprits last; for finding one by what it selects. */
export function findSlice(lanes: TrackLanes, isWanted: (slice: Slice) => boolean): Slice | undefined {
  for (const list of [lanes.slices, lanes.culprits]) {
    for (const [depth, lane] of list.entries()) {
      if (lane === undefined) continue;
      for (let place = lane.from; place < lane.to; place++) {
        const slice = sliceAt(lane, place, depth);
        if (isWanted(slice)) return slice;
      }
    }
  }
  return undefined;
}

/** The slice after (1) or before (-1) this one on its track, whatever the lane; from an instant if there is none yet. */
export function nextSlice(lanes: TrackLanes, at: number, step: 1 | -1): Slice | undefined {
  let best: Slice | undefined;
  for (const [depth, lane] of lanes.slices.entries()) {
    if (lane === undefined) continue;
    const { start } = lane.columns;
    let low = lane.from;
    let high = lane.to;
    while (low < high) {
      const middle = (low + high) >> 1;
      const isBefore = step === 1 ? (start[middle] ?? 0) <= at : (start[middle] ?? 0) < at;
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    const place = step === 1 ? low : low - 1;
    if (place < lane.from || place >= lane.to) continue;
    const slice = sliceAt(lane, place, depth);
    if (best === undefined || (slice.start - best.start) * step < 0) best = slice;
  }
  return best;
}
