/**
 * Pixel drawings as text and back, and tables and tiles from drawings, for the timeline's tests.
 *
 *     tool search    [====x        one column is ten milliseconds; indentation makes it a child
 */
import {
  SLICE_KINDS,
  TRACK_KINDS,
  type SliceKind,
  type Tile,
  type TrackKind,
  type TrackTable,
} from "../../../../src-main/api/api.ts";
import { OUTCOMES, type Outcome } from "../../../../src-runtime/protocol/record.ts";
import { readPalette, type Palette } from "../../../../src-renderer/timeline/palette.ts";
import { createSurface, type Surface } from "../../../../src-renderer/timeline/surface.ts";

export const COLUMN = 10e6;

/** Every colour of the palette has a letter; colours that mean the same share one. */
const LETTERS: Readonly<Record<string, string>> = {
  "--surface-canvas": ".",
  "--surface-chrome": " ",
  "--line-soft": "_",
  "--line": "=",
  "--stall-fill": "S",
  "--waiting-fill": "-",
  "--cancel-fill": "c",
  "--error-fill": "e",
  "--ended-fill": "|",
  "--step-fill": "P",
  "--step-body": "p",
  "--model-fill": "M",
  "--model-body": "m",
  "--tool-fill": "T",
  "--tool-body": "t",
  "--task-fill": "K",
  "--task-body": "k",
  "--busy-fill": "b",
  "--busy-line": "B",
};

const NAMES = Object.keys(LETTERS);

export function drawnPalette(): Palette {
  return readPalette((name) => {
    if (name === "--stall-wash") return "rgb(255 0 0 / 0.25)";
    if (name === "--stall-edge") return "rgb(255 0 0 / 0.5)";
    if (name.startsWith("--font") || name.startsWith("--text")) return "x";
    const place = NAMES.indexOf(name);
    return `#0000${(place + 1).toString(16).padStart(2, "0")}`;
  });
}

/** One letter a pixel; what was washed is `w`, an edge `!`. */
export function drawing(surface: Surface, top = 0, bottom = surface.height): string[] {
  return Array.from({ length: bottom - top }, (_, row) =>
    Array.from({ length: surface.width }, (_, column) =>
      letterOf(surface.pixels[(top + row) * surface.width + column] ?? 0),
    ).join(""),
  );
}

function letterOf(pixel: number): string {
  if (pixel === 0) return " ";
  const red = pixel & 255;
  const place = ((pixel >>> 16) & 255) - 1;
  if (red > 0) return red > 100 ? "!" : "w";
  return LETTERS[NAMES[place] ?? ""] ?? "?";
}

export function emptySurface(width: number, height: number, scale = 1): Surface {
  const surface = createSurface(width, height, scale);
  surface.pixels.fill(drawnPalette().canvas);
  return surface;
}

/** Lines of a drawing without the margin of the source. */
export function lines(text: string): string[] {
  const kept = text.split("\n").filter((line) => line.trim() !== "");
  const margin = Math.min(...kept.map((line) => line.search(/\S/)));
  return kept.map((line) => line.slice(margin));
}

const ENDS: Readonly<Record<string, Outcome>> = { ")": "completed", x: "failed", "/": "cancelled", "~": "abandoned" };

/** A track table from a drawing: kind, name, then its slice. Tracks and tasks are numbered by line, from 1. */
export function drawnTable(text: string): TrackTable {
  const rows = lines(text);
  const origin = Math.max(0, Math.min(...rows.map((row) => (row.includes("[") ? row.indexOf("[") : Infinity))));
  const above: { readonly indent: number; readonly id: number }[] = [];
  const found = rows.map((row, place) => {
    const indent = row.search(/\S/);
    while ((above.at(-1)?.indent ?? -1) >= indent) above.pop();
    const parent = above.at(-1)?.id ?? 0;
    above.push({ indent, id: place + 1 });
    const [kind = "", name = ""] = row.trim().split(/\s+/);
    const begin = row.indexOf("[");
    const end = begin < 0 ? -1 : row.slice(begin).search(/[)x/~]/);
    return {
      id: place + 1,
      parent,
      kind: TRACK_KINDS.indexOf(kind as TrackKind),
      task: begin < 0 ? 0 : place + 1,
      start: begin < 0 ? 0 : (begin - origin) * COLUMN,
      end: end < 0 ? NaN : (begin - origin + end) * COLUMN,
      outcome: begin < 0 ? 255 : OUTCOMES.indexOf(end < 0 ? "open" : (ENDS[row[begin + end] ?? ""] ?? "open")),
      depths: Number(/×(\d+)/.exec(row)?.[1] ?? 1),
      label: name,
    };
  });
  const column = (pick: (row: (typeof found)[number]) => number): Float64Array => Float64Array.from(found, pick);
  return {
    id: column(({ id }) => id),
    parent: column(({ parent }) => parent),
    kind: Uint8Array.from(found, ({ kind }) => kind),
    thread: column(() => 1),
    task: column(({ task }) => task),
    start: column(({ start }) => start),
    end: column(({ end }) => end),
    outcome: Uint8Array.from(found, ({ outcome }) => outcome),
    depths: Uint16Array.from(found, ({ depths }) => depths),
    label: found.map(({ label }) => label),
  };
}

export interface DrawnSlice {
  readonly track?: number;
  readonly depth?: number;
  readonly start: number;
  /** Absent: open. */
  readonly end?: number;
  readonly kind?: SliceKind;
  readonly outcome?: Outcome;
  readonly count?: number;
  readonly id?: number;
  readonly label?: string;
  readonly firstChunk?: number;
}

/** Slices in the order given, which must be that of a tile. */
export function tileOf(slices: readonly DrawnSlice[], from = 0, to = 1e9): Tile {
  return {
    from,
    to,
    resolution: 1,
    track: Uint32Array.from(slices, ({ track }) => track ?? 0),
    depth: Uint16Array.from(slices, ({ depth }) => depth ?? 0),
    start: Float64Array.from(slices, ({ start }) => start),
    dur: Float64Array.from(slices, ({ start, end }) => (end === undefined ? NaN : end - start)),
    kind: Uint8Array.from(slices, ({ kind }) => SLICE_KINDS.indexOf(kind ?? "tool")),
    outcome: Uint8Array.from(slices, ({ outcome, end }) =>
      OUTCOMES.indexOf(outcome ?? (end === undefined ? "open" : "completed")),
    ),
    count: Uint32Array.from(slices, ({ count }) => count ?? 1),
    id: Float64Array.from(slices, ({ id }, index) => id ?? index + 1),
    label: Uint32Array.from(slices, (_, index) => index),
    firstChunk: Float64Array.from(slices, ({ firstChunk }) => firstChunk ?? NaN),
    labels: slices.map(({ label }) => label ?? ""),
  };
}
