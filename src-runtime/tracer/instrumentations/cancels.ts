/**
 * Which cancellation an error belongs to: aborts leave their reason here, and whoever sees work end by that reason
 * (or by an error caused by it) asks for it.
 *
 * Reasons are compared by identity, as the platform does. Primitive reasons (`abort("stop")`) have none: only the
 * latest few are kept, equal ones count as the same.
 */
import type { Emitter } from "../emitter.ts";

/** Primitive reasons remembered, at most. */
const MAX_PRIMITIVES = 32;
/** How far `cause` and `lastError` are followed. */
const MAX_DEPTH = 5;

export interface Cancels {
  /** The cancellation whose reason is this error, or what it was caused by; 0 none. */
  of(error: unknown): number;
  remember(reason: unknown, cancel: number): void;
  /** Asked about a reason that nobody remembered: a deadline may have passed unseen. Answers the cancellation or 0. */
  onUnknown(find: (reason: object) => number): void;
  /** Asked first: reasons of the agent runtime, whose cancels are told by itself. */
  onForeign(find: (reason: object) => number): void;
  /** The agent runtime's cancel that made this reason, 0 none. */
  foreign(reason: unknown): number;
  /** Says that the task ends by this error, when the error is a cancellation's. Whether it was. */
  reached(task: number, error: unknown): boolean;
}

export function createCancels(emitter: Emitter): Cancels {
  const objects = new WeakMap<object, number>();
  const primitives = new Map<unknown, number>();
  let find: (reason: object) => number = () => 0;
  let findForeign: (reason: object) => number = () => 0;

  function exact(reason: unknown): number {
    if (typeof reason !== "object" && typeof reason !== "function") return primitives.get(reason) ?? 0;
    if (reason === null) return 0;
    return objects.get(reason) ?? (findForeign(reason) || find(reason));
  }

  const cancels: Cancels = {
    of(error) {
      let at = error;
      for (let depth = 0; depth < MAX_DEPTH; depth++) {
        const cancel = exact(at);
        if (cancel !== 0) return cancel;
        if (typeof at !== "object" || at === null) return 0;
        const { cause, lastError } = at as { readonly cause?: unknown; readonly lastError?: unknown };
        at = cause ?? lastError;
        if (at === undefined) return 0;
      }
      return 0;
    },
    remember(reason, cancel) {
      if ((typeof reason === "object" && reason !== null) || typeof reason === "function") {
        objects.set(reason, cancel);
        return;
      }
      primitives.delete(reason);
      primitives.set(reason, cancel);
      if (primitives.size > MAX_PRIMITIVES) primitives.delete(primitives.keys().next().value);
    },
    onUnknown(ask) {
      find = ask;
    },
    onForeign(ask) {
      findForeign = ask;
    },
    foreign: (reason) => (typeof reason === "object" && reason !== null ? findForeign(reason) : 0),
    reached(task, error) {
      const cancel = cancels.of(error);
      if (cancel === 0) return false;
      emitter.reached(cancel, task, false);
      return true;
    },
  };
  return cancels;
}
