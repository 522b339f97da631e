import { describe, expect, test } from "vitest";
import { drawEndMark, drawSmallEndMark } from "../../../../src-renderer/timeline/end-marks.ts";
import { MASKS, type Mask } from "../../../../src-renderer/timeline/masks.ts";
import { fill, fillMask } from "../../../../src-renderer/timeline/surface.ts";
import { drawing, drawnPalette, emptySurface, lines } from "./drawn-surface.ts";

const palette = drawnPalette();

function masked(mask: Mask, width = 12, height = 4, originX = 0, scale = 1): string[] {
  const surface = emptySurface(width * scale, height * scale, scale);
  fillMask(surface, 0, 0, width * scale, height * scale, palette.waiting, mask, originX);
  return drawing(surface);
}

describe("masks", () => {
  test("each state has its own pattern", () => {
    expect(masked(MASKS.solid)).toEqual(Array.from({ length: 4 }, () => "------------"));
    expect(masked(MASKS.rail)).toEqual(
      lines(`
      ............
      ............
      ------------
      ............`),
    );
    expect(masked(MASKS.dotted)).toEqual(
      lines(`
      ............
      ............
      --....--....
      ............`),
    );
    expect(masked(MASKS.hatch)).toEqual(
      lines(`
      ---...---...
      --...---...-
      -...---...--
      ...---...---`),
    );
    expect(masked(MASKS.stipple)).toEqual(
      lines(`
      --..--..--..
      --..--..--..
      ..--..--..--
      ..--..--..--`),
    );
    expect(masked(MASKS.queued)).toEqual(
      lines(`
      -...-...-...
      ............
      ..-...-...-.
      ............`),
    );
  });

  test("a stripe of 3 px is a crop of the band: the rail stays in its middle", () => {
    expect(masked(MASKS.rail, 4, 3)).toEqual(["....", "----", "...."]);
  });

  test("the pattern starts where the slice starts, wherever that is", () => {
    const row = (originX: number): string => masked(MASKS.dotted, 12, 4, originX)[2] ?? "";
    expect(row(-1)).toBe("-....--....-");
    expect(row(-6e9)).toBe(row(0));
  });

  test("on a finer screen each pixel of a pattern is as many device pixels", () => {
    const fine = masked(MASKS.stipple, 4, 4, 0, 2);
    const coarse = masked(MASKS.stipple, 4, 4);
    expect(fine).toEqual(coarse.flatMap((row) => [row, row].map((line) => line.replaceAll(/./g, "$&$&"))));
  });
});

function ended(outcome: Parameters<typeof drawEndMark>[1], height = 18): string[] {
  const surface = emptySurface(22, height);
  fill(surface, 0, 0, 20, height, palette.toolBody);
  drawEndMark(surface, outcome, 20, 0, height, palette);
  return drawing(surface);
}

describe("end marks at 18 px", () => {
  test("return: a bar of two pixels in its moat, full height", () => {
    expect(ended("completed")).toEqual(Array.from({ length: 18 }, () => "ttttttttttttttttt.||.."));
  });

  test("error: a block of ten with a cross cut out", () => {
    expect(ended("failed").slice(4, 14)).toEqual(
      lines(`
      ttttttttt.eeeeeeeeee..
      ttttttttt.eeeeeeeeee..
      ttttttttt.ee..ee..ee..
      ttttttttt.eee....eee..
      ttttttttt.eeee..eeee..
      ttttttttt.eee....eee..
      ttttttttt.ee..ee..ee..
      ttttttttt.ee.eeee.ee..
      ttttttttt.eeeeeeeeee..
      ttttttttt.eeeeeeeeee..`),
    );
  });

  test("cancel: a box of nine with a slash", () => {
    const mark = ended("cancelled", 9);
    expect(mark).toEqual(
      lines(`
      tttttttttt.ccccccccc..
      tttttttttt.c......cc..
      tttttttttt.c.....c.c..
      tttttttttt.c....c..c..
      tttttttttt.c...c...c..
      tttttttttt.c..c....c..
      tttttttttt.c.c.....c..
      tttttttttt.cc......c..
      tttttttttt.ccccccccc..`),
    );
  });

  test("abandoned: the last seventeen columns dissolve, more and more", () => {
    const [row = ""] = ended("abandoned");
    expect(row).toBe("ttttt..tt..t..t.t..t..");
    const holes = Array.from(row.slice(3, 20), (letter) => letter === ".");
    expect(holes.slice(8).filter(Boolean).length).toBeGreaterThan(holes.slice(0, 8).filter(Boolean).length);
  });

  test("open: no mark", () => {
    expect(ended("open")).toEqual(Array.from({ length: 18 }, () => "tttttttttttttttttttt.."));
  });
});

test("end marks at 3 px: ticks and a block, told apart by their size alone", () => {
  const small = (outcome: Parameters<typeof drawSmallEndMark>[1]): string[] => {
    const surface = emptySurface(6, 7);
    drawSmallEndMark(surface, outcome, 6, 2, palette);
    return drawing(surface);
  };
  expect(small("completed")).toEqual(["......", ".....|", ".....|", ".....|", ".....|", ".....|", "......"]);
  expect(small("failed")).toEqual(["......", "..eeee", "..eeee", "..eeee", "..eeee", "..eeee", "......"]);
  expect(small("cancelled")).toEqual(Array.from({ length: 7 }, () => "....cc"));
  expect(small("open")).toEqual(Array.from({ length: 7 }, () => "......"));
});
