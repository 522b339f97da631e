/**
 * Where the program called one of our wrappers: its call sites, innermost first, without our own.
 *
 * Runs inside arbitrary user code: own references to built-ins, and `Error` is left exactly as it was found.
 */
import type { WireFrame } from "../../protocol/message.ts";
import { toFrame } from "../capture.ts";

const MAX_FRAMES = 32;

export type CallSites = (below: (...args: never[]) => unknown) => readonly WireFrame[];

/** The frames below the given function of ours. */
export function createCallSites(): CallSites {
  const ErrorConstructor = Error;
  const { captureStackTrace } = Error;
  const { defineProperty, getOwnPropertyDescriptor, deleteProperty } = Reflect;

  function restore(name: string, descriptor: PropertyDescriptor | undefined): void {
    if (descriptor === undefined) deleteProperty(ErrorConstructor, name);
    else defineProperty(ErrorConstructor, name, descriptor);
  }

  function define(name: string, value: unknown): void {
    defineProperty(ErrorConstructor, name, { value, configurable: true, writable: true, enumerable: true });
  }

  return (below) => {
    const prepare = getOwnPropertyDescriptor(ErrorConstructor, "prepareStackTrace");
    const limit = getOwnPropertyDescriptor(ErrorConstructor, "stackTraceLimit");
    try {
      define("prepareStackTrace", (_error: unknown, sites: readonly NodeJS.CallSite[]) => sites.map(toFrame));
      define("stackTraceLimit", MAX_FRAMES);
      const holder: { stack?: unknown } = {};
      captureStackTrace(holder, below);
      return Array.isArray(holder.stack) ? (holder.stack as readonly WireFrame[]) : [];
    } finally {
      restore("prepareStackTrace", prepare);
      restore("stackTraceLimit", limit);
    }
  };
}
