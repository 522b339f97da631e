import { expect, test } from "vitest";
import { createClock } from "../../../../src-renderer/state/clock.ts";
import { intervalOf } from "../../../../src-renderer/state/interval-of.ts";
import { formatRoute, parseRoute } from "../../../../src-renderer/state/route.ts";
import { createSelectionStore } from "../../../../src-renderer/state/selection.ts";
import { DRAWN_STALLS, drawnRow, drawnTracks } from "../../../e2e/fixtures/drawn-recording.ts";

const MS = 1e6;

test("A closed recording's clock stands at its end", () => {
  let elapsed = 0;
  const clock = createClock(() => elapsed);
  clock.heard(5000 * MS, "closed");
  elapsed = 10_000;
  expect(clock.now()).toBe(5000 * MS);
});

test("A live clock runs between notices, never backwards, and stops two seconds after the last", () => {
  let elapsed = 100;
  const clock = createClock(() => elapsed);
  clock.heard(1000 * MS, "live");
  elapsed = 400;
  expect(clock.now()).toBe(1300 * MS);
  // A late notice does not turn the clock back.
  clock.heard(1250 * MS, "live");
  expect(clock.now()).toBe(1300 * MS);
  elapsed = 60_000;
  expect(clock.now()).toBe(3250 * MS);
});

test("Selections lead back and forward, and a new one ends what lay ahead", () => {
  const selections = createSelectionStore();
  const [a, b, c] = [1, 2, 3].map((id) => ({ kind: "task", id }) as const);
  selections.set(a);
  selections.set(b);
  selections.back();
  expect(selections.get()).toEqual(a);
  selections.forward();
  expect(selections.get()).toEqual(b);
  selections.back();
  selections.set(c);
  selections.forward();
  expect(selections.get()).toEqual(c);
  selections.back();
  expect(selections.get()).toEqual(a);
  selections.back();
  expect(selections.get()).toEqual(a);
});

test("Back after clearing leads to what was cleared", () => {
  const selections = createSelectionStore();
  selections.set({ kind: "stall", id: 2 });
  selections.set(undefined);
  expect(selections.get()).toBeUndefined();
  selections.back();
  expect(selections.get()).toEqual({ kind: "stall", id: 2 });
});

test("Routes survive the address, whatever the id; anything else is home", () => {
  const route = { page: "recording", recording: "a b/ü#1" } as const;
  expect(parseRoute(formatRoute(route))).toEqual(route);
  for (const hash of ["", "#", "#/", "#/recording/", "#/recording/a/b", "#/recording/%E0%A4%A", "#/settings"]) {
    expect(parseRoute(hash), hash).toEqual({ page: "home" });
  }
});

test("A selection's place in time comes from the frame's tables; what is open ends now, or where it was last seen", () => {
  const overview = { stalls: DRAWN_STALLS, recording: drawnRow() };
  const tracks = drawnTracks();
  const now = 20_000 * MS;
  expect(intervalOf({ kind: "stall", id: 2 }, overview, tracks, now)).toEqual({ from: 5120 * MS, to: 5760 * MS });
  expect(intervalOf({ kind: "task", id: 13 }, overview, tracks, now)).toEqual({ from: 4900 * MS, to: 5860 * MS });
  expect(intervalOf({ kind: "task", id: 999 }, overview, tracks, now)).toBeUndefined();
  const { dur: _, ...open } = DRAWN_STALLS[1] ?? { id: 0 };
  const blocked = {
    recording: drawnRow({ state: "live" }),
    stalls: [{ ...open, thread: 1, start: 1, phase: "run", cause: "unknown", samples: 0, seen: 9 } as const],
  };
  expect(intervalOf({ kind: "stall", id: 2 }, blocked, tracks, now)?.to).toBe(now);
  const cut = { ...blocked, recording: drawnRow({ state: "cut" }) };
  expect(intervalOf({ kind: "stall", id: 2 }, cut, tracks, now)).toEqual({ from: 1, to: 9 });
});
