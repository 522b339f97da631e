import { describe, expect, test } from "vitest";
import type { StallRow } from "../../../../src-main/api/api.ts";
import { lanesOf, NO_LANES } from "../../../../src-renderer/timeline/columns.ts";
import { drawOverlay, hintOf, type OverlayView } from "../../../../src-renderer/timeline/overlay.ts";
import type { Scene, SceneRow } from "../../../../src-renderer/timeline/paint.ts";
import { fittedText } from "../../../../src-renderer/timeline/pen.ts";
import { stallSpans } from "../../../../src-renderer/timeline/stall-spans.ts";
import { createDrawLog, type DrawLog } from "./draw-log.ts";
import { drawnPalette, drawnTable, tileOf, type DrawnSlice } from "./drawn-surface.ts";

const palette = drawnPalette();
const measure = (text: string): number => Array.from(text).length * 6;

/** One pixel is a millisecond; two tracks: a task of its own and packed requests. */
const TABLE = drawnTable(`
  tool search      [=========)
  requests Requests
`);

function draw(
  slices: readonly DrawnSlice[],
  view: Partial<OverlayView> = {},
  scene: Partial<Scene> = {},
  row: Partial<SceneRow> = {},
): DrawLog {
  const log = createDrawLog();
  const lanes = lanesOf(tileOf(slices), 1)[0] ?? NO_LANES;
  const drawn: SceneRow = {
    index: 1,
    y: 44,
    height: 22,
    thread: 1,
    task: 0,
    lanes,
    laneCount: 1,
    stripes: undefined,
    strip: undefined,
    openEnd: 400e6,
    ...row,
  };
  const whole: Scene = {
    from: 0,
    to: 400e6,
    end: 400e6,
    rows: [drawn],
    sticky: [],
    stalls: [],
    mainThread: 1,
    grid: [],
    ...scene,
  };
  drawOverlay(
    log.pen,
    { scene: whole, table: TABLE, width: 400, height: 200, selection: undefined, isLive: false, ...view },
    palette,
  );
  return log;
}

function stall(more: Partial<StallRow>): StallRow {
  return { id: 5, thread: 1, start: 100e6, dur: 150e6, phase: "run", cause: "own-code", samples: 1, ...more };
}

describe("text that has to fit", () => {
  test("is whole, cut with an ellipsis, or gone under three letters", () => {
    expect(fittedText("search", 36, measure)).toBe("search");
    expect(fittedText("search", 35, measure)).toBe("sear…");
    expect(fittedText("search", 24, measure)).toBe("sea…");
    expect(fittedText("search", 23, measure)).toBeUndefined();
    expect(fittedText("ab", 12, measure)).toBe("ab");
    expect(fittedText("", 100, measure)).toBeUndefined();
  });

  test("loses no half of a letter", () => {
    expect(fittedText("🙂🙂🙂🙂🙂🙂", 30, measure)).toBe("🙂🙂🙂🙂…");
  });
});

describe("labels", () => {
  test("stand in their slice, and stick to the left edge of the viewport", () => {
    const inside = draw([{ start: 50e6, end: 200e6, label: "GET /a" }]).texts();
    expect(inside).toEqual([{ text: "GET /a", x: 56, y: 56 }]);
    const stuck = draw([{ start: 50e6, end: 200e6, label: "GET /a" }], {}, { from: 100e6, to: 500e6 }).texts();
    expect(stuck[0]).toMatchObject({ text: "GET /a", x: 6 });
  });

  test("end before an end mark, and vanish from narrow slices", () => {
    const [text] = draw([{ start: 0, end: 100e6, outcome: "failed", label: "a long label of a request" }]).texts();
    expect(text?.text.endsWith("…")).toBe(true);
    expect((text?.x ?? 0) + measure(text?.text ?? "")).toBeLessThan(90);
    expect(draw([{ start: 0, end: 20e6, label: "GET /a" }]).texts()).toEqual([]);
  });

  test("merged slices have none", () => {
    expect(draw([{ start: 0, end: 300e6, count: 40, label: "GET /a" }]).texts()).toEqual([]);
  });

  test("say what the tree does not: when the first chunk came", () => {
    const slice = { start: 0, end: 300e6, label: "search", firstChunk: 48e6 };
    expect(draw([slice], {}, {}, { index: 0 }).texts()[0]?.text).toBe("first chunk after 48 ms");
    expect(draw([slice]).texts()[0]?.text).toBe("search");
    expect(draw([slice]).calls).toContainEqual("fillRect 48 58 2 3");
  });

  test("give way to the culprit, whose function is whole or not there", () => {
    const slices: DrawnSlice[] = [
      { start: 0, end: 300e6, label: "a long label of a request" },
      { start: 100e6, end: 200e6, kind: "culprit", label: "parsePdf()" },
      { start: 220e6, end: 260e6, kind: "culprit", label: "parsePdf()" },
    ];
    const texts = draw(slices).texts();
    expect(texts.map(({ text }) => text)).toEqual(["a long label…", "parsePdf()"]);
    expect(texts[1]?.x).toBe(105);
  });
});

describe("what is not in view", () => {
  test("is hinted at with its instant, on the side it is", () => {
    const row = {
      index: 0,
      y: 44,
      height: 22,
      thread: 1,
      task: 1,
      lanes: NO_LANES,
      laneCount: 1,
      stripes: undefined,
      strip: undefined,
      openEnd: 1e9,
    };
    const scene = (from: number, to: number): Scene => ({
      from,
      to,
      end: 1e9,
      rows: [row],
      sticky: [],
      stalls: [],
      mainThread: 1,
      grid: [],
    });
    expect(hintOf(scene(200e6, 300e6), TABLE, row)).toMatchObject({ side: "left", text: "‹ 100 ms" });
    expect(hintOf(scene(-300e6, -200e6), TABLE, row)).toMatchObject({ side: "right", at: 0 });
    expect(hintOf(scene(50e6, 300e6), TABLE, row)).toBeUndefined();
    expect(hintOf(scene(200e6, 300e6), TABLE, { ...row, index: 1 })).toBeUndefined();
  });
});

describe("the event loop's words", () => {
  const strip = (stalls: readonly StallRow[], view: Partial<OverlayView> = {}): DrawLog => {
    const sticky: SceneRow = {
      index: 0,
      y: 0,
      height: 44,
      thread: 1,
      task: 0,
      lanes: NO_LANES,
      laneCount: 1,
      stripes: undefined,
      strip: { data: undefined },
      openEnd: 0,
    };
    return draw([], view, { rows: [], sticky: [sticky], stalls: stallSpans(stalls, 400e6, undefined) });
  };

  test("say how long it was blocked, as far as that fits", () => {
    expect(
      strip([stall({})])
        .texts()
        .map(({ text }) => text),
    ).toEqual(["150 ms", "event loop blocked", "100 %"]);
    expect(
      strip([stall({ dur: 100e6 })])
        .texts()
        .map(({ text }) => text),
    ).toEqual(["100 ms", "100 %"]);
    expect(
      strip([stall({ dur: 30e6 })])
        .texts()
        .map(({ text }) => text),
    ).toEqual(["100 %"]);
  });

  test("say nothing on a start-up stall: no text on a pattern", () => {
    expect(
      strip([stall({ phase: "startup" })])
        .texts()
        .map(({ text }) => text),
    ).toEqual(["100 %"]);
  });

  test("blocked now counts to the live end", () => {
    const { dur: _, ...open } = stall({});
    const log = strip([open], { isLive: true });
    expect(
      log
        .texts()
        .map(({ text }) => text)
        .slice(0, 2),
    ).toEqual(["300 ms", "blocked now"]);
  });
});

test("the selection is outlined a pixel away, a task, a span and a stall alike", () => {
  const outlines = (log: DrawLog): readonly string[] => log.calls.filter((call) => call.startsWith("strokeRect"));
  const slices: DrawnSlice[] = [{ start: 100e6, end: 200e6, kind: "span", id: 12 }];
  expect(outlines(draw(slices, { selection: { kind: "span", id: 12 } }))).toEqual([
    "strokeRect 98.25 44.25 103.5 21.5",
  ]);
  expect(outlines(draw(slices, { selection: { kind: "task", id: 12 } }))).toEqual([]);
});
