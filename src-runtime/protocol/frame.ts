/**
 * The codec of the socket between a traced thread's watchdog and the collector.
 *
 *     | length u32 | type u8 | payload … |        little endian; length counts the payload
 *
 * type 1: records, n × 32 bytes, as they lay in the ring. type 2: messages, a JSON array. type 3: promise events, as
 * they lay in theirs (promise-words.ts); one may end in the next frame. A string's message always precedes the records
 * that name it. The decoder takes foreign bytes: whatever it is fed, it answers frames or throws
 * ProtocolError, and never buffers more than one frame.
 */
import type { Message } from "./message.ts";
import { RECORD_BYTES } from "./record.ts";

export const FRAME_HEADER_BYTES = 5;
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

export const FrameType = { records: 1, messages: 2, promises: 3 } as const;

export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";
}

export type Frame =
  | { readonly type: "records"; readonly records: DataView; readonly count: number }
  /** Not yet checked: whoever decodes them decides what a message must look like. */
  | { readonly type: "messages"; readonly messages: readonly unknown[] }
  | { readonly type: "promises"; readonly words: Int32Array };

export function encodeMessages(messages: readonly Message[]): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify(messages));
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeHeader(frame, FrameType.messages, payload.length);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** A records frame with room for `count` records, to be filled from FRAME_HEADER_BYTES on. */
export function allocateRecords(count: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + count * RECORD_BYTES);
  writeHeader(frame, FrameType.records, count * RECORD_BYTES);
  return frame;
}

function writeHeader(frame: Uint8Array, type: number, length: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint32(0, length, true);
  view.setUint8(4, type);
}

/** A promises frame with room for `count` words, to be filled from FRAME_HEADER_BYTES on. */
export function allocatePromises(count: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + count * 4);
  writeHeader(frame, FrameType.promises, count * 4);
  return frame;
}

export interface FrameDecoder {
  /** Feeds bytes as they came; answers the frames that are now complete. Throws ProtocolError on nonsense. */
  push(bytes: Uint8Array): Frame[];
  /** Bytes of an unfinished frame: more than none at the end of a connection means it was cut mid-frame. */
  readonly pending: number;
}

export function createFrameDecoder(): FrameDecoder {
  let rest = new Uint8Array(0);
  return {
    push(bytes) {
      let data = bytes;
      if (rest.length > 0) {
        data = new Uint8Array(rest.length + bytes.length);
        data.set(rest);
        data.set(bytes, rest.length);
      }
      const frames: Frame[] = [];
      let offset = 0;
      while (data.length - offset >= FRAME_HEADER_BYTES) {
        const view = new DataView(data.buffer, data.byteOffset + offset);
        const length = view.getUint32(0, true);
        const type = view.getUint8(4);
        if (length > MAX_FRAME_BYTES) throw new ProtocolError(`frame of ${length} bytes, at most ${MAX_FRAME_BYTES}`);
        if (data.length - offset - FRAME_HEADER_BYTES < length) break;
        const start = offset + FRAME_HEADER_BYTES;
        frames.push(decodeFrame(type, data.subarray(start, start + length)));
        offset = start + length;
      }
      rest = data.slice(offset);
      return frames;
    },
    get pending() {
      return rest.length;
    },
  };
}

function decodeFrame(type: number, payload: Uint8Array): Frame {
  if (type === FrameType.records) {
    if (payload.length % RECORD_BYTES !== 0) throw new ProtocolError(`records frame of ${payload.length} bytes`);
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    return { type: "records", records: view, count: payload.length / RECORD_BYTES };
  }
  if (type === FrameType.messages) {
    let messages: unknown;
    try {
      messages = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    } catch {
      throw new ProtocolError("messages frame that is not JSON");
    }
    if (!Array.isArray(messages)) throw new ProtocolError("messages frame without messages");
    return { type: "messages", messages };
  }
  if (type === FrameType.promises) {
    if (payload.length % 4 !== 0) throw new ProtocolError(`promises frame of ${payload.length} bytes`);
    // Copied: words have to lie at a multiple of four. (A Buffer's slice would be no copy.)
    return { type: "promises", words: new Int32Array(new Uint8Array(payload).buffer) };
  }
  throw new ProtocolError(`unknown frame type ${type}`);
}
