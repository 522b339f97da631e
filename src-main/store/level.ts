/**
 * Zoom levels. Level n resolves 4^n nanoseconds. A slice that is shorter than a level's resolution is drawn there as
 * part of a run: neighbours in the same lane, no further apart than the resolution, merged as they close.
 *
 *     slices   ▏▏ ▏  ▏▏▏          ▏ ▏▏    ████████
 *     runs     ▬▬▬▬▬▬▬▬           ▬▬▬▬            (the long one is read as a slice)
 *
 * Invariant: in one lane slices neither overlap nor close out of order, so a run only ever grows at its end.
 */
import type { SliceKind } from "../api/api.ts";
import type { Outcome } from "../../src-runtime/protocol/record.ts";

/** 65 µs: finer windows are read from the slices themselves. */
export const FIRST_LEVEL = 8;
/** 18 minutes. */
export const LAST_LEVEL = 20;
/** A run that is this many resolutions long is closed, so that an overlap query can look back a fixed way. */
export const MAX_RUN = 16;
/** The class of slices that are never merged. */
export const UNMERGED_CLASS = 31;

export interface Run {
  readonly track: number;
  readonly level: number;
  readonly start: number;
  readonly depth: number;
  end: number;
  kind: SliceKind;
  outcome: Outcome;
  count: number;
  subject: number;
  label: string;
}

export interface ClosedSlice {
  readonly track: number;
  readonly depth: number;
  readonly start: number;
  readonly end: number;
  readonly kind: SliceKind;
  readonly outcome: Outcome;
  readonly subject: number;
  readonly label: string;
}

export function resolutionOf(level: number): number {
  return 4 ** level;
}

/** The coarsest level that still resolves `nanosPerPixel`; below FIRST_LEVEL there are only slices. */
export function levelFor(nanosPerPixel: number): number {
  return Math.min(LAST_LEVEL, Math.floor(Math.log(Math.max(1, nanosPerPixel)) / Math.log(4) + 1e-9));
}

/** The smallest level whose resolution the slice is shorter than. */
export function classOf(dur: number): number {
  let level = 0;
  while (resolutionOf(level) <= dur) level++;
  return level;
}

/** What one pixel shows when several slices fall in it: the worst, never a blend. */
const RANK: Readonly<Record<Outcome, number>> = { failed: 4, cancelled: 3, abandoned: 2, open: 1, completed: 0 };

export interface LevelBuilder {
  add(slice: ClosedSlice): void;
  /** The runs that changed since the last call; each to be written over its earlier self. */
  takeChanged(): Iterable<Run>;
}

export function createLevelBuilder(): LevelBuilder {
  const lanes = new Map<string, (Run | undefined)[]>();
  let changed = new Set<Run>();

  function addTo(runs: (Run | undefined)[], level: number, slice: ClosedSlice): void {
    const resolution = resolutionOf(level);
    const { track, depth, start, end, kind, outcome, subject, label } = slice;
    let run = runs[level];
    if (run === undefined || start - run.end >= resolution || end - run.start >= MAX_RUN * resolution) {
      run = { track, level, start, depth, end, kind, outcome, count: 1, subject, label };
      runs[level] = run;
    } else {
      run.end = Math.max(run.end, end);
      run.count++;
      if (RANK[outcome] > RANK[run.outcome]) Object.assign(run, { kind, outcome, subject, label });
    }
    changed.add(run);
  }

  return {
    add(slice) {
      const first = Math.max(FIRST_LEVEL, classOf(slice.end - slice.start));
      const key = `${slice.track} ${slice.depth}`;
      let runs = lanes.get(key);
      if (runs === undefined) {
        runs = [];
        lanes.set(key, runs);
      }
      for (let level = FIRST_LEVEL; level < first; level++) runs[level] = undefined;
      for (let level = first; level <= LAST_LEVEL; level++) addTo(runs, level, slice);
    },
    takeChanged() {
      const taken = changed;
      changed = new Set();
      return taken;
    },
  };
}
