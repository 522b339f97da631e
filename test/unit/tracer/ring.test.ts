import fc from "fast-check";
import { expect, test } from "vitest";
import { FIRST_DROPPED_KIND, RECORD_BYTES, RecordKind } from "../../../src-runtime/protocol/record.ts";
import { createRing, createRingReader, createRingWriter } from "../../../src-runtime/tracer/ring.ts";

const CAPACITY = 64;

function read(reader: ReturnType<typeof createRingReader>): { kind: number; id: number; at: number; value: number }[] {
  const head = reader.head();
  const count = reader.available(head);
  const bytes = new Uint8Array(count * RECORD_BYTES);
  reader.drain(head, bytes, 0);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: count }, (_, index) => ({
    kind: view.getUint8(index * RECORD_BYTES + 8),
    id: view.getUint32(index * RECORD_BYTES + 12, true),
    at: view.getFloat64(index * RECORD_BYTES, true),
    value: view.getFloat64(index * RECORD_BYTES + 24, true),
  }));
}

test("records come out in order and whole; what did not fit is counted by kind", () => {
  const step = fc.oneof(
    fc.record({
      write: fc.constantFrom(RecordKind.start, RecordKind.end, RecordKind.handleInit, RecordKind.handleBefore),
    }),
    fc.constant("drain" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const ring = createRing(CAPACITY);
      const writer = createRingWriter(ring);
      const reader = createRingReader(ring);
      const expected: { kind: number; id: number; at: number; value: number }[] = [];
      const got: typeof expected = [];
      const lost = new Map<number, number>();
      let id = 0;
      for (const item of steps) {
        if (item === "drain") {
          got.push(...read(reader));
          continue;
        }
        id++;
        const row = { kind: item.write, id, at: id / 8, value: -id };
        if (writer.write(item.write, 0, row.at, id, 0, 0, row.value)) expected.push(row);
        else lost.set(item.write, (lost.get(item.write) ?? 0) + 1);
      }
      got.push(...read(reader));
      expect(got).toEqual(expected);
      expect(reader.takeDropped()).toEqual(lost);
      expect(reader.takeDropped().size).toBe(0);
    }),
  );
});

test("an eighth of the ring is kept for what is not a handle", () => {
  const ring = createRing(CAPACITY);
  const writer = createRingWriter(ring);
  const write = (kind: typeof RecordKind.start | typeof RecordKind.handleInit): boolean =>
    writer.write(kind, 0, 0, 1, 0, 0, 0);
  let handles = 0;
  while (write(RecordKind.handleInit)) handles++;
  let tasks = 0;
  while (write(RecordKind.start)) tasks++;
  expect(FIRST_DROPPED_KIND).toBe(RecordKind.handleInit);
  expect([handles, tasks]).toEqual([CAPACITY - CAPACITY / 8, CAPACITY / 8]);
});

test("the ring goes round many times", () => {
  const ring = createRing(CAPACITY);
  const writer = createRingWriter(ring);
  const reader = createRingReader(ring);
  let last = 0;
  for (let round = 0; round < 2000; round++) {
    for (let index = 0; index < 50; index++) writer.write(RecordKind.start, 0, 0, ++last, 0, 0, 0);
    const rows = read(reader);
    expect(rows).toHaveLength(50);
    expect(rows.at(-1)?.id).toBe(last);
  }
});
