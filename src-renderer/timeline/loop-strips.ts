/**
 * Event-loop utilisation as the strips and the minimap need it, asked for like tiles: the old picture stays until the
 * new one is here, one question a strip is on its way at a time, and the latest window wins.
 */
import type { LoopStrip, RecordingApi } from "../../src-main/api/api.ts";
import type { Window } from "./tiles.ts";

export interface StripCache {
  /** What is known of the thread's strip for this use; asks for what is missing. */
  strip(use: string, thread: number, window: Window, buckets: number): LoopStrip | undefined;
  setVersion(version: number): void;
  dispose(): void;
}

interface Entry {
  strip: LoopStrip | undefined;
  /** What the strip answers. */
  key: string;
  isAsking: boolean;
}

const RETRY_MS = 1000;

export function createStripCache(
  api: Pick<RecordingApi, "strip">,
  recording: string,
  onChange: () => void,
  later: (act: () => void, ms: number) => () => void,
): StripCache {
  const entries = new Map<string, Entry>();
  const retries = new Set<() => void>();
  let version = 0;
  let isDisposed = false;

  function ask(entry: Entry, key: string, thread: number, window: Window, buckets: number): void {
    entry.isAsking = true;
    const free = (): void => {
      entry.isAsking = false;
      if (!isDisposed) onChange();
    };
    api.strip(recording, thread, window.from, window.to, buckets).then(
      (strip) => {
        entry.strip = strip;
        entry.key = key;
        free();
      },
      () => {
        if (isDisposed) return;
        const cancel = later(() => {
          retries.delete(cancel);
          free();
        }, RETRY_MS);
        retries.add(cancel);
      },
    );
  }

  return {
    strip(use, thread, window, buckets) {
      const place = `${use} ${thread}`;
      let entry = entries.get(place);
      if (entry === undefined) {
        entry = { strip: undefined, key: "", isAsking: false };
        entries.set(place, entry);
      }
      const key = `${version} ${window.from} ${window.to} ${buckets}`;
      if (key !== entry.key && !entry.isAsking && !isDisposed) ask(entry, key, thread, window, buckets);
      return entry.strip;
    },
    setVersion(next) {
      version = next;
    },
    dispose() {
      isDisposed = true;
      for (const cancel of retries) cancel();
      entries.clear();
    },
  };
}

/** Equal buckets of a power of two of Nanos that cover the window with padding: the same while it pans a little. */
export function stripWindow(window: Window, pixels: number): { readonly window: Window; readonly buckets: number } {
  const width =
    2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, (window.to - window.from) / Math.max(1, pixels / 2)))));
  const cell = width * 64;
  const padding = (window.to - window.from) / 4;
  const from = Math.max(0, Math.floor((window.from - padding) / cell) * cell);
  const to = Math.max(from + cell, Math.ceil((window.to + padding) / cell) * cell);
  return { window: { from, to }, buckets: Math.round((to - from) / width) };
}
