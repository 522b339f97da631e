import { describe, expect, test } from "vitest";
import { layoutHeaviest, layoutInTime } from "../../../../src-renderer/panels/flame-layout.ts";
import { flamePalette, paintFlame, type FlameView } from "../../../../src-renderer/panels/flame-paint.ts";
import { flameTree, type FlameTree } from "../../../../src-renderer/panels/flame-tree.ts";
import { spokenFrame, sourceWords, timeWords } from "../../../../src-renderer/panels/flame-words.ts";
import { drawnFlame, drawnFrame, ENCODING } from "../../../e2e/fixtures/drawn-flame.ts";
import { createDrawLog } from "../timeline/draw-log.ts";

const BLAME = drawnFrame("parsePdf@pdf.ts:88");
/** Colours by the token's name, and in the calls the one that was used. */
const palette = flamePalette((name) => name);

function draw(
  tree: FlameTree,
  view: Partial<FlameView> = {},
): { readonly calls: readonly string[]; readonly texts: readonly string[] } {
  const log = createDrawLog();
  const calls: string[] = [];
  const pen = {
    ...log.pen,
    // Here only ever strings.
    fillStyle: "",
    strokeStyle: "",
    fillRect(...box: Parameters<typeof log.pen.fillRect>) {
      calls.push(`${pen.fillStyle} ${box.join(" ")}`);
    },
    fillText(text: string) {
      calls.push(`${pen.fillStyle} ${text}`);
    },
    strokeRect(...box: Parameters<typeof log.pen.strokeRect>) {
      calls.push(`${pen.strokeStyle} outline ${box.join(" ")}`);
    },
  };
  const rows = view.rows ?? layoutHeaviest(tree, undefined, 0.01);
  const whole = { width: 400, height: 200, scrollTop: 0, isTime: false, selected: undefined, hovered: undefined };
  paintFlame(pen, { ...whole, rows, hasFocus: false, ...view }, palette);
  return { calls, texts: calls.filter((call) => /[a-z]$/i.test(call)).map((call) => call.replace(/^\S+ /, "")) };
}

describe("a frame's shape says where it is from", () => {
  test("own code has an edge, the blamed frame is solid, Node's own is dashed", () => {
    const tree = flameTree(
      drawnFlame([[1, "run@agent.ts:3", "parsePdf@pdf.ts:88", "exec@node:internal/regexp:1"]]),
      BLAME,
    );
    const { calls } = draw(tree);
    expect(calls).toContain("--step-body 0 0 400 19");
    expect(calls).toContain("--step-fill 0 0 2 19");
    expect(calls).toContain("--stall-fill 0 20 400 19");
    expect(calls).not.toContain("--step-fill 0 20 2 19");
    expect(calls).toContain("--line-control 0 40 3 1");
    expect(calls.some((call) => call.startsWith("--step-body 0 40"))).toBe(false);
  });

  test("a dependency is a body in a hairline", () => {
    const { calls } = draw(flameTree(drawnFlame([[1, "f@node_modules/a/b.js:1"]]), undefined));
    expect(calls).toContain("--task-body 0 0 400 19");
    expect(calls).toContain("--line outline 0.5 0.5 399 18");
  });

  test("collecting garbage has a hatched head, what V8 calls program a dotted one, and no text stands on either", () => {
    const { calls } = draw(
      flameTree(
        drawnFlame([
          [6, "(garbage collector)"],
          [4, "(program)"],
        ]),
        undefined,
      ),
    );
    const inHead = (from: number): number =>
      calls.filter((call) => {
        const [colour, x = "", , width] = call.split(" ");
        return colour === "--waiting-fill" && width === "1" && Number(x) > from && Number(x) <= from + 9;
      }).length;
    expect(inHead(0)).toBeGreaterThan(60);
    expect(inHead(240)).toBeGreaterThan(10);
    expect(inHead(240)).toBeLessThan(inHead(0));
  });
});

describe("words in frames", () => {
  test("a function's name is whole or not there; its place is cut before it goes", () => {
    const tree = flameTree(
      drawnFlame([
        [60, "aLongFunctionName@some-file.ts:1"],
        [40, "another@some-other-file.ts:20"],
      ]),
      undefined,
    );
    expect(draw(tree).texts).toContain("aLongFunctionName");
    const narrow = draw(tree, { width: 160 });
    expect(narrow.calls.join("\n")).not.toContain("aLongFunctionName");
    const cut = draw(tree, { width: 300 });
    expect(cut.calls.join("\n")).toMatch(/some-f.*…/);
  });

  test("are only of the rows in sight", () => {
    const deep = Array.from({ length: 30 }, (_, depth) => `f${depth}@a.ts`);
    const tree = flameTree(drawnFlame([[1, ...deep]]), undefined);
    const names = draw(tree, { height: 40, scrollTop: 100 }).calls.filter((call) => / f\d+$/.test(call));
    expect(names.map((call) => call.replace(/^\S+ /, ""))).toEqual(["f5", "f6", "f7"]);
  });
});

test("time in which nothing was sampled is a dotted rail", () => {
  const tree = flameTree(drawnFlame([[5, "a@a.ts"], [5], [5, "a@a.ts"]]), undefined);
  const { calls } = draw(tree, { rows: layoutInTime(tree, { from: 0, to: 15e6 }, 0), isTime: true });
  const dots = calls.filter((call) => call.startsWith("--waiting-fill")).map((call) => Number(call.split(" ")[1]));
  expect(Math.min(...dots)).toBeGreaterThanOrEqual(133);
  expect(Math.max(...dots)).toBeLessThan(267);
  expect(dots.length).toBeGreaterThan(40);
});

test("the selection is outlined inside, in the focus ring's colour while the keyboard is there", () => {
  const tree = flameTree(drawnFlame([[1, "a@a.ts"]]), undefined);
  const rows = layoutHeaviest(tree, undefined, 0);
  const selected = rows[0]?.[0];
  expect(draw(tree, { rows, selected }).calls.at(-1)).toBe("--selection outline 1 1 398 17");
  expect(draw(tree, { rows, selected, hasFocus: true }).calls.at(-1)).toBe("--focus outline 1 1 398 17");
});

test("a frame is said with its place, its kind, its times and its row", () => {
  const tree = flameTree(drawnFlame(ENCODING), drawnFrame("encodeChunk@node_modules/bpe-lite/src/encode.ts:117"));
  const rows = layoutHeaviest(tree, undefined, 0.01);
  const rect = rows[4]?.[0];
  if (rect === undefined) throw new Error("The drawing lost its fifth row.");
  expect(spokenFrame(rect, tree)).toBe(
    "encodeChunk bpe-lite encode.ts:117, blamed, dependency, self 293 ms · 46 %, total 589 ms · 92 %, row 5 of 7",
  );
  expect(timeWords(1e6, 640e6)).toBe("1 ms · < 1 %");
  expect(sourceWords(drawnFlame(ENCODING))).toBe("sampled every 5 ms");
  expect(sourceWords(drawnFlame([[1, "a"]], 0, "captures"))).toBe("1 capture");
});
