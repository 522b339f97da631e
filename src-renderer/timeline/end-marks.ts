/**
 * How a slice ended, drawn at its right edge; shapes first, hue second.
 *
 *     completed   failed        cancelled    abandoned
 *     ......##    ##########    #########    ######.##.#.#     a bar, a block with its cross cut out,
 *     ......##    ###.##.###    #.....#.#    ######.##.#.#     a box with a slash, a body that dissolves
 *     ......##    ####..####    #...#...#    ######.##.#.#
 *
 * A mark stands in a 1 px moat of canvas colour, so that it survives on any body. It ends where the slice ends; one
 * wider than its slice reaches out to the left of it rather than not being drawn.
 */
import { OUTCOMES, type Outcome } from "../../src-runtime/protocol/record.ts";
import type { Palette } from "./palette.ts";
import { fill, unitOf, type Surface } from "./surface.ts";

/** Widths at 18 px without the moat. */
const WIDTHS: Readonly<Record<Outcome, number>> = { completed: 2, failed: 10, cancelled: 9, abandoned: 17, open: 0 };

/** Of the abandoned body's last 17 columns, those that dissolve: canvas shows through, more and more. */
const HOLES = [2, 3, 6, 7, 9, 10, 12, 14, 15] as const;

export function outcomeOf(index: number): Outcome {
  return OUTCOMES[index] ?? "open";
}

export function markWidth(outcome: Outcome): number {
  return WIDTHS[outcome];
}

/** Draws the mark of a slice of `height` pixels whose end is at `right` (exclusive). */
export function drawEndMark(
  surface: Surface,
  outcome: Outcome,
  right: number,
  y: number,
  height: number,
  palette: Palette,
): void {
  const unit = unitOf(surface);
  const width = WIDTHS[outcome] * unit;
  const left = right - width;
  switch (outcome) {
    case "completed":
      fill(surface, left - unit, y, unit, height, palette.canvas);
      return fill(surface, left, y, width, height, palette.ended);
    case "failed":
      moat(surface, left, y, width, height, unit, palette.canvas);
      fill(surface, left, y, width, height, palette.error);
      return drawCross(surface, left, y, width, height, unit, palette.canvas);
    case "cancelled":
      moat(surface, left, y, width, height, unit, palette.canvas);
      fill(surface, left, y, width, height, palette.cancel);
      fill(surface, left + unit, y + unit, width - 2 * unit, height - 2 * unit, palette.canvas);
      return drawSlash(surface, left + unit, y + unit, width - 2 * unit, height - 2 * unit, unit, palette.cancel);
    case "abandoned":
      for (const hole of HOLES) fill(surface, left + hole * unit, y, unit, height, palette.canvas);
      return;
    case "open":
      return;
  }
}

/** The same at 3 px: a tick or a block centred on the stripe whose top is `y`. */
export function drawSmallEndMark(surface: Surface, outcome: Outcome, right: number, y: number, palette: Palette): void {
  const unit = unitOf(surface);
  const tick = (width: number, height: number, pixel: number): void =>
    fill(surface, right - width * unit, y + Math.floor((3 - height) / 2) * unit, width * unit, height * unit, pixel);
  switch (outcome) {
    case "completed":
      return tick(1, 5, palette.ended);
    case "failed":
      return tick(4, 5, palette.error);
    case "cancelled":
      return tick(2, 7, palette.cancel);
    case "abandoned":
      for (const hole of HOLES) {
        if (hole >= 6) fill(surface, right - (17 - hole) * unit, y, unit, 3 * unit, palette.canvas);
      }
      return;
    case "open":
      return;
  }
}

function moat(
  surface: Surface,
  x: number,
  y: number,
  width: number,
  height: number,
  unit: number,
  pixel: number,
): void {
  fill(surface, x - unit, y, width + 2 * unit, height, pixel);
}

/** Two diagonals of 6 × 6, two pixels thick, in the middle. */
function drawCross(
  surface: Surface,
  x: number,
  y: number,
  width: number,
  height: number,
  unit: number,
  pixel: number,
): void {
  const size = 6;
  const left = x + Math.floor((width - size * unit) / 2);
  const top = y + Math.floor((height - size * unit) / 2);
  for (let step = 0; step < size - 1; step++) {
    fill(surface, left + step * unit, top + step * unit, 2 * unit, unit, pixel);
    fill(surface, left + (size - 2 - step) * unit, top + step * unit, 2 * unit, unit, pixel);
  }
  fill(surface, left, top + (size - 1) * unit, unit, unit, pixel);
  fill(surface, left + (size - 1) * unit, top + (size - 1) * unit, unit, unit, pixel);
}

/** From the lower left to the upper right corner of a box. */
function drawSlash(
  surface: Surface,
  x: number,
  y: number,
  width: number,
  height: number,
  unit: number,
  pixel: number,
): void {
  const rows = Math.max(1, Math.floor(height / unit));
  const reach = Math.max(0, width - unit);
  for (let row = 0; row < rows; row++) {
    const away = rows === 1 ? 0 : (reach * (rows - 1 - row)) / (rows - 1);
    fill(surface, x + Math.round(away / unit) * unit, y + row * unit, unit, unit, pixel);
  }
}
