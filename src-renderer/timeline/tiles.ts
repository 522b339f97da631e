/**
 * What is known of the tracks' slices, and the asking for what is missing. Painting never waits: `lanes` answers at
 * once with the best there is, finer or coarser, older or cut short, and `want` asks beside it.
 *
 *     viewport              [------------]
 *     asked for      [---------------------------]    half a screen of padding, snapped outwards to a grid, so that
 *     grid           |      |      |      |      |    panning asks seldom and asks for the same again
 *
 * One question is on its way at a time; while it is, wants only replace one another, so the latest wins. An answer to
 * an old question is still kept if nothing newer covers it. Resolutions are powers of four, as in the store.
 */
import type { RecordingApi } from "../../src-main/api/api.ts";
import { lanesOf, NO_LANES, type TrackLanes } from "./columns.ts";

export interface Window {
  readonly from: number;
  readonly to: number;
}

export interface TileCache {
  /** The best that is known of the track around the window. */
  lanes(track: number, window: Window, nanosPerPixel: number): TrackLanes;
  /** Asks for what is missing to draw these tracks; answers whether everything is here and current. */
  want(tracks: readonly number[], window: Window, nanosPerPixel: number): boolean;
  /** The recording changed: what is here is painted until what replaces it has come. */
  setVersion(version: number): void;
  dispose(): void;
}

interface Entry extends Window {
  readonly level: number;
  readonly version: number;
  readonly lanes: TrackLanes;
}

/** Tracks in one question. */
const BATCH = 256;
/** Windows and levels kept of one track. */
const KEPT = 6;
const GRID_PIXELS = 1024;
const RETRY_MS = 1000;

export function levelOf(nanosPerPixel: number): number {
  return Math.max(0, Math.floor(Math.log(Math.max(1, nanosPerPixel)) / Math.log(4) + 1e-9));
}

/** The window to ask for: with half a screen of padding on both sides, on the level's grid. */
export function paddedWindow(window: Window, level: number): Window {
  const cell = 4 ** level * GRID_PIXELS;
  const padding = (window.to - window.from) / 2;
  return {
    from: Math.max(0, Math.floor((window.from - padding) / cell) * cell),
    to: Math.ceil((window.to + padding) / cell) * cell,
  };
}

/**
 * @param onChange something was learned: paint again (and want again).
 * @param later calls back after some milliseconds, to ask again after a failure; answers how to call that off.
 */
export function createTileCache(
  api: Pick<RecordingApi, "tile">,
  recording: string,
  onChange: () => void,
  later: (act: () => void, ms: number) => () => void,
): TileCache {
  const entriesByTrack = new Map<number, Entry[]>();
  let version = 0;
  let isAsking = false;
  let isDisposed = false;
  let cancelRetry: (() => void) | undefined;

  function covers(entry: Entry, window: Window, level: number): boolean {
    return entry.level === level && entry.from <= Math.max(0, window.from) && entry.to >= window.to;
  }

  function store(track: number, entry: Entry): void {
    const entries = entriesByTrack.get(track) ?? [];
    const kept = entries.filter((old) => !(old.level === entry.level && old.from >= entry.from && old.to <= entry.to));
    entriesByTrack.set(track, [entry, ...kept].slice(0, KEPT));
  }

  function ask(tracks: readonly number[], window: Window, level: number): void {
    isAsking = true;
    const asked = { ...paddedWindow(window, level), level, version };
    const free = (): void => {
      isAsking = false;
      if (!isDisposed) onChange();
    };
    api.tile(recording, { tracks, from: asked.from, to: asked.to, resolution: 4 ** level }).then(
      (tile) => {
        if (isDisposed) return;
        for (const [index, lanes] of lanesOf(tile, tracks.length).entries()) {
          store(tracks[index] ?? 0, { ...asked, lanes });
        }
        free();
      },
      () => {
        // The page says when the connection is lost; here the old picture stays, and it is asked again a little later.
        if (!isDisposed) cancelRetry = later(free, RETRY_MS);
      },
    );
  }

  return {
    lanes(track, window, nanosPerPixel) {
      const level = levelOf(nanosPerPixel);
      let best: Entry | undefined;
      let bestScore = -Infinity;
      for (const entry of entriesByTrack.get(track) ?? []) {
        const shared = Math.min(entry.to, window.to) - Math.max(entry.from, window.from);
        const covered = Math.max(0, shared) / (window.to - window.from);
        // Covering the window counts most, then being current, then the nearness of the level.
        const score = covered * 1000 + (entry.version === version ? 100 : 0) - Math.abs(entry.level - level);
        if (score <= bestScore) continue;
        best = entry;
        bestScore = score;
      }
      return best?.lanes ?? NO_LANES;
    },
    want(tracks, window, nanosPerPixel) {
      const level = levelOf(nanosPerPixel);
      const missing = tracks.filter((track) => {
        const entries = entriesByTrack.get(track) ?? [];
        return !entries.some((entry) => entry.version === version && covers(entry, window, level));
      });
      if (missing.length === 0) return true;
      if (!isAsking && !isDisposed) ask(missing.slice(0, BATCH), window, level);
      return false;
    },
    setVersion(next) {
      version = next;
    },
    dispose() {
      isDisposed = true;
      cancelRetry?.();
      entriesByTrack.clear();
    },
  };
}
