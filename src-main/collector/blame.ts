/**
 * Whose code held the event loop, from the stacks that stood while it did. Pure.
 *
 * The blamed frame is the deepest outside Node's own code that stands in at least 80 % of the stall by time (so not the
 * helper that one sample happened to hit, nor what ran for the last moment). Where the continuous profile covers the
 * stall it is the judge, since it samples evenly and inside native calls; the captures add what it does not know: the
 * lines at which callers stood, the task and the span.
 */
import { nanosToMs, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { Flame, Frame, Site } from "../api/api.ts";
import { functionKey, matchCaptures } from "./capture-match.ts";

/** One capture: a stack at an instant, with the context of its continuation. */
export interface StackSample {
  readonly at: Nanos;
  readonly frames: readonly Frame[];
  readonly task: number;
  readonly span: number;
  /** How long the answer took, milliseconds. */
  readonly tookMs?: number;
}

/** A stack and the time it stands for. Innermost first. */
export interface TimedStack {
  readonly from: number;
  readonly length: number;
  readonly frames: readonly Frame[];
  /** Of a profile: the line that took most of the innermost frame's own time, 0 unknown. */
  readonly hotLine: number;
}

export interface ProfiledStall {
  readonly flame: Flame;
  /** Line that took most of a frame's own time, by index of the frame, 0 unknown. */
  readonly hotLines: readonly number[];
}

export interface StallVerdict {
  readonly blame?: Site;
  readonly frames: readonly Frame[];
  readonly task: number;
  readonly span: number;
}

const BLAME_SHARE = 0.8;
/** V8 answers in 1 to 3 ms, in 12 at worst; this long it was inside one call. Milliseconds. */
export const SILENT_MS = 20;
/** A profile that saw the program for less of a stall than this says nothing about the rest: it collected garbage. */
const COVERED_SHARE = 0.5;

/** Names by which V8's profiler calls time in no function. */
const COLLECTING = "(garbage collector)";
const NO_FUNCTION: ReadonlySet<string> = new Set([COLLECTING, "(program)", "(idle)", "(root)"]);

/** Each capture stands for the time nearer to it than to another. `end` is the last capture's while it lasts. */
export function timedCaptures(start: Nanos, samples: readonly StackSample[], end?: Nanos): readonly TimedStack[] {
  const borderAfter = (index: number): number => {
    const before = samples[index]?.at;
    const after = samples[index + 1]?.at;
    if (before === undefined) return start;
    return after === undefined ? Math.max(before, end ?? before) : (before + after) / 2;
  };
  return samples.map(({ frames }, index) => {
    const from = borderAfter(index - 1);
    return { from, length: Math.max(1, borderAfter(index) - from), frames, hotLine: 0 };
  });
}

/** The stacks of a profile that stand in functions of the program; garbage collection and the like are left out. */
export function timedProfile({ flame, hotLines }: ProfiledStall): readonly TimedStack[] {
  const stacks: (readonly Frame[])[] = [];
  for (const [frameIndex, parent] of flame.nodes) {
    const frame = flame.frames[frameIndex];
    const above = stacks[parent] ?? [];
    stacks.push(frame === undefined || isNoFunction(frame) ? above : [frame, ...above]);
  }
  return flame.runs.flatMap(([node, from, length]) => {
    const [leaf, ...callers] = stacks[node] ?? [];
    if (leaf === undefined || isOfHooks(stacks[node] ?? [])) return [];
    const hotLine = hotLines[flame.nodes[node]?.[0] ?? 0] ?? 0;
    return [{ from, length, hotLine, frames: [leaf, ...callers] }];
  });
}

export function collectingMs({ flame }: ProfiledStall): number {
  const isCollecting = flame.nodes.map(([frame]) => flame.frames[frame]?.function === COLLECTING);
  return nanosToMs(flame.runs.reduce((sum, [node, , dur]) => sum + (isCollecting[node] === true ? dur : 0), 0));
}

/** Samples of a profile: equal ones in a row are one run. */
export function sampleCount({ flame }: ProfiledStall): number {
  return flame.runs.reduce((sum, [, , dur]) => sum + Math.max(1, Math.round(nanosToMs(dur) / flame.intervalMs)), 0);
}

/** Time in which Node called the tracer's hooks: the program alone would not have spent it. */
function isOfHooks(frames: readonly Frame[]): boolean {
  const caller = frames.findIndex(({ origin }) => origin !== "node");
  const innermost = caller < 0 ? frames : frames.slice(0, caller);
  return innermost.some(({ function: name, file }) => file === "node:internal/async_hooks" && name.startsWith("emit"));
}

function isNoFunction({ function: name, file }: Frame): boolean {
  return file === "" && NO_FUNCTION.has(name);
}

/** `end` is that of the stall, absent as long as it is not over. */
export function judgeStall(
  start: Nanos,
  captures: readonly StackSample[],
  profile: ProfiledStall | undefined,
  end?: Nanos,
): StallVerdict {
  const captured = timedCaptures(start, captures, end);
  // A stack answered late may be from behind the native call that it waited for.
  const prompt = timedCaptures(
    start,
    captures.filter(({ tookMs = 0 }) => tookMs < SILENT_MS),
    end,
  );
  const profiled = profile === undefined ? [] : timedProfile(profile);
  const covered = profiled.reduce((sum, { length }) => sum + length, 0);
  const isCovered = end !== undefined && covered >= COVERED_SHARE * (end - start);
  const isProfiled = profiled.length > 0 && (isCovered || prompt.length === 0);
  const judged = isProfiled ? judgeProfile(profiled, prompt) : judge(prompt.length > 0 ? prompt : captured, captureKey);
  return {
    frames: judged.frames,
    task: prevailing(captures, captured, ({ task }) => task),
    span: prevailing(captures, captured, ({ span }) => span),
    ...(judged.blame === undefined ? {} : { blame: toSite(judged.blame) }),
  };
}

interface Judged {
  readonly frames: readonly Frame[];
  readonly blame?: Frame;
}

function judgeProfile(profiled: readonly TimedStack[], captured: readonly TimedStack[]): Judged {
  const matches = matchCaptures(profiled, captured);
  const { frames, blame } = judge(matches.withLostCallees(profiled), functionKey);
  return {
    frames: frames.map((frame) => ({ ...frame, ...matches.seen(frame) })),
    ...(blame === undefined ? {} : { blame: { ...blame, ...(matches.seen(blame) ?? hotPlace(profiled, blame)) } }),
  };
}

/** The line that took most of the function's own time. That of code inlined into it may lie before it, or elsewhere. */
function hotPlace(profiled: readonly TimedStack[], { line, ...frame }: Frame): { readonly line: number } {
  const key = functionKey({ line, ...frame });
  const own = profiled.find(
    ({ frames: [leaf], hotLine }) => leaf !== undefined && hotLine >= line && functionKey(leaf) === key,
  );
  return { line: own?.hotLine ?? line };
}

/** @param keyOf names the function that a frame of a stack is in */
function judge(
  stacks: readonly TimedStack[],
  keyOf: (frame: Frame, index: number, stack: readonly Frame[]) => string,
): Judged {
  const presence = new Map<string, number>();
  const self = new Map<string, number>();
  const weights = new Map<string, number>();
  let total = 0;
  for (const { frames, length } of stacks) {
    const keys = frames.map(keyOf);
    total += length;
    for (const key of new Set(keys)) presence.set(key, (presence.get(key) ?? 0) + length);
    const [leaf = ""] = keys;
    self.set(leaf, (self.get(leaf) ?? 0) + length);
    const whole = keys.join("\n");
    weights.set(whole, (weights.get(whole) ?? 0) + length);
  }
  const isGuilty = (frame: Frame, key: string | undefined): boolean =>
    frame.origin !== "node" && (presence.get(key ?? "") ?? 0) >= BLAME_SHARE * total;
  /** The stack that stood longest, of those in which most of what stood nearly always stands. */
  let best: { keys: readonly string[]; frames: readonly Frame[]; guilty: number; weight: number } | undefined;
  for (const { frames } of stacks) {
    const keys = frames.map(keyOf);
    const guilty = frames.filter((frame, index) => isGuilty(frame, keys[index])).length;
    const weight = weights.get(keys.join("\n")) ?? 0;
    if (best === undefined || guilty > best.guilty || (guilty === best.guilty && weight > best.weight))
      best = { keys, frames, guilty, weight };
  }
  if (best === undefined) return { frames: [] };
  const seen = new Set<string>();
  const { keys } = best;
  const frames = best.frames.map((frame, index) => {
    const key = keys[index] ?? "";
    const selfMs = seen.has(key) ? 0 : nanosToMs(self.get(key) ?? 0);
    seen.add(key);
    return { ...frame, selfMs };
  });
  const blame = frames.find((frame, index) => isGuilty(frame, keys[index]));
  return { frames, ...(blame === undefined ? {} : { blame }) };
}

/** The value that stands in most of the time, 0 when that is less than half. */
function prevailing(
  samples: readonly StackSample[],
  timed: readonly TimedStack[],
  value: (sample: StackSample) => number,
): number {
  const times = new Map<number, number>();
  let total = 0;
  for (const [index, sample] of samples.entries()) {
    const length = timed[index]?.length ?? 0;
    total += length;
    times.set(value(sample), (times.get(value(sample)) ?? 0) + length);
  }
  for (const [candidate, time] of times) if (time * 2 > total) return candidate;
  return 0;
}

/** The same function in another capture. One without a name is told by who called it: a line would split its time. */
function captureKey(frame: Frame, index: number, stack: readonly Frame[]): string {
  const name = `${frame.function}\0${frame.file}`;
  const caller = frame.function === "(anonymous)" ? stack[index + 1] : undefined;
  return caller === undefined ? name : `${name}\0${caller.function}\0${caller.file}`;
}

function toSite(frame: Frame): Site {
  const { function: fn, file, line, column } = frame;
  return { function: fn, file, line, column, ...(frame.package === undefined ? {} : { package: frame.package }) };
}

/**
 * Whether a stack shows modules being loaded rather than the program running: Node's loader at work (finding,
 * compiling, stripping types), or a dependency's module evaluated by it. A module of the program's own is its own code,
 * and so is a call of the program that loads something when it needs it.
 */
export function isLoading(frames: readonly Frame[]): boolean {
  const loader = frames.findIndex(isLoader);
  if (loader < 0) return false;
  const outermost = frames.findLastIndex(isLoader);
  if (frames.slice(outermost + 1).some(({ origin }) => origin !== "node")) return false;
  const evaluated = frames.slice(0, loader).findLast((frame) => frame.origin !== "node");
  return evaluated === undefined || evaluated.origin === "dependency";
}

function isLoader({ file }: Frame): boolean {
  return file.startsWith("node:internal/modules/");
}

/** Node's own code that says nothing of who it works for: a sample in the moment between two calls. */
export function isNeutral(frames: readonly Frame[]): boolean {
  return frames.every((frame) => frame.origin === "node" && !isLoader(frame) && !frame.file.startsWith("wasm:"));
}
