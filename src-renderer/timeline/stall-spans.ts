/**
 * The recording's stalls as the painters draw them: one that goes on runs to the live end, one whose end nobody saw to
 * the last instant at which it was seen, and each knows its place on screen.
 */
import type { Phase, StallRow } from "../../src-main/api/api.ts";
import { formatDuration } from "../../src-main/api/format.ts";

export interface StallSpan {
  readonly id: number;
  readonly thread: number;
  readonly start: number;
  readonly end: number;
  /** Its end is not known: it goes on, or nobody saw it. */
  readonly isOpen: boolean;
  readonly isNow: boolean;
  readonly phase: Phase;
  /** The task that held the event loop, 0 unknown. */
  readonly task: number;
  /** The blamed function, as it is written in a slice; empty if nothing is blamed. */
  readonly label: string;
  readonly isSelected: boolean;
}

/**
 * In order of start.
 * @param isLive whether a thread may still turn again.
 */
export function stallSpans(
  stalls: readonly StallRow[],
  liveEnd: number,
  selected: number | undefined,
  isLive: (thread: number) => boolean = () => true,
): readonly StallSpan[] {
  const endOf = ({ start, dur, seen, thread }: StallRow): number => {
    if (dur !== undefined) return start + dur;
    return Math.max(start, isLive(thread) ? liveEnd : (seen ?? liveEnd));
  };
  const spans = stalls.map((stall) => ({
    id: stall.id,
    thread: stall.thread,
    start: stall.start,
    end: endOf(stall),
    isOpen: stall.dur === undefined,
    isNow: stall.dur === undefined && isLive(stall.thread),
    phase: stall.phase,
    task: stall.task?.id ?? 0,
    label: stall.blame === undefined ? "" : blameLabel(stall.blame.function),
    isSelected: stall.id === selected,
  }));
  return spans.toSorted((a, b) => a.start - b.start);
}

/** What has no name is no call of a name. */
function blameLabel(name: string): string {
  if (name === "") return "(anonymous)";
  return name.startsWith("(") ? name : `${name}()`;
}

/** How long, in words that say whether that was all: `3.2 s`, `at least 3.2 s`. */
export function lengthWords({ start, end, isOpen, isNow }: StallSpan): string {
  const length = formatDuration(end - start);
  return isOpen && !isNow ? `at least ${length}` : length;
}
