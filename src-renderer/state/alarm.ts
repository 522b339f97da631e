/**
 * When the sentence bar is filled, and what it says after. Pure: the bar is told what is so and when.
 *
 *     blocked ──────────────▶ released ── 400 ms ──▶ fallen back ── 10 s ──▶ over
 *     filled, counting        filled, standing still  "was blocked for 3.2 s"  the plain sentence
 */
import type { Sentence, StallRow } from "../../src-main/api/api.ts";

export interface Alarm {
  readonly phase: "over" | "blocked" | "released" | "fallen";
  /** The sentence while it was blocked, as it is by now and as it was at first: what is announced must not change. */
  readonly sentence?: Sentence;
  readonly first?: Sentence;
  /** When the block began, Nanos of the recording. */
  readonly since: number;
  /** How long it lasted, Nanos; known once it is released. */
  readonly lasted: number;
  /** When it was released, on the window's clock, milliseconds. */
  readonly releasedAt: number;
}

export const NO_ALARM: Alarm = { phase: "over", since: 0, lasted: 0, releasedAt: 0 };

const FALLS_BACK_AFTER_MS = 400;
const REMEMBERED_FOR_MS = 10_000;
const ANNOUNCED_EVERY_NS = 5e9;

/** @param now the instant in the recording, Nanos. @param elapsedMs the window's clock. */
export function nextAlarm(alarm: Alarm, sentence: Sentence, now: number, elapsedMs: number): Alarm {
  if (sentence.tone === "blocked") {
    if (alarm.phase === "blocked" && alarm.sentence === sentence) return alarm;
    const isSame = alarm.phase === "blocked" && (sentence.since ?? alarm.since) === alarm.since;
    return {
      phase: "blocked",
      sentence,
      first: isSame ? (alarm.first ?? sentence) : sentence,
      since: sentence.since ?? (isSame ? alarm.since : now),
      lasted: 0,
      releasedAt: 0,
    };
  }
  switch (alarm.phase) {
    case "over":
      return alarm;
    case "blocked":
      return { ...alarm, phase: "released", lasted: Math.max(0, now - alarm.since), releasedAt: elapsedMs };
    case "released":
      return elapsedMs - alarm.releasedAt < FALLS_BACK_AFTER_MS ? alarm : { ...alarm, phase: "fallen" };
    case "fallen":
      return elapsedMs - alarm.releasedAt < REMEMBERED_FOR_MS ? alarm : NO_ALARM;
  }
}

/**
 * How long the block lasted: the recorder's own figure as soon as it has one, the window's clock until then. The
 * recorder moves the start when it knows it exactly, so the stall is known by where it lies.
 */
export function measuredLength(alarm: Alarm, stalls: readonly Pick<StallRow, "start" | "dur">[]): number {
  const lengths = stalls.flatMap(({ start, dur }) =>
    dur !== undefined && start < alarm.since + alarm.lasted && start + dur > alarm.since ? [dur] : [],
  );
  return lengths.length === 0 ? alarm.lasted : Math.max(...lengths);
}

/** What a screen reader is told while blocked: the sentence once, then every five seconds for how long. */
export function announcement(plainSentence: string, lasted: number): string {
  const times = Math.floor(lasted / ANNOUNCED_EVERY_NS);
  return times < 1 ? plainSentence : `Event loop still blocked, for ${times * 5} s.`;
}
