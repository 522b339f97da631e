/**
 * Which part of the recording is on screen, and the arithmetic of moving it. Positions across the screen are fractions
 * (0 left edge, 1 right edge), times are Nanos, so that none of this knows of pixels.
 *
 *     bounds    |-------------------------------------|
 *     viewport            [---------------]
 *     fraction            0       .5      1
 *
 * Invariant: what the functions answer lies within the bounds, and is at least `minSpan` long if the bounds are.
 */
export interface Viewport {
  readonly from: number;
  readonly to: number;
}

export interface ViewportStore {
  get(): Viewport;
  set(next: Viewport): void;
  /** Called after any change of viewport, bounds or following. Answers the function that ends the subscription. */
  subscribe(listener: () => void): () => void;
  bounds(): Viewport;
  setBounds(bounds: Viewport): void;
  following(): boolean;
  follow(on: boolean): void;
}

/** 10 µs across the screen: finer than anything that is measured. */
export const MIN_SPAN = 10_000;
/** A followed recording is shown whole until it is this long; then it scrolls. */
const WHOLE_WHILE_FOLLOWING = 15e9;
/** The part of a followed window that is kept free for what comes. */
const LEAD = 0.08;

export function timeAt(viewport: Viewport, x01: number): number {
  return viewport.from + x01 * (viewport.to - viewport.from);
}

export function xAt(viewport: Viewport, time: number): number {
  return (time - viewport.from) / (viewport.to - viewport.from);
}

/** Moves (and only if it must, shortens) a window so that it lies within the bounds. */
export function clamp(viewport: Viewport, bounds: Viewport): Viewport {
  const span = Math.min(viewport.to - viewport.from, bounds.to - bounds.from);
  const from = Math.max(bounds.from, Math.min(viewport.from, bounds.to - span));
  return { from, to: Math.min(bounds.to, from + span) };
}

/** Makes the window `factor` times as long; the instant at `x01` stays there as far as the bounds allow. */
export function zoomAt(
  viewport: Viewport,
  x01: number,
  factor: number,
  bounds: Viewport,
  minSpan = MIN_SPAN,
): Viewport {
  const longest = bounds.to - bounds.from;
  const span = Math.min(longest, Math.max(Math.min(minSpan, longest), (viewport.to - viewport.from) * factor));
  const from = timeAt(viewport, x01) - x01 * span;
  return clamp({ from, to: from + span }, bounds);
}

export function panBy(viewport: Viewport, nanos: number, bounds: Viewport): Viewport {
  return clamp({ from: viewport.from + nanos, to: viewport.to + nanos }, bounds);
}

/** A window that shows the interval with air on both sides. */
export function fit(interval: Viewport, bounds: Viewport, minSpan = MIN_SPAN): Viewport {
  const span = Math.max((interval.to - interval.from) * 1.4, minSpan);
  const from = (interval.from + interval.to) / 2 - span / 2;
  return clamp({ from, to: from + span }, bounds);
}

/** Moves the window only if the interval is not in it; then to its middle. */
export function reveal(viewport: Viewport, interval: Viewport, bounds: Viewport): Viewport {
  if (interval.from >= viewport.from && interval.to <= viewport.to) return viewport;
  const span = viewport.to - viewport.from;
  if (interval.to - interval.from > span) return fit(interval, bounds);
  const from = (interval.from + interval.to) / 2 - span / 2;
  return clamp({ from, to: from + span }, bounds);
}

/** The window that follows the live end `now`, with a little room ahead of it; it may reach beyond the bounds. */
export function followed(viewport: Viewport, now: number, bounds: Viewport, minSpan = MIN_SPAN): Viewport {
  const whole = Math.max(minSpan, (now - bounds.from) / (1 - LEAD));
  const span = viewport.to - viewport.from;
  if (viewport.from <= bounds.from && whole <= Math.max(span, WHOLE_WHILE_FOLLOWING)) {
    return { from: bounds.from, to: bounds.from + whole };
  }
  const to = now + LEAD * span;
  return { from: to - span, to };
}

export function createViewportStore(initial: Viewport): ViewportStore {
  let viewport = initial;
  let bounds = initial;
  let isFollowing = false;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const isEqual = (a: Viewport, b: Viewport): boolean => a.from === b.from && a.to === b.to;
  return {
    get: () => viewport,
    set(next) {
      // While following, the window leads the bounds by a little: what the follower sets is not held back.
      const allowed = isFollowing ? next : clamp(next, bounds);
      if (isEqual(allowed, viewport)) return;
      viewport = allowed;
      tell();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    bounds: () => bounds,
    setBounds(next) {
      if (isEqual(next, bounds)) return;
      bounds = next;
      if (!isFollowing) viewport = clamp(viewport, bounds);
      tell();
    },
    following: () => isFollowing,
    follow(on) {
      if (on === isFollowing) return;
      isFollowing = on;
      if (!on) viewport = clamp(viewport, bounds);
      tell();
    },
  };
}
