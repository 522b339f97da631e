import fc from "fast-check";
import { expect, test } from "vitest";
import {
  allocatePromises,
  allocateRecords,
  createFrameDecoder,
  encodeMessages,
  FRAME_HEADER_BYTES,
  MAX_FRAME_BYTES,
  ProtocolError,
  type Frame,
} from "../../../src-runtime/protocol/frame.ts";
import type { Message } from "../../../src-runtime/protocol/message.ts";

type Part = { readonly records: Uint8Array } | { readonly words: readonly number[] } | { readonly messages: Message[] };

const part: fc.Arbitrary<Part> = fc.oneof(
  fc
    .integer({ min: 0, max: 20 })
    .chain((count) => fc.uint8Array({ minLength: count * 32, maxLength: count * 32 }).map((records) => ({ records }))),
  fc
    .array(fc.record({ t: fc.constant("string" as const), id: fc.nat(), text: fc.string({ unit: "grapheme" }) }))
    .map((messages) => ({ messages })),
  fc.array(fc.integer(), { maxLength: 40 }).map((words) => ({ words })),
);

function encode(item: Part): Uint8Array {
  if ("messages" in item) return encodeMessages(item.messages);
  if ("words" in item) {
    const frame = allocatePromises(item.words.length);
    frame.set(new Uint8Array(Int32Array.from(item.words).buffer), FRAME_HEADER_BYTES);
    return frame;
  }
  const frame = allocateRecords(item.records.length / 32);
  frame.set(item.records, FRAME_HEADER_BYTES);
  return frame;
}

function plain(frame: Frame): unknown {
  if (frame.type === "messages") return { messages: frame.messages };
  if (frame.type === "promises") return { words: [...frame.words] };
  const { records } = frame;
  return { records: new Uint8Array(records.buffer.slice(records.byteOffset, records.byteOffset + records.byteLength)) };
}

test("what was encoded is decoded, however the bytes were cut on the way", () => {
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      (parts, cuts) => {
        const bytes = new Uint8Array(parts.flatMap((item) => [...encode(item)]));
        const decoder = createFrameDecoder();
        const frames: unknown[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1;
          frames.push(...decoder.push(bytes.subarray(at, at + size)).map(plain));
          at += size;
        }
        expect(frames).toEqual(parts);
        expect(decoder.pending).toBe(0);
      },
    ),
  );
});

test("foreign bytes give frames or a ProtocolError, never anything else", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (chunks) => {
      const decoder = createFrameDecoder();
      try {
        for (const chunk of chunks) decoder.push(chunk);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
  );
});

test("a frame longer than allowed is refused before it is buffered", () => {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, MAX_FRAME_BYTES + 1, true);
  expect(() => createFrameDecoder().push(header)).toThrow(ProtocolError);
});
