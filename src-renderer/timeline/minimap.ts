/**
 * The whole recording in 54 px, with the viewport as a window in it.
 *
 *      0  ~~~~~##~~~~~~~~~~~~~~~~~   12 px: utilisation, stalls as notches
 *     14  ------|      -------       2 px rows: what ran when, from the track table
 *         [====|=====]               the window: drag to move, its grips to stretch, elsewhere to go there
 */
import { TRACK_KINDS, type LoopStrip, type TrackTable } from "../../src-main/api/api.ts";
import { outcomeOf } from "./end-marks.ts";
import type { Palette } from "./palette.ts";
import type { Pen } from "./pen.ts";
import type { StallSpan } from "./stall-spans.ts";
import { paintBlocks, paintBusy } from "./strip.ts";
import { fill, fillMask, unitOf, wash, type Surface } from "./surface.ts";
import { MASKS } from "./masks.ts";

export const MINIMAP = 54;
const BAND = 12;
const ROWS_TOP = 14;
const ROW_HEIGHT = 2;
const PITCH = 3;
const GRIP = 4;

export interface MinimapScene {
  readonly from: number;
  readonly to: number;
  readonly end: number;
  readonly table: TrackTable;
  readonly busy: LoopStrip | undefined;
  /** Of the main thread. */
  readonly stalls: readonly StallSpan[];
}

export function paintMinimap(surface: Surface, scene: MinimapScene, palette: Palette): void {
  const { width, height, scale } = surface;
  const pixelsPerNano = width / (scene.to - scene.from);
  const columnOf = (time: number): number => Math.floor((time - scene.from) * pixelsPerNano);
  const view = { from: scene.from, pixelsPerNano };
  const band = Math.round(BAND * scale);
  fill(surface, 0, 0, width, height, palette.canvas);
  paintBusy(surface, 0, band, scene.busy, view, palette);
  paintRows(surface, scene, columnOf, palette);
  for (const stall of scene.stalls) {
    const left = columnOf(stall.start);
    const right = Math.max(left + 2 * unitOf(surface), columnOf(stall.end));
    if (stall.phase === "startup") {
      fill(surface, left, 0, right - left, band, palette.canvas);
      fillMask(surface, left, 0, right - left, band, palette.stall, MASKS.hatch);
    } else paintBlocks(surface, 0, band, [stall], view, palette);
  }
  let washed = -Infinity;
  for (const { start, end, phase } of scene.stalls) {
    if (phase === "startup") continue;
    const left = Math.max(washed, columnOf(start));
    washed = Math.max(washed, columnOf(end));
    wash(surface, left, band, washed - left, height - band, palette.stallWash);
  }
  const now = columnOf(scene.end);
  fill(surface, now, 0, width - now, height, palette.chrome);
}

/** Tasks are packed into as many rows as there are; what finds none free shares the last. */
function paintRows(surface: Surface, scene: MinimapScene, columnOf: (time: number) => number, palette: Palette): void {
  const { table } = scene;
  const unit = unitOf(surface);
  const rows = Math.floor((MINIMAP - 1 - ROWS_TOP) / PITCH);
  const freeFrom = new Float64Array(rows).fill(-Infinity);
  const order = Array.from(table.id.keys()).toSorted((a, b) => (table.start[a] ?? 0) - (table.start[b] ?? 0));
  for (const index of order) {
    if ((table.task[index] ?? 0) === 0) continue;
    const left = columnOf(table.start[index] ?? 0);
    const ended = table.end[index] ?? NaN;
    const right = Math.max(left + unit, columnOf(Number.isNaN(ended) ? scene.end : ended));
    let row = freeFrom.findIndex((free) => free < left);
    if (row < 0) row = rows - 1;
    freeFrom[row] = Math.max(freeFrom[row] ?? 0, right);
    const y = Math.round((ROWS_TOP + row * PITCH) * surface.scale);
    const thick = Math.round(ROW_HEIGHT * surface.scale);
    const tint = palette.tints[TRACK_KINDS[table.kind[index] ?? 0] ?? "function"];
    fill(surface, left, y, right - left, thick, tint.fill);
    const outcome = outcomeOf(table.outcome[index] ?? 0);
    if (outcome === "failed") fill(surface, right - 2 * unit, y, 2 * unit, thick, palette.error);
    else if (outcome === "cancelled") fill(surface, right - 2 * unit, y, 2 * unit, thick, palette.cancel);
  }
}

export interface MinimapWindow {
  readonly left: number;
  readonly right: number;
}

/** The viewport's window over the minimap, never too narrow to be seen and taken. */
export function windowOf(
  viewport: { readonly from: number; readonly to: number },
  shown: { readonly from: number; readonly to: number },
  width: number,
): MinimapWindow {
  const xOf = (time: number): number => ((time - shown.from) / (shown.to - shown.from)) * width;
  const left = Math.max(0, xOf(viewport.from));
  const right = Math.min(width, xOf(viewport.to));
  if (right - left >= 2 * GRIP) return { left, right };
  const middle = Math.max(GRIP, Math.min(width - GRIP, (left + right) / 2));
  return { left: middle - GRIP, right: middle + GRIP };
}

export type MinimapPart = "left" | "right" | "inside" | "outside";

/** What of the window a press takes. The grips reach a little beside their line. */
export function partAt(window: MinimapWindow, x: number): MinimapPart {
  if (Math.abs(x - window.left) <= GRIP && Math.abs(x - window.left) <= Math.abs(x - window.right)) return "left";
  if (Math.abs(x - window.right) <= GRIP) return "right";
  return x > window.left && x < window.right ? "inside" : "outside";
}

export function drawWindow(pen: Pen, window: MinimapWindow, width: number, palette: Palette): void {
  pen.clearRect(0, 0, width, MINIMAP);
  const left = Math.round(window.left);
  const right = Math.round(window.right);
  pen.strokeStyle = palette.textQuiet;
  pen.lineWidth = 1;
  pen.strokeRect(left + 0.5, 0.5, Math.max(1, right - left - 1), MINIMAP - 1);
  pen.fillStyle = palette.textStrong;
  for (const x of [left - 1, right - 2]) pen.fillRect(x, MINIMAP / 2 - 8, 3, 16);
}
