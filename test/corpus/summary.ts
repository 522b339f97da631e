/** One table from many scores: the figures of one detector over the corpus. Pure. */
import type { Score } from "./score.ts";

export interface Summary {
  readonly wanted: number;
  readonly found: number;
  readonly falseReports: number;
  readonly measuredGaps: number;
  readonly split: number;
  readonly merged: number;
  readonly startErrors: readonly number[];
  readonly durationErrors: readonly number[];
  readonly blame: { readonly right: number; readonly onStack: number };
  readonly during: number;
  readonly cause: { readonly right: number; readonly wrong: number; readonly unknown: number };
}

export function summarise(scores: readonly Score[]): Summary {
  const found = scores.flatMap((score) => score.found);
  const count = (pick: (score: Score) => number): number => scores.reduce((sum, score) => sum + pick(score), 0);
  const causes = found.map(({ cause }) => cause);
  const timed = found.filter(({ report }) => report.durationMs !== null);
  return {
    wanted: count((score) => score.wanted),
    found: found.length,
    falseReports: count((score) => score.falseReports.length),
    measuredGaps: count((score) => score.measuredGaps.length),
    split: count((score) => score.split.length),
    merged: count((score) => score.merged.length),
    startErrors: found.map(({ report, truth }) => Math.abs(report.at - truth.start)),
    durationErrors: timed.map(({ report, truth }) => Math.abs((report.durationMs ?? NaN) - (truth.end - truth.start))),
    blame: {
      right: found.filter(({ blame }) => blame === "right").length,
      onStack: found.filter(({ isOnStack }) => isOnStack).length,
    },
    during: found.filter(({ report }) => report.capturedDuring).length,
    cause: {
      right: causes.filter((cause) => cause === "right").length,
      wrong: causes.filter((cause) => cause === "wrong").length,
      unknown: causes.filter((cause) => cause === "unknown").length,
    },
  };
}

/** The value below which a share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** What is to be looked at: each missed, each wrong. */
export function complaints(name: string, score: Score): readonly string[] {
  const ms = (value: number): string => `${Math.round(value)} ms`;
  const place = (site: { function: string; file: string; line: number } | null | undefined): string =>
    site === null || site === undefined ? "nothing" : `${site.function || "(anonymous)"} ${site.file}:${site.line}`;
  return [
    ...score.missed.map(
      (stall) =>
        `${name} ${stall.id}: ${score.merged.includes(stall) ? "merged with another" : "missed"} (${ms(stall.end - stall.start)}, thread ${stall.thread})`,
    ),
    ...score.found
      .filter(({ blame }) => blame !== "right")
      .map(
        ({ truth, report }) =>
          `${name} ${truth.id}: blames ${place(report.blame)}, right is ${truth.right.map((frame) => `${frame.function} ${frame.file}:${frame.lines[0]}–${frame.lines[1]}`).join(" or ") || truth.package}`,
      ),
    ...score.found
      .filter(({ cause }) => cause === "wrong")
      .map(({ truth, report }) => `${name} ${truth.id}: cause ${report.cause}, right is ${truth.causes?.join(" or ")}`),
    ...score.split.map((report) => `${name}: split, one more of ${ms(report.durationMs ?? 0)}`),
    ...score.falseReports.map(
      (report) => `${name}: false, ${ms(report.durationMs ?? 0)}, blames ${place(report.blame)}`,
    ),
    ...score.found.flatMap(({ truth, report }) => {
      const start = report.at - truth.start;
      const duration = report.durationMs === null ? 0 : report.durationMs - (truth.end - truth.start);
      const isFar = report.durationMs !== null && (Math.abs(start) > 10 || Math.abs(duration) > 10);
      return isFar ? [`${name} ${truth.id}: start off by ${ms(start)}, duration by ${ms(duration)}`] : [];
    }),
  ];
}
