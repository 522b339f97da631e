/**
 * An emitter that writes down what it is told.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Emitter } from "../../../../src-runtime/tracer/emitter.ts";

export interface Told {
  readonly emitter: Emitter;
  /** Each call as its name and arguments. */
  readonly calls: readonly (readonly unknown[])[];
  of(name: keyof Emitter): readonly (readonly unknown[])[];
}

export function recordingEmitter(captureContent = false): Told {
  const context = new AsyncLocalStorage<number>();
  const calls: (readonly unknown[])[] = [];
  let last = 0;
  const note =
    (name: string) =>
    (...args: readonly unknown[]): void =>
      void calls.push([name, ...args]);
  return {
    calls,
    of: (name) => calls.filter(([called]) => called === name).map((call) => call.slice(1)),
    emitter: {
      captureContent,
      context,
      current: () => context.getStore() ?? 0,
      start(...args) {
        note("start")(...args);
        return ++last;
      },
      progress: note("progress"),
      end: note("end"),
      attributes: note("attributes"),
      link: note("link"),
      cancel: note("cancel"),
      reached: note("reached"),
      site: note("site"),
      trouble: note("trouble"),
      notSeen: note("notSeen"),
    },
  };
}
