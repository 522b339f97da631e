/** The width of the details panel: dragged by its edge, remembered, and the design's own again on a double click. */
import { useState } from "react";

export interface DetailsWidth {
  /** Pixels; undefined while it is the design's. */
  readonly width: number | undefined;
  set(width: number): void;
  reset(): void;
}

const KEY = "stallscope.details-width";
export const LEAST_DETAILS_PX = 280;
export const MOST_DETAILS_PX = 720;

export function useDetailsWidth(storage: Storage): DetailsWidth {
  const [width, setWidth] = useState(() => remembered(storage));
  return {
    width,
    set(next) {
      const kept = Math.round(Math.min(MOST_DETAILS_PX, Math.max(LEAST_DETAILS_PX, next)));
      storage.setItem(KEY, String(kept));
      setWidth(kept);
    },
    reset() {
      storage.removeItem(KEY);
      setWidth(undefined);
    },
  };
}

function remembered(storage: Storage): number | undefined {
  const width = Number(storage.getItem(KEY) ?? Number.NaN);
  return width >= LEAST_DETAILS_PX && width <= MOST_DETAILS_PX ? width : undefined;
}
