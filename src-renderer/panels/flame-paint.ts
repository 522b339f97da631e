/**
 * The frames of a flame on a canvas. Where a frame is from is its shape before it is its hue:
 *
 *     |execute summarise.ts:31  |     own code: an edge of 2 px at the left
 *     [Tokenizer.encode bpe-lite]     dependency: a plain body in a hairline
 *     ┌╌RegExp.exec╌╌╌╌╌╌╌╌╌╌╌╌╌┐     Node and native: a dashed outline; collecting garbage has a hatched head,
 *     ████encodeChunk████████████     what V8 calls program or idle a dotted one; the blamed frame is solid
 *     : : : : : : : : : : : : : :     several too narrow to be drawn apart
 *
 * A function's name is whole or not there. No text stands on a pattern.
 */
import type { Frame } from "../../src-main/api/api.ts";
import type { Pen } from "../timeline/pen.ts";
import { fittedText } from "../timeline/pen.ts";
import { functionName, shortPlaceOf } from "../ui/site-text.tsx";
import type { FlameRect, FlameRows } from "./flame-layout.ts";

/** A row, of which the frame leaves one pixel free. */
export const FLAME_ROW = 20;
const FRAME = FLAME_ROW - 1;
const PAD = 6;
const HEAD = 9;
const BASELINE = 13;
/** Narrower frames have no outline, only a fill. */
const LEAST_OUTLINE = 5;

const COLOURS = {
  chrome: "--surface-chrome",
  own: "--step-body",
  ownEdge: "--step-fill",
  dependency: "--task-body",
  outline: "--line-control",
  hairline: "--line",
  quietFill: "--waiting-fill",
  blamed: "--stall-fill",
  onBlamed: "--stall-on-fill",
  strong: "--text-strong",
  quiet: "--text-quiet",
  selection: "--selection",
  focus: "--focus",
  fontUi: "--font-ui",
  fontCode: "--font-code",
} as const;

export type FlamePalette = Readonly<Record<keyof typeof COLOURS, string>>;

/** @param property the value of a custom property, as `getPropertyValue` answers it. */
export function flamePalette(property: (name: string) => string): FlamePalette {
  return Object.fromEntries(
    Object.entries(COLOURS).map(([key, name]) => [key, property(name).trim()]),
  ) as unknown as FlamePalette;
}

/** With forced colours the user's own take the place of every hue; the shapes stay. */
export const FORCED_PALETTE: Partial<FlamePalette> = {
  chrome: "Canvas",
  own: "Canvas",
  ownEdge: "CanvasText",
  dependency: "Canvas",
  outline: "CanvasText",
  hairline: "CanvasText",
  quietFill: "CanvasText",
  blamed: "CanvasText",
  onBlamed: "Canvas",
  strong: "CanvasText",
  quiet: "CanvasText",
  selection: "Highlight",
  focus: "Highlight",
};

export interface FlameView {
  readonly rows: FlameRows;
  readonly width: number;
  readonly height: number;
  /** Of the first pixel row. */
  readonly scrollTop: number;
  /** Draw where nothing was sampled as unseen: only where the width is time. */
  readonly isTime: boolean;
  readonly selected: FlameRect | undefined;
  readonly hovered: FlameRect | undefined;
  /** The keyboard is here. */
  readonly hasFocus: boolean;
}

export function paintFlame(pen: Pen, view: FlameView, palette: FlamePalette): void {
  const { rows, width, height, scrollTop } = view;
  pen.fillStyle = palette.chrome;
  pen.fillRect(0, 0, width, height);
  pen.textAlign = "left";
  pen.textBaseline = "alphabetic";
  const first = Math.floor(scrollTop / FLAME_ROW);
  const last = Math.min(rows.length - 1, Math.floor((scrollTop + height) / FLAME_ROW));
  for (let depth = first; depth <= last; depth++) {
    const y = depth * FLAME_ROW - scrollTop;
    if (view.isTime && depth === 0) paintUnseen(pen, rows[0] ?? [], y, width, palette);
    for (const rect of rows[depth] ?? []) paintFrame(pen, rect, boxOf(rect, width, y), rect === view.hovered, palette);
  }
  if (view.selected !== undefined) {
    const box = boxOf(view.selected, width, view.selected.depth * FLAME_ROW - scrollTop);
    pen.strokeStyle = view.hasFocus ? palette.focus : palette.selection;
    pen.lineWidth = view.hasFocus ? 2 : 1.5;
    // Inside, so that it is whole at the edges of the canvas.
    pen.strokeRect(box.x + 1, box.y + 1, Math.max(1, box.width - 2), FRAME - 2);
  }
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Whole pixels, a gap of one between neighbours that are wide enough for it. */
export function boxOf({ from, to }: Pick<FlameRect, "from" | "to">, width: number, y: number): Box {
  const x = Math.round(from * width);
  const right = Math.round(to * width);
  const gap = right - x > 3 && right < width ? 1 : 0;
  return { x, y, width: Math.max(1, right - x - gap) };
}

function paintFrame(pen: Pen, rect: FlameRect, box: Box, isHovered: boolean, palette: FlamePalette): void {
  const { frame, isBlamed } = rect.node;
  const { x, y, width } = box;
  if (rect.count > 1) {
    paintDots(pen, x, y, width, FRAME, palette.quietFill);
    return;
  }
  const isBare = frame.origin === "node" && !isBlamed;
  let textFrom = x + PAD;
  if (isBare) {
    if (width >= LEAST_OUTLINE) dashedBox(pen, x, y, width, palette.outline);
    else {
      pen.fillStyle = palette.outline;
      pen.fillRect(x, y, 1, FRAME);
    }
    const head = headOf(frame);
    if (head !== undefined && width >= LEAST_OUTLINE) {
      const wide = Math.min(HEAD, width - 2);
      if (head === "hatch") paintHatch(pen, x + 1, y + 1, wide, FRAME - 2, palette.quietFill);
      else paintDots(pen, x + 1, y + 1, wide, FRAME - 2, palette.quietFill);
      textFrom += HEAD;
    }
  } else {
    pen.fillStyle = isBlamed ? palette.blamed : frame.origin === "own" ? palette.own : palette.dependency;
    pen.fillRect(x, y, width, FRAME);
    if (frame.origin === "own" && !isBlamed) {
      pen.fillStyle = palette.ownEdge;
      pen.fillRect(x, y, Math.min(2, width), FRAME);
    } else if (!isBlamed && width >= LEAST_OUTLINE) {
      pen.strokeStyle = palette.hairline;
      pen.lineWidth = 1;
      pen.strokeRect(x + 0.5, y + 0.5, width - 1, FRAME - 1);
    }
  }
  if (isHovered && !isBlamed) {
    pen.fillStyle = palette.quiet;
    pen.fillRect(x, y + FRAME - 2, width, 2);
  }
  paintWords(pen, frame, textFrom, x + width - PAD, y + BASELINE, isBlamed, palette);
}

function paintWords(
  pen: Pen,
  frame: Frame,
  from: number,
  to: number,
  baseline: number,
  isBlamed: boolean,
  palette: FlamePalette,
): void {
  pen.font = `${isBlamed ? 600 : 400} 11px ${palette.fontCode}`;
  const name = flameName(frame);
  const size = pen.measureText(name).width;
  if (size > to - from) return;
  pen.fillStyle = isBlamed ? palette.onBlamed : frame.origin === "node" ? palette.quiet : palette.strong;
  pen.fillText(name, from, baseline);
  pen.font = `11px ${palette.fontUi}`;
  const place = fittedText(flamePlace(frame), to - from - size - PAD, (text) => pen.measureText(text).width);
  if (place === undefined) return;
  pen.fillStyle = isBlamed ? palette.onBlamed : palette.quiet;
  pen.fillText(place, from + size + PAD, baseline);
}

/** As it is written in a frame: without parentheses, which say nothing there. */
export function flameName(frame: Frame): string {
  return functionName(frame).replace(/\(\)$/, "");
}

export function flamePlace(frame: Frame): string {
  const place = shortPlaceOf(frame);
  return frame.package === undefined ? place : `${frame.package} ${place}`.trim();
}

/** What is no function but is counted by V8 as if it were one. */
function headOf({ function: name }: Frame): "hatch" | "dots" | undefined {
  if (name === "(garbage collector)") return "hatch";
  return name === "(program)" || name === "(idle)" ? "dots" : undefined;
}

/** Time in which no stack was taken: a dotted rail, as everywhere. */
function paintUnseen(pen: Pen, row: readonly FlameRect[], y: number, width: number, palette: FlamePalette): void {
  pen.fillStyle = palette.quietFill;
  let seen = 0;
  for (const { from, to } of [...row, { from: 1, to: 1 }]) {
    const left = Math.round(seen * width);
    const right = Math.round(from * width);
    if (right - left >= 4) {
      for (let x = left; x < right; x++) if (x % 6 < 2) pen.fillRect(x, y + FRAME / 2 - 0.5, 1, 1);
    }
    seen = to;
  }
}

function dashedBox(pen: Pen, x: number, y: number, width: number, colour: string): void {
  pen.fillStyle = colour;
  for (let at = 0; at < width; at += 5) {
    const dash = Math.min(3, width - at);
    pen.fillRect(x + at, y, dash, 1);
    pen.fillRect(x + at, y + FRAME - 1, dash, 1);
  }
  for (let at = 0; at < FRAME; at += 5) {
    const dash = Math.min(3, FRAME - at);
    pen.fillRect(x, y + at, 1, dash);
    pen.fillRect(x + width - 1, y + at, 1, dash);
  }
}

function paintHatch(pen: Pen, x: number, y: number, width: number, height: number, colour: string): void {
  pen.fillStyle = colour;
  for (let line = 0; line < height; line++) {
    for (let at = 0; at < width; at++) if ((at + line) % 6 < 3) pen.fillRect(x + at, y + line, 1, 1);
  }
}

function paintDots(pen: Pen, x: number, y: number, width: number, height: number, colour: string): void {
  pen.fillStyle = colour;
  for (let line = 0; line < height; line += 2) {
    for (let at = line % 4 === 0 ? 0 : 2; at < width; at += 4) pen.fillRect(x + at, y + line, 1, 1);
  }
}
