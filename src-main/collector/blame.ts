/**
 * Whose code held the event loop, from the stacks taken while it did. Pure.
 *
 * The blamed frame is the deepest outside Node's own code that stands in at least 80 % of the samples by time (so not
 * the helper that one sample happened to hit, nor what ran for the last moment). Each sample stands for the time nearer
 * to it than to another.
 */
import { nanosToMs, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { Cause, Frame, Site } from "../api/api.ts";

export interface StackSample {
  readonly at: Nanos;
  readonly frames: readonly Frame[];
  readonly task: number;
  readonly span: number;
}

const BLAME_SHARE = 0.8;
const COMPUTING_RATIO = 0.7;

export interface StallVerdict {
  readonly blame?: Site;
  readonly frames: readonly Frame[];
  readonly task: number;
  readonly span: number;
}

/** `end` is that of the stall, or the last sample as long as it is not over. */
export function judgeSamples(start: Nanos, samples: readonly StackSample[], end?: Nanos): StallVerdict {
  const weights = samples.map((_, index) => Math.max(1, borderAfter(index) - borderAfter(index - 1)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const heaviest = samples[weights.indexOf(Math.max(...weights))];
  if (heaviest === undefined) return { frames: [], task: 0, span: 0 };

  function borderAfter(index: number): number {
    const before = samples[index]?.at;
    const after = samples[index + 1]?.at;
    if (before === undefined) return start;
    return after === undefined ? Math.max(before, end ?? before) : (before + after) / 2;
  }

  const presence = new Map<string, number>();
  const self = new Map<string, number>();
  for (const [index, sample] of samples.entries()) {
    const weight = weights[index] ?? 0;
    for (const key of new Set(sample.frames.map(identityIn))) presence.set(key, (presence.get(key) ?? 0) + weight);
    const [leaf] = sample.frames.map(identityIn);
    if (leaf !== undefined) self.set(leaf, (self.get(leaf) ?? 0) + weight);
  }
  const seen = new Set<string>();
  const keys = heaviest.frames.map(identityIn);
  const frames = heaviest.frames.map((frame, index) => {
    const key = keys[index] ?? "";
    const selfMs = seen.has(key) ? 0 : nanosToMs(self.get(key) ?? 0);
    seen.add(key);
    return { ...frame, selfMs };
  });
  const blamed = frames.find(
    (frame, index) => frame.origin !== "node" && (presence.get(keys[index] ?? "") ?? 0) >= BLAME_SHARE * total,
  );
  return {
    frames,
    task: prevailing(samples, weights, (sample) => sample.task),
    span: prevailing(samples, weights, (sample) => sample.span),
    ...(blamed === undefined ? {} : { blame: toSite(blamed) }),
  };
}

/** The value that stands in most of the time, 0 when that is less than half. */
function prevailing(
  samples: readonly StackSample[],
  weights: readonly number[],
  value: (sample: StackSample) => number,
): number {
  const times = new Map<number, number>();
  for (const [index, sample] of samples.entries()) {
    times.set(value(sample), (times.get(value(sample)) ?? 0) + (weights[index] ?? 0));
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [candidate, time] of times) if (time * 2 > total) return candidate;
  return 0;
}

/** The same function in another sample. One without a name is told by who called it: a line would split its time. */
function identityIn(frame: Frame, index: number, stack: readonly Frame[]): string {
  const name = `${frame.function}\0${frame.file}`;
  const caller = frame.function === "(anonymous)" ? stack[index + 1] : undefined;
  return caller === undefined ? name : `${name}\0${caller.function}\0${caller.file}`;
}

function toSite(frame: Frame): Site {
  const { function: fn, file, line, column } = frame;
  return { function: fn, file, line, column, ...(frame.package === undefined ? {} : { package: frame.package }) };
}

/** Own code only where the thread was seen computing in it; everything else cannot be told yet. */
export function causeOf(verdict: StallVerdict, cpuRatio: number | undefined): Cause {
  return verdict.blame !== undefined && cpuRatio !== undefined && cpuRatio >= COMPUTING_RATIO ? "own-code" : "unknown";
}

/**
 * Whether the stacks show modules being loaded rather than the program running: Node's loader at work (finding,
 * compiling, stripping types), or a dependency's module evaluated by it. A module of the program's own is its own code.
 */
export function isLoading(samples: readonly StackSample[]): boolean {
  return samples.every(({ frames }) => {
    const loader = frames.findIndex((frame) => frame.file.startsWith("node:internal/modules/"));
    if (loader < 0) return false;
    const evaluated = frames.slice(0, loader).findLast((frame) => frame.origin !== "node");
    return evaluated === undefined || evaluated.origin === "dependency";
  });
}
