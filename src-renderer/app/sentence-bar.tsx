/**
 * The first answer, in words: is it alive, and if not, what holds it. It is filled only while the event loop is blocked
 * now, and then the number counts here, between two notices of the recorder.
 */
import { useLayoutEffect, useState, type ReactElement } from "react";
import type { Sentence, StallRow } from "../../src-main/api/api.ts";
import { announcement, measuredLength, nextAlarm, NO_ALARM, type Alarm } from "../state/alarm.ts";
import { createStore, useStore } from "../state/store.ts";
import { useTick } from "../state/use-tick.ts";
import { formatCounting, formatDuration, formatSeconds } from "../../src-main/api/format.ts";
import { Ring } from "../ui/ring.tsx";
import { sentencePlain, SentenceText, withNumber, type SentencePart } from "../ui/sentence-text.tsx";

export interface SentenceBarProps {
  readonly sentence: Sentence;
  readonly isLive: boolean;
  readonly stalls: readonly StallRow[];
  readonly now: () => number;
}

const BLOCKED_TICK_MS = 100;
const WAITING_TICK_MS = 1000;

export function SentenceBar(props: SentenceBarProps): ReactElement {
  const { sentence, isLive, stalls, now } = props;
  const [alarms] = useState(() => createStore(NO_ALARM));
  const alarm = useStore(alarms);
  const tick = useTick(pace(alarm, sentence, isLive));
  // Before it is painted: the bar must not show a frame of yesterday's tone.
  useLayoutEffect(() => {
    alarms.set(isLive ? nextAlarm(alarms.get(), sentence, now(), performance.now()) : NO_ALARM);
  }, [alarms, sentence, isLive, now, tick]);
  const isFilled = alarm.phase === "blocked" || alarm.phase === "released";
  const lasted = alarm.phase === "blocked" ? Math.max(0, now() - alarm.since) : measuredLength(alarm, stalls);
  return (
    <section className="sentence-bar" data-tone={isFilled ? "blocked" : "calm"} aria-label="Status">
      {isFilled && <Ring state={alarm.phase === "blocked" ? "blocked" : "still"} size={22} />}
      {!isFilled && isLive && <Ring state="free" size={16} />}
      <p className="sentence" aria-live={isFilled ? "off" : "polite"}>
        <SentenceText parts={spoken(alarm, sentence, isLive, lasted, now())} />
      </p>
      <p className="unseen" role="status">
        {alarm.phase === "blocked" && announcement(sentencePlain(alarm.first ?? sentence), lasted)}
      </p>
    </section>
  );
}

function pace(alarm: Alarm, sentence: Sentence, isLive: boolean): number | undefined {
  if (alarm.phase !== "over") return BLOCKED_TICK_MS;
  return isLive && sentence.since !== undefined ? WAITING_TICK_MS : undefined;
}

function spoken(
  alarm: Alarm,
  sentence: Sentence,
  isLive: boolean,
  lasted: number,
  now: number,
): readonly SentencePart[] {
  switch (alarm.phase) {
    case "blocked":
      return withNumber(sentence.parts, formatCounting(lasted));
    case "released":
      return withNumber((alarm.sentence ?? sentence).parts, formatDuration(lasted));
    case "fallen":
      return [
        { role: "plain", text: "Event loop was blocked for " },
        { role: "stall", text: formatDuration(lasted) },
        { role: "plain", text: ". " },
        ...sentence.parts,
      ];
    case "over":
      if (!isLive || sentence.since === undefined) return sentence.parts;
      return withNumber(sentence.parts, formatSeconds(now - sentence.since));
  }
}
