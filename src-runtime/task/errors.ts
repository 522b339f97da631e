/**
 * The errors the runtime throws. One class per thing a caller may want to tell apart; each message says what happened
 * to what, and what to do.
 */
import type { CancelSource } from "../protocol/message.ts";

export type { CancelSource };

/** What a cancel said, kept by the scope it hit. Times are milliseconds of the runner's clock. */
export interface Cancel {
  readonly reason: unknown;
  readonly source: CancelSource;
  /** Id and name of the task that asked; undefined: none (a signal, a deadline, code outside a run). */
  readonly by: string | undefined;
  readonly byName: string | undefined;
  /** The listeners' number of that task, 0 none. */
  readonly byTag: number;
  readonly scopeId: string;
  readonly at: number;
  /** The cancel of its owner that this one passes on. */
  readonly origin?: Cancel | undefined;
  /** The message of its errors, made for the first of them. */
  text?: string;
}

/** Thrown by runtime waits in a cancelled scope. Its stack is left out: it would only show the runtime's own frames. */
export class CancelledError extends Error {
  override readonly name: string = "CancelledError";
  readonly reason: unknown;
  readonly source: CancelSource;
  readonly by: string | undefined;
  readonly scopeId: string;
  readonly at: number;

  /** The runtime gives what the cancel said; a message alone makes one that belongs to no scope. */
  constructor(cancel?: Cancel | string, options?: ErrorOptions) {
    const said = typeof cancel === "object" ? cancel : undefined;
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(said === undefined ? (cancel as string | undefined) : (said.text ??= describeCancel(said)), options);
    Error.stackTraceLimit = limit;
    this.reason = said?.reason;
    this.source = said?.source ?? "explicit";
    this.by = said?.by;
    this.scopeId = said?.scopeId ?? "";
    this.at = said?.at ?? 0;
  }
}

const abortReasons = new WeakSet();

/** The reason of a signal of ours, which libraries give as the cause of their own errors. */
export function abortReason(cancel: Cancel): CancelledError {
  const reason = new CancelledError(cancel);
  abortReasons.add(reason);
  return reason;
}

export function isAbortReason(value: unknown): boolean {
  return value instanceof CancelledError && abortReasons.has(value);
}

function describeCancel(cancel: Cancel): string {
  const { reason, byName } = cancel;
  const by = byName === undefined ? "" : ` by ${byName}`;
  if (reason === undefined) return `Cancelled${by} (${cancel.source}).`;
  const why = reason instanceof Error ? reason.message : typeof reason === "string" ? reason : describeValue(reason);
  return `Cancelled${by} (${cancel.source}): ${why}`;
}

/** A value in a few words, for messages. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value === "symbol") return value.toString();
  if (typeof value === "object" && value !== null) {
    const name = (value as { constructor?: { name?: string } }).constructor?.name;
    return Array.isArray(value)
      ? "an array"
      : `an object${name === undefined || name === "Object" ? "" : ` (${name})`}`;
  }
  return String(value);
}

/** A deadline of `timeout` or `waitFor` passed. `ms` is what was asked for; `cause` the CancelledError, if one was thrown. */
export class TimeoutError extends Error {
  override readonly name: string = "TimeoutError";
  readonly ms: number | undefined;

  constructor(message?: string, options?: ErrorOptions & { readonly ms?: number }) {
    super(message, options);
    this.ms = options?.ms;
  }
}

/** The awaited task was cancelled; the awaiter was not. `cause` is the task's CancelledError. */
export class TaskCancelledError extends Error {
  override readonly name: string = "TaskCancelledError";
}

export class NoCurrentTaskError extends Error {
  override readonly name: string = "NoCurrentTaskError";
}

/** A task group, scope or runner that has ended, or is ending by an error, takes no more tasks. */
export class TaskGroupClosed extends Error {
  override readonly name: string = "TaskGroupClosed";
}

/** `result()` or `exception()` of a task that has not ended. */
export class TaskNotFinished extends Error {
  override readonly name: string = "TaskNotFinished";
}

/** An API was used against its rules: ended, entered twice, released twice, awaited by itself. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** Debug mode's word on what is probably a mistake. Handed to the runner's `onError`, never thrown. */
export class RuntimeWarning extends Error {
  override readonly name: string = "RuntimeWarning";
}

/** Ends the program: passes through task groups bare. Subclass it for your own. */
export class FatalError extends Error {
  override readonly name: string = "FatalError";
}

/** SIGINT or SIGTERM ended the run. */
export class InterruptedError extends FatalError {
  override readonly name: string = "InterruptedError";
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`The run was ended by ${signal}.`);
    this.signal = signal;
  }
}

const suppressed = new WeakMap<object, unknown[]>();

/** Errors that another one came out ahead of: its relation is kept here, not by editing the user's error. */
export function getSuppressed(error: unknown): readonly unknown[] {
  return typeof error === "object" && error !== null ? (suppressed.get(error) ?? []) : [];
}

export function addSuppressed(error: unknown, hidden: unknown): void {
  if (typeof error !== "object" || error === null || error === hidden) return;
  const list = suppressed.get(error);
  if (list === undefined) suppressed.set(error, [hidden]);
  else list.push(hidden);
}

/** Two errors in one, as the language makes them; before Node 24 by libraries and compilers under that name. */
export function isSuppressedError(error: unknown): error is SuppressedError {
  return error instanceof Error && error.name === "SuppressedError" && "suppressed" in error;
}

/** Refuses what is no time. Zero and less mean "now". @throws TypeError, RangeError */
export function assertTime(ms: unknown, name: string): asserts ms is number {
  if (typeof ms !== "number")
    throw new TypeError(`${name} must be a number of milliseconds, not ${describeValue(ms)}.`);
  if (Number.isNaN(ms)) throw new RangeError(`${name} is NaN. Give a number of milliseconds.`);
}

/** `hint`: what to do, for a string in the place of options. @throws TypeError */
export function assertOptions(options: unknown, what: string, hint?: string): asserts options is object {
  if (typeof options === "object" && options !== null) return;
  const more = hint === undefined || typeof options !== "string" ? "" : ` ${hint}`;
  throw new TypeError(`${what} must be an object, not ${describeValue(options)}.${more}`);
}

/** Refuses what can be neither started nor waited for. @throws TypeError */
export function assertAwaitish(work: unknown, what: string): void {
  if (typeof work === "function" || typeof (work as { then?: unknown } | null | undefined)?.then === "function") return;
  throw new TypeError(`${what} must be a function, a task or a promise, not ${describeValue(work)}.`);
}

export function assertFunction(fn: unknown, name: string): void {
  if (typeof fn === "function") return;
  const isPromise = typeof (fn as { then?: unknown } | null | undefined)?.then === "function";
  const hint = isPromise ? " Pass the function, not the promise it returns: a promise has already started." : "";
  throw new TypeError(`${name} must be a function, not ${describeValue(fn)}.${hint}`);
}
