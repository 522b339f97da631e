/** What a tile shows of a track is what the track holds, at every zoom. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OUTCOMES } from "../../../src-runtime/protocol/record.ts";
import { nanos } from "../../../src-runtime/protocol/time.ts";
import { tile } from "../../../src-main/queries/tile.ts";
import { resolutionOf, FIRST_LEVEL, levelFor } from "../../../src-main/store/level.ts";
import { openRecording } from "../../../src-main/store/recording.ts";
import type { Change } from "../../../src-main/store/rows.ts";
import { createRecordingWriter } from "../../../src-main/store/writer.ts";
import { inFolder, newMeta } from "../../fixtures/drawn-recording.ts";

interface Slice {
  readonly start: number;
  /** Undefined: open. */
  readonly end: number | undefined;
}

const lane: fc.Arbitrary<readonly Slice[]> = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 })), {
      minLength: 1,
      maxLength: 40,
    }),
    fc.boolean(),
  )
  .map(([steps, isLastOpen]) => {
    let at = 0;
    return steps.map(([gap, dur], index) => {
      const start = at + 2 ** gap;
      at = start + 2 ** dur;
      return { start, end: isLastOpen && index === steps.length - 1 ? undefined : at };
    });
  });

function changesOf(slices: readonly Slice[], track: number): Change[] {
  return slices.flatMap(({ start, end }, index): Change[] => {
    const id = track * 1000 + index;
    return [
      {
        do: "slice",
        row: { id, track, depth: 0, kind: "request", subject: id, start: nanos(start), label: `r${index}` },
      },
      ...(end === undefined ? [] : [{ do: "endSlice", slice: id, end: nanos(end), outcome: "completed" } as const]),
    ];
  });
}

test("slices and runs of a window stand for exactly the slices in it", async () => {
  await inFolder((folder) => {
    let count = 0;
    fc.assert(
      fc.property(
        lane,
        lane,
        fc.integer({ min: 0, max: 34 }),
        fc.integer({ min: 1, max: 36 }),
        fc.integer({ min: 0, max: 30 }),
        (first, second, fromBits, widthBits, zoom) => {
          const path = join(folder, `${count++}.stallscope`);
          const writer = createRecordingWriter(path, newMeta());
          writer.write([...changesOf(first, 1), ...changesOf(second, 2)], 0);
          writer.finish({ state: "closed" });
          const recording = openRecording(path);
          const from = 2 ** fromBits;
          const to = from + 2 ** widthBits;
          const resolution = 2 ** zoom;
          const answer = tile(recording, { tracks: [2, 1], from, to, resolution });
          recording.close();
          for (const [index, slices] of [second, first].entries()) {
            const places = [...answer.track.keys()].filter((place) => answer.track[place] === index);
            const starts = places.map((place) => answer.start[place] ?? NaN);
            expect(starts).toEqual(starts.toSorted((a, b) => a - b));
            const isMerged = levelFor(resolution) >= FIRST_LEVEL;
            const reach = isMerged ? 17 * resolutionOf(levelFor(resolution)) : 0;
            const overlapping = slices.filter(({ start, end }) => start < to && (end ?? Infinity) >= from);
            const near = slices.filter(({ start, end }) => start < to + reach && (end ?? Infinity) >= from - reach);
            const shown = places.reduce((sum, place) => sum + (answer.count[place] ?? 0), 0);
            expect(shown).toBeGreaterThanOrEqual(overlapping.length);
            expect(shown).toBeLessThanOrEqual(isMerged ? near.length : overlapping.length);
            const open = places.filter((place) => Number.isNaN(answer.dur[place]));
            expect(open).toHaveLength(overlapping.filter(({ end }) => end === undefined).length);
            for (const place of open) expect(OUTCOMES[answer.outcome[place] ?? 0]).toBe("open");
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
