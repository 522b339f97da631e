import { describe, expect, test } from "vitest";
import type { StallRow, Victim } from "../../../../src-main/api/api.ts";
import { lanesOf, NO_LANES } from "../../../../src-renderer/timeline/columns.ts";
import type { SceneRow } from "../../../../src-renderer/timeline/paint.ts";
import { layoutRows } from "../../../../src-renderer/timeline/rows.ts";
import { lengthWords, stallSpans } from "../../../../src-renderer/timeline/stall-spans.ts";
import { drawVictimLinks, victimLinks, type VictimLinks } from "../../../../src-renderer/timeline/victim-links.ts";
import { stallWords } from "../../../../src-renderer/timeline/words.ts";
import { createDrawLog } from "./draw-log.ts";
import { drawnPalette, drawnTable, tileOf } from "./drawn-surface.ts";

/** Tasks are rows from 1: the agent 1, search 2, its inner 3, parse 4. */
const TABLE = drawnTable(`
  agent research   [===================)
    tool search    [=========)
      tool inner   [====)
    tool parse     [=====)
`);
const STALL: StallRow = {
  id: 5,
  thread: 1,
  start: 100e6,
  dur: 100e6,
  phase: "run",
  cause: "own-code",
  samples: 1,
  task: { id: 4, name: "parse", kind: "tool" },
};

/** Requests in two lanes: 70 in the second while the stall lasts, 71 long before it. */
const PACKED: SceneRow = {
  index: 9,
  y: 110,
  height: 44,
  thread: 1,
  task: 0,
  lanes:
    lanesOf(
      tileOf([
        { start: 0, end: 30e6, id: 71 },
        { start: 50e6, end: 210e6, id: 72 },
        // A span may have the number of a task.
        { start: 211e6, end: 220e6, id: 70, kind: "span" },
        { depth: 1, start: 80e6, end: 205e6, id: 70 },
      ]),
      1,
    )[0] ?? NO_LANES,
  laneCount: 2,
  stripes: undefined,
  strip: undefined,
  openEnd: 400e6,
};

function victim(task: number, due: number, ran: number): Victim {
  return {
    kind: "timer",
    name: "",
    task: { id: task, name: "", kind: "tool" },
    due: due * 1e6,
    ran: ran * 1e6,
    exact: true,
  };
}

function linksOf(
  victims: readonly Victim[],
  folded: readonly number[] = [],
  scrollTop = 0,
  stall = STALL,
): VictimLinks | undefined {
  const layout = layoutRows(TABLE, new Set(folded), "");
  return victimLinks(victims, stallSpans([stall], 400e6, 5)[0], TABLE, layout, scrollTop, [PACKED]);
}

describe("links to victims", () => {
  test("lead from the row that held the event loop to each victim's row, also out of sight", () => {
    expect(linksOf([victim(2, 150, 201), victim(3, 120, 210)])).toMatchObject({
      at: 200e6,
      causeY: 66,
      links: [
        { index: 1, y: 22, isOwn: true },
        { index: 2, y: 44, isOwn: true },
      ],
    });
    expect(linksOf([victim(2, 150, 201)], [], 100)?.links[0]?.y).toBe(-78);
  });

  test("a folded victim is met where it is folded into", () => {
    expect(linksOf([victim(3, 120, 210)], [2])?.links).toMatchObject([{ index: 1, isOwn: false }]);
    expect(linksOf([victim(3, 120, 210)], [1])?.links).toMatchObject([{ index: 0, isOwn: false }]);
  });

  test("a request is met in the lane it is packed into, as far as that is in sight", () => {
    expect(linksOf([victim(70, 150, 212)])?.links).toMatchObject([{ index: 9, y: 132, isOwn: true }]);
    expect(linksOf([victim(71, 150, 201)])).toBeUndefined();
  });

  test("there are none of what has no track, and none before the stall is over", () => {
    expect(linksOf([{ kind: "timer", name: "t", due: 1, ran: 2, exact: true }, victim(99, 1, 2)])).toBeUndefined();
    const { dur: _, ...open } = STALL;
    expect(linksOf([victim(2, 150, 201)], [], 0, open)).toBeUndefined();
    expect(linksOf([])).toBeUndefined();
  });
});

describe("as drawn", () => {
  /** A pixel is a millisecond. */
  const draw = (links: VictimLinks, top = 0): readonly string[] => {
    const log = createDrawLog();
    drawVictimLinks(log.pen, links, { from: 0, to: 400e6, width: 400, height: 100, top }, drawnPalette());
    return log.calls;
  };
  const link = (y: number, ran: number): VictimLinks["links"][number] => ({
    index: 0,
    y,
    due: 0,
    ran: ran * 1e6,
    isOwn: true,
  });

  test("a bus beside the stall's end, an arrow back to what ran at once, and one on to what ran later", () => {
    const calls = draw({ at: 200e6, causeY: 66, links: [link(0, 201), link(22, 260)] });
    expect(calls).toContain("fillRect 201 77 15 1");
    expect(calls).toContain("fillRect 215 11 1 67");
    expect(calls).toContain("fillRect 203 11 13 1");
    expect(calls).toContain("fillRect 206 8 1 7");
    expect(calls).toContain("fillRect 215 33 45 1");
    expect(calls).toContain("fillRect 256 30 1 7");
  });

  test("rows out of sight are led to, and nothing is drawn on the strips", () => {
    const calls = draw({ at: 200e6, causeY: 66, links: [link(-40, 201), link(400, 201)] }, 44);
    expect(calls).toContain("fillRect 215 44 1 56");
    for (const call of calls) expect(Number(call.split(" ")[2])).toBeGreaterThanOrEqual(44);
  });

  test("nothing where the stall's end is far out of view", () => {
    expect(draw({ at: 900e6, causeY: 66, links: [link(0, 901)] })).toEqual([]);
  });
});

describe("a stall whose end is not known", () => {
  const { dur: _, ...open } = { ...STALL, seen: 180e6 };

  test("runs to the live end while its thread may turn again", () => {
    const [span] = stallSpans([open], 400e6, undefined);
    expect(span).toMatchObject({ end: 400e6, isOpen: true, isNow: true });
    expect(span && lengthWords(span)).toBe("300 ms");
  });

  test("is drawn to where it was last seen when nobody can see its end, and says so", () => {
    const [span] = stallSpans([open], 400e6, undefined, () => false);
    expect(span).toMatchObject({ end: 180e6, isOpen: true, isNow: false });
    expect(span && stallWords(span)).toEqual({
      name: "at least 80 ms",
      lines: ["event loop blocked", "0.100 s – 0.180 s, its end unseen"],
    });
  });
});
