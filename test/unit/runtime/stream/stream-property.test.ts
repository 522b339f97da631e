/** Whatever the buffer, the pauses and the moment the consumer goes: nothing lost, doubled or out of order. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CancelledError,
  cancelScope,
  checkpoint,
  run,
  shielded,
  sleep,
  stream,
} from "../../../../src-runtime/index.ts";

const pause = fc.constantFrom<"none" | "tick" | "turn">("none", "none", "tick", "turn");

const scenario = fc.record({
  buffer: fc.integer({ min: 0, max: 9 }),
  length: fc.integer({ min: 0, max: 30 }),
  producerPauses: fc.array(pause, { minLength: 1, maxLength: 12 }),
  consumerPauses: fc.array(pause, { minLength: 1, maxLength: 12 }),
  leaving: fc.constantFrom<"end" | "break" | "throw" | "cancel in the body" | "cancel in a read">(
    "end",
    "break",
    "throw",
    "cancel in the body",
    "cancel in a read",
  ),
  leaveAt: fc.integer({ min: 0, max: 30 }),
  isCleanupSlow: fc.boolean(),
});

async function rest(kind: "none" | "tick" | "turn"): Promise<void> {
  if (kind === "tick") await Promise.resolve();
  if (kind === "turn") await checkpoint();
}

test("items arrive in order, none twice, none lost; the cleanup ran once, before the consumer goes on", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (s) => {
      const got: number[] = [];
      let cleanups = 0;
      let most = 0;
      await run(async () => {
        let emitted = 0;
        const items = stream<number>(
          async (emit) => {
            try {
              for (let index = 0; index < s.length; index++) {
                await rest(s.producerPauses[index % s.producerPauses.length]!);
                emitted++;
                most = Math.max(most, emitted - got.length);
                await emit(index);
              }
              if (s.leaving === "cancel in a read") await sleep(Infinity);
            } finally {
              if (s.isCleanupSlow) await shielded(() => checkpoint());
              cleanups++;
            }
          },
          { buffer: s.buffer },
        );
        await cancelScope(async (scope) => {
          try {
            if (s.leaving === "cancel in a read" && s.leaveAt >= s.length) setImmediate(() => scope.cancel());
            for await (const item of items) {
              got.push(item);
              await rest(s.consumerPauses[item % s.consumerPauses.length]!);
              if (item !== s.leaveAt) continue;
              if (s.leaving === "break") break;
              if (s.leaving === "throw") throw new TypeError("consumer");
              if (s.leaving.startsWith("cancel")) scope.cancel();
            }
          } catch (error) {
            expect(cleanups).toBe(1);
            if (error instanceof CancelledError) throw error;
            expect(String(error)).toBe("TypeError: consumer");
          }
          expect(cleanups).toBe(1);
        });
        expect(cleanups).toBe(1);
      });
      expect(cleanups).toBe(1);
      // Emitted and not taken: the buffer, the one emit that waits, and one in the reader's hands.
      expect(most).toBeLessThanOrEqual(s.buffer + 2);
      expect(got).toEqual(Array.from({ length: got.length }, (_, index) => index));
      const isLeft = s.leaving !== "end" && s.leaveAt < s.length;
      if (isLeft) expect(got.length).toBe(s.leaveAt + 1);
      else if (s.leaving !== "cancel in a read") expect(got.length).toBe(s.length);
    }),
    { numRuns: 400 },
  );
});
