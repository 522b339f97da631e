import { expect, test } from "vitest";
import type { Sentence } from "../../../../src-main/api/api.ts";
import { announcement, measuredLength, nextAlarm, NO_ALARM, type Alarm } from "../../../../src-renderer/state/alarm.ts";

const S = 1e9;
const tenths = (count: number): number => count * 1e8;
const CALM: Sentence = { tone: "calm", parts: [{ role: "plain", text: "Event loop free." }] };
const BLOCKED: Sentence = { tone: "blocked", since: 5 * S, parts: [{ role: "stall", text: "1 s" }] };

test("A calm sentence never fills the bar", () => {
  expect(nextAlarm(NO_ALARM, CALM, 3 * S, 0)).toBe(NO_ALARM);
});

test("Blocked, released, fallen back after 400 ms, over after 10 s", () => {
  let alarm: Alarm = nextAlarm(NO_ALARM, BLOCKED, 6 * S, 1000);
  expect(alarm).toMatchObject({ phase: "blocked", since: 5 * S });

  alarm = nextAlarm(alarm, CALM, tenths(82), 3200);
  expect(alarm).toMatchObject({ phase: "released", lasted: tenths(32), sentence: BLOCKED });
  expect(nextAlarm(alarm, CALM, tenths(85), 3599).phase).toBe("released");

  alarm = nextAlarm(alarm, CALM, tenths(86), 3600);
  expect(alarm).toMatchObject({ phase: "fallen", lasted: tenths(32) });
  expect(nextAlarm(alarm, CALM, 18 * S, 13_199).phase).toBe("fallen");
  expect(nextAlarm(alarm, CALM, 18 * S, 13_200)).toBe(NO_ALARM);
});

test("Blocked again while the last one is still remembered fills the bar at once", () => {
  const fallen: Alarm = { phase: "fallen", since: 1, lasted: S, releasedAt: 0, sentence: BLOCKED };
  const again: Sentence = { ...BLOCKED, since: 9 * S };
  expect(nextAlarm(fallen, again, tenths(91), 2000)).toMatchObject({ phase: "blocked", since: 9 * S });
});

test("The same sentence keeps the same alarm, so that drawing settles", () => {
  const alarm = nextAlarm(NO_ALARM, BLOCKED, 6 * S, 0);
  expect(nextAlarm(alarm, BLOCKED, 7 * S, 100)).toBe(alarm);
});

test("It is announced once, then every five seconds", () => {
  const said = [0, 1, 4.9, 5, 9.9, 10, 12].map((seconds) => announcement("Event loop blocked.", seconds * S));
  expect([...new Set(said)]).toEqual([
    "Event loop blocked.",
    "Event loop still blocked, for 5 s.",
    "Event loop still blocked, for 10 s.",
  ]);
});

test("While it lasts the first sentence is kept, for what is announced must not change ten times a second", () => {
  const later: Sentence = { ...BLOCKED, parts: [{ role: "stall", text: "1.1 s" }] };
  const alarm = nextAlarm(nextAlarm(NO_ALARM, BLOCKED, 6 * S, 0), later, 7 * S, 100);
  expect(alarm).toMatchObject({ phase: "blocked", sentence: later, first: BLOCKED });
  const another: Sentence = { ...BLOCKED, since: 20 * S };
  expect(nextAlarm(alarm, another, 21 * S, 200).first).toBe(another);
});

test("How long it lasted is the recorder's figure for the stall that lies there, though its start has moved", () => {
  const alarm: Alarm = { phase: "released", since: 5 * S, lasted: 3 * S, releasedAt: 0 };
  const before = { start: 1 * S, dur: 2 * S };
  expect(measuredLength(alarm, [before, { start: tenths(51) }])).toBe(3 * S);
  expect(measuredLength(alarm, [before, { start: tenths(51), dur: tenths(28) }])).toBe(tenths(28));
});
