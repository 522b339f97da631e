/** A program without an SDK: its spans record nothing, and still end, for whoever watches its tracers. */
import { ROOT_CONTEXT, SpanStatusCode, trace, type Span, type SpanStatus } from "@opentelemetry/api";
import { expect, test, vi } from "vitest";
import { loadTelemetry } from "../../../../src-runtime/agent/telemetry.ts";

async function watchedSpan(): Promise<{
  readonly open: ReturnType<Awaited<ReturnType<typeof loadTelemetry>>["start"]>;
  readonly told: string[];
}> {
  const tracer = trace.getTracer("stallscope");
  const told: string[] = [];
  const startSpan = tracer.startSpan.bind(tracer);
  vi.spyOn(trace, "getTracer").mockReturnValue({
    ...tracer,
    startActiveSpan: tracer.startActiveSpan.bind(tracer),
    startSpan(...args): Span {
      const span = startSpan(...args);
      return Object.assign(span, {
        end: () => void told.push("end"),
        setAttributes: () => (told.push("attributes"), span),
        setStatus: ({ code }: SpanStatus) => (told.push(SpanStatusCode[code]), span),
      });
    },
  });
  const open = (await loadTelemetry()).start("chat model", "CLIENT", {}, ROOT_CONTEXT);
  vi.restoreAllMocks();
  return { open, told };
}

test("a span ends once, without attributes nobody reads", async () => {
  const { open, told } = await watchedSpan();
  open.set({ "gen_ai.usage.input_tokens": 3 });
  open.end();
  open.end();
  expect(told).toEqual(["end"]);
});

test("it says that it failed, and a cancel is no failure", async () => {
  const failed = await watchedSpan();
  failed.open.end("RangeError", new RangeError("no"));
  expect(failed.told).toEqual(["ERROR", "end"]);
  const cancelled = await watchedSpan();
  cancelled.open.end("cancelled");
  expect(cancelled.told).toEqual(["end"]);
});
