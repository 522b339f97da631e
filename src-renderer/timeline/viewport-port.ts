/** How the timeline moves the viewport it was given; the arithmetic and the rules of following stay with its owner. */
import type { Window } from "./tiles.ts";

export interface TimelineViewport {
  readonly viewport: {
    get(): Window;
    set(next: Window): void;
    subscribe(listener: () => void): () => void;
    bounds(): Window;
    following(): boolean;
    follow(on: boolean): void;
  };
  /** Zooms at a fraction of the width; while following, at the live end. */
  readonly zoom: (x01: number, factor: number) => void;
  /** By fractions of the width; ends following. */
  readonly pan: (by01: number) => void;
  readonly fit: (interval: Window) => void;
  /** Moves only if the interval is not in view. */
  readonly reveal: (interval: Window) => void;
  readonly followTo: (now: number) => void;
}
