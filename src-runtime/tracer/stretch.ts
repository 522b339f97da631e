/**
 * The stretches between callbacks since the last heartbeat: what a gap in the heartbeat was made of.
 *
 *     beat ──┬─ before ── after ─┬─ before ── after ┬─ beat
 *            │     stretch       │    stretch       │        the longest is where a stall begins and ends, exactly
 *
 * Numbers only: it is fed by every callback of a handle.
 */
export interface Stretches {
  /** A callback begins: the stretch before it ends. */
  before(at: number): void;
  after(at: number): void;
  /** Ends the open stretch; the figures are those since the last `restart`. */
  close(at: number): void;
  restart(at: number): void;
  readonly longestStart: number;
  readonly longestEnd: number;
  /** When the first callback began; that of `restart` where there was none. */
  readonly first: number;
  readonly callbacks: number;
  /** Milliseconds. */
  readonly longestCallback: number;
}

export function createStretches(at: number): Stretches {
  let from = at;
  let callbackFrom = at;
  let longestStart = at;
  let longestEnd = at;
  let first = at;
  let callbacks = 0;
  let longestCallback = 0;

  function close(to: number): void {
    if (to - from > longestEnd - longestStart) {
      longestStart = from;
      longestEnd = to;
    }
    from = to;
  }

  return {
    before(to) {
      close(to);
      callbackFrom = to;
      if (callbacks++ === 0) first = to;
    },
    after(to) {
      if (to - callbackFrom > longestCallback) longestCallback = to - callbackFrom;
    },
    close,
    restart(to) {
      from = to;
      callbackFrom = to;
      longestStart = to;
      longestEnd = to;
      first = to;
      callbacks = 0;
      longestCallback = 0;
    },
    get longestStart() {
      return longestStart;
    },
    get longestEnd() {
      return longestEnd;
    },
    get first() {
      return first;
    },
    get callbacks() {
      return callbacks;
    },
    get longestCallback() {
      return longestCallback;
    },
  };
}
