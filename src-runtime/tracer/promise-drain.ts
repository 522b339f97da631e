/**
 * The watchdog's end of the promise ring: words out to the socket, and a clock for the hooks. While promises come in a
 * flood it wakes every millisecond, so that the hooks may leave the real clock alone.
 */
import { allocatePromises, FRAME_HEADER_BYTES } from "../protocol/frame.ts";
import { createPromiseReader, viewPromiseRing } from "./promise-ring.ts";

/** A frame is decoded in one go: short ones let the collector read in between. */
const MAX_WORDS_A_FRAME = 1 << 15;
/** Events a millisecond from which on they are a flood: as many as make the hooks leave the clock alone. */
const FLOOD_EVENTS_MS = 2000;
const FLOOD_TICK_MS = 1;

export interface PromiseDrain {
  /** Sends what there is. */
  drain(now: number): void;
  /** Drops since the last call, added to `byKind`. */
  addDropped(byKind: Record<string, number>): void;
  /** When to drain again at the latest, milliseconds. */
  pause(usual: number): number;
}

/** @param wake called when the ring is filling faster than it is emptied */
export function createPromiseDrain(
  buffer: SharedArrayBuffer,
  send: (frame: Uint8Array) => void,
  wake: () => void,
): PromiseDrain {
  const reader = createPromiseReader(viewPromiseRing(buffer));
  let last = 0;
  let isFlood = false;

  function listen(): void {
    const full = reader.whenFull();
    if (full.async) void full.value.then(onFull);
    else setImmediate(onFull);
  }

  function onFull(): void {
    wake();
    reader.emptied();
    listen();
  }

  listen();
  return {
    drain(now) {
      reader.tick();
      const all = reader.available();
      for (let left = all; left > 0;) {
        const count = Math.min(left, MAX_WORDS_A_FRAME);
        const frame = allocatePromises(count);
        reader.take(count, frame, FRAME_HEADER_BYTES);
        send(frame);
        left -= count;
      }
      isFlood = all > FLOOD_EVENTS_MS * Math.max(1, now - last);
      last = now;
    },
    addDropped(byKind) {
      for (const [index, count] of reader.takeDropped().entries()) {
        const kind = DROPPED_AS[index];
        if (kind !== undefined && count > 0) byKind[kind] = count;
      }
    },
    pause: (usual) => (isFlood ? FLOOD_TICK_MS : usual),
  };
}

/** By PromiseEvent: the names of the record kinds that stand for them. */
const DROPPED_AS = ["promiseInit", "promiseBefore", "promiseAfter", "promiseSettled"];
