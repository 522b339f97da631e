/**
 * Which frames may be blamed for a stall, by the rule (the deepest frame outside Node that stands in 80 % of the samples
 * by time) applied to V8's own CPU profile of an untraced run. Pure.
 *
 * Shares of two runs differ by some points, so every frame counts that would be blamed at some share between
 * `LEAST_SHARE` and `MOST_SHARE`.
 */
const LEAST_SHARE = 0.72;
const MOST_SHARE = 0.88;
const SURE_ORDER = 0.95;

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
  const seen = new Map<string, { readonly frame: CallFrame; us: number }>();
  /** By two keys: for how long the first stood deeper than the second. */
  const deeper = new Map<string, number>();
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
    for (const frame of stack) {
      if (frame.url === "" || frame.url.startsWith("node:")) continue;
      const key = `${frame.url}:${frame.lineNumber}:${frame.columnNumber}`;
      if (inSample.has(key)) continue;
      for (const inner of inSample) deeper.set(`${inner} ${key}`, (deeper.get(`${inner} ${key}`) ?? 0) + us);
      inSample.add(key);
      const entry = seen.get(key) ?? { frame, us: 0 };
      entry.us += us;
      seen.set(key, entry);
    }
  }
  const often = [...seen].filter(([, { us }]) => us >= LEAST_SHARE * total);
  // Of functions that call each other in turn, either is the deepest of some stacks: only what is nearly always outside
  // of a frame that is surely there is not to be blamed.
  return often
    .filter(([key]) => !often.some(([inner, { us }]) => us >= MOST_SHARE * total && isInside(inner, key)))
    .map(([, { frame }]) => frame);

  function isInside(inner: string, outer: string): boolean {
    const inside = deeper.get(`${inner} ${outer}`) ?? 0;
    const outside = deeper.get(`${outer} ${inner}`) ?? 0;
    return inner !== outer && inside >= SURE_ORDER * (inside + outside) && inside > 0;
  }
}
