/**
 * Words and outlines over the pixel buffer, on a second canvas: labels, first chunks, hints to what is off screen, the
 * selection and the live end. Coordinates are pixels of the design.
 *
 *     |first chunk after 480 ms      |      a label sticks to the left edge of the viewport, ends in "…",
 *     |first chu…|    |GET|   ||            and vanishes under three letters
 *     ‹ 2.14 s                 8.04 s ›     a row with nothing in view says where it went
 */
import type { Selection, TrackTable } from "../../src-main/api/api.ts";
import { markWidth } from "./end-marks.ts";
import { formatDuration } from "../../src-main/api/format.ts";
import { rectOf, type Rect } from "./hit-test.ts";
import type { Scene, SceneRow } from "./paint.ts";
import type { Palette } from "./palette.ts";
import { fittedText, type Pen } from "./pen.ts";
import { BODY, ROW, SLICE_TOP } from "./rows.ts";
import { isSelected, slicesBetween, type Slice } from "./slices.ts";
import { lengthWords, type StallSpan } from "./stall-spans.ts";
import { blockOf } from "./strip.ts";
import { drawVictimLinks } from "./victim-links.ts";

export interface OverlayView {
  readonly scene: Scene;
  readonly table: TrackTable;
  readonly width: number;
  readonly height: number;
  readonly selection: Selection | undefined;
  readonly isLive: boolean;
}

/** Narrower slices are not asked for their label. */
const LEAST_LABEL = 22;
const PAD = 6;
const BASELINE = 10;

export function drawOverlay(pen: Pen, view: OverlayView, palette: Palette): void {
  const { scene, width, height } = view;
  pen.clearRect(0, 0, width, height);
  pen.textAlign = "left";
  pen.textBaseline = "alphabetic";
  const stickyHeight = scene.sticky.reduce((sum, row) => sum + row.height, 0);
  let outline: Rect | undefined;
  for (const row of scene.rows) {
    outline =
      (row.strip === undefined ? drawRow(pen, view, row, palette) : drawStrip(pen, view, row, palette)) ?? outline;
  }
  if (outline !== undefined) drawOutline(pen, outline, palette);
  // Strips lie over the rows: so do their words, and the rows' words stop there.
  if (stickyHeight > 0) pen.clearRect(0, 0, width, stickyHeight);
  for (const row of scene.sticky) {
    const selected = drawStrip(pen, view, row, palette);
    if (selected !== undefined) drawOutline(pen, selected, palette);
  }
  const { from, to, links } = scene;
  if (links !== undefined) drawVictimLinks(pen, links, { from, to, width, height, top: stickyHeight }, palette);
  if (view.isLive) {
    const x = Math.floor(((scene.end - scene.from) / (scene.to - scene.from)) * width);
    pen.fillStyle = scene.stalls.some(({ isNow }) => isNow) ? palette.stallFill : palette.textQuiet;
    if (x >= 0 && x < width) pen.fillRect(x, 0, 1, height);
  }
}

/** Labels of one row; answers where the selected slice is. */
function drawRow(pen: Pen, view: OverlayView, row: SceneRow, palette: Palette): Rect | undefined {
  const { scene, table, width, selection } = view;
  const nanosPerPixel = (scene.to - scene.from) / width;
  const measure = (text: string): number => pen.measureText(text).width;
  let outline: Rect | undefined;
  if (row.stripes === undefined) {
    pen.font = `11px ${palette.fontUi}`;
    for (let depth = 0; depth < row.laneCount; depth++) {
      const lane = row.lanes.slices[depth];
      if (lane === undefined) continue;
      const covered = culpritRects(view, row, depth);
      for (const slice of slicesBetween(lane, depth, scene.from, scene.to, LEAST_LABEL * nanosPerPixel, row.openEnd)) {
        const rect = rectOf(scene, width, row, depth, slice.start, slice.end);
        if (isSelected(slice, selection)) outline = rect;
        drawFirstChunk(pen, scene, width, rect, slice, palette);
        if (slice.count > 1) continue;
        const left = Math.max(0, rect.x) + PAD;
        const right = Math.min(
          width,
          rect.x + rect.width - markWidth(slice.outcome),
          ...covered.filter(({ x }) => x > left).map(({ x }) => x),
        );
        if (covered.some(({ x, width: wide }) => x <= left && x + wide > left)) continue;
        const text = fittedText(labelOf(slice, table, row), right - left - PAD, measure);
        if (text === undefined) continue;
        pen.fillStyle = palette.textStrong;
        pen.fillText(text, left, rect.y + BASELINE);
      }
      outline ??= narrowSelection(view, row, depth);
    }
    drawCulpritLabels(pen, view, row, palette);
  }
  drawHint(pen, view, row, palette);
  return outline;
}

/** What the name in the tree does not say; the name where there is nothing else to say. */
function labelOf(slice: Slice, table: TrackTable, row: SceneRow): string {
  const isOwnTrack = (table.task[row.index] ?? 0) !== 0;
  if (!isOwnTrack || Number.isNaN(slice.firstChunk)) return slice.label;
  return `first chunk after ${formatDuration(slice.firstChunk - slice.start)}`;
}

function culpritsOf(view: OverlayView, row: SceneRow, depth: number): readonly Slice[] {
  const { scene, width } = view;
  const least = (LEAST_LABEL * (scene.to - scene.from)) / width;
  const lane = row.lanes.culprits[depth];
  return lane === undefined ? [] : [...slicesBetween(lane, depth, scene.from, scene.to, least, row.openEnd)];
}

function openCulprit(scene: Scene, row: SceneRow): StallSpan | undefined {
  return scene.stalls.find(({ isOpen, task }) => isOpen && task !== 0 && task === row.task);
}

function culpritRects(view: OverlayView, row: SceneRow, depth: number): readonly Rect[] {
  const { scene, width } = view;
  const rects = culpritsOf(view, row, depth).map(({ start, end }) => rectOf(scene, width, row, depth, start, end));
  const open = openCulprit(scene, row);
  return open === undefined ? rects : [...rects, rectOf(scene, width, row, 0, open.start, open.end)];
}

function drawCulpritLabels(pen: Pen, view: OverlayView, row: SceneRow, palette: Palette): void {
  const { scene, width } = view;
  pen.font = `500 11px ${palette.fontCode}`;
  pen.fillStyle = palette.stallOnFill;
  const draw = (rect: Rect, label: string): void => {
    const left = Math.max(0, rect.x) + 5;
    const right = Math.min(width, rect.x + rect.width) - 4;
    // A function's name is never cut: it is there or it is not.
    if (label !== "" && pen.measureText(label).width <= right - left) pen.fillText(label, left, rect.y + BASELINE + 3);
  };
  for (let depth = 0; depth < row.laneCount; depth++) {
    for (const { start, end, label } of culpritsOf(view, row, depth)) {
      draw(rectOf(scene, width, row, depth, start, end), label);
    }
  }
  const open = openCulprit(scene, row);
  if (open !== undefined) draw(rectOf(scene, width, row, 0, open.start, open.end), open.label);
}

/** The selected slice where it is too narrow to be met among the labels. */
function narrowSelection(view: OverlayView, row: SceneRow, depth: number): Rect | undefined {
  const { scene, table, width, selection } = view;
  if (selection?.kind !== "task" || depth !== 0 || table.task[row.index] !== selection.id) return undefined;
  const end = table.end[row.index] ?? NaN;
  return rectOf(scene, width, row, 0, table.start[row.index] ?? 0, Number.isNaN(end) ? Infinity : end);
}

function drawFirstChunk(pen: Pen, scene: Scene, width: number, rect: Rect, slice: Slice, palette: Palette): void {
  if (Number.isNaN(slice.firstChunk)) return;
  const x = Math.floor(((slice.firstChunk - scene.from) / (scene.to - scene.from)) * width);
  pen.fillStyle = palette.modelFill;
  // In the gap between body and pulse, and not beyond the end mark.
  pen.fillRect(Math.min(x, Math.floor(rect.x + rect.width) - 5), rect.y + BODY - 1, 2, 3);
}

export interface Hint {
  readonly side: "left" | "right";
  /** The instant to go to. */
  readonly at: number;
  readonly text: string;
}

/** Where the subject of a row is, if none of it is in view. */
export function hintOf(scene: Scene, table: TrackTable, row: SceneRow): Hint | undefined {
  if ((table.task[row.index] ?? 0) === 0) return undefined;
  const start = table.start[row.index] ?? 0;
  const end = table.end[row.index] ?? NaN;
  if (!Number.isNaN(end) && end < scene.from) return { side: "left", at: end, text: `‹ ${formatDuration(end)}` };
  if (start > scene.to) return { side: "right", at: start, text: `${formatDuration(start)} ›` };
  return undefined;
}

export function hintRect(
  pen: Pick<Pen, "measureText" | "font">,
  hint: Hint,
  row: SceneRow,
  width: number,
  palette: Palette,
): Rect {
  pen.font = `11px ${palette.fontUi}`;
  const size = pen.measureText(hint.text).width + 2 * PAD;
  return { x: hint.side === "left" ? 0 : width - size, y: row.y, width: size, height: ROW };
}

function drawHint(pen: Pen, view: OverlayView, row: SceneRow, palette: Palette): void {
  const hint = hintOf(view.scene, view.table, row);
  if (hint === undefined) return;
  const rect = hintRect(pen, hint, row, view.width, palette);
  pen.fillStyle = palette.textQuiet;
  pen.fillText(hint.text, rect.x + PAD, rect.y + SLICE_TOP + BASELINE + 3);
}

/** Words of the event loop's row; answers where the selected stall is. */
function drawStrip(pen: Pen, view: OverlayView, row: SceneRow, palette: Palette): Rect | undefined {
  const { scene, width, selection } = view;
  const scaleView = { from: scene.from, pixelsPerNano: width / (scene.to - scene.from) };
  let outline: Rect | undefined;
  let isCornerFree = true;
  for (const stall of scene.stalls) {
    if (stall.thread !== row.thread || stall.end < scene.from || stall.start > scene.to) continue;
    const block = blockOf({ scale: 1 }, stall, scaleView, row.y + SLICE_TOP, row.height - 2 * SLICE_TOP);
    if (selection?.kind === "stall" && selection.id === stall.id) outline = block;
    const left = Math.max(0, block.x);
    if (left < 44) isCornerFree = false;
    if (stall.phase === "startup") continue;
    const room = Math.min(width, block.x + block.width) - left - 2 * PAD;
    const isTall = block.height > 30;
    const duration = lengthWords(stall);
    pen.fillStyle = palette.stallOnFill;
    pen.font = `600 ${isTall ? 13 : 11}px ${palette.fontUi}`;
    if (pen.measureText(duration).width > room) continue;
    pen.fillText(duration, left + PAD, block.y + (isTall ? 16 : 15));
    if (!isTall) continue;
    pen.font = `500 11px ${palette.fontUi}`;
    const words = stall.isNow && view.isLive ? "blocked now" : "event loop blocked";
    if (pen.measureText(words).width <= room) pen.fillText(words, left + PAD, block.y + 31);
  }
  if (isCornerFree) {
    pen.font = `11px ${palette.fontUi}`;
    pen.fillStyle = palette.textQuiet;
    pen.fillText("100 %", PAD, row.y + 13);
  }
  return outline;
}

/** 1.5 px with a gap of 1 px. Never a hue. */
function drawOutline(pen: Pen, { x, y, width, height }: Rect, palette: Palette): void {
  pen.strokeStyle = palette.selection;
  pen.lineWidth = 1.5;
  pen.strokeRect(x - 1.75, y - 1.75, Math.max(2, width) + 3.5, height + 3.5);
}

/** The focused slice of the keyboard: the focus ring, 2 px, 1 px away. */
export function drawFocus(pen: Pen, { x, y, width, height }: Rect, palette: Palette): void {
  pen.strokeStyle = palette.focus;
  pen.lineWidth = 2;
  pen.strokeRect(x - 2, y - 2, Math.max(2, width) + 4, height + 4);
}
