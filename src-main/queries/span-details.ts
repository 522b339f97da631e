/** Everything recorded about one OpenTelemetry span. */
import type { Outcome } from "../../src-runtime/protocol/record.ts";
import type { SpanDetails } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { taskRef } from "./tasks.ts";

interface StoredSpan {
  readonly id: number;
  readonly task: number;
  readonly name: string;
  readonly start: number;
  readonly end: number | null;
  readonly outcome: Outcome;
  readonly error: string | null;
  readonly attributes: string;
}

/** Attributes the tracer adds to what the program set: the span's identity. */
export const SPAN_IDENTITY = {
  scope: "otel.scope.name",
  traceId: "otel.trace_id",
  spanId: "otel.span_id",
  parentSpanId: "otel.parent_span_id",
} as const;

export function spanDetails(recording: Recording, id: number): SpanDetails | undefined {
  const row = recording.get<StoredSpan>("SELECT * FROM span WHERE id = ?", id);
  if (row === undefined) return undefined;
  const attributes = JSON.parse(row.attributes) as Record<string, unknown>;
  const text = (key: string): string => {
    const value = attributes[key];
    return typeof value === "string" ? value : "";
  };
  const parentSpanId = text(SPAN_IDENTITY.parentSpanId);
  const task = taskRef(recording, row.task);
  const identity: readonly string[] = Object.values(SPAN_IDENTITY);
  return {
    kind: "span",
    id: row.id,
    name: row.name,
    scope: text(SPAN_IDENTITY.scope),
    traceId: text(SPAN_IDENTITY.traceId),
    spanId: text(SPAN_IDENTITY.spanId),
    ...(parentSpanId === "" ? {} : { parentSpanId }),
    start: row.start,
    ...(row.end === null ? {} : { end: row.end }),
    outcome: row.outcome,
    ...(row.error === null ? {} : { error: row.error }),
    ...(task === undefined ? {} : { task }),
    attributes: Object.fromEntries(Object.entries(attributes).filter(([key]) => !identity.includes(key))),
  };
}
