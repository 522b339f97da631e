/** Where in time a selection lies, as far as the frame's own tables know it. */
import type { Overview, Selection, TrackTable } from "../../src-main/api/api.ts";
import { stallLength } from "./stall-length.ts";

export interface Interval {
  readonly from: number;
  readonly to: number;
}

/**
 * Undefined for a span: its times are only in its details. What is still open ends now; a stall whose end nobody saw,
 * where it was last seen.
 */
export function intervalOf(
  selection: Selection,
  overview: Pick<Overview, "stalls" | "recording">,
  tracks: Pick<TrackTable, "task" | "start" | "end">,
  now: number,
): Interval | undefined {
  switch (selection.kind) {
    case "span":
      return undefined;
    case "stall": {
      const stall = overview.stalls.find(({ id }) => id === selection.id);
      if (stall === undefined) return undefined;
      const { length } = stallLength(stall, overview.recording.state === "live", now);
      return { from: stall.start, to: stall.start + length };
    }
    case "task": {
      const place = tracks.task.indexOf(selection.id);
      const from = tracks.start[place];
      const to = tracks.end[place];
      if (from === undefined || to === undefined) return undefined;
      return { from, to: Number.isNaN(to) ? now : to };
    }
  }
}
