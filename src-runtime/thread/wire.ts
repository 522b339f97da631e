/**
 * What goes between a call of `toThread` and its thread, over a port of its own.
 *
 *     task ── args, values ──▶ thread        (posted before the thread is chosen: what can't be cloned is refused at once)
 *     task ◀── started ─────── thread
 *     task ◀── answer ──────── thread
 */
import type { MessagePort } from "node:worker_threads";
import type { CancelFlag } from "../task/thread-call.ts";
import type { WireError } from "./wire-error.ts";

/** Handed to the thread. */
export interface ThreadRequest {
  readonly module: string;
  readonly exportName: string;
  readonly port: MessagePort;
  readonly flag: CancelFlag;
  readonly scopeId: string;
}

/** The first message on the port. */
export interface ThreadInput {
  readonly args: readonly unknown[];
  /** Context variables that can be cloned. */
  readonly values: ReadonlyMap<string, unknown>;
}

export type ThreadAnswer =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: WireError }
  /** `checkCancelled()` ended it. */
  | { readonly kind: "cancelled" };

export type ThreadMessage = ThreadAnswer | { readonly kind: "started"; readonly worker: number };

/** Whether a value survives the way to another thread as it is. */
export function isCloneable(value: unknown): boolean {
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null) return true;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
