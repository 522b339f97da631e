/**
 * The event loop's own row: how busy it was as an area with an upper edge, and its stalls as solid blocks over it.
 *
 *     ------------------------------------------  100 %
 *               ##########
 *         __    ##########   ,-.      from 100 ms a block has the full height, below that 60 % of it;
 *     ___/  \___##########__/   \__   start-up stalls are hatched: known, not blamed
 */
import type { LoopStrip } from "../../src-main/api/api.ts";
import { MASKS } from "./masks.ts";
import type { Palette } from "./palette.ts";
import type { StallSpan } from "./stall-spans.ts";
import { fill, fillMask, unitOf, type Surface } from "./surface.ts";

export interface StripView {
  readonly from: number;
  readonly pixelsPerNano: number;
}

const FULL_HEIGHT_FROM = 100e6;
const SHORT_SHARE = 0.6;

/** The area fills `height` at 100 %. Where nothing is known, nothing is drawn. */
export function paintBusy(
  surface: Surface,
  y: number,
  height: number,
  strip: LoopStrip | undefined,
  view: StripView,
  palette: Palette,
): void {
  if (strip === undefined || strip.busy.length === 0) return;
  const unit = unitOf(surface);
  const bucket = (strip.to - strip.from) / strip.busy.length;
  let before: number | undefined;
  for (let x = 0; x < surface.width; x++) {
    const share = highestBetween(
      strip,
      (view.from + x / view.pixelsPerNano - strip.from) / bucket,
      1 / (view.pixelsPerNano * bucket),
    );
    if (share === undefined) {
      before = undefined;
      continue;
    }
    const top = y + height - Math.max(unit, Math.round(share * height));
    fill(surface, x, top, 1, y + height - top, palette.busy);
    // The edge joins this column to the one before it.
    const high = before === undefined ? top : Math.min(top, before);
    const low = before === undefined ? top : Math.max(top, before);
    fill(surface, x, high, 1, low - high + unit, palette.busyLine);
    before = top;
  }
}

/** The busiest bucket a pixel column touches; undefined where nothing is known. */
function highestBetween(strip: LoopStrip, from: number, width: number): number | undefined {
  let highest: number | undefined;
  const first = Math.floor(from);
  const last = Math.min(strip.busy.length - 1, Math.max(first, Math.ceil(from + width) - 1));
  for (let bucket = Math.max(0, first); bucket <= last; bucket++) {
    const share = strip.busy[bucket];
    if (share === undefined || Number.isNaN(share)) continue;
    highest = Math.max(highest ?? 0, share);
  }
  return highest;
}

/** Where a stall's block lies, device pixels: it is never narrower than two pixels of the design. */
export function blockOf(
  surface: Pick<Surface, "scale">,
  stall: StallSpan,
  view: StripView,
  y: number,
  height: number,
): Block {
  const unit = Math.max(1, Math.round(surface.scale));
  const x = Math.floor((stall.start - view.from) * view.pixelsPerNano);
  const right = Math.floor((stall.end - view.from) * view.pixelsPerNano);
  const isFull = stall.isOpen || stall.end - stall.start >= FULL_HEIGHT_FROM;
  const tall = isFull ? height : Math.round(height * SHORT_SHARE);
  return { x, y: y + height - tall, width: Math.max(2 * unit, right - x), height: tall };
}

export interface Block {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function paintBlocks(
  surface: Surface,
  y: number,
  height: number,
  stalls: readonly StallSpan[],
  view: StripView,
  palette: Palette,
): void {
  for (const stall of stalls) {
    const block = blockOf(surface, stall, view, y, height);
    if (block.x >= surface.width || block.x + block.width <= 0) continue;
    fill(surface, block.x, block.y, block.width, block.height, palette.canvas);
    if (stall.phase === "startup") {
      fillMask(surface, block.x, block.y, block.width, block.height, palette.stall, MASKS.hatch);
    } else fill(surface, block.x, block.y, block.width, block.height, palette.stall);
  }
}
