/**
 * How well a detector's reports fit what a program of the corpus says of itself. Pure.
 *
 *     truth      ├────── a ──────┤        ├─── b ───┤      gap ├──┤
 *     reports     ├──────────────┤         ├──┤ ├───┤          ├──┤  ├─┤
 *                 a found                  b found, 1 split    gap   false
 *
 * Matching, thread by thread:
 * 1. A report with a duration fits a truth when they overlap by at least half of the shorter. One without (a detector
 *    that only knows that it noticed) fits when its instant lies between the truth's start and `INSTANT_SLACK_MS`
 *    after its end.
 * 2. Pairs are taken by overlap, the largest first, each report and each truth once. A truth with a report is found.
 * 3. A report left over that fits a truth found by another is a split. A truth left over that fits a report taken by
 *    another is merged: two were reported as one. It counts as missed.
 * 4. Any other report left over is judged by the program's own heartbeat: where a gap of it covers at least half of the
 *    report, the loop did not turn, though nobody planned it (preparing an input, a busy machine): a measured gap. Else,
 *    in phase `run`, it is false. Reports of the phases `startup` and `exit` are never false.
 *
 * Recall counts the truths of at least `RECALL_FACTOR` × the threshold. Shorter ones, warm-ups and module loading may be
 * reported or not. Errors, blame, cause and capture are of the found ones that recall counts. A truth of kind `startup`
 * is found in whatever phase it was reported.
 *
 * Blame is right when file, function and package are those of a frame that may be blamed and the line lies within that
 * function. Functions compare by their last name (`Lexer.blockTokens` is `blockTokens`). Cause is right when it is one
 * the truth allows; `unknown` is counted apart. A truth with the cause `null` does not judge causes.
 */
export const RECALL_FACTOR = 1.2;
const INSTANT_SLACK_MS = 30;
const ENOUGH_OVERLAP = 0.5;

export interface Blamed {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly package: string | null;
}

/** A frame that may be blamed: by the truth where the code is ours, by the reference profile where it is a package's. */
export interface RightFrame {
  readonly function: string;
  readonly file: string;
  readonly lines: readonly [from: number, to: number];
  readonly package: string | null;
}

export interface TruthStall {
  readonly kind: "stall" | "startup" | "loading" | "warm-up";
  readonly id: string;
  readonly start: number;
  readonly end: number;
  readonly thread: number;
  /** Empty: any frame of `package`. */
  readonly right: readonly RightFrame[];
  readonly package: string | null;
  readonly causes: readonly string[] | null;
}

export interface Gap {
  readonly start: number;
  readonly end: number;
  readonly thread: number;
}

export interface Truth {
  readonly stalls: readonly TruthStall[];
  readonly gaps: readonly Gap[];
}

export interface Reported {
  readonly thread: number;
  readonly phase: "startup" | "run" | "exit";
  /** The start, or, without a duration, the instant at which it was noticed. */
  readonly at: number;
  readonly durationMs: number | null;
  readonly blame: Blamed | null;
  /** All that it shows, the innermost first. */
  readonly stack: readonly Blamed[];
  /** Null: this detector does not say. */
  readonly cause: string | null;
  readonly capturedDuring: boolean;
}

export interface Found {
  readonly truth: TruthStall;
  readonly report: Reported;
  readonly blame: "right" | "wrong" | "none";
  /** A frame that may be blamed stands somewhere on the stack it shows. */
  readonly isOnStack: boolean;
  readonly cause: "right" | "wrong" | "unknown" | "not judged";
}

export interface Score {
  readonly wanted: number;
  readonly found: readonly Found[];
  readonly missed: readonly TruthStall[];
  readonly merged: readonly TruthStall[];
  readonly split: readonly Reported[];
  readonly measuredGaps: readonly Reported[];
  readonly falseReports: readonly Reported[];
}

export function score(truth: Truth, reports: readonly Reported[], thresholdMs: number): Score {
  const pairs = truth.stalls
    .flatMap((stall) => reports.map((report) => ({ stall, report, overlap: overlapOf(stall, report) })))
    .filter(({ stall, report }) => fits(stall, report))
    .sort((a, b) => b.overlap - a.overlap);
  const reportOf = new Map<TruthStall, Reported>();
  const taken = new Set<Reported>();
  for (const { stall, report } of pairs) {
    if (reportOf.has(stall) || taken.has(report)) continue;
    reportOf.set(stall, report);
    taken.add(report);
  }
  const left = reports.filter((report) => !taken.has(report));
  const isSplit = (report: Reported): boolean => pairs.some((pair) => pair.report === report);
  const outside = left.filter((report) => !isSplit(report));
  const isMeasured = (report: Reported): boolean => truth.gaps.some((gap) => fits(gap, report));

  const wanted = truth.stalls.filter(
    ({ kind, start, end }) => (kind === "stall" || kind === "startup") && end - start >= RECALL_FACTOR * thresholdMs,
  );
  const unseen = wanted.filter((stall) => !reportOf.has(stall));
  return {
    wanted: wanted.length,
    found: wanted.flatMap((stall) => {
      const report = reportOf.get(stall);
      return report === undefined ? [] : [judge(stall, report)];
    }),
    missed: unseen,
    merged: unseen.filter((stall) => pairs.some((pair) => pair.stall === stall)),
    split: left.filter(isSplit),
    measuredGaps: outside.filter(isMeasured),
    falseReports: outside.filter((report) => report.phase === "run" && !isMeasured(report)),
  };
}

function overlapOf(stall: Gap, report: Reported): number {
  const end = report.at + (report.durationMs ?? 0);
  return Math.min(stall.end, end) - Math.max(stall.start, report.at);
}

function fits(stall: Gap, report: Reported): boolean {
  if (stall.thread !== report.thread) return false;
  if (report.durationMs === null) return report.at >= stall.start && report.at <= stall.end + INSTANT_SLACK_MS;
  const shorter = Math.min(stall.end - stall.start, report.durationMs);
  return overlapOf(stall, report) >= ENOUGH_OVERLAP * Math.max(shorter, Number.MIN_VALUE);
}

function judge(truth: TruthStall, report: Reported): Found {
  const { blame, cause } = report;
  return {
    truth,
    report,
    blame: blame === null ? "none" : isRight(truth, blame) ? "right" : "wrong",
    isOnStack: report.stack.some((frame) => isRight(truth, frame)),
    cause:
      truth.causes === null || cause === null
        ? "not judged"
        : cause === "unknown"
          ? "unknown"
          : truth.causes.includes(cause)
            ? "right"
            : "wrong",
  };
}

function isRight({ right, package: from }: TruthStall, blame: Blamed): boolean {
  if (right.length === 0) return blame.package === from;
  return right.some(
    (frame) =>
      frame.file === blame.file &&
      frame.package === blame.package &&
      lastName(frame.function) === lastName(blame.function) &&
      blame.line >= frame.lines[0] &&
      blame.line <= frame.lines[1],
  );
}

/** What V8's profiler and its call sites agree on: no receiver, no `new`, `async` or `get`, one word for no name. */
function lastName(name: string): string {
  const last = name.split(/[ .]/).at(-1) ?? "";
  return /^[<(]?anonymous[>)]?$/.test(last) ? "" : last;
}
