/**
 * The picture of time: everything below the overlay, into one pixel buffer, from typed arrays alone.
 *
 *     ground, grid, hairlines  ->  lanes  ->  stall columns  ->  culprits  ->  strips that stay on top
 *
 * Stall columns are laid over whole rows once, as the union of their intervals, so that washes never add up; what held
 * the event loop goes over them and is the only solid vermilion there is.
 */
import type { LoopStrip } from "../../src-main/api/api.ts";
import type { TrackLanes } from "./columns.ts";
import { paintCulprit, paintEnds, paintHeld, paintLane, tintsByKind, type LaneView } from "./paint-lane.ts";
import type { Palette } from "./palette.ts";
import { ROW } from "./rows.ts";
import type { StallSpan } from "./stall-spans.ts";
import { paintBlocks, paintBusy } from "./strip.ts";
import { paintStripeCulprits, paintStripes, type Stripe } from "./stripes.ts";
import { fill, unitOf, wash, type Surface } from "./surface.ts";
import type { VictimLinks } from "./victim-links.ts";

/** A row on screen; `y` and `height` in pixels of the design from the canvas's top. */
export interface SceneRow {
  /** Row of the track table. */
  readonly index: number;
  readonly y: number;
  readonly height: number;
  readonly thread: number;
  readonly task: number;
  readonly lanes: TrackLanes;
  readonly laneCount: number;
  /** Set for a folded track, which draws these instead of its lanes. */
  readonly stripes: readonly Stripe[] | undefined;
  /** Set for a row of the event loop. */
  readonly strip: { readonly data: LoopStrip | undefined } | undefined;
  /** How far what is open on this row's thread has come. */
  readonly openEnd: number;
}

export interface Scene {
  readonly from: number;
  readonly to: number;
  /** The last known instant; what is right of it is the future. */
  readonly end: number;
  readonly rows: readonly SceneRow[];
  /** Strips over the rows. */
  readonly sticky: readonly SceneRow[];
  /** In order of start. */
  readonly stalls: readonly StallSpan[];
  /** Whose stalls go down below the last row: the main thread. */
  readonly mainThread: number;
  /** Instants of the grid lines. */
  readonly grid: readonly number[];
  /** From the selected stall to what it made late. */
  readonly links?: VictimLinks | undefined;
}

/** A stall column is drawn from this width on, in pixels of the design. */
const LEAST_COLUMN = 6;
/** The strip's block and area keep this much off the row's edges. */
const STRIP_INSET = 2;

export function paintScene(surface: Surface, scene: Scene, palette: Palette): void {
  const { width, height, scale } = surface;
  const unit = unitOf(surface);
  const pixelsPerNano = width / (scene.to - scene.from);
  const columnOf = (time: number): number => Math.floor((time - scene.from) * pixelsPerNano);
  const now = Math.max(0, Math.min(width, columnOf(scene.end)));
  fill(surface, 0, 0, now, height, palette.canvas);
  fill(surface, now, 0, width - now, height, palette.chrome);
  for (const instant of scene.grid) fill(surface, columnOf(instant), 0, unit, height, palette.lineSoft);

  const tints = tintsByKind(palette);
  const stallsOf = byThread(scene.stalls);
  const views = new Map<SceneRow, LaneView>();
  const at = (value: number): number => Math.round(value * scale);
  for (const row of scene.rows) {
    const open = stallsOf(row.thread).findLast(({ isOpen }) => isOpen);
    const view: LaneView = {
      from: scene.from,
      to: scene.to,
      pixelsPerNano,
      openEnd: row.openEnd,
      unknownFrom: open?.start ?? Infinity,
    };
    views.set(row, view);
    fill(surface, 0, at(row.y + row.height) - unit, width, unit, palette.lineSoft);
    if (row.strip !== undefined) continue;
    if (row.stripes !== undefined) paintStripes(surface, at(row.y), row.stripes, view, palette);
    else {
      for (let depth = 0; depth < row.laneCount; depth++) {
        paintLane(surface, at(row.y + depth * ROW), row.lanes, depth, view, palette, tints);
      }
    }
  }
  paintColumns(surface, scene, stallsOf, pixelsPerNano, palette);
  for (const row of scene.rows) {
    const view = views.get(row);
    if (view === undefined) continue;
    if (row.strip !== undefined) {
      paintStrip(surface, row, row.strip.data, stallsOf(row.thread), view, palette);
      continue;
    }
    for (const link of scene.links?.links ?? []) {
      if (link.isOwn && link.index === row.index && row.stripes === undefined) {
        paintHeld(surface, at(link.y), link, view, palette);
      }
    }
    paintCulprits(surface, row, stallsOf(row.thread), view, palette);
  }
  for (const row of scene.sticky) {
    const view = { from: scene.from, pixelsPerNano };
    fill(surface, 0, at(row.y), now, at(row.height), palette.canvas);
    fill(surface, now, at(row.y), width - now, at(row.height), palette.chrome);
    for (const instant of scene.grid)
      fill(surface, columnOf(instant), at(row.y), unit, at(row.height), palette.lineSoft);
    fill(surface, 0, at(row.y + row.height) - unit, width, unit, palette.line);
    paintStrip(surface, row, row.strip?.data, stallsOf(row.thread), view, palette);
  }
}

function byThread(stalls: readonly StallSpan[]): (thread: number) => readonly StallSpan[] {
  const lists = Map.groupBy(stalls, ({ thread }) => thread);
  return (thread) => lists.get(thread) ?? [];
}

function paintStrip(
  surface: Surface,
  row: SceneRow,
  data: LoopStrip | undefined,
  stalls: readonly StallSpan[],
  view: { readonly from: number; readonly pixelsPerNano: number },
  palette: Palette,
): void {
  const top = Math.round((row.y + STRIP_INSET) * surface.scale);
  const bottom = Math.round((row.y + row.height) * surface.scale) - unitOf(surface);
  paintBusy(surface, top, bottom - top, data, view, palette);
  paintBlocks(surface, top, bottom - top - unitOf(surface), stalls, view, palette);
}

function paintCulprits(
  surface: Surface,
  row: SceneRow,
  stalls: readonly StallSpan[],
  view: LaneView,
  palette: Palette,
): void {
  const { scale } = surface;
  if (row.stripes !== undefined) {
    return paintStripeCulprits(surface, Math.round(row.y * scale), row.stripes, stalls, view, palette);
  }
  for (let depth = 0; depth < row.laneCount; depth++) {
    const lane = row.lanes.culprits[depth];
    if (lane === undefined) continue;
    const y = Math.round((row.y + depth * ROW) * scale);
    for (let place = lane.from; place < lane.to; place++) {
      const span = { start: lane.columns.start[place] ?? 0, end: lane.columns.end[place] ?? 0 };
      if (span.end >= view.from && span.start <= view.to) paintCulprit(surface, y, span, view, palette);
    }
    paintEnds(surface, y, row.lanes, depth, view, palette);
  }
  // A stall that is still open has no slice yet.
  const open = stalls.find(({ isOpen, task }) => isOpen && task !== 0 && task === row.task);
  if (open !== undefined) paintCulprit(surface, Math.round(row.y * scale), open, view, palette);
}

/** The frozen columns: for each band of rows of one thread the union of its stalls, then their edges. Start-up is known. */
function paintColumns(
  surface: Surface,
  scene: Scene,
  stallsOf: (thread: number) => readonly StallSpan[],
  pixelsPerNano: number,
  palette: Palette,
): void {
  const unit = unitOf(surface);
  const columnOf = (time: number): number => Math.floor((time - scene.from) * pixelsPerNano);
  for (const { thread, top, bottom } of bands(surface, scene)) {
    const shown = stallsOf(thread).filter((stall) => {
      if (stall.end < scene.from || stall.start > scene.to) return false;
      if (stall.isSelected || stall.phase === "startup") return stall.isSelected;
      return (stall.end - stall.start) * pixelsPerNano >= LEAST_COLUMN * unit;
    });
    let washed = -Infinity;
    for (const { start, end } of shown) {
      const left = Math.max(washed, columnOf(start));
      const right = Math.max(columnOf(start) + 2 * unit, columnOf(end));
      wash(surface, left, top, right - left, bottom - top, palette.stallWash);
      washed = Math.max(washed, right);
    }
    for (const { start, end } of shown) {
      wash(surface, columnOf(start), top, unit, bottom - top, palette.stallEdge);
      wash(surface, Math.max(columnOf(start) + unit, columnOf(end) - unit), top, unit, bottom - top, palette.stallEdge);
    }
  }
}

interface Band {
  readonly thread: number;
  readonly top: number;
  readonly bottom: number;
}

/** Rows of the same thread that follow one another, and what is empty below the last. */
function bands(surface: Surface, scene: Scene): readonly Band[] {
  const found: Band[] = [];
  let last: Band | undefined;
  for (const row of scene.rows) {
    const top = Math.round(row.y * surface.scale);
    const bottom = Math.round((row.y + row.height) * surface.scale);
    if (last !== undefined && last.thread === row.thread) found.pop();
    last = { thread: row.thread, top: last !== undefined && last.thread === row.thread ? last.top : top, bottom };
    found.push(last);
  }
  const stickyBottom = scene.sticky.reduce((sum, row) => sum + row.height, 0);
  const below = last?.bottom ?? Math.round(stickyBottom * surface.scale);
  if (below < surface.height) found.push({ thread: scene.mainThread, top: below, bottom: surface.height });
  return found;
}
