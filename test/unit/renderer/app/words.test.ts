import { expect, test } from "vitest";
import type { StallDetails } from "../../../../src-main/api/api.ts";
import { closestLabel, matchingTracks } from "../../../../src-renderer/app/nothing-matches.tsx";
import { evidenceOf } from "../../../../src-renderer/panels/evidence.ts";
import { busyPaths } from "../../../../src-renderer/ui/busy-picture.tsx";
import { formatBytes, formatCounting, formatCountOf, formatSeconds } from "../../../../src-main/api/format.ts";
import { countingPart, withNumber } from "../../../../src-renderer/ui/sentence-text.tsx";
import { placeOf, shortPlaceOf } from "../../../../src-renderer/ui/site-text.tsx";
import { drawnDetails } from "../../../e2e/fixtures/drawn-details.ts";

test("The filter counts what it leaves, and offers the nearest name when that is nothing", () => {
  const labels = ["search", "fetchPages", "summarise"];
  expect(matchingTracks(labels, "")).toBe(3);
  expect(matchingTracks(labels, " PAGES ")).toBe(1);
  expect(matchingTracks(labels, "sumarise")).toBe(0);
  expect(closestLabel(labels, "sumarise")).toBe("summarise");
  expect(closestLabel(labels, "zzzzzzzz")).toBeUndefined();
});

test("The evidence says what was measured, and that the rest was not", () => {
  const measured = drawnDetails({ kind: "stall", id: 2 }) as StallDetails;
  expect(evidenceOf(measured).map(({ value, says }) => `${value} ${says}`)).toEqual([
    "0.97 computing",
    "92 % of the time sampled",
    "4 ms V8 answered",
    "11 ms not the cause",
    "never one long stretch",
    "1 one alone",
    "2 ms host not starved",
    "0.4 ms host not starved",
  ]);
  const { flame: _, ...captured } = measured;
  expect(evidenceOf(captured)[1]).toEqual({
    what: "Samples in",
    code: "encodeChunk",
    value: "3 of 4",
    says: "taken during the stall",
  });
  const unmeasured = drawnDetails({ kind: "stall", id: 3 }) as StallDetails;
  expect(evidenceOf(unmeasured).map(({ value, says }) => `${value} ${says}`)).toEqual([
    "— not measured",
    "none no stack was taken",
    "— not measured",
  ]);
});

test("A figure speaks for the cause by its share of the stall, also of one whose end nobody saw", () => {
  const details = drawnDetails({ kind: "stall", id: 2 }) as StallDetails;
  const says = (change: Partial<StallDetails>, what: string): string | undefined =>
    evidenceOf({ ...details, ...change }).find((row) => row.what === what)?.says;
  const gc = (gcMs: number): string | undefined => says({ evidence: { gcMs } }, "Garbage collection");
  expect([0, 63, 64, 319, 320].map(gc)).toEqual([
    "not the cause",
    "not the cause",
    "some of it",
    "some of it",
    "most of it",
  ]);
  const { dur: _, ...stall } = details.stall;
  const cut = { ...stall, seen: stall.start + 100e6 };
  expect(says({ stall: cut, evidence: { unansweredMs: 90 } }, "In one native call")).toBe("V8 did not answer");
  expect(says({ evidence: { gaveWay: 40, longestTurnMs: 16 } }, "Gave way to other work")).toBe(
    "at most 16 ms at a time",
  );
});

test("Only the stall's number counts, else the first number", () => {
  const parts = [
    { role: "number", text: "3" },
    { role: "plain", text: " tasks wait; blocked for " },
    { role: "stall", text: "1 s" },
  ] as const;
  expect(countingPart(parts)).toBe(2);
  expect(withNumber(parts, "2.4 s").map(({ text }) => text)).toEqual(["3", " tasks wait; blocked for ", "2.4 s"]);
  expect(countingPart(parts.slice(0, 2))).toBe(0);
  expect(withNumber([{ role: "plain", text: "free" }], "9 s")).toEqual([{ role: "plain", text: "free" }]);
});

test("A place in code drops what lies before the package", () => {
  const site = { function: "f", file: "node_modules/.pnpm/a@1/node_modules/@scope/a/lib/x.js", line: 7, column: 1 };
  expect(placeOf(site)).toBe("@scope/a/lib/x.js:7");
  expect(shortPlaceOf(site)).toBe("x.js:7");
  expect(placeOf({ ...site, file: "src/pdf.ts", line: 0 })).toBe("src/pdf.ts");
  expect(shortPlaceOf({ ...site, file: "C:\\src\\pdf.ts" })).toBe("pdf.ts:7");
});

test("Numbers are spelled one way", () => {
  expect([900, 1_900_000, 22_400_000, 999_960_000].map(formatBytes)).toEqual(["0.9 kB", "1.9 MB", "22 MB", "1.0 GB"]);
  expect([1, 2, 1204].map((count) => formatCountOf(count, "stall"))).toEqual(["1 stall", "2 stalls", "1,204 stalls"]);
  expect([0, 3.24e9, 60e9, 242e9].map(formatCounting)).toEqual(["0.0 s", "3.2 s", "1 min 00 s", "4 min 02 s"]);
  expect([0, 9.9e9, 372e9, 7500e9].map(formatSeconds)).toEqual(["0 s", "9 s", "6 min 12 s", "2 h 05 min"]);
});

test("Unknown utilisation is a hole in the area, not a zero", () => {
  const { area, edge, unknown } = busyPaths([0.5, Number.NaN, 1], 30, 20);
  expect(area.match(/M/g)).toHaveLength(2);
  expect(edge.match(/M/g)).toHaveLength(2);
  expect(unknown).toBe("M10.00 19.5H20.00");
});
