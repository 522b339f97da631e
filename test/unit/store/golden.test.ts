/** A recording of every format there ever was is still read, and tells the same. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { details } from "../../../src-main/queries/details.ts";
import { promiseTasks } from "../../../src-main/queries/promises.ts";
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

/** What there is to see besides, since format 2. */
const RUNTIME_TRACKS = ["main", "Tasks"];

test.each(files)("%s", (file) => {
  const recording = openRecording(`${FOLDER}${file}`);
  const hasRuntime = recording.format >= 2;
  const { recording: about, ...rest } = report(recording);
  const expected: unknown = JSON.parse(readFileSync(`${FOLDER}${file.replace(/stallscope$/, "json")}`, "utf8"));
  // Reports may tell more than they did, never otherwise.
  expect({ recording: { ...about, path: "" }, ...rest }).toMatchObject(expected as object);

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
    ...(hasRuntime ? RUNTIME_TRACKS : []),
    "Spans",
    "worker 1 of 1001",
    "Event loop",
  ]);
  const { count, labels } = tile(recording, { tracks: [...table.id], from: 0, to: 300e6, resolution: 1 });
  expect(count).toHaveLength(hasRuntime ? 15 : 11);
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

test("format 2 keeps what tasks waited for, who held it, and how each took its cancel", () => {
  const recording = openRecording(`${FOLDER}format-2.stallscope`);
  const id = (name: string): number =>
    recording.get<{ id: number }>("SELECT id FROM task WHERE name = ?", name)?.id ?? 0;
  expect(details(recording, { kind: "task", id: id("fetchPages") })).toMatchObject({
    waits: {
      count: 1,
      total: 5e6,
      longest: [{ kind: "lock", name: "database", holder: { name: "keepBooks" }, dur: 5e6, outcome: "cancelled" }],
    },
    cancellation: { source: "group", by: { name: "keepBooks" }, deliveredAt: 191e6, settledAt: 192e6, ignored: true },
  });
  expect(details(recording, { kind: "task", id: id("keepBooks") })).toMatchObject({
    holds: [{ kind: "lock", name: "database", dur: 5e6, waited: 0 }],
  });
  expect(details(recording, { kind: "task", id: id("main") })).toMatchObject({
    site: { function: "start", line: 3 },
    queued: 2e6,
    scopes: [{ kind: "group", name: "retrieval", deadline: 400e6, cancelledAt: 190e6, closed: 193e6 }],
    cancellation: { scope: { name: "retrieval" }, settledAt: 193e6, ignored: false },
  });
  expect(recording.all("SELECT kind, source - 4294967296 AS source, target - 4294967296 AS target FROM link")).toEqual(
    expect.arrayContaining([
      { kind: "create", source: 21, target: 23 },
      { kind: "await", source: 23, target: 21 },
      { kind: "cancel", source: 24, target: 23 },
    ]),
  );
  recording.close();
});

test("format 3 keeps the figures, the profile and the victims of a stall, the tracer's own time, and promises", () => {
  const recording = openRecording(`${FOLDER}format-3.stallscope`);
  const [stall] = overview(recording).stalls;
  expect(details(recording, { kind: "stall", id: stall?.id ?? 0 })).toMatchObject({
    stall: { cause: "own-code", blame: { function: "parsePdf", file: "src/pdf.ts" } },
    evidence: { cpuRatio: 0.97, watchdogLateMs: 1.5, runDelayMs: 0.4, gcMs: 10 },
    flame: {
      source: "profile",
      intervalMs: 5,
      runs: [
        [1, 70e6, 90e6],
        [2, 160e6, 10e6],
      ],
    },
    victims: [{ kind: "sleep", due: 90e6, ran: 171e6, exact: true }],
    victimCount: 1,
  });
  expect(report(recording)).toMatchObject({ eventLoop: { ownMs: 14.5 } });
  expect(promiseTasks(recording, { from: 0, to: 300e6, limit: 10 }).tasks).toMatchObject([
    { id: 1, settled: 100.02e6, runs: [] },
    { id: 2, parent: 1, created: 100.01e6, runs: [{ start: 100.03e6, end: 100.04e6 }] },
  ]);
  recording.close();
});
