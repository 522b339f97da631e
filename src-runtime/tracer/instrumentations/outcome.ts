/**
 * What an error says of a task: whether it was cancelled or failed, and a label that is safe to record.
 *
 * Invariant: without content capture a label is made of the error's type, code and HTTP status only. Types and codes
 * are names somebody wrote into a program; anything that does not look like one is replaced.
 */
import type { Emitter } from "../emitter.ts";
import type { Cancels } from "./cancels.ts";

const NAME = /^[A-Za-z_$][\w$.-]{0,79}$/;
const CODE = /^[A-Z][A-Z0-9_]{1,79}$/;
const MAX_TEXT = 500;

interface ErrorLike {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
}

export interface ErrorOutcome {
  readonly outcome: "cancelled" | "failed";
  readonly error?: string;
}

/** Cancelled when the error is a reason somebody aborted with, was caused by one, or calls itself an abort. */
export function outcomeOf(error: unknown, emitter: Emitter, cancels: Cancels): ErrorOutcome {
  const isCancelled = cancels.of(error) !== 0 || isAbortError(error);
  return {
    outcome: isCancelled ? "cancelled" : "failed",
    ...(error === undefined ? {} : { error: labelOf(error, emitter) }),
  };
}

/** Type or code of an error or an abort reason; with content capture also its text. */
export function labelOf(error: unknown, emitter: Emitter): string {
  if (typeof error !== "object" || error === null) {
    const type = error === null ? "null" : typeof error;
    return emitter.captureContent && typeof error === "string" ? `${type}: ${error}`.slice(0, MAX_TEXT) : type;
  }
  const { name, code, statusCode, message } = error as ErrorLike;
  let label = typeof name === "string" && NAME.test(name) ? name : "Error";
  if (typeof code === "string" && CODE.test(code)) label = label === "Error" ? code : `${label} ${code}`;
  if (typeof statusCode === "number") label += ` ${statusCode}`;
  if (emitter.captureContent && typeof message === "string" && message !== "") label += `: ${message}`;
  return label.slice(0, MAX_TEXT);
}

function isAbortError(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { name, code } = error as ErrorLike;
  return name === "AbortError" || code === "ABORT_ERR";
}
