/** Variable-length integers, little-endian base 128: small ones take a byte. Up to 53 bits. */

/** Largest varint of a 53-bit number. */
export const MAX_VARINT = 8;

export interface Cursor {
  at: number;
}

/** Answers where the next one goes. */
export function writeVarint(out: Uint8Array, from: number, value: number): number {
  let rest = value;
  let at = from;
  while (rest >= 0x80) {
    out[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out[at++] = rest;
  return at;
}

/** @throws RangeError when the data ends first */
export function readVarint(data: Uint8Array, cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = data[cursor.at++];
    if (byte === undefined) throw new RangeError("chunk ends early");
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
}

/** Of either sign: 0, -1, 1, -2 … become 0, 1, 2, 3 … */
export function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
