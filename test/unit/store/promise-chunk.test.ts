/** Promise events from the ring's words to chunks and back: what goes in comes out, and nonsense harms nobody. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { PromiseEvent } from "../../../src-runtime/protocol/promise-words.ts";
import { CHUNK_EVENTS, readPromiseChunk, type PromiseChunk } from "../../../src-main/store/promise-chunk.ts";
import { createPromiseIntake } from "../../../src-main/store/promise-intake.ts";
import { createSettledSet } from "../../../src-main/store/settled-set.ts";
import { promiseWords, type DrawnPromiseEvent } from "../../fixtures/promise-words.ts";

const KINDS = Object.keys(PromiseEvent) as (keyof typeof PromiseEvent)[];

/** A thread's life in which everything is of promises there are. */
const life = fc
  .array(
    fc.record({
      kind: fc.constantFrom(...KINDS),
      since: fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 2 ** 40 })),
      which: fc.double({ min: 0, max: 1, noNaN: true }),
      task: fc.option(fc.nat({ max: 2 ** 31 }), { nil: undefined, freq: 5 }),
    }),
    { maxLength: 200 },
  )
  .map((steps) => {
    const events: Required<Omit<DrawnPromiseEvent, "lost">>[] = [];
    const running: number[] = [];
    let newest = 0;
    let at = 1000;
    let current = 0;
    for (const { kind: wanted, since, which, task } of steps) {
      const isOff = (wanted === "after" && running.length === 0) || (wanted === "before" && running.length >= 60);
      const kind = newest === 0 || isOff ? "init" : wanted;
      at += since;
      current = task ?? current;
      const any = 1 + Math.floor(which * (newest - 1));
      if (kind === "init") newest++;
      const id = kind === "init" ? newest : kind === "after" ? (running.pop() ?? 0) : any;
      if (kind === "before") running.push(id);
      events.push({ kind, at, id, parent: kind === "init" && which > 0.3 && newest > 1 ? any : 0, task: current });
    }
    return events;
  });

function told(chunks: readonly PromiseChunk[]) {
  const events: { kind: PromiseEvent; at: number; id: number; parent: number; task: number }[] = [];
  const running: number[] = [];
  for (const chunk of chunks) {
    const begins: number[] = [];
    readPromiseChunk(chunk, (kind, at, id, parent, task) => {
      if (at === -Infinity) return void begins.push(id);
      // What runs when a chunk begins is what the chunks before left running, or nothing after a loss.
      if (begins.length > 0) expect(begins.splice(0)).toEqual(running);
      if (kind === PromiseEvent.before) running.push(id);
      else if (kind === PromiseEvent.after) running.pop();
      events.push({ kind, at, id, parent, task });
    });
  }
  return events;
}

test("what was written is read, however the words were cut on the way and the chunks closed", () => {
  fc.assert(
    fc.property(
      life,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      fc.nat({ max: 5 }),
      (events, cuts, often) => {
        const words = promiseWords(events);
        const intake = createPromiseIntake(500);
        const chunks: PromiseChunk[] = [];
        for (let from = 0, turn = 0; from < words.length; turn++) {
          const length = cuts[turn % cuts.length] ?? 1;
          chunks.push(...intake.push(words.slice(from, from + length)));
          if (often > 0 && turn % often === 0) chunks.push(...intake.flush());
          from += length;
        }
        chunks.push(...intake.flush());
        expect(told(chunks)).toEqual(
          events.map(({ kind, at, ...rest }) => ({ kind: PromiseEvent[kind], at: at * 100 + 500, ...rest })),
        );
        const made = events.filter(({ kind }) => kind === "init").length;
        expect(intake.created).toBe(made);
        expect(intake.settled).toBe(new Set(events.filter(({ kind }) => kind === "settled").map(({ id }) => id)).size);
        for (const { start, end, firstId, lastId, count } of chunks) {
          expect(end).toBeGreaterThanOrEqual(start);
          expect(lastId - firstId + 1).toBeLessThanOrEqual(count);
        }
        expect(chunks.reduce((sum, { firstId, lastId }) => sum + lastId - firstId + 1, 0)).toBe(made);
      },
    ),
  );
});

test("whatever the words are, the chunks can be read", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { maxLength: 400 }), (words) => {
      const intake = createPromiseIntake(0);
      const chunks = [...intake.push(Int32Array.from(words)), ...intake.flush()];
      const events = told(chunks);
      expect(events).toHaveLength(chunks.reduce((sum, { count }) => sum + count, 0));
      for (const { at, id } of events) expect(Number.isSafeInteger(at) && at >= 0 && id >= 0).toBe(true);
    }),
  );
});

test("a full chunk is closed, and the next one is read without it", () => {
  const events = Array.from({ length: CHUNK_EVENTS + 10 }, (_, index) => ({
    kind: "init" as const,
    at: index,
    id: index + 1,
    parent: index,
  }));
  const intake = createPromiseIntake(0);
  const [first, ...more] = intake.push(promiseWords(events));
  expect([first?.count, more.length, intake.pending]).toEqual([CHUNK_EVENTS, 0, 10]);
  const [last] = intake.flush();
  expect(told(last === undefined ? [] : [last])[0]).toEqual({
    kind: PromiseEvent.init,
    at: CHUNK_EVENTS * 100,
    id: CHUNK_EVENTS + 1,
    parent: CHUNK_EVENTS,
    task: 0,
  });
});

test("after a loss ids go on where the thread's do, and nothing is known to run", () => {
  const intake = createPromiseIntake(0);
  const chunks = [
    ...intake.push(
      promiseWords([
        { kind: "init", at: 10, id: 1 },
        { kind: "before", at: 20, id: 1 },
        { kind: "init", at: 90, id: 7, parent: 5, lost: true },
        { kind: "after", at: 95 },
        { kind: "settled", at: 99, id: 7 },
      ]),
    ),
    ...intake.flush(),
  ];
  expect(told(chunks).map(({ kind, id, parent }) => [kind, id, parent])).toEqual([
    [PromiseEvent.init, 1, 0],
    [PromiseEvent.before, 1, 0],
    [PromiseEvent.init, 7, 5],
    [PromiseEvent.after, 0, 0],
    [PromiseEvent.settled, 7, 0],
  ]);
  expect(chunks.map(({ firstId, lastId }) => [firstId, lastId])).toEqual([
    [1, 1],
    [7, 7],
  ]);
});

test("a promise settles once, however often it is said and however many there are", () => {
  const set = createSettledSet();
  expect([set.add(5), set.add(5), set.add(6)]).toEqual([true, false, true]);
  for (let id = 0; id < 1 << 16; id++) set.add(id);
  expect([set.add(5), set.add(1 << 16), set.add(1 << 16)]).toEqual([false, true, false]);
});
