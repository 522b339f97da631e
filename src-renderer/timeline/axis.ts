/**
 * The time axis: ticks at round instants, the bracket with the duration over a selected stall, and the live end.
 *
 *     3.5 s        4.0 s   640 ms     4.5 s      now
 *       |            |  |==========|    |         |
 */
import { formatInstant } from "../../src-main/api/format.ts";
import type { Palette } from "./palette.ts";
import type { Pen } from "./pen.ts";
import { lengthWords, type StallSpan } from "./stall-spans.ts";

export const AXIS = 22;

/** Between two ticks, in pixels. */
const LEAST_GAP = 84;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500];
/** Above a second, what people count in: seconds, minutes, hours, days. */
const LONG_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

export interface Ticks {
  /** Nanos. */
  readonly at: readonly number[];
  /** Decimals of a second that tell neighbours apart. */
  readonly decimals: number;
}

export function ticks(from: number, to: number, width: number): Ticks {
  const step = niceStep(((to - from) / Math.max(1, width)) * LEAST_GAP);
  const at: number[] = [];
  for (let index = Math.ceil(from / step); index * step <= to; index++) at.push(index * step);
  return { at, decimals: decimalsOf(step) };
}

/** The smallest round step that is not below `least` Nanos. */
export function niceStep(least: number): number {
  for (const unit of [1, 1e3, 1e6]) {
    const step = STEPS.find((candidate) => candidate * unit >= least);
    if (step !== undefined) return step * unit;
  }
  const long = LONG_STEPS.find((seconds) => seconds * 1e9 >= least);
  return long === undefined ? Math.ceil(least / 86400e9) * 86400e9 : long * 1e9;
}

function decimalsOf(step: number): number {
  let decimals = 0;
  while (decimals < 9 && step % 10 ** (9 - decimals) !== 0) decimals++;
  return decimals;
}

export interface AxisView {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly selectedStall: StallSpan | undefined;
  /** The live end, where it is to be marked. */
  readonly now: number | undefined;
  readonly isBlocked: boolean;
}

const GAP = 8;

export function drawAxis(pen: Pen, view: AxisView, palette: Palette): void {
  const { from, to, width, selectedStall, now, isBlocked } = view;
  const xOf = (time: number): number => ((time - from) / (to - from)) * width;
  pen.fillStyle = palette.surfaceChrome;
  pen.fillRect(0, 0, width, AXIS);
  pen.textBaseline = "alphabetic";
  pen.textAlign = "left";
  /** Texts are placed in order of importance; what would touch one is left out. */
  const taken: { readonly from: number; readonly to: number }[] = [];
  const place = (text: string, x: number, colour: string, weight: number): void => {
    pen.font = `${weight} 11px ${palette.fontUi}`;
    const size = pen.measureText(text).width;
    const left = Math.max(4, Math.min(x - size / 2, width - size - 4));
    if (taken.some((other) => left < other.to + GAP && left + size > other.from - GAP)) return;
    taken.push({ from: left, to: left + size });
    pen.fillStyle = colour;
    pen.fillText(text, left, 13);
  };
  if (selectedStall !== undefined && selectedStall.end >= from && selectedStall.start <= to) {
    const left = Math.max(0, xOf(selectedStall.start));
    const right = Math.min(width, Math.max(left + 2, xOf(selectedStall.end)));
    pen.fillStyle = palette.stallFill;
    pen.fillRect(left, AXIS - 3, right - left, 3);
    const text = lengthWords(selectedStall);
    place(text, (left + right) / 2, palette.stallText, 600);
  }
  if (now !== undefined && now <= to) {
    place("now", xOf(now), isBlocked ? palette.stallText : palette.textStrong, 600);
  }
  const { at, decimals } = ticks(from, to, width);
  for (const instant of at) {
    const x = Math.round(xOf(instant));
    pen.fillStyle = palette.lineText;
    pen.fillRect(x, AXIS - 5, 1, 5);
    place(formatInstant(instant, decimals), x, palette.textQuiet, 400);
  }
}
