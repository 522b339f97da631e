/** The scorer of the stall corpus: every rule of its header, with planted wrong reports that it has to catch. */
import { describe, expect, test } from "vitest";
import { score, type Blamed, type Reported, type RightFrame, type TruthStall } from "../../corpus/score.ts";
import { complaints, percentile, summarise } from "../../corpus/summary.ts";

const THRESHOLD = 50;
const PARSE: RightFrame = { function: "parsePage", file: "test/corpus/page.mjs", lines: [10, 20], package: null };
const RIGHT: Blamed = { function: "parsePage", file: "test/corpus/page.mjs", line: 14, package: null };

function stall(start: number, end: number, more: Partial<TruthStall> = {}): TruthStall {
  return {
    kind: "stall",
    id: "page",
    start,
    end,
    thread: 0,
    right: [PARSE],
    package: null,
    causes: ["own-code"],
    ...more,
  };
}

function reported(at: number, durationMs: number | null, more: Partial<Reported> = {}): Reported {
  const given = { blame: RIGHT, stack: [RIGHT], cause: "own-code", capturedDuring: true };
  return { thread: 0, phase: "run", at, durationMs, ...given, ...more };
}

describe("finding", () => {
  test("a report over the stall finds it, with the errors of its start and duration", () => {
    const result = score({ stalls: [stall(1000, 1200)], gaps: [] }, [reported(1003, 190)], THRESHOLD);
    expect(result).toMatchObject({ wanted: 1, missed: [], merged: [], split: [], measuredGaps: [], falseReports: [] });
    expect(result.found).toMatchObject([{ blame: "right", isOnStack: true, cause: "right" }]);
    expect(summarise([result])).toMatchObject({ startErrors: [3], durationErrors: [10], during: 1 });
  });

  test("a stall without a report is missed", () => {
    const result = score({ stalls: [stall(1000, 1200)], gaps: [] }, [], THRESHOLD);
    expect(result.missed).toHaveLength(1);
    expect(complaints("page", result)).toEqual(["page page: missed (200 ms, thread 0)"]);
  });

  test("a report elsewhere neither finds it nor goes unnoticed", () => {
    const result = score({ stalls: [stall(1000, 1200)], gaps: [] }, [reported(1150, 200)], THRESHOLD);
    expect(result.missed).toHaveLength(1);
    expect(result.falseReports).toHaveLength(1);
  });

  test("a report of another thread does not count for it", () => {
    const result = score({ stalls: [stall(1000, 1200, { thread: 1 })], gaps: [] }, [reported(1000, 200)], THRESHOLD);
    expect(result.missed).toHaveLength(1);
    expect(result.falseReports).toHaveLength(1);
  });

  test("a stall of less than 1.2 times the threshold may be reported or not", () => {
    const truth = { stalls: [stall(1000, 1059)], gaps: [] };
    expect(score(truth, [], THRESHOLD)).toMatchObject({ wanted: 0, missed: [] });
    expect(score(truth, [reported(1000, 59)], THRESHOLD)).toMatchObject({ wanted: 0, found: [], falseReports: [] });
    expect(score({ stalls: [stall(1000, 1060)], gaps: [] }, [], THRESHOLD)).toMatchObject({ wanted: 1 });
  });

  test("warm-ups and module loading may be reported or not", () => {
    const truth = {
      stalls: [stall(1000, 1300, { kind: "warm-up" }), stall(2000, 2300, { kind: "loading" })],
      gaps: [],
    };
    expect(score(truth, [], THRESHOLD)).toMatchObject({ wanted: 0, missed: [] });
    expect(score(truth, [reported(1000, 300), reported(2000, 300)], THRESHOLD).falseReports).toEqual([]);
  });

  test("what blocks before the first turn is found in phase startup", () => {
    const truth = { stalls: [stall(1000, 1200, { kind: "startup" })], gaps: [] };
    expect(score(truth, [reported(1000, 200, { phase: "startup" })], THRESHOLD).found).toHaveLength(1);
  });

  test("a detector without durations finds by the instant it noticed, a little after the end included", () => {
    const truth = { stalls: [stall(1000, 1200)], gaps: [] };
    for (const at of [1000, 1100, 1230]) {
      expect(score(truth, [reported(at, null)], THRESHOLD).found, String(at)).toHaveLength(1);
    }
    for (const at of [999, 1231]) {
      expect(score(truth, [reported(at, null)], THRESHOLD).falseReports, String(at)).toHaveLength(1);
    }
    expect(summarise([score(truth, [reported(1100, null)], THRESHOLD)])).toMatchObject({ durationErrors: [] });
  });
});

describe("one report a stall", () => {
  test("a second report of the same stall is a split", () => {
    const result = score(
      { stalls: [stall(1000, 1200)], gaps: [] },
      [reported(1000, 90), reported(1095, 105)],
      THRESHOLD,
    );
    expect(result.found).toMatchObject([{ report: { at: 1095 } }]);
    expect(result.split).toMatchObject([{ at: 1000 }]);
    expect(result.falseReports).toEqual([]);
  });

  test("one report over two stalls finds the larger; the other is merged and missed", () => {
    const truth = { stalls: [stall(1000, 1100, { id: "a" }), stall(1150, 1300, { id: "b" })], gaps: [] };
    const result = score(truth, [reported(1000, 300)], THRESHOLD);
    expect(result.found).toMatchObject([{ truth: { id: "b" } }]);
    expect(result.merged).toMatchObject([{ id: "a" }]);
    expect(result.missed).toMatchObject([{ id: "a" }]);
  });

  test("neighbours with a report each are told apart", () => {
    const truth = { stalls: [stall(1000, 1100, { id: "a" }), stall(1140, 1240, { id: "b" })], gaps: [] };
    const result = score(truth, [reported(1141, 98), reported(999, 102)], THRESHOLD);
    expect(result.found.map(({ truth: { id }, report: { at } }) => [id, at])).toEqual([
      ["a", 999],
      ["b", 1141],
    ]);
  });
});

describe("what nobody planned", () => {
  const gaps = [{ thread: 0, start: 1000, end: 1100 }];

  test("a report that the program's own heartbeat bears out is a measured gap", () => {
    const result = score({ stalls: [], gaps }, [reported(1005, 90)], THRESHOLD);
    expect(result).toMatchObject({ measuredGaps: [{ at: 1005 }], falseReports: [] });
  });

  test("the heartbeat of another thread bears out nothing", () => {
    const result = score({ stalls: [], gaps }, [reported(1005, 90, { thread: 2 })], THRESHOLD);
    expect(result).toMatchObject({ measuredGaps: [], falseReports: [{ thread: 2 }] });
  });

  test("a report that a gap only touches is false", () => {
    const result = score({ stalls: [], gaps }, [reported(1080, 90)], THRESHOLD);
    expect(result.falseReports).toHaveLength(1);
  });

  test("reports of start-up and exit are never false", () => {
    const reports = [reported(10, 90, { phase: "startup" }), reported(5000, 90, { phase: "exit" })];
    expect(score({ stalls: [], gaps: [] }, reports, THRESHOLD).falseReports).toEqual([]);
  });
});

describe("blame", () => {
  const judge = (blame: Blamed | null, more: Partial<TruthStall> = {}): string | undefined =>
    score({ stalls: [stall(1000, 1200, more)], gaps: [] }, [reported(1000, 200, { blame })], THRESHOLD).found[0]?.blame;

  test.each([
    ["another function", { ...RIGHT, function: "readPage" }],
    ["another file", { ...RIGHT, file: "dist/page.mjs" }],
    ["a line before the function", { ...RIGHT, line: 9 }],
    ["a line after the function", { ...RIGHT, line: 21 }],
    ["a package where the code is ours", { ...RIGHT, package: "cheerio" }],
  ])("%s is wrong", (_name, blame) => {
    expect(judge(blame)).toBe("wrong");
  });

  test("nobody is neither right nor wrong", () => {
    expect(judge(null)).toBe("none");
  });

  test.each(["parsePage", "Page.parsePage", "async parsePage", "get parsePage"])("%s is the same function", (name) => {
    expect(judge({ ...RIGHT, function: name })).toBe("right");
  });

  test.each(["", "<anonymous>", "(anonymous)", "anonymous"])("%s is a function without a name", (name) => {
    expect(judge({ ...RIGHT, function: name }, { right: [{ ...PARSE, function: "" }] })).toBe("right");
    expect(judge({ ...RIGHT, function: name })).toBe("wrong");
  });

  test("any frame that may be blamed will do, and of an unknown one its package", () => {
    const other: RightFrame = {
      function: "lex",
      file: "node_modules/marked/lib/marked.js",
      lines: [1, 9],
      package: "marked",
    };
    const lex = { function: "lex", file: "node_modules/marked/lib/marked.js", line: 5, package: "marked" };
    expect(judge(lex, { right: [PARSE, other], package: "marked" })).toBe("right");
    expect(judge({ ...lex, function: "other" }, { right: [], package: "marked" })).toBe("right");
    expect(judge({ ...lex, package: "cheerio" }, { right: [], package: "marked" })).toBe("wrong");
  });

  test("a right frame further out is seen on the stack, not blamed", () => {
    const helper = { function: "helper", file: "test/corpus/page.mjs", line: 30, package: null };
    const reports = [reported(1000, 200, { blame: helper, stack: [helper, RIGHT] })];
    const result = score({ stalls: [stall(1000, 1200)], gaps: [] }, reports, THRESHOLD);
    expect(result.found).toMatchObject([{ blame: "wrong", isOnStack: true }]);
    expect(summarise([result]).blame).toEqual({ right: 0, onStack: 1 });
    expect(complaints("page", result)).toEqual([
      "page page: blames helper test/corpus/page.mjs:30, right is parsePage test/corpus/page.mjs:10–20",
    ]);
  });
});

test("a cause is right, wrong, unknown, or not judged", () => {
  const judge = (causes: readonly string[] | null, cause: string | null): string | undefined =>
    score({ stalls: [stall(1000, 1200, { causes })], gaps: [] }, [reported(1000, 200, { cause })], THRESHOLD).found[0]
      ?.cause;
  expect(judge(["native", "sync-io"], "sync-io")).toBe("right");
  expect(judge(["native"], "own-code")).toBe("wrong");
  expect(judge(["native"], "unknown")).toBe("unknown");
  expect(judge(null, "own-code")).toBe("not judged");
  expect(judge(["native"], null)).toBe("not judged");
});

test("figures of several programs add up", () => {
  const one = score({ stalls: [stall(1000, 1200)], gaps: [] }, [reported(1004, 200, { cause: "native" })], THRESHOLD);
  const two = score({ stalls: [stall(1000, 1200)], gaps: [] }, [reported(5000, 70)], THRESHOLD);
  expect(summarise([one, two])).toMatchObject({
    wanted: 2,
    found: 1,
    falseReports: 1,
    startErrors: [4],
    cause: { right: 0, wrong: 1, unknown: 0 },
  });
});

test("percentiles", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([percentile(values, 0.5), percentile(values, 0.95), percentile([], 0.5)]).toEqual([51, 96, NaN]);
});
