import { describe, expect, test } from "vitest";
import type { Tile, TileQuery } from "../../../../src-main/api/api.ts";
import { createTileCache, levelOf, paddedWindow, type TileCache } from "../../../../src-renderer/timeline/tiles.ts";
import { createStripCache, stripWindow } from "../../../../src-renderer/timeline/loop-strips.ts";
import { tileOf } from "./drawn-surface.ts";

interface Asked {
  readonly query: TileQuery;
  answer(label: string): Promise<void>;
  refuse(): Promise<void>;
}

/** A host that answers when the test says so. */
function createHost(): {
  readonly cache: TileCache;
  readonly asked: readonly Asked[];
  readonly waiting: (() => void)[];
  changes(): number;
} {
  const asked: Asked[] = [];
  const waiting: (() => void)[] = [];
  let changes = 0;
  const api = {
    tile: (_: string, query: TileQuery) =>
      new Promise<Tile>((resolve, reject) => {
        asked.push({
          query,
          async answer(label) {
            resolve(tileOf(query.tracks.map((_track, index) => ({ track: index, start: 0, end: 5, label }))));
            await settled();
          },
          async refuse() {
            reject(new Error("The connection is lost."));
            await settled();
          },
        });
      }),
  };
  const later = (act: () => void): (() => void) => {
    waiting.push(act);
    return () => waiting.splice(waiting.indexOf(act), 1);
  };
  const cache = createTileCache(api, "r", () => changes++, later);
  return { cache, asked, waiting, changes: () => changes };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await Promise.resolve();
}

const WINDOW = { from: 10e6, to: 11e6 };
const NANOS_PER_PIXEL = 1000;
const labelOf = (cache: TileCache, track: number, window = WINDOW): string | undefined =>
  cache.lanes(track, window, NANOS_PER_PIXEL).slices[0]?.columns.labels[0];

describe("windows that are asked for", () => {
  test("resolutions are powers of four, never coarser than a pixel", () => {
    expect([1, 3.9, 4, 15, 16, 1000, 4 ** 9].map(levelOf)).toEqual([0, 0, 1, 1, 2, 4, 9]);
  });

  test("they hold what is seen with air, on a grid that panning a little does not leave", () => {
    const padded = paddedWindow(WINDOW, 4);
    expect(padded.from).toBeLessThanOrEqual(WINDOW.from - 0.5e6);
    expect(padded.to).toBeGreaterThanOrEqual(WINDOW.to + 0.5e6);
    expect(padded.from % (4 ** 4 * 1024)).toBe(0);
    expect(paddedWindow({ from: 10.001e6, to: 11.001e6 }, 4)).toEqual(padded);
    expect(paddedWindow({ from: 0, to: 1e6 }, 4).from).toBe(0);
  });
});

describe("tile cache", () => {
  test("asks once for all that is missing and paints what came", async () => {
    const { cache, asked, changes } = createHost();
    expect(cache.want([1, 2], WINDOW, NANOS_PER_PIXEL)).toBe(false);
    expect(cache.want([1, 2], WINDOW, NANOS_PER_PIXEL)).toBe(false);
    expect(asked.map(({ query }) => query.tracks)).toEqual([[1, 2]]);
    expect(asked[0]?.query.resolution).toBe(256);
    await asked[0]?.answer("first");
    expect(changes()).toBe(1);
    expect(cache.want([1, 2], WINDOW, NANOS_PER_PIXEL)).toBe(true);
    expect([labelOf(cache, 1), labelOf(cache, 3)]).toEqual(["first", undefined]);
  });

  test("a little pan needs nothing new, a track that is new is asked for alone", async () => {
    const { cache, asked } = createHost();
    cache.want([1], WINDOW, NANOS_PER_PIXEL);
    await asked[0]?.answer("first");
    expect(cache.want([1], { from: 10.1e6, to: 11.1e6 }, NANOS_PER_PIXEL)).toBe(true);
    cache.want([1, 7], WINDOW, NANOS_PER_PIXEL);
    expect(asked[1]?.query.tracks).toEqual([7]);
  });

  test("when the data changed, the old is painted until the new is here", async () => {
    const { cache, asked } = createHost();
    cache.want([1], WINDOW, NANOS_PER_PIXEL);
    await asked[0]?.answer("old");
    cache.setVersion(2);
    expect(cache.want([1], WINDOW, NANOS_PER_PIXEL)).toBe(false);
    expect(labelOf(cache, 1)).toBe("old");
    await asked[1]?.answer("new");
    expect(labelOf(cache, 1)).toBe("new");
  });

  test("one question is on its way at a time, and the latest want is asked next", async () => {
    const { cache, asked } = createHost();
    cache.want([1], WINDOW, NANOS_PER_PIXEL);
    cache.want([1], { from: 50e6, to: 51e6 }, NANOS_PER_PIXEL);
    cache.want([1], { from: 90e6, to: 91e6 }, NANOS_PER_PIXEL);
    expect(asked).toHaveLength(1);
    await asked[0]?.answer("first");
    cache.want([1], { from: 90e6, to: 91e6 }, NANOS_PER_PIXEL);
    expect(asked[1]?.query.from).toBeGreaterThan(80e6);
  });

  test("an answer to a question from before the change is painted but asked for again", async () => {
    const { cache, asked } = createHost();
    cache.want([1], WINDOW, NANOS_PER_PIXEL);
    cache.setVersion(2);
    await asked[0]?.answer("stale");
    expect(labelOf(cache, 1)).toBe("stale");
    expect(cache.want([1], WINDOW, NANOS_PER_PIXEL)).toBe(false);
    expect(asked).toHaveLength(2);
  });

  test("what covers the window is painted before what is nearer in resolution", async () => {
    const { cache, asked } = createHost();
    cache.want([1], { from: 0, to: 100e6 }, 100_000);
    await asked[0]?.answer("coarse");
    cache.want([1], WINDOW, NANOS_PER_PIXEL);
    await asked[1]?.answer("fine");
    expect(labelOf(cache, 1)).toBe("fine");
    expect(labelOf(cache, 1, { from: 60e6, to: 61e6 })).toBe("coarse");
  });

  test("after a refusal the picture stays and it is asked again a little later, not at once", async () => {
    const { cache, asked, waiting, changes } = createHost();
    cache.want([1], WINDOW, NANOS_PER_PIXEL);
    await asked[0]?.refuse();
    cache.want([1], WINDOW, NANOS_PER_PIXEL);
    expect(asked).toHaveLength(1);
    expect(changes()).toBe(0);
    waiting[0]?.();
    expect(changes()).toBe(1);
    cache.want([1], WINDOW, NANOS_PER_PIXEL);
    expect(asked).toHaveLength(2);
  });

  test("once let go of it asks and tells nothing more", async () => {
    const { cache, asked, changes } = createHost();
    cache.want([1], WINDOW, NANOS_PER_PIXEL);
    cache.dispose();
    await asked[0]?.answer("late");
    expect(changes()).toBe(0);
    cache.want([1], WINDOW, NANOS_PER_PIXEL);
    expect(asked).toHaveLength(1);
  });
});

describe("strip cache", () => {
  test("keeps the old strip while the new is on its way, for each use", async () => {
    const asked: { readonly from: number; answer(): Promise<void> }[] = [];
    const api = {
      strip: (_: string, thread: number, from: number, to: number, buckets: number) =>
        new Promise<{ thread: number; from: number; to: number; busy: Float32Array; delay: Float32Array }>(
          (resolve) => {
            asked.push({
              from,
              async answer() {
                resolve({ thread, from, to, busy: new Float32Array(buckets), delay: new Float32Array(buckets) });
                await settled();
              },
            });
          },
        ),
    };
    const cache = createStripCache(
      api,
      "r",
      () => undefined,
      () => () => undefined,
    );
    expect(cache.strip("row", 1, { from: 0, to: 64 }, 8)).toBeUndefined();
    expect(cache.strip("minimap", 1, { from: 0, to: 640 }, 8)).toBeUndefined();
    expect(asked).toHaveLength(2);
    await asked[0]?.answer();
    expect(cache.strip("row", 1, { from: 32, to: 96 }, 8)).toMatchObject({ from: 0, to: 64 });
    expect(asked.at(-1)?.from).toBe(32);
    await asked.at(-1)?.answer();
    expect(cache.strip("row", 1, { from: 32, to: 96 }, 8)).toMatchObject({ from: 32, to: 96 });
    cache.setVersion(1);
    expect(cache.strip("row", 1, { from: 32, to: 96 }, 8)).toMatchObject({ from: 32 });
    expect(asked).toHaveLength(4);
  });

  test("buckets are powers of two of Nanos, so that panning a little asks for the same", () => {
    const { window, buckets } = stripWindow({ from: 10e9, to: 11e9 }, 800);
    const width = (window.to - window.from) / buckets;
    expect(Math.log2(width) % 1).toBe(0);
    expect(window.from).toBeLessThanOrEqual(10e9);
    expect(window.to).toBeGreaterThanOrEqual(11e9);
    expect(stripWindow({ from: 10.01e9, to: 11.01e9 }, 800)).toEqual({ window, buckets });
  });
});
