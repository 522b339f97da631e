/** From what is known to what is painted: the rows on screen with their slices, stalls and strips. */
import type { Overview, Selection, TrackTable, Victim } from "../../src-main/api/api.ts";
import { ticks } from "./axis.ts";
import { NO_LANES } from "./columns.ts";
import { stripWindow, type StripCache } from "./loop-strips.ts";
import type { Scene, SceneRow } from "./paint.ts";
import { rowsBetween, type Layout, type Row } from "./rows.ts";
import { stallSpans } from "./stall-spans.ts";
import { stripesOf, type Stripe } from "./stripes.ts";
import { victimLinks } from "./victim-links.ts";
import type { TileCache, Window } from "./tiles.ts";

export interface SceneInput {
  readonly overview: Overview;
  readonly table: TrackTable;
  readonly layout: Layout;
  readonly tiles: TileCache;
  readonly strips: StripCache;
  readonly stripes: StripesMemo;
  readonly window: Window;
  readonly width: number;
  readonly height: number;
  readonly scrollTop: number;
  readonly selection: Selection | undefined;
  /** Of the selected stall. */
  readonly victims: readonly Victim[];
  /** The live end, or the end of the recording. */
  readonly now: number;
}

export function buildScene(input: SceneInput): Scene {
  const { overview, table, layout, window, width, height, scrollTop, selection, now } = input;
  const nanosPerPixel = (window.to - window.from) / Math.max(1, width);
  const ends = new Map(overview.threads.map(({ id, end }) => [id, Math.min(now, end ?? now)]));
  const shown = rowsBetween(layout.rows, scrollTop, scrollTop + height - layout.stickyHeight);
  const wanted = shown
    .filter(({ isStrip, isFolded }) => !isStrip && !isFolded)
    .map(({ index }) => table.id[index] ?? 0);
  input.tiles.want(wanted, window, nanosPerPixel);
  const strip = stripWindow(window, width);
  const sceneRow = (row: Row, y: number): SceneRow => {
    const thread = table.thread[row.index] ?? 0;
    const isPlain = !row.isStrip && !row.isFolded;
    return {
      index: row.index,
      y,
      height: row.height,
      thread,
      task: table.task[row.index] ?? 0,
      lanes: isPlain ? input.tiles.lanes(table.id[row.index] ?? 0, window, nanosPerPixel) : NO_LANES,
      laneCount: row.lanes,
      stripes: row.isFolded ? input.stripes.of(table, row.index) : undefined,
      strip: row.isStrip ? { data: input.strips.strip("row", thread, strip.window, strip.buckets) } : undefined,
      openEnd: ends.get(thread) ?? now,
    };
  };
  const isLive = overview.recording.state === "live";
  const ended = new Set(overview.threads.flatMap(({ id, end }) => (end === undefined ? [] : [id])));
  const selected = selection?.kind === "stall" ? selection.id : undefined;
  const stalls = stallSpans(overview.stalls, now, selected, (thread) => isLive && !ended.has(thread));
  const rows = shown.map((row) => sceneRow(row, row.y - scrollTop + layout.stickyHeight));
  return {
    from: window.from,
    to: window.to,
    end: now,
    rows,
    sticky: layout.sticky.map((row) => sceneRow(row, row.y)),
    stalls,
    links: victimLinks(
      input.victims,
      stalls.find(({ isSelected }) => isSelected),
      table,
      layout,
      scrollTop,
      rows,
    ),
    mainThread: mainThreadOf(overview),
    grid: ticks(window.from, window.to, width).at,
  };
}

export function mainThreadOf(overview: Overview): number {
  return overview.threads[0]?.id ?? 0;
}

/** The stripes of folded tracks, packed once for each track table. */
export interface StripesMemo {
  of(table: TrackTable, index: number): readonly Stripe[];
}

export function createStripesMemo(): StripesMemo {
  let known: TrackTable | undefined;
  const stripesByIndex = new Map<number, readonly Stripe[]>();
  return {
    of(table, index) {
      if (table !== known) {
        stripesByIndex.clear();
        known = table;
      }
      let stripes = stripesByIndex.get(index);
      if (stripes === undefined) {
        stripes = stripesOf(table, index);
        stripesByIndex.set(index, stripes);
      }
      return stripes;
    },
  };
}
