/** Kinds, outcomes and rows in words: for the hover card, the tree and what is read aloud. */
import { TRACK_KINDS, type SliceKind, type TrackKind, type TrackTable } from "../../src-main/api/api.ts";
import type { Outcome } from "../../src-runtime/protocol/record.ts";
import { formatDuration, formatInstant } from "../../src-main/api/format.ts";
import type { Slice } from "./slices.ts";
import { lengthWords, type StallSpan } from "./stall-spans.ts";

const KINDS: Readonly<Record<SliceKind | TrackKind, string>> = {
  agent: "agent",
  step: "step",
  model: "model call",
  tool: "tool call",
  request: "request",
  requests: "requests",
  function: "task",
  promise: "promise",
  span: "span",
  spans: "spans",
  stall: "event loop blocked",
  culprit: "held the event loop",
  wait: "wait",
  loop: "event loop",
  thread: "thread",
};

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  completed: "returned",
  failed: "ended by an error",
  cancelled: "cancelled",
  abandoned: "abandoned",
  open: "still open",
};

export function kindWord(kind: SliceKind | TrackKind): string {
  return KINDS[kind];
}

export function trackKind(table: TrackTable, index: number): TrackKind {
  return TRACK_KINDS[table.kind[index] ?? 0] ?? "function";
}

export interface Words {
  readonly name: string;
  /** What it is, when it was, how it ended. */
  readonly lines: readonly string[];
}

export function sliceWords(slice: Slice, openEnd: number): Words {
  const { kind, label, start, end, outcome, count, firstChunk } = slice;
  const isOpen = end === Infinity;
  const finish = isOpen ? openEnd : end;
  const times = `${formatInstant(start)} – ${isOpen ? "now" : formatInstant(end)} · ${formatDuration(finish - start)}`;
  if (count > 1) {
    return {
      name: `${count.toLocaleString("en")} slices`,
      lines: [`${kindWord(kind)}s, too close to tell apart here`, times, "Zoom in to see each"],
    };
  }
  if (kind === "culprit") return { name: label === "" ? kindWord(kind) : label, lines: [kindWord(kind), times] };
  const first = Number.isNaN(firstChunk) ? [] : [`first chunk after ${formatDuration(firstChunk - start)}`];
  return { name: label, lines: [`${kindWord(kind)} · ${isOpen ? OUTCOMES.open : OUTCOMES[outcome]}`, times, ...first] };
}

export function stallWords(stall: StallSpan): Words {
  const until = stall.isNow ? "not over yet" : `${formatInstant(stall.end)}${stall.isOpen ? ", its end unseen" : ""}`;
  const blame = stall.label === "" ? [] : [`in ${stall.label}`];
  const phase =
    stall.phase === "startup"
      ? ["while the program started"]
      : stall.phase === "exit"
        ? ["while the program exited"]
        : [];
  return {
    name: lengthWords(stall),
    lines: ["event loop blocked", ...blame, ...phase, `${formatInstant(stall.start)} – ${until}`],
  };
}
