/** A stall in a terminal: its length, what it was in, why, who was late, and where the time went. */
import { describe, expect, test } from "vitest";
import type { Cause, Flame, Frame } from "../../../src-main/api/api.ts";
import { evidenceWords, type Figures } from "../../../src-main/api/cause-words.ts";
import { stallOver } from "../../../src-main/cli/fail-on-stall.ts";
import { reportMarkdown } from "../../../src-main/cli/report-markdown.ts";
import { reportText } from "../../../src-main/cli/report-text.ts";
import { aroundText, flameLines, lengthText, victimsText } from "../../../src-main/cli/stall-text.ts";
import type { ReportStall, ReportVictim } from "../../../src-main/queries/report-stalls.ts";
import type { Report } from "../../../src-main/queries/report.ts";
import { selfTimesOf } from "../../../src-main/queries/self-times.ts";

const site = (fn: string, file: string, line: number) => ({ function: fn, file, line, column: 1, package: null });

function stall(changed: Partial<ReportStall> = {}): ReportStall {
  return {
    id: "7",
    pid: 1,
    thread: 0,
    start: 1000,
    durationMs: 400,
    phase: "run",
    cause: "own-code",
    evidence: { cpuRatio: 0.97, gcMs: 3, watchdogLateMs: 0, unansweredMs: 2 },
    task: { id: "5", name: "read_pdf" },
    span: { name: "execute_tool read_pdf", tool: "read_pdf", spanId: "a" },
    step: "Step 2",
    agent: "researcher",
    blame: site("parsePdf", "src/pdf.ts", 88),
    selfTimes: [
      { function: "inflate", file: "src/zip.ts", line: 12, package: null, selfMs: 300 },
      { function: "parsePdf", file: "src/pdf.ts", line: 80, package: null, selfMs: 80 },
      { function: "trim", file: "src/pdf.ts", line: 9, package: null, selfMs: 4 },
    ],
    frames: [],
    samples: 80,
    capturedDuring: true,
    victims: [],
    victimCount: 0,
    ...changed,
  };
}

function victim(kind: ReportVictim["kind"], lateMs: number, changed: Partial<ReportVictim> = {}): ReportVictim {
  return { kind, name: "", task: null, lateMs, exact: true, cancelled: null, ...changed };
}

function reported(stalls: readonly ReportStall[]): Report {
  return {
    format: "stallscope-report/1",
    recording: {
      path: "/tmp/a.stallscope",
      id: "a",
      state: "closed",
      level: "tasks",
      notSeen: [],
      startedAt: 0,
      durationMs: 9000,
      dropped: { total: 0, byKind: {} },
    },
    process: null,
    tasks: { created: 0, completed: 0, failed: 0, cancelled: 0, abandoned: 0, open: 0 },
    handles: { created: 0, byType: {} },
    promises: null,
    cancellations: [],
    waits: [],
    waitTargets: [],
    resilience: { retries: 0, gaveUp: 0, fallbacks: 0, breakersOpened: 0 },
    stalls,
    eventLoop: { utilization: 0.5, blockedMs: 400, ownMs: 0, delay: { p50: 0, p99: 0, max: 0 } },
    models: [],
    tools: [],
    spans: { total: 0, byScope: {} },
    ledger: [],
    verdict: null,
    findings: [],
  };
}

describe("the report in a terminal", () => {
  test("says of a stall where, in what, why, who was late and where the time went", () => {
    const late = [victim("timer", 240), victim("timer", 100), victim("timer", 90)];
    const fired = victim("deadline", 50, { cancelled: { id: "9", name: "search" } });
    const text = reportText(reported([stall({ victims: [...late, fired], victimCount: 4 })]), false, 80);
    const from = text.indexOf("1 stall,");
    expect(text.slice(from, text.indexOf("\n\n", from))).toBe(
      [
        "1 stall, event loop blocked 400 ms",
        "      400 ms  parsePdf() src/pdf.ts:88  in tool read_pdf, Step 2, agent researcher  at 1 s",
        "              own code: CPU 0.97, V8 answered · 3 timers up to 240 ms late, 1 deadline fired because of it",
        "              ████████████      300 ms  inflate src/zip.ts:12",
        "              ███▎               80 ms  parsePdf src/pdf.ts:80",
      ].join("\n"),
    );
  });

  test("the worst come first, one that nobody saw the end of by what was seen of it, and five fit a screen", () => {
    const lengths = [100, 2000, 60, 300, 80, 500, 70].map((durationMs) => stall({ durationMs }));
    const open = stall({ durationMs: null, seenMs: 3200, cause: "unknown" });
    const text = reportText(reported([...lengths, open]), false);
    const told = text.split("\n").flatMap((line) => /^ +(.+?) {2}parsePdf\(\)/.exec(line)?.[1] ?? []);
    expect(told).toEqual(["at least 3.2 s", "2 s", "500 ms", "300 ms", "100 ms"]);
    expect(text).toContain("and 3 shorter ones");
    expect(text.split("\n").length).toBeLessThanOrEqual(40);
  });

  test.each([80, 120, 200])("bars fit %i columns whatever the names are", (width) => {
    const long = {
      function: "f".repeat(90),
      file: `${"deep/".repeat(40)}pdf.ts`,
      line: 88,
      package: null,
      selfMs: 390,
    };
    const lines = flameLines(stall({ selfTimes: [long, { ...long, selfMs: 30 }] }), width);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(lines[0]).toMatch(/^█+.*390 ms {2}f+…/);
    expect(lines[0]).toMatch(/pdf\.ts:88$/);
  });

  test("without stacks there are no bars, and without a task nothing is made up", () => {
    const bare = stall({ selfTimes: [], task: null, span: null, step: null, agent: null, blame: null });
    expect(flameLines(bare, 80)).toEqual([]);
    expect(aroundText(bare)).toBe("");
    expect(lengthText(stall({ durationMs: null }))).toBe("unfinished");
  });
});

test("Markdown: the worst first, in cells that names can't break out of, with bars beneath", () => {
  const nasty = stall({ durationMs: 900, agent: "a|b\n<script>" });
  const text = reportMarkdown(reported([stall(), nasty]));
  const rows = text.split("\n").filter((line) => /^\| (?:900|400) ms/.test(line));
  expect(rows).toHaveLength(2);
  expect(rows[0]).toContain(String.raw`agent a\|b &lt;script>`);
  expect(text).toMatch(/Self time of the 400 ms in `parsePdf\(\) src\/pdf\.ts:88`:\n\n {4}█+/);
});

describe("victims", () => {
  test.each([
    ["one", [victim("sleep", 40)], 1, "1 sleep 40 ms late"],
    ["estimates", [victim("request", 40, { exact: false })], 1, "1 request about 40 ms late"],
    [
      "kinds",
      [victim("timer", 9), victim("child", 5), victim("timer", 4)],
      3,
      "2 timers, 1 child process up to 9 ms late",
    ],
    ["more than are listed", [victim("timer", 9)], 130, "130 victims 9 ms late"],
    [
      "only a deadline",
      [victim("deadline", 9, { cancelled: { id: "1", name: "a" } })],
      1,
      "1 deadline fired because of it",
    ],
    ["none", [], 0, ""],
  ] as const)("%s", (_name, victims, victimCount, words) => {
    expect(victimsText(stall({ victims, victimCount }))).toBe(words);
  });
});

describe("evidence in words: what speaks for the cause, and no figure that any stall has", () => {
  const all: Figures = { cpuRatio: 0.5, gcMs: 1, runDelayMs: 80, watchdogLateMs: 60, unansweredMs: 120, parkedMs: 4 };
  test.each<readonly [Cause, Figures, readonly string[]]>([
    ["own-code", { cpuRatio: 0.97, unansweredMs: 3, runDelayMs: 9 }, ["CPU 0.97", "V8 answered"]],
    ["native", all, ["V8 did not answer for 120 ms", "CPU 0.50", "ready for 80 ms without a CPU"]],
    ["host", all, ["ready for 80 ms without a CPU", "our watchdog woke 60 ms late too", "CPU 0.50"]],
    ["gc", { gcMs: 150, cpuRatio: null }, ["150 ms collecting garbage"]],
    ["sync-io", { syncCallMs: 190, parkedMs: 180 }, ["190 ms in synchronous calls", "asleep in the kernel for 180 ms"]],
    ["starvation", { gaveWay: 12, longestTurnMs: 9 }, ["gave way 12 times, at most 9 ms at a time"]],
    ["sleep", { sleptMs: 3000 }, ["3 s of sleep"]],
    ["unknown", {}, []],
  ])("%s", (cause, figures, words) => {
    expect(evidenceWords(cause, figures, 200)).toEqual(words);
  });
});

describe("--fail-on-stall", () => {
  test("names the worst stall of own code, why it is one, and how many more there are", () => {
    const words = stallOver(reported([stall({ durationMs: 120 }), stall(), stall({ durationMs: 90 })]), 100);
    expect(words).toMatch(
      /^parsePdf\(\) src\/pdf\.ts:88 in tool read_pdf, .* held the event loop for 400 ms, 100 ms are allowed \(own code: CPU 0\.97, V8 answered\), and 1 more as long\./,
    );
  });

  test.each<readonly [string, Partial<ReportStall>, boolean]>([
    ["as long as is allowed", { durationMs: 100 }, true],
    ["shorter", { durationMs: 99.9 }, false],
    ["another cause", { cause: "host" }, false],
    ["start-up", { phase: "startup" }, false],
    ["unknown, though in own code", { cause: "unknown" }, false],
    ["nobody saw its end, seen long enough", { durationMs: null, seenMs: 100, cause: "unknown" }, true],
    [
      "nobody saw its end, nor whose code it is",
      { durationMs: null, seenMs: 900, cause: "unknown", blame: null },
      false,
    ],
    ["nobody saw its end, not seen long enough", { durationMs: null, seenMs: 50, cause: "unknown" }, false],
  ])("%s", (_name, changed, isOver) => {
    expect(stallOver(reported([stall(changed)]), 100) !== undefined).toBe(isOver);
  });
});

test("self times add up all places of a function, the most first", () => {
  const frame = (fn: string, line: number): Frame => ({
    ...site(fn, "a.ts", line),
    package: "",
    origin: "own",
    selfMs: 0,
  });
  const flame: Flame = {
    source: "captures",
    intervalMs: 0,
    frames: [frame("main", 1), frame("parse", 5), frame("parse", 6)],
    nodes: [
      [0, -1],
      [1, 0],
      [2, 0],
    ],
    runs: [
      [1, 0, 10e6],
      [0, 10e6, 30e6],
      [2, 40e6, 25e6],
    ],
  };
  expect(selfTimesOf(flame).map(({ function: fn, line, selfMs }) => [fn, line, selfMs])).toEqual([
    ["parse", 6, 35],
    ["main", 1, 30],
  ]);
  expect(selfTimesOf(undefined)).toEqual([]);
});
