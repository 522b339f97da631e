/**
 * From the selected stall to what it made late: a bus beside the stall's end and an arrow into each victim, at the
 * instant it ran. Never curves. Coordinates are pixels of the design.
 *
 *            stall's end
 *     ▓▓▓▓▓▓▓▓▓▓│   ┌──        parseReport   the cause: its own row, else the event loop's
 *               │◀──┤          timer, ran at once
 *               │   ├──▶       a promise that ran a while later
 */
import { SLICE_KINDS, type TrackTable, type Victim } from "../../src-main/api/api.ts";
import { firstEndingAfter } from "./columns.ts";
import { ancestorsOf, rowOfTrack } from "./navigation.ts";
import type { SceneRow } from "./paint.ts";
import type { Palette } from "./palette.ts";
import type { Pen } from "./pen.ts";
import { ROW, SLICE_TOP, type Layout } from "./rows.ts";
import type { StallSpan } from "./stall-spans.ts";

export interface VictimLink {
  /** Row of the track table: of the victim's track, or of the folded one it is in. */
  readonly index: number;
  /** The top of its lane in that row, from the canvas's; it may lie outside. */
  readonly y: number;
  readonly due: number;
  readonly ran: number;
  /** The row is the victim's own, not one it is folded into. */
  readonly isOwn: boolean;
}

export interface VictimLinks {
  /** When the event loop turned again. */
  readonly at: number;
  /** The top of the row that held it; undefined where that is not known. */
  readonly causeY: number | undefined;
  readonly links: readonly VictimLink[];
}

export function victimLinks(
  victims: readonly Victim[],
  stall: StallSpan | undefined,
  table: TrackTable,
  layout: Layout,
  scrollTop: number,
  rows: readonly SceneRow[],
): VictimLinks | undefined {
  if (stall === undefined || stall.isOpen || victims.length === 0) return undefined;
  const placeOf = (task: number): Omit<VictimLink, "due" | "ran"> | undefined => {
    const track = table.id[task === 0 ? -1 : table.task.indexOf(task)];
    if (track === undefined) return undefined;
    for (const id of [track, ...ancestorsOf(table, track)]) {
      const row = rowOfTrack(layout, table, id);
      if (row === undefined || layout.sticky.includes(row)) continue;
      return { index: row.index, y: row.y - scrollTop + layout.stickyHeight, isOwn: id === track };
    }
    return undefined;
  };
  const links = victims.flatMap(({ task, due, ran }) => {
    const place = placeOf(task?.id ?? 0) ?? packedPlace(rows, task?.id ?? 0, due, ran);
    return place === undefined ? [] : [{ ...place, due, ran }];
  });
  return links.length === 0 ? undefined : { at: stall.end, causeY: placeOf(stall.task)?.y, links };
}

/** Requests have no track each: they lie packed in lanes, as far as those are in sight. */
function packedPlace(
  rows: readonly SceneRow[],
  task: number,
  due: number,
  ran: number,
): Omit<VictimLink, "due" | "ran"> | undefined {
  if (task === 0) return undefined;
  for (const { index, y, task: own, lanes, laneCount, stripes } of rows) {
    if (own !== 0 || stripes !== undefined) continue;
    for (let depth = 0; depth < laneCount; depth++) {
      const lane = lanes.slices[depth];
      if (lane === undefined) continue;
      const { id, start, count, kind } = lane.columns;
      for (let place = firstEndingAfter(lane, due); place < lane.to && (start[place] ?? 0) <= ran; place++) {
        if (id[place] !== task || count[place] !== 1 || !isTask(kind[place])) continue;
        return { index, y: y + depth * ROW, isOwn: true };
      }
    }
  }
  return undefined;
}

/** The ids of other kinds are of something else. */
function isTask(kind: number | undefined): boolean {
  const name = SLICE_KINDS[kind ?? -1];
  return name !== undefined && name !== "span" && name !== "stall" && name !== "culprit" && name !== "wait";
}

export interface LinkView {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly height: number;
  /** Above it are the strips. */
  readonly top: number;
}

/** How far the bus stands beside the stall, and beside what ran so soon after it that arrows would have no room. */
const BUS = 14;
const SOON = 24;
/** Where an arrow meets its row. */
const MIDDLE = SLICE_TOP + 9;
const HEAD = 4;

export function drawVictimLinks(pen: Pen, { at, causeY, links }: VictimLinks, view: LinkView, palette: Palette): void {
  const { from, to, width, height, top } = view;
  const xOf = (time: number): number => Math.round(((time - from) / (to - from)) * width);
  const end = xOf(at);
  const soon = links.map(({ ran }) => xOf(ran)).filter((x) => x > end && x <= end + SOON);
  const bus = Math.max(end, ...soon) + BUS;
  if (end < -width || bus > width + BUS) return;
  const isShown = (y: number): boolean => y >= top && y < height;
  pen.fillStyle = palette.stallFill;
  const across = (y: number, x0: number, x1: number): void => {
    if (isShown(y)) pen.fillRect(Math.min(x0, x1), y, Math.abs(x1 - x0) + 1, 1);
  };
  const causeAt = causeY === undefined ? top : Math.round(causeY) + MIDDLE;
  if (causeY !== undefined) across(causeAt, end + 1, bus);
  let highest = causeAt;
  let lowest = causeAt;
  for (const { y, ran } of links) {
    const middle = Math.round(y) + MIDDLE;
    highest = Math.min(highest, middle);
    lowest = Math.max(lowest, middle);
    const tip = xOf(ran);
    const isBefore = tip < bus;
    // Beside the instant, so that the slice's own end is seen.
    const point = isBefore ? Math.min(tip + 2, bus) : Math.max(tip - 1, bus);
    across(middle, point, bus);
    if (!isShown(middle)) continue;
    for (let step = 0; step < HEAD; step++) {
      pen.fillRect(isBefore ? point + step : point - step, middle - step, 1, 2 * step + 1);
    }
  }
  const first = Math.max(top, highest);
  const last = Math.min(height - 1, lowest);
  if (last >= first) pen.fillRect(bus, first, 1, last - first + 1);
}
