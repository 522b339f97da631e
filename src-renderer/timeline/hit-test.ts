/**
 * What is under the pointer: the inverse of the layout. Coordinates are pixels of the design from the canvas's corner.
 * The topmost wins: strips over rows, culprits over slices. What is only a few pixels wide can be hit beside itself.
 */
import { firstEndingAfter, type Lane } from "./columns.ts";
import type { Scene, SceneRow } from "./paint.ts";
import { ROW, SLICE, SLICE_TOP } from "./rows.ts";
import { sliceAt, type Slice } from "./slices.ts";
import type { StallSpan } from "./stall-spans.ts";

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Hit =
  | { readonly on: "slice"; readonly row: SceneRow; readonly slice: Slice; readonly rect: Rect }
  | { readonly on: "stall"; readonly row: SceneRow; readonly stall: StallSpan; readonly rect: Rect }
  | { readonly on: "row"; readonly row: SceneRow };

/** How far beside a slice it still counts as hit. */
const SLACK = 3;

export function hitTest(scene: Scene, width: number, x: number, y: number): Hit | undefined {
  const sticky = rowAt(scene.sticky, y);
  const row = sticky ?? rowAt(scene.rows, y);
  if (row === undefined) return undefined;
  const nanosPerPixel = (scene.to - scene.from) / width;
  const time = scene.from + x * nanosPerPixel;
  const slack = SLACK * nanosPerPixel;
  if (row.strip !== undefined) return stallAt(scene, row, width, time, slack) ?? { on: "row", row };
  const open = scene.stalls.find(({ isOpen, task }) => isOpen && task !== 0 && task === row.task);
  if (open !== undefined && time >= open.start && time <= open.end) {
    return { on: "stall", row, stall: open, rect: rectOf(scene, width, row, 0, open.start, open.end) };
  }
  if (row.stripes === undefined) {
    const depth = Math.min(row.laneCount - 1, Math.max(0, Math.floor((y - row.y) / ROW)));
    for (const lane of [row.lanes.culprits[depth], row.lanes.slices[depth]]) {
      const place = lane === undefined ? -1 : placeAt(lane, time, slack, row.openEnd);
      if (lane === undefined || place < 0) continue;
      const slice = sliceAt(lane, place, depth);
      return { on: "slice", row, slice, rect: rectOf(scene, width, row, depth, slice.start, slice.end) };
    }
  }
  return { on: "row", row };
}

/** Where a slice is drawn. What is open runs to the row's live end. */
export function rectOf(scene: Scene, width: number, row: SceneRow, depth: number, start: number, end: number): Rect {
  const pixelsPerNano = width / (scene.to - scene.from);
  const x = (start - scene.from) * pixelsPerNano;
  const right = (Math.min(end, row.openEnd) - scene.from) * pixelsPerNano;
  return { x, y: row.y + depth * ROW + SLICE_TOP, width: Math.max(1, right - x), height: SLICE };
}

function rowAt(rows: readonly SceneRow[], y: number): SceneRow | undefined {
  return rows.find((row) => y >= row.y && y < row.y + row.height);
}

/** The slice at an instant; else the nearest within the slack; -1 if there is none. */
function placeAt(lane: Lane, time: number, slack: number, openEnd: number): number {
  const { start, end } = lane.columns;
  let nearest = -1;
  let least = slack;
  for (let place = firstEndingAfter(lane, time - slack); place < lane.to; place++) {
    const begin = start[place] ?? 0;
    if (begin > time + slack) break;
    const finish = Math.min(end[place] ?? 0, openEnd);
    if (begin <= time && time < finish) return place;
    const away = begin > time ? begin - time : time - finish;
    if (away <= least) {
      least = away;
      nearest = place;
    }
  }
  return nearest;
}

function stallAt(scene: Scene, row: SceneRow, width: number, time: number, slack: number): Hit | undefined {
  let nearest: StallSpan | undefined;
  let least = slack;
  for (const stall of scene.stalls) {
    if (stall.thread !== row.thread) continue;
    const away = Math.max(0, stall.start - time, time - stall.end);
    if (away > least) continue;
    nearest = stall;
    least = away;
  }
  if (nearest === undefined) return undefined;
  const pixelsPerNano = width / (scene.to - scene.from);
  const x = (nearest.start - scene.from) * pixelsPerNano;
  const right = (nearest.end - scene.from) * pixelsPerNano;
  const rect = { x, y: row.y + SLICE_TOP, width: Math.max(2, right - x), height: row.height - 2 * SLICE_TOP };
  return { on: "stall", row, stall: nearest, rect };
}
