/**
 * How soon the running continuation gives way. With each capture a microtask is queued: it comes round when what runs
 * now has ended. At the end of one long callback it comes with the stall's end; where many short ones starve the event
 * loop, at once.
 *
 * It is queued behind the program's own microtasks and moves none of them.
 */

/** What comes round so shortly before the stall's end came round because of it. Milliseconds. */
const AT_THE_END_MS = 5;

export interface ProbeFigures {
  /** How often a probe came round before the end. */
  readonly gaveWay: number;
  /** The longest that one took, of those under way too. Milliseconds. */
  readonly longestTurnMs: number;
}

export interface Probe {
  /** Called on top of the blocked stack. */
  queue(): void;
  /** Of the stall that ended at `end`; undefined without a probe. Forgets it. */
  take(end: number): ProbeFigures | undefined;
}

export function createProbe(now: () => number): Probe {
  const { then } = Promise.prototype;
  const { apply } = Reflect;
  const resolved = Promise.resolve();
  let askedAt: number | undefined;
  let returns: number[] = [];
  let longest = 0;
  let asked = 0;

  function round(): void {
    if (askedAt === undefined) return;
    const at = now();
    longest = Math.max(longest, at - askedAt);
    returns.push(at);
    askedAt = undefined;
  }

  return {
    queue() {
      if (askedAt !== undefined) return;
      askedAt = now();
      asked++;
      void apply(then, resolved, [round]);
    },
    take(end) {
      if (asked === 0) return undefined;
      const gaveWay = returns.filter((at) => end - at > AT_THE_END_MS).length;
      const longestTurnMs = Math.max(longest, askedAt === undefined ? 0 : end - askedAt);
      askedAt = undefined;
      returns = [];
      longest = 0;
      asked = 0;
      return { gaveWay, longestTurnMs };
    },
  };
}
