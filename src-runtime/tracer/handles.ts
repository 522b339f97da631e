/**
 * Level `tasks`: every timer, socket, file request and immediate by async_hooks without promises (promise tracking
 * would cost four times the rest, and belongs to level deep). Writes numbers only.
 */
import { createHook } from "node:async_hooks";
import { performance } from "node:perf_hooks";
import type { Heartbeat } from "./heartbeat.ts";
import { RecordKind } from "../protocol/record.ts";
import { createLateTurns } from "./late.ts";
import type { RingWriter } from "./ring.ts";
import type { Stretches } from "./stretch.ts";

export interface HandleHooks {
  /** Runs `create`; the handles it makes are ours and are not recorded. */
  own(create: () => void): void;
  stop(): void;
}

/** Whether this Node can track handles without tracking promises (it is silently ignored before 24). */
export function canTrackHandles(): boolean {
  return Number(process.versions.node.split(".")[0]) >= 24;
}

/**
 * @param turn called where a callback begins and ends
 * @param beats the heartbeat, once there is one: woken by the first callback after the event loop idled
 * @param beat where it leaves its stamp
 */
export function startHandleHooks(
  writer: RingWriter,
  string: (text: string) => number,
  current: () => number,
  onError: (error: unknown) => void,
  turn: () => void,
  stretches: Stretches,
  beats: { readonly heartbeat?: Heartbeat },
  beat: Float64Array,
): HandleHooks {
  const now = performance.now.bind(performance);
  const types = new Map<string, number>();
  const ownIds = new Set<number>();
  const late = createLateTurns(writer, beat, current);
  let creatingOwn = false;
  /** Node destroys in batches, later than it happened: the last instant known is as good as a new one, and cheaper. */
  let last = 0;

  const hook = createHook({
    init(asyncId, type, triggerAsyncId) {
      try {
        if (creatingOwn) {
          ownIds.add(asyncId);
          return;
        }
        let typeId = types.get(type);
        if (typeId === undefined) {
          typeId = string(type);
          types.set(type, typeId);
        }
        last = now();
        writer.write(RecordKind.handleInit, 0, last, asyncId, typeId, triggerAsyncId, current());
      } catch (error) {
        fail(error);
      }
    },
    before(asyncId) {
      turn();
      if (ownIds.size > 0 && ownIds.has(asyncId)) return late.ownBefore(now());
      last = now();
      // Before the heartbeat hears of it: it is by the last beat that a callback comes late.
      late.before(asyncId, last);
      if (beats.heartbeat?.isIdle === true) beats.heartbeat.wake(last);
      stretches.before(last);
    },
    after(asyncId) {
      turn();
      if (ownIds.size > 0 && ownIds.has(asyncId)) return;
      last = now();
      stretches.after(last);
      writer.write(RecordKind.handleAfter, 0, last, asyncId, 0, 0, 0);
    },
    destroy(asyncId) {
      if (ownIds.size > 0 && ownIds.delete(asyncId)) return;
      writer.write(RecordKind.handleDestroy, 0, last, asyncId, 0, 0, 0);
    },
    // Node 24; absent from its type declarations.
    ...({ trackPromises: false } as object),
  });

  function fail(error: unknown): void {
    hook.disable();
    onError(error);
  }

  hook.enable();
  return {
    own(create) {
      creatingOwn = true;
      try {
        create();
      } finally {
        creatingOwn = false;
      }
    },
    stop: () => hook.disable(),
  };
}
