/**
 * The hidden function that the watchdog calls on the blocked thread's own stack (V8 runs `Runtime.evaluate` on top of
 * whatever JavaScript is running): the call sites below it, and the task and span of exactly that continuation.
 *
 * It runs inside arbitrary user code, so it uses its own references to built-ins, leaves everything as it found it,
 * and never throws: an empty answer means "could not".
 */
import { findSourceMap } from "node:module";
import { getCallSites } from "node:util";
import type { WireFrame } from "../protocol/message.ts";
import { createLoaderPlaces, type Place } from "./loader-places.ts";

/** The property of the global object under which the function hides (not enumerable). */
export const CAPTURE_PROPERTY = "stallscope.capture";

const MAX_FRAMES = 128;

export interface CaptureAnswer {
  readonly beat: number;
  readonly frames: readonly WireFrame[];
  readonly task: number;
  readonly span: number;
  /** Scripts may have source maps that only the loader inside this process knows. */
  readonly loaderMaps: boolean;
  /** A loader's formatter of stacks knows where the places of transformed code are in the sources. */
  readonly loaderPlaces: boolean;
}

export interface CaptureContext {
  readonly currentTask: () => number;
  readonly activeSpan: () => number;
  readonly beat: () => number;
  /** Asks how soon the running continuation gives way. */
  readonly probe: () => void;
  /** The tracer's own script: its frames are not the program's. */
  readonly ownFile: string;
}

/** Hides the capture function on the global object. Returns how to take it away again. */
export function installCapture({ currentTask, activeSpan, beat, probe, ownFile }: CaptureContext): () => void {
  const stringify = JSON.stringify;
  const { captureStackTrace } = Error;
  const ErrorConstructor = Error;
  const loader = createLoaderPlaces();

  /**
   * With a file: that script's source map as its loader gave it, "" none. With places: where they are in the sources.
   * Without: the stack.
   */
  function capture(of?: string | readonly Place[]): string {
    try {
      if (typeof of === "string") return stringify(findSourceMap(of)?.payload ?? "");
      if (of !== undefined) return stringify(loader.map(of));
      const answer: CaptureAnswer = {
        beat: beat(),
        frames: stack(),
        task: currentTask(),
        span: activeSpan(),
        loaderMaps: process.sourceMapsEnabled,
        loaderPlaces: loader.isKnown(),
      };
      probe();
      return stringify(answer);
    } catch {
      return "";
    }
  }

  /** The innermost frame is the evaluated expression itself. */
  function stack(): WireFrame[] {
    try {
      return callSites().slice(1);
    } catch {
      return plainCallSites().slice(1);
    }
  }

  /**
   * Where the program formats a stack itself just now, or has frozen `Error`: Node's own way, which knows no names of
   * methods.
   */
  function plainCallSites(): WireFrame[] {
    return getCallSites(MAX_FRAMES, { sourceMap: false })
      .filter(({ scriptName }) => scriptName !== ownFile)
      .map(({ functionName, scriptName, lineNumber, columnNumber }) => [
        functionName,
        scriptName,
        lineNumber,
        columnNumber,
      ]);
  }

  function callSites(): WireFrame[] {
    const prepare = Object.getOwnPropertyDescriptor(ErrorConstructor, "prepareStackTrace");
    const limit = Object.getOwnPropertyDescriptor(ErrorConstructor, "stackTraceLimit");
    const holder: { stack?: unknown } = {};
    try {
      Object.defineProperty(ErrorConstructor, "prepareStackTrace", {
        value: (_error: unknown, sites: readonly NodeJS.CallSite[]) =>
          sites.map(toFrame).filter(([, file]) => file !== ownFile),
        configurable: true,
        writable: true,
      });
      Object.defineProperty(ErrorConstructor, "stackTraceLimit", {
        value: MAX_FRAMES,
        configurable: true,
        writable: true,
      });
      captureStackTrace(holder, capture);
      // While the program itself formats a stack, V8 formats this one its own way: nothing to be had.
      if (!Array.isArray(holder.stack)) throw new TypeError("no call sites");
      return holder.stack as WireFrame[];
    } finally {
      restore("prepareStackTrace", prepare);
      restore("stackTraceLimit", limit);
    }
  }

  function restore(name: string, descriptor: PropertyDescriptor | undefined): void {
    if (descriptor === undefined) Reflect.deleteProperty(ErrorConstructor, name);
    else Object.defineProperty(ErrorConstructor, name, descriptor);
  }

  Object.defineProperty(globalThis, CAPTURE_PROPERTY, {
    value: capture,
    enumerable: false,
    configurable: true,
    writable: false,
  });
  return () => Reflect.deleteProperty(globalThis, CAPTURE_PROPERTY);
}

/** A call site as it is sent; also the way abort call sites are recorded. */
export function toFrame(site: NodeJS.CallSite): WireFrame {
  const file = site.getFileName() ?? site.getScriptNameOrSourceURL() ?? "";
  return [site.getFunctionName() ?? "", file, site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0];
}
