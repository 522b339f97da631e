/**
 * Which frames may be blamed for a stall, by the rule (the deepest frame outside Node that stands in 80 % of the samples
 * by time) applied to V8's own CPU profile of an untraced run. Pure.
 *
 * Shares of two runs differ by some points, so every frame counts that would be blamed at some share between
 * `LEAST_SHARE` and `MOST_SHARE`.
 */
const LEAST_SHARE = 0.72;
const MOST_SHARE = 0.88;

export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** `fromUs` and `toUs` in the clock of the profile. */
export function framesToBlame(profile: CpuProfile, fromUs: number, toUs: number): readonly CallFrame[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const seen = new Map<string, { readonly frame: CallFrame; us: number; depth: number }>();
  let total = 0;
  let at = profile.startTime;
  for (const [index, sample] of profile.samples.entries()) {
    // A sample stands for the time until the next one.
    at += profile.timeDeltas[index] ?? 0;
    const us = profile.timeDeltas[index + 1] ?? 0;
    if (at < fromUs || at >= toUs) continue;
    const stack: CallFrame[] = [];
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
      const frame = nodes.get(id)?.callFrame;
      if (frame !== undefined) stack.push(frame);
    }
    if (/^\((?:idle|program|garbage collector)\)$/.test(stack[0]?.functionName ?? "")) continue;
    total += us;
    const inSample = new Set<string>();
    for (const [index, frame] of stack.entries()) {
      if (frame.url === "" || frame.url.startsWith("node:")) continue;
      const key = `${frame.url}:${frame.lineNumber}:${frame.columnNumber}`;
      if (inSample.has(key)) continue;
      inSample.add(key);
      const entry = seen.get(key) ?? { frame, us: 0, depth: 0 };
      entry.us += us;
      entry.depth += (stack.length - index) * us;
      seen.set(key, entry);
    }
  }
  const ranked = [...seen.values()]
    .map(({ frame, us, depth }) => ({ frame, share: us / total, depth: depth / us }))
    .filter(({ share }) => share >= LEAST_SHARE)
    .sort((a, b) => b.depth - a.depth);
  const sure = ranked.findIndex(({ share }) => share >= MOST_SHARE);
  return ranked.slice(0, sure < 0 ? ranked.length : sure + 1).map(({ frame }) => frame);
}
