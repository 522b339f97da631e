/** What a program of the corpus wrote (see truth.mjs), as the scorer takes it. */
import type { Gap, RightFrame, Truth, TruthStall } from "./score.ts";

/** Where the corpus lies, seen from the folder that detectors are run in. */
const CORPUS = "test/corpus";

/** Frames of packages that may be blamed, by program and by id of the stall: see reference.js. */
export type Reference = Readonly<Record<string, Readonly<Record<string, readonly RightFrame[]>>>>;

export interface Usage {
  readonly cpuMs: number;
  readonly end: number;
  /** The monotonic clock at `end`. */
  readonly monotonicUs: number;
}

export interface TruthFile extends Truth {
  readonly sizes: Readonly<Record<string, number>>;
  /** Undefined: the program did not come to its end. */
  readonly usage: Usage | undefined;
}

interface StallLine extends Gap {
  readonly kind: TruthStall["kind"];
  readonly id: string;
  readonly file: string;
  readonly package?: string | null;
  readonly cause?: string | readonly string[] | null;
  readonly ranges?: readonly { readonly function: string; readonly lines: readonly [number, number] }[];
}

type Line =
  | StallLine
  | (Gap & { readonly kind: "gap" })
  | { readonly kind: "size"; readonly id: string; readonly size: number }
  | (Usage & { readonly kind: "usage"; readonly thread: number });

export function readTruth(text: string, program: string, reference: Reference): TruthFile {
  const lines = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
  const stalls: TruthStall[] = [];
  const gaps: Gap[] = [];
  const sizes: Record<string, number> = {};
  let usage: Usage | undefined;
  for (const line of lines) {
    if (line.kind === "gap") gaps.push(line);
    else if (line.kind === "size") sizes[line.id] = line.size;
    else if (line.kind === "usage") usage = line.thread === 0 ? line : usage;
    else stalls.push(stallOf(line, reference[program]?.[line.id] ?? []));
  }
  return { stalls, gaps, sizes, usage };
}

function stallOf(line: StallLine, reference: readonly RightFrame[]): TruthStall {
  const { kind, id, start, end, thread, package: from = null, cause = null } = line;
  const own = (line.ranges ?? []).map((range) => ({ ...range, file: `${CORPUS}/${line.file}`, package: null }));
  const causes = cause === null ? null : typeof cause === "string" ? [cause] : cause;
  return { kind, id, start, end, thread, package: from, causes, right: from === null ? own : reference };
}
