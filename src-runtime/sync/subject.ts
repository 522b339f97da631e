/** What the synchronisation objects have in common: a name, what listeners know them by, checks of arguments. */
import { assertOptions, describeValue } from "../task/errors.ts";
import type { Subject } from "../task/instrument.ts";
import type { WaitKind } from "../task/scope.ts";

export interface SyncOptions {
  /** What recordings and messages call it. Default: its class in one word. */
  readonly name?: string | undefined;
}

/** Resolved once: what a wait answers that need not wait. */
export const DONE: Promise<void> = Promise.resolve();

/** Something that is waited for and that nobody holds. */
export function createSubject(kind: WaitKind, name: string = kind): Subject {
  return { kind, name, tag: 0, holders: () => [] };
}

/** For messages: `the lock "database"`, and `the lock` when it has no name of its own. */
export function describeSubject({ kind, name }: Subject): string {
  return name === kind ? `the ${kind}` : `the ${kind} ${JSON.stringify(name)}`;
}

/** @throws TypeError */
export function assertSyncOptions(options: unknown, what: string): void {
  assertOptions(options, what, 'Give a name as { name: "…" }.');
}

/** Refuses what is no whole number from `least` up; Infinity is one. @throws TypeError, RangeError */
export function assertCount(count: unknown, what: string, least: number): asserts count is number {
  if (typeof count !== "number") throw new TypeError(`${what} must be a number, not ${describeValue(count)}.`);
  if (count >= least && (Number.isInteger(count) || count === Infinity)) return;
  throw new RangeError(`${what} must be a whole number of at least ${least}, or Infinity, not ${count}.`);
}

/** What a wait that is refused answers. */
export async function rejected(error: unknown): Promise<never> {
  throw error;
}
