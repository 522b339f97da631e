/**
 * How much of a gap in the event loop was the program starting up, told from the stacks taken in it. Pure.
 *
 * Modules are loaded, and the program's first steps taken, before the event loop turns for the first time: both are one
 * gap. It is start-up unless the program itself was at work in it for long, and then only up to there.
 *
 *     ├── load ── load ── own ── load ── load ──┊── own ── own ──┤
 *     gap begins          a module's top level  split            the event loop turns
 */
import { msToNanos, nanos, type Nanos } from "../../src-runtime/protocol/time.ts";
import { isLoading, type StackSample } from "./blame.ts";

/** A program's first steps are slow because they are its first: only above this is it held up. Time on the CPU. */
const FIRST_STEPS = msToNanos(100);
/** Up to this share of a gap, loading does not keep the blame from the rest (`judgeSamples` allows for as much). */
const NEGLIGIBLE_SHARE = 0.2;

export interface Gap {
  readonly start: Nanos;
  /** When the event loop turned, or the latest known instant at which it had not. */
  readonly end: Nanos;
  readonly samples: readonly Pick<StackSample, "at" | "frames" | "task">[];
  /** Share of the gap that the thread was on a CPU: a busy machine makes everything long. */
  readonly cpuRatio: number | undefined;
  /** When the first task began, Infinity if none did yet. */
  readonly workSince: number;
  /** The stacks are those of a profile: loading before the work is told from it to a few milliseconds. */
  readonly isProfiled?: boolean;
}

export interface StartUp {
  /** The gap's start: none of it was start-up. Its end: all of it. */
  readonly until: Nanos;
  /** When the program was seen at its own work, after the last of the loading. */
  readonly workFrom?: Nanos;
}

interface Stretch {
  readonly first: number;
  readonly last: number;
}

export function judgeStartUp(gap: Gap): StartUp {
  const { start, end, samples, cpuRatio = 1, isProfiled = false } = gap;
  const loading = samples.map((sample) => isLoading(sample.frames) || isPreparing(sample, gap.workSince));
  if (!loading.includes(true) && samples.length > 0) return { until: start, workFrom: start };
  const matters = (length: number): boolean => length * cpuRatio >= FIRST_STEPS || length * 2 >= end - start;
  let workFrom: Nanos | undefined;
  for (const stretch of stretchesOfWork(loading)) {
    const isLast = stretch.last === samples.length - 1;
    const from = beginOf(stretch, gap);
    const to = isLast ? end : (samples[stretch.last]?.at ?? end);
    if (isLast) workFrom = from;
    // Modules are evaluated one by one: work between loading is as long as it was seen to be.
    const length = to - (isLast ? from : stretch.first === 0 ? start : (samples[stretch.first]?.at ?? to));
    if (!matters(length)) continue;
    const isWhole = !isLast || (!isProfiled && from - start <= NEGLIGIBLE_SHARE * (end - start));
    return { until: isWhole ? start : from, workFrom: isWhole ? start : from };
  }
  return { until: end, ...(workFrom === undefined ? {} : { workFrom }) };
}

/** Node's own code and WebAssembly only, before any work: stripping types fills the stack up to its limit. */
function isPreparing({ at, frames, task }: Gap["samples"][number], workSince: number): boolean {
  return task === 0 && at < workSince && frames.length > 0 && frames.every((frame) => frame.origin === "node");
}

function stretchesOfWork(loading: readonly boolean[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let first = -1;
  for (const [index, isLoaded] of loading.entries()) {
    if (!isLoaded && first < 0) first = index;
    if (!isLoaded && loading[index + 1] !== false) {
      stretches.push({ first, last: index });
      first = -1;
    }
  }
  return stretches;
}

/** Between two stacks: where the first task began, else half way. */
function beginOf({ first }: Stretch, { start, samples, workSince }: Gap): Nanos {
  const before = samples[first - 1]?.at ?? start;
  const seen = samples[first]?.at ?? before;
  if (workSince > before && workSince <= seen) return nanos(workSince);
  return first === 0 ? start : nanos(Math.round((before + seen) / 2));
}
