/**
 * Spans of the program's own tracers, reported as they start and end.
 *
 * Tracers and spans stay the program's: each gets an own, non-enumerable method in front of the one it inherits, so
 * class, identity, parents and what is exported are as without us. Spans of a program without an SDK do not record;
 * what it sets on them is kept aside until they end.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Emitter } from "../emitter.ts";
import { spanAttributes } from "./otel-attributes.ts";
import type { Part } from "./part.ts";

/** Under which a context holds its span: the API makes it with `Symbol.for`. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");
const STATUS_ERROR = 2;
const NAME = /^[\w$./: -]{1,100}$/;

export interface OtelContext {
  getValue?(key: symbol): unknown;
}

export interface OtelSpan {
  spanContext?(): { readonly traceId?: string; readonly spanId?: string } | undefined;
  isRecording?(): boolean;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly events?: readonly { readonly name?: string; readonly attributes?: Readonly<Record<string, unknown>> }[];
  readonly parentSpanContext?: { readonly spanId?: string };
  /** Of SDK 1. */
  readonly parentSpanId?: string;
  end(...args: readonly unknown[]): unknown;
}

export interface OtelTracer {
  startSpan(name: string, options?: unknown, context?: unknown): OtelSpan;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** What a span that does not record was told. */
interface Kept {
  attributes: Record<string, unknown>;
  status: { readonly code?: number; readonly message?: string } | undefined;
  exception: unknown;
}

export interface OtelSpans {
  /** Reports the spans this tracer starts. The tracer itself. */
  watch<T extends OtelTracer>(tracer: T, scope: string): T;
  /** Local id of the span in a context, 0 none of ours. */
  inContext(context: OtelContext | undefined): number;
  /** Where no context manager is registered: the span that a callback was given as its context. */
  readonly unmanaged: AsyncLocalStorage<number>;
}

export function createOtelSpans(part: Part, emitter: Emitter): OtelSpans {
  const { apply } = Reflect;
  const { captureContent } = emitter;
  const ids = new WeakMap<object, number>();
  const watched = new WeakSet();

  const started = part.guard((span: OtelSpan, name: string, scope: string, options: unknown) => {
    if (typeof span !== "object" || span === null || ids.has(span)) return;
    const { traceId, spanId } = span.spanContext?.() ?? {};
    const parent = span.parentSpanContext?.spanId ?? span.parentSpanId;
    const isReal = spanId !== undefined && !/^0*$/.test(spanId);
    const id = emitter.start("span", String(name), emitter.current(), "otel", {
      "otel.scope.name": scope,
      ...(isReal ? { "otel.trace_id": traceId ?? "", "otel.span_id": spanId } : {}),
      ...(parent === undefined ? {} : { "otel.parent_span_id": parent }),
    });
    ids.set(span, id);
    const given = (options as { readonly attributes?: Readonly<Record<string, unknown>> } | undefined)?.attributes;
    const kept = span.isRecording?.() === true ? undefined : keep(span, given);
    let isEnded = false;
    const ended = part.guard(() => {
      if (isEnded) return;
      isEnded = true;
      emitter.attributes(id, spanAttributes(kept?.attributes ?? span.attributes, captureContent));
      const { outcome, error } = outcomeOfSpan(span, kept);
      emitter.end(id, outcome, error);
    });
    before(span, "end", ended);
  });

  /** What is set on a span that forgets it. */
  function keep(span: OtelSpan, given: Readonly<Record<string, unknown>> | undefined): Kept {
    const kept: Kept = { attributes: { ...given }, status: undefined, exception: undefined };
    before(
      span,
      "setAttribute",
      part.guard((key: unknown, value: unknown) => void (kept.attributes[String(key)] = value)),
    );
    before(
      span,
      "setAttributes",
      part.guard((attributes: unknown) => void Object.assign(kept.attributes, attributes)),
    );
    before(
      span,
      "setStatus",
      part.guard((status: unknown) => void (kept.status = { ...(status as Kept["status"]) })),
    );
    before(
      span,
      "recordException",
      part.guard(
        (exception: unknown) => void (kept.exception = (exception as { readonly name?: unknown } | undefined)?.name),
      ),
    );
    return kept;
  }

  function outcomeOfSpan(
    span: OtelSpan,
    kept: Kept | undefined,
  ): { readonly outcome: "completed" | "failed"; readonly error?: string } {
    const status = kept?.status ?? span.status;
    if (status?.code !== STATUS_ERROR) return { outcome: "completed" };
    const recorded = span.events?.findLast(({ name }) => name === "exception")?.attributes?.["exception.type"];
    const type = recorded ?? kept?.exception ?? (kept?.attributes ?? span.attributes)?.["error.type"];
    const label = typeof type === "string" && NAME.test(type) ? type : "ERROR";
    return {
      outcome: "failed",
      error: captureContent && typeof status.message === "string" ? `${label}: ${status.message}` : label,
    };
  }

  /** Calls `hook` before the method, which stays what it is. */
  function before(object: object, name: string, hook: (...args: unknown[]) => void): void {
    const method: unknown = (object as Readonly<Record<string, unknown>>)[name];
    if (typeof method !== "function") return;
    own(object, name, function (this: unknown, ...args) {
      hook(...args);
      return apply(method as Method, this, args);
    });
  }

  return {
    unmanaged: new AsyncLocalStorage<number>(),
    watch(tracer, scope) {
      if (watched.has(tracer)) return tracer;
      watched.add(tracer);
      const { startSpan } = tracer;
      own(tracer, "startSpan", function (this: unknown, ...args) {
        const span = apply(startSpan, this, args as Parameters<typeof startSpan>);
        started(span, args[0] as string, scope, args[1]);
        return span;
      });
      return tracer;
    },
    inContext(context) {
      const span = context?.getValue?.(SPAN_KEY);
      return typeof span === "object" && span !== null ? (ids.get(span) ?? 0) : 0;
    },
  };
}

/** An own method that nobody sees by looking through the object. */
export function own(object: object, name: string, value: Method): void {
  Object.defineProperty(object, name, { value, enumerable: false, configurable: true, writable: true });
}
