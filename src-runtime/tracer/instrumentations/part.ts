/**
 * One part of the instrumentations: what it hooked, and the guard around every hook.
 *
 * Invariant: nothing of ours throws into the program. The first hook of a part that throws takes the whole part out
 * again and is said once in the recording; from then on the part is silent.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Emitter } from "../emitter.ts";

export interface Part {
  /** `hook` as it may be called from inside the program: silent once the part was taken out, never throwing. */
  guard<A extends readonly unknown[]>(hook: (...args: A) => void): (...args: A) => void;
  /** Like `guard`, for hooks that answer: `otherwise` when the part was taken out or the hook threw. */
  ask<A extends readonly unknown[], R>(hook: (...args: A) => R, otherwise: R): (...args: A) => R;
  /** Listens on a diagnostics channel until the part is taken out. */
  subscribe(channel: string, hook: (message: unknown) => void): void;
  /** Takes the part out because of an error, for hooks that guard themselves. */
  fail(error: unknown): void;
  /** What else has to be undone. */
  onStop(undo: () => void): void;
  stop(): void;
}

export function createPart(emitter: Emitter, name: string): Part {
  const undo: (() => void)[] = [];
  let stopped = false;

  const part: Part = {
    guard: (hook) => part.ask(hook, undefined),
    ask(hook, otherwise) {
      return (...args) => {
        if (stopped) return otherwise;
        try {
          return hook(...args);
        } catch (error) {
          part.fail(error);
          return otherwise;
        }
      };
    },
    subscribe(channel, hook) {
      const guarded = part.guard(hook);
      subscribe(channel, guarded);
      undo.push(() => unsubscribe(channel, guarded));
    },
    fail(error) {
      part.stop();
      emitter.trouble(name, error);
    },
    onStop: (step) => void undo.push(step),
    stop() {
      if (stopped) return;
      stopped = true;
      for (const step of undo.reverse()) {
        try {
          step();
        } catch (error) {
          emitter.trouble(name, error);
        }
      }
    },
  };
  return part;
}
