/**
 * OpenTelemetry spans of agents, model calls and tools, made through the program's own API: they reach the backend it
 * has set up, and cost next to nothing when it has set up none. The package is a peer and may be missing.
 */
import type * as Api from "@opentelemetry/api";
import type { Context, Span, SpanKind, Tracer } from "@opentelemetry/api";
import type { Attributes } from "../protocol/message.ts";

export interface OpenSpan {
  /** Parent of what is started below; undefined where nothing is recorded. */
  readonly context: Context | undefined;
  /** Runs `body` with the span as the active one. */
  run<T>(body: () => T): T;
  set(attributes: Attributes): void;
  /** `errorType` undefined: it went well. Ends once; later calls do nothing. */
  end(errorType?: string, error?: unknown): void;
}

export interface Telemetry {
  /** `parent` undefined: the active context. */
  start(name: string, kind: keyof typeof SpanKind, attributes: Attributes, parent: Context | undefined): OpenSpan;
}

const NO_SPAN: OpenSpan = { context: undefined, run: (body) => body(), set() {}, end() {} };
export const NO_TELEMETRY: Telemetry = { start: () => NO_SPAN };

export async function loadTelemetry(): Promise<Telemetry> {
  try {
    return createTelemetry(await import("@opentelemetry/api"));
  } catch {
    return NO_TELEMETRY;
  }
}

function createTelemetry(api: typeof Api): Telemetry {
  return {
    start(name, kind, attributes, parent) {
      // Asked for each time: the program may register its SDK after the agent was made.
      const tracer: Tracer = api.trace.getTracer("stallscope");
      const above = parent ?? api.context.active();
      const span = tracer.startSpan(name, { kind: api.SpanKind[kind], attributes: copy(attributes) }, above);
      const context = api.trace.setSpan(above, span);
      return span.isRecording() ? openSpan(api, span, context) : passive(api, span, context);
    },
  };
}

/** Nothing records: what is inherited (the parent's trace, baggage) is passed on, and the tracer sees how it ends. */
function passive(api: typeof Api, span: Span, context: Context): OpenSpan {
  return { ...openSpan(api, span, context), set() {} };
}

function openSpan(api: typeof Api, span: Span, context: Context): OpenSpan {
  let isEnded = false;
  return {
    context,
    run: (body) => api.context.with(context, body),
    set(attributes) {
      if (!isEnded) span.setAttributes(copy(attributes));
    },
    end(errorType, error) {
      if (isEnded) return;
      isEnded = true;
      if (errorType !== undefined) {
        span.setAttribute("error.type", errorType);
        // A cancel is no error.
        if (errorType !== "cancelled") {
          span.setStatus({
            code: api.SpanStatusCode.ERROR,
            ...(error instanceof Error ? { message: error.message } : {}),
          });
        }
      }
      span.end();
    },
  };
}

/** The API wants arrays that may be written to. */
function copy(attributes: Attributes): Record<string, string | number | boolean | string[] | number[]> {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key, typeof value === "object" ? [...value] : value]),
  ) as Record<string, string | number | boolean | string[] | number[]>;
}
