/**
 * Handle records at rest: columns of variable-length integers, each a difference to the record before, then zstd.
 *
 *     kind u8 × n │ at (ns) Δ │ id Δ │ a │ b │ value        (signed: zigzag, little-endian base 128)
 *
 * A column of small differences is what zstd packs best; 32 bytes become one to two.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { MAX_VARINT, readVarint, unzigzag, writeVarint, zigzag } from "./varint.ts";

const RECORD_BYTES = 32;

export interface HandleRecord {
  readonly kind: number;
  /** Nanoseconds since the recording started. */
  readonly at: number;
  readonly id: number;
  readonly a: number;
  readonly b: number;
  readonly value: number;
}

/** @param offsetNs what turns a record's stamp (ms) into nanoseconds of the recording: `at * 1e6 + offsetNs`. */
export function encodeHandles(records: Uint8Array, offsetNs: number): Buffer {
  const count = records.length / RECORD_BYTES;
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const out = Buffer.allocUnsafe(count * (1 + 5 * MAX_VARINT));
  let at = 0;
  for (let index = 0; index < count; index++) out[at++] = view.getUint8(index * RECORD_BYTES + 8);
  const columns: readonly ((offset: number) => number)[] = [
    (offset) => Math.round(view.getFloat64(offset, true) * 1e6 + offsetNs),
    (offset) => view.getUint32(offset + 12, true),
    (offset) => view.getUint32(offset + 16, true),
    (offset) => view.getUint32(offset + 20, true),
    (offset) => Math.round(view.getFloat64(offset + 24, true)),
  ];
  for (const column of columns) {
    let last = 0;
    for (let offset = 0; offset < records.length; offset += RECORD_BYTES) {
      const value = column(offset);
      at = writeVarint(out, at, zigzag(value - last));
      last = value;
    }
  }
  return zstdCompressSync(out.subarray(0, at), { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

export function decodeHandles(bytes: Uint8Array, count: number): readonly HandleRecord[] {
  const data = zstdDecompressSync(bytes);
  const cursor = { at: count };
  const columns = Array.from({ length: 5 }, () => {
    let last = 0;
    return Array.from({ length: count }, () => (last += unzigzag(readVarint(data, cursor))));
  });
  return Array.from({ length: count }, (_, index) => ({
    kind: data[index] ?? 0,
    at: columns[0]?.[index] ?? 0,
    id: columns[1]?.[index] ?? 0,
    a: columns[2]?.[index] ?? 0,
    b: columns[3]?.[index] ?? 0,
    value: columns[4]?.[index] ?? 0,
  }));
}
