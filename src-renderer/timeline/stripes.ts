/**
 * A folded track: the pulses of what is under it, as stripes of 3 px at a pitch of 5, at most three.
 *
 *     step 1    [+]   ------------|     -----|        lane 0 of the packing
 *                        -----|  -------x             lane 1
 *
 * The stripes are packed from the track table alone, so a folded track needs no tile. Each task takes the first lane
 * that is free: the first three lanes are the densest. The stripe is a crop of the slice it stands for.
 */
import type { TrackTable } from "../../src-main/api/api.ts";
import { drawSmallEndMark, outcomeOf } from "./end-marks.ts";
import { MASKS } from "./masks.ts";
import type { LaneView } from "./paint-lane.ts";
import type { Palette } from "./palette.ts";
import { descendants, ROW } from "./rows.ts";
import type { StallSpan } from "./stall-spans.ts";
import { fill, fillMask, unitOf, type Surface } from "./surface.ts";

export interface Stripe {
  readonly task: number;
  readonly start: number;
  /** Infinity while open. */
  readonly end: number;
  /** Index into OUTCOMES. */
  readonly outcome: number;
  readonly lane: number;
}

export const MOST_STRIPES = 3;
const THICK = 3;
const PITCH = 5;

/** In order of start. What finds none of the three lanes free is not drawn, but for its stalls: see `laneOfTask`. */
export function stripesOf(table: TrackTable, index: number): readonly Stripe[] {
  const tasks = descendants(table, index).filter((place) => (table.task[place] ?? 0) !== 0);
  const ordered = tasks.toSorted((a, b) => (table.start[a] ?? 0) - (table.start[b] ?? 0));
  const freeFrom: number[] = [];
  const stripes: Stripe[] = [];
  for (const place of ordered) {
    const start = table.start[place] ?? 0;
    const known = table.end[place] ?? NaN;
    const end = Number.isNaN(known) ? Infinity : known;
    let lane = freeFrom.findIndex((free) => free <= start);
    if (lane < 0) lane = freeFrom.length;
    freeFrom[lane] = Math.max(end, start + 1);
    stripes.push({ task: table.task[place] ?? 0, start, end, outcome: table.outcome[place] ?? 0, lane });
  }
  return stripes;
}

export function paintStripes(
  surface: Surface,
  y: number,
  stripes: readonly Stripe[],
  view: LaneView,
  palette: Palette,
): void {
  const unit = unitOf(surface);
  const top = stripeTop(surface, y, stripes);
  for (const { start, end, outcome, lane } of stripes) {
    if (lane >= MOST_STRIPES || end < view.from || start > view.to) continue;
    const x = Math.floor((start - view.from) * view.pixelsPerNano);
    const finish = Math.floor((Math.min(end, view.openEnd) - view.from) * view.pixelsPerNano);
    const right = Math.max(x + unit, finish);
    const stripe = top + lane * PITCH * unit;
    const unknown = end === Infinity ? Math.floor((view.unknownFrom - view.from) * view.pixelsPerNano) : right;
    const known = Math.max(x, Math.min(right, unknown));
    fillMask(surface, x, stripe, known - x, THICK * unit, palette.waiting, MASKS.rail);
    if (known < right) fillMask(surface, known, stripe, right - known, THICK * unit, palette.waiting, MASKS.dotted, x);
    if (end !== Infinity) drawSmallEndMark(surface, outcomeOf(outcome), right, stripe, palette);
  }
}

/** The stalls that a task under the folded track caused: solid, and on the first lane if its own is not drawn. */
export function paintStripeCulprits(
  surface: Surface,
  y: number,
  stripes: readonly Stripe[],
  stalls: readonly StallSpan[],
  view: LaneView,
  palette: Palette,
): void {
  const unit = unitOf(surface);
  const top = stripeTop(surface, y, stripes);
  for (const stall of stalls) {
    const stripe = stall.task === 0 ? undefined : stripes.find(({ task }) => task === stall.task);
    if (stripe === undefined) continue;
    const lane = stripe.lane < MOST_STRIPES ? stripe.lane : 0;
    const x = Math.floor((stall.start - view.from) * view.pixelsPerNano);
    const right = Math.floor((stall.end - view.from) * view.pixelsPerNano);
    fill(surface, x, top + lane * PITCH * unit, Math.max(2 * unit, right - x), THICK * unit, palette.stall);
  }
}

function stripeTop(surface: Surface, y: number, stripes: readonly Stripe[]): number {
  let lanes = 1;
  for (const { lane } of stripes) lanes = Math.max(lanes, Math.min(MOST_STRIPES, lane + 1));
  const height = ((lanes - 1) * PITCH + THICK) * unitOf(surface);
  return y + Math.floor((Math.round(ROW * surface.scale) - height) / 2);
}
