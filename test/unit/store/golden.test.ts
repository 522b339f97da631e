/** A recording of every format there ever was is still read, and tells the same. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { details } from "../../../src-main/queries/details.ts";
import { overview } from "../../../src-main/queries/overview.ts";
import { report } from "../../../src-main/queries/report.ts";
import { strip } from "../../../src-main/queries/strip.ts";
import { tile } from "../../../src-main/queries/tile.ts";
import { tracks } from "../../../src-main/queries/tracks.ts";
import { decodeHandles } from "../../../src-main/store/handle-chunk.ts";
import { openRecording } from "../../../src-main/store/recording.ts";
import { FORMAT } from "../../../src-main/store/schema.ts";

const FOLDER = fileURLToPath(new URL("../../fixtures/golden/", import.meta.url));
const files = globSync("format-*.stallscope", { cwd: FOLDER }).sort();

test("there is one for every format", () => {
  expect(files).toEqual(Array.from({ length: FORMAT }, (_, index) => `format-${index + 1}.stallscope`));
});

test.each(files)("%s", (file) => {
  const recording = openRecording(`${FOLDER}${file}`);
  const { recording: about, ...rest } = report(recording);
  const expected: unknown = JSON.parse(readFileSync(`${FOLDER}${file.replace(/stallscope$/, "json")}`, "utf8"));
  expect({ recording: { ...about, path: "" }, ...rest }).toEqual(expected);

  const table = tracks(recording);
  expect(table.label).toEqual([
    "Event loop",
    "research",
    "plan",
    "gpt",
    "Requests",
    "search",
    "slow",
    "left",
    "gpt",
    "Aborts",
    "Spans",
    "worker 1 of 1001",
    "Event loop",
  ]);
  const { count, labels } = tile(recording, { tracks: [...table.id], from: 0, to: 300e6, resolution: 1 });
  expect(count).toHaveLength(11);
  expect(labels).toContain("parsePdf()");
  expect([...strip(recording, 1, 0, 260e6, 1).busy][0]).toBeCloseTo(0.5);
  const { stalls } = overview(recording);
  expect(details(recording, { kind: "stall", id: stalls[0]?.id ?? 0 })).toMatchObject({
    place: 1,
    of: 1,
    samples: [{ agrees: true }],
    span: { name: "work" },
  });
  const chunk = recording.get<{ count: number; bytes: Uint8Array }>("SELECT count, bytes FROM handle_chunk");
  expect(decodeHandles(chunk?.bytes ?? new Uint8Array(), chunk?.count ?? 0).map(({ kind, at }) => [kind, at])).toEqual([
    [16, 1e6],
    [17, 1e6],
  ]);
  recording.close();
});
