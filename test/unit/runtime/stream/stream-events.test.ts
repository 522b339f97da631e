/** What a stream tells listeners: few events, whatever the number of chunks. */
import { expect, test } from "vitest";
import { Runner, type RuntimeEvent, checkpoint, run, sleep, stream } from "../../../../src-runtime/index.ts";
import { createTestClock } from "../../../../src-runtime/testing/clock.ts";

type Told = readonly [kind: string, a: number, b: number];

/** The two numbers of each kind, by the names observers know them by. */
const NUMBERS: Readonly<Record<string, readonly [string?, string?]>> = {
  "stream.open": ["buffer"],
  "stream.first": ["afterMs"],
  "stream.chunk": ["chunks", "depth"],
  "stream.paused": ["slowSide", "depth"],
  "stream.resumed": ["slowSide", "pausedMs"],
  "stream.end": ["chunks", "outcome"],
  "stream.break": ["chunks"],
};

function listen(events: Told[]): { onEvent(event: RuntimeEvent): void } {
  return {
    onEvent(event) {
      const names = NUMBERS[event.kind];
      if (names === undefined) return;
      expect(event["target"]).toMatchObject({ kind: "stream" });
      const [a, b] = names.map((name) => event[name ?? ""] as number);
      events.push([event.kind, a ?? 0, b ?? 0]);
    },
  };
}

const count = (events: readonly Told[], kind: string): number => events.filter((event) => event[0] === kind).length;

test("a thousand chunks at once are told by the 64, and add up", async () => {
  const events: Told[] = [];
  const items = stream<number>(
    async (emit) => {
      for (let index = 0; index < 1000; index++) await emit(index);
    },
    { buffer: 8 },
  );
  await run(
    async () => {
      for await (const _ of items);
    },
    { observers: [listen(events)] },
  );
  expect(events[0]).toEqual(["stream.open", 8, 0]);
  expect(count(events, "stream.first")).toBe(1);
  const chunks = events.filter(([kind]) => kind === "stream.chunk");
  expect(chunks.reduce((sum, [, a]) => sum + a, 0)).toBe(1000);
  // More than one per 64 only where 50 ms passed between two chunks.
  expect(chunks.length).toBeLessThanOrEqual(20);
  expect(count(events, "stream.paused")).toBeLessThanOrEqual(chunks.length + 1);
  expect(count(events, "stream.paused")).toBe(count(events, "stream.resumed"));
  expect(events.at(-1)).toEqual(["stream.end", 1000, 0]);
});

test("slow chunks are told after 50 ms; the first with the time it took; a break is told before the end", async () => {
  const events: Told[] = [];
  const clock = createTestClock();
  const runner = new Runner({ clock, observers: [listen(events)] });
  const running = runner.run(async () => {
    const items = stream<number>(async (emit) => {
      for (let index = 0; ; index++) {
        await sleep(20);
        await emit(index);
      }
    });
    for await (const item of items) if (item === 6) break;
  });
  await clock.advance(1000);
  await running;
  expect(events).toEqual([
    ["stream.open", 16, 0],
    ["stream.first", 20, 0],
    ["stream.paused", 0, 0],
    // At 80 ms: 60 since the first.
    ["stream.chunk", 4, 0],
    ["stream.chunk", 3, 0],
    ["stream.resumed", 0, 120 - 20 + 20],
    ["stream.break", 7, 0],
    ["stream.end", 7, 2],
  ]);
});

test("a slow consumer is one pause, however many chunks wait", async () => {
  const events: Told[] = [];
  const clock = createTestClock();
  const runner = new Runner({ clock, observers: [listen(events)] });
  const running = runner.run(async () => {
    const items = stream<number>(
      async (emit) => {
        for (let index = 0; index < 10; index++) await emit(index);
      },
      { buffer: 2 },
    );
    for await (const _ of items) await sleep(10);
  });
  await clock.advance(1000);
  await running;
  const pauses = events.filter(([kind]) => kind === "stream.paused" || kind === "stream.resumed");
  expect(pauses.map(([kind, a]) => [kind, a])).toEqual([
    ["stream.paused", 1],
    ["stream.resumed", 1],
  ]);
  expect(pauses[1]?.[2]).toBeGreaterThanOrEqual(70);
});

test("a failed producer ends its stream as failed, also for an observer that came late", async () => {
  const events: Told[] = [];
  const runner = new Runner();
  await runner.run(async () => {
    const iterator = stream<number>(
      async (emit) => {
        await emit(1);
        await emit(2);
        throw new TypeError("no");
      },
      { buffer: 0 },
    )[Symbol.asyncIterator]();
    await iterator.next();
    using _observer = runner.observe(listen(events));
    await iterator.next();
    await expect(iterator.next()).rejects.toThrow("no");
    await checkpoint();
  });
  await runner.close();
  expect(events.at(-1)).toEqual(["stream.end", 2, 1]);
});
