/**
 * What is to be drawn of some tracks in a window? Slices where they resolve, runs of a zoom level where they don't;
 * the cost follows the pixels asked for, not the length of the recording.
 */
import { OUTCOMES, type Outcome } from "../../src-runtime/protocol/record.ts";
import { SLICE_KINDS, type SliceKind, type Tile, type TileQuery } from "../api/api.ts";
import { FIRST_LEVEL, levelFor, MAX_RUN, resolutionOf, UNMERGED_CLASS } from "../store/level.ts";
import type { Recording } from "../store/recording.ts";

/** start, dur, depth, kind, outcome, count, subject, label, first chunk */
type Row = readonly [number, number | null, number, SliceKind, Outcome, number, number, string, number | null];

/** Up to 52 days, and what is never merged. */
const CLASSES = [...Array.from({ length: 27 }, (_, size) => size), UNMERGED_CLASS];

const SLICES = `SELECT start, dur, depth, kind, outcome, 1, subject, label, first_chunk FROM slice
  WHERE track = ? AND class = ? AND start < ? AND start > ?`;
const RUNS = `SELECT start, dur, depth, kind, outcome, count, subject, label, NULL FROM run
  WHERE track = ? AND level = ? AND start < ? AND start > ?`;

export function tile(recording: Recording, query: TileQuery): Tile {
  const { tracks, from, to, resolution } = query;
  const level = levelFor(resolution);
  const isMerged = level >= FIRST_LEVEL;
  const found: { readonly track: number; readonly row: Row }[] = [];
  for (const [index, track] of tracks.entries()) {
    const rows: Row[] = [];
    for (const size of CLASSES) {
      if (isMerged && size <= level) continue;
      const lookBack = size === UNMERGED_CLASS ? Infinity : resolutionOf(size);
      rows.push(...(recording.rows(SLICES, track, size, to, Math.max(-1, from - lookBack)) as readonly Row[]));
    }
    if (isMerged)
      rows.push(
        ...(recording.rows(
          RUNS,
          track,
          level,
          to,
          Math.max(-1, from - (MAX_RUN + 1) * resolutionOf(level)),
        ) as readonly Row[]),
      );
    const visible = rows.filter(([start, dur]) => dur === null || start + dur >= from);
    visible.sort((a, b) => a[2] - b[2] || a[0] - b[0] || SLICE_KINDS.indexOf(a[3]) - SLICE_KINDS.indexOf(b[3]));
    for (const row of visible) found.push({ track: index, row });
  }
  return toTile(query, found);
}

function toTile(
  { from, to, resolution }: TileQuery,
  found: readonly { readonly track: number; readonly row: Row }[],
): Tile {
  const labels: string[] = [];
  const labelIds = new Map<string, number>();
  const labelId = (text: string): number => {
    let id = labelIds.get(text);
    if (id === undefined) {
      id = labels.push(text) - 1;
      labelIds.set(text, id);
    }
    return id;
  };
  return {
    from,
    to,
    resolution,
    track: Uint32Array.from(found, ({ track }) => track),
    depth: Uint16Array.from(found, ({ row }) => row[2]),
    start: Float64Array.from(found, ({ row }) => row[0]),
    dur: Float64Array.from(found, ({ row }) => row[1] ?? NaN),
    kind: Uint8Array.from(found, ({ row }) => SLICE_KINDS.indexOf(row[3])),
    outcome: Uint8Array.from(found, ({ row }) => OUTCOMES.indexOf(row[4])),
    count: Uint32Array.from(found, ({ row }) => row[5]),
    id: Float64Array.from(found, ({ row }) => row[6]),
    label: Uint32Array.from(found, ({ row }) => labelId(row[7])),
    firstChunk: Float64Array.from(found, ({ row }) => row[8] ?? NaN),
    labels,
  };
}
