/**
 * One lane of slices into the pixel buffer. The cost follows the pixels, not the slices: at most one run per pixel
 * column, found by bisection and galloping, written once and copied down the body.
 *
 *     y + 2    ##body 13 px, the kind's tint#########|  edge of 2 px at the left, end mark at the right
 *              (1 px gap)
 *     y + 16   ................................         pulse 4 px: waiting is a rail in its middle
 *              ________________________________
 */
import { SLICE_KINDS } from "../../src-main/api/api.ts";
import { firstEndingAfter, gallopEndingAfter, type Lane, type TrackLanes } from "./columns.ts";
import { drawEndMark, markWidth, outcomeOf } from "./end-marks.ts";
import { MASKS } from "./masks.ts";
import type { Palette, Tint } from "./palette.ts";
import { BODY, PULSE, SLICE, SLICE_TOP } from "./rows.ts";
import type { StallSpan } from "./stall-spans.ts";
import { fill, fillMask, unitOf, type Surface } from "./surface.ts";

export interface LaneView {
  /** The instant at the buffer's left edge, and device pixels for each Nano. */
  readonly from: number;
  readonly to: number;
  readonly pixelsPerNano: number;
  /** How far what is still open has come. */
  readonly openEnd: number;
  /** From here until `openEnd` it is not known whether an open task waits: the event loop is blocked now. */
  readonly unknownFrom: number;
}

/** Device pixels of the parts of a slice. */
interface Parts {
  readonly top: number;
  readonly body: number;
  readonly pulseTop: number;
  readonly pulse: number;
  readonly height: number;
}

/** Slices narrower than this have no edge, only their kind's colour. */
const LEAST_BODY = 3;
/** Under this width, marks are their small form. */
const LEAST_FULL_MARK = 4;

function partsAt(surface: Surface, y: number): Parts {
  const { scale } = surface;
  const top = y + Math.round(SLICE_TOP * scale);
  const height = Math.round(SLICE * scale);
  const pulse = Math.round(PULSE * scale);
  return { top, body: Math.round(BODY * scale), pulseTop: top + height - pulse, pulse, height };
}

export function tintsByKind(palette: Palette): readonly Tint[] {
  return SLICE_KINDS.map((kind) => palette.tints[kind]);
}

/** Bodies, pulses and end marks of one lane whose row starts at `y`. */
export function paintLane(
  surface: Surface,
  y: number,
  lanes: TrackLanes,
  depth: number,
  view: LaneView,
  palette: Palette,
  tints: readonly Tint[],
): void {
  const slices = lanes.slices[depth];
  if (slices === undefined) return;
  const parts = partsAt(surface, y);
  if (parts.top < 0 || parts.top + parts.height > surface.height)
    return paintClipped(surface, y, lanes, depth, view, palette, tints);
  paintRuns(surface, parts, slices, view, palette, tints);
  paintEnds(surface, y, lanes, depth, view, palette);
}

/** A row that is cut by the buffer's edge: painted whole beside it, and what is in sight copied over. */
function paintClipped(
  surface: Surface,
  y: number,
  lanes: TrackLanes,
  depth: number,
  view: LaneView,
  palette: Palette,
  tints: readonly Tint[],
): void {
  const { width, scale } = surface;
  const height = Math.round((SLICE + 2 * SLICE_TOP) * scale);
  const top = Math.max(0, y);
  const bottom = Math.min(surface.height, y + height);
  if (bottom <= top) return;
  const pixels = new Uint32Array(width * height);
  pixels.set(surface.pixels.subarray(top * width, bottom * width), (top - y) * width);
  paintLane({ pixels, width, height, scale }, 0, lanes, depth, view, palette, tints);
  surface.pixels.set(pixels.subarray((top - y) * width, (bottom - y) * width), top * width);
}

function paintRuns(
  surface: Surface,
  parts: Parts,
  lane: Lane,
  view: LaneView,
  palette: Palette,
  tints: readonly Tint[],
): void {
  const { pixels, width } = surface;
  const { from, to, pixelsPerNano } = view;
  const { start, end, kind, count } = lane.columns;
  const unit = unitOf(surface);
  const bodyLine = parts.top * width;
  const railLine = (parts.pulseTop + (parts.pulse >> 1)) * width;
  let least = width;
  let most = 0;
  let openFrom = -1;
  let place = firstEndingAfter(lane, from);
  while (place < lane.to) {
    const begin = start[place] ?? 0;
    if (begin >= to) break;
    const isOpen = end[place] === Infinity;
    const finish = Math.min(end[place] ?? 0, view.openEnd);
    const x = Math.floor((begin - from) * pixelsPerNano);
    let right = Math.max(x + 1, Math.floor((finish - from) * pixelsPerNano));
    const tint = tints[kind[place] ?? 0] ?? palette.tints.function;
    let isRun = (count[place] ?? 1) > 1;
    let next = place + 1;
    if (right === x + 1 && next < lane.to && !isOpen) {
      // Everything else that ends in this pixel column is drawn by it.
      next = gallopEndingAfter(lane, next, from + (x + 1) / pixelsPerNano);
      if (next > place + 1) isRun = true;
    }
    const left = Math.max(0, x);
    right = Math.min(width, right);
    if (right > left) {
      const isNarrow = right - x < LEAST_BODY * unit;
      pixels.fill(isNarrow && !isRun ? tint.fill : tint.body, bodyLine + left, bodyLine + right);
      if (!isNarrow && !isRun && x + 2 * unit > 0)
        pixels.fill(tint.fill, bodyLine + left, bodyLine + Math.min(right, x + 2 * unit));
      pixels.fill(palette.waiting, railLine + left, railLine + right);
      if (isOpen) openFrom = x;
      least = Math.min(least, left);
      most = Math.max(most, right);
    }
    place = next;
  }
  if (most <= least) return;
  for (let line = 1; line < parts.body; line++) {
    pixels.copyWithin(bodyLine + line * width + least, bodyLine + least, bodyLine + most);
  }
  for (let line = 1; line < unit; line++) {
    pixels.copyWithin(railLine + line * width + least, railLine + least, railLine + most);
  }
  if (openFrom !== -1 && view.unknownFrom < view.openEnd) paintUnknown(surface, parts, openFrom, view, palette);
}

/** End marks of one lane: after the bodies, and again after a culprit that reaches over one. */
export function paintEnds(
  surface: Surface,
  y: number,
  lanes: TrackLanes,
  depth: number,
  view: LaneView,
  palette: Palette,
): void {
  const parts = partsAt(surface, y);
  const { slices, cancelled, failed } = lanes;
  const [all, stopped, broken] = [slices[depth], cancelled[depth], failed[depth]];
  if (all !== undefined) paintQuietEnds(surface, parts, all, view, palette);
  if (stopped !== undefined) paintMarks(surface, parts, stopped, view, palette);
  if (broken !== undefined) paintMarks(surface, parts, broken, view, palette);
}

/** Of slices that returned or were abandoned: only where there is room. */
function paintQuietEnds(surface: Surface, parts: Parts, lane: Lane, view: LaneView, palette: Palette): void {
  const { from, to, pixelsPerNano } = view;
  const { start, end, count, outcome } = lane.columns;
  const unit = unitOf(surface);
  const least = (LEAST_FULL_MARK * unit - 1) / pixelsPerNano;
  let place = firstEndingAfter(lane, from);
  while (place < lane.to && (start[place] ?? 0) < to) {
    const begin = start[place] ?? 0;
    const finish = end[place] ?? 0;
    if (finish - begin < least) {
      place = gallopEndingAfter(lane, place + 1, begin + least);
      continue;
    }
    const mark = outcomeOf(outcome[place] ?? 0);
    const isQuiet = mark === "completed" || mark === "abandoned";
    const right = Math.floor((finish - from) * pixelsPerNano);
    const width = right - Math.floor((begin - from) * pixelsPerNano);
    const room = Math.max(LEAST_FULL_MARK, 2 * markWidth(mark)) * unit;
    if (isQuiet && count[place] === 1 && width >= room && right <= surface.width + markWidth(mark) * unit) {
      drawEndMark(surface, mark, right, parts.top, parts.height, palette);
    }
    place++;
  }
}

function paintUnknown(surface: Surface, parts: Parts, openFrom: number, view: LaneView, palette: Palette): void {
  const left = Math.max(openFrom, Math.floor((view.unknownFrom - view.from) * view.pixelsPerNano));
  const right = Math.floor((view.openEnd - view.from) * view.pixelsPerNano);
  fill(surface, left, parts.pulseTop, right - left, parts.pulse, palette.canvas);
  fillMask(surface, left, parts.pulseTop, right - left, parts.pulse, palette.waiting, MASKS.dotted, openFrom);
}

/** Marks of slices that must be seen: full where there is room, else a narrow block or tick; one a pixel column. */
function paintMarks(surface: Surface, parts: Parts, lane: Lane, view: LaneView, palette: Palette): void {
  const { from, to, pixelsPerNano } = view;
  const { start, end, count, outcome } = lane.columns;
  const unit = unitOf(surface);
  let place = firstEndingAfter(lane, from);
  while (place < lane.to && (start[place] ?? 0) < to) {
    const x = Math.floor(((start[place] ?? 0) - from) * pixelsPerNano);
    const right = Math.max(x + 1, Math.floor(((end[place] ?? 0) - from) * pixelsPerNano));
    const mark = outcomeOf(outcome[place] ?? 0);
    if ((count[place] ?? 1) === 1 && right - x > markWidth(mark) * unit) {
      drawEndMark(surface, mark, right, parts.top, parts.height, palette);
    } else {
      const size = (mark === "failed" ? 4 : 2) * unit;
      fill(surface, right - size, parts.top, size, parts.height, mark === "failed" ? palette.error : palette.cancel);
    }
    place = gallopEndingAfter(lane, place + 1, from + (right + 1) / pixelsPerNano);
  }
}

/** What held the event loop: solid over the whole slice, never narrower than two pixels. Goes over the wash. */
export function paintCulprit(
  surface: Surface,
  y: number,
  span: Pick<StallSpan, "start" | "end">,
  view: LaneView,
  palette: Palette,
): void {
  const parts = partsAt(surface, y);
  const x = Math.floor((span.start - view.from) * view.pixelsPerNano);
  const right = Math.floor((Math.min(span.end, view.openEnd) - view.from) * view.pixelsPerNano);
  fill(surface, x, parts.top, Math.max(2 * unitOf(surface), right - x), parts.height, palette.stall);
}

/** Work that was ready while a stall held it: the stipple of what is ready, in the stall's hue, until it ran. */
export function paintHeld(
  surface: Surface,
  y: number,
  span: { readonly due: number; readonly ran: number },
  view: LaneView,
  palette: Palette,
): void {
  const parts = partsAt(surface, y);
  const x = Math.floor((span.due - view.from) * view.pixelsPerNano);
  const right = Math.floor((span.ran - view.from) * view.pixelsPerNano);
  const width = Math.max(2 * unitOf(surface), right - x);
  fill(surface, x, parts.pulseTop, width, parts.pulse, palette.canvas);
  fillMask(surface, x, parts.pulseTop, width, parts.pulse, palette.stall, MASKS.stipple);
}
