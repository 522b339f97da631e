/**
 * The recording's stalls as the painters draw them: open ones run to the live end, and each knows its place on screen.
 */
import type { Phase, StallRow } from "../../src-main/api/api.ts";

export interface StallSpan {
  readonly id: number;
  readonly thread: number;
  readonly start: number;
  readonly end: number;
  readonly isOpen: boolean;
  readonly phase: Phase;
  /** The task that held the event loop, 0 unknown. */
  readonly task: number;
  /** The blamed function, as it is written in a slice; empty if nothing is blamed. */
  readonly label: string;
  readonly isSelected: boolean;
}

/** In order of start. */
export function stallSpans(
  stalls: readonly StallRow[],
  liveEnd: number,
  selected: number | undefined,
): readonly StallSpan[] {
  const spans = stalls.map((stall) => ({
    id: stall.id,
    thread: stall.thread,
    start: stall.start,
    end: stall.dur === undefined ? Math.max(stall.start, liveEnd) : stall.start + stall.dur,
    isOpen: stall.dur === undefined,
    phase: stall.phase,
    task: stall.task?.id ?? 0,
    label: stall.blame === undefined ? "" : `${stall.blame.function}()`,
    isSelected: stall.id === selected,
  }));
  return spans.toSorted((a, b) => a.start - b.start);
}
