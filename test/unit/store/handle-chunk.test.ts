/** Handle records come back from a chunk as they went in. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeHandles, encodeHandles, type HandleRecord } from "../../../src-main/store/handle-chunk.ts";
import { RECORD_BYTES } from "../../../src-runtime/protocol/record.ts";

const u32 = fc.nat({ max: 0xffff_ffff });
const record: fc.Arbitrary<HandleRecord> = fc.record({
  kind: fc.integer({ min: 16, max: 19 }),
  at: fc.nat({ max: 2 ** 50 }),
  id: u32,
  a: u32,
  b: u32,
  value: u32,
});

function pack(records: readonly HandleRecord[]): Uint8Array {
  const bytes = new Uint8Array(records.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { kind, at, id, a, b, value }] of records.entries()) {
    const offset = index * RECORD_BYTES;
    view.setFloat64(offset, at / 1e6, true);
    view.setUint8(offset + 8, kind);
    view.setUint32(offset + 12, id, true);
    view.setUint32(offset + 16, a, true);
    view.setUint32(offset + 20, b, true);
    view.setFloat64(offset + 24, value, true);
  }
  return bytes;
}

test("any records survive the way into a chunk and back", () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 300 }), (records) => {
      expect(decodeHandles(encodeHandles(pack(records), 0), records.length)).toEqual(records);
    }),
  );
});

test("stamps land on the recording's axis", () => {
  const bytes = encodeHandles(pack([{ kind: 16, at: 5e6, id: 1, a: 0, b: 0, value: 0 }]), 7e6);
  expect(decodeHandles(bytes, 1)[0]?.at).toBe(12e6);
});

test("a repetitive trace packs to a few bytes an event", () => {
  const records = Array.from({ length: 4096 }, (_, index) => ({
    kind: 16 + (index % 4),
    at: index * 3000,
    id: index,
    a: 3,
    b: index - 1,
    value: 0,
  }));
  expect(encodeHandles(pack(records), 0).length / records.length).toBeLessThan(4);
});

test("a chunk that was cut says so", () => {
  const bytes = encodeHandles(pack([{ kind: 16, at: 5e6, id: 1, a: 0, b: 0, value: 0 }]), 0);
  expect(() => decodeHandles(bytes, 100)).toThrow("ends early");
});
