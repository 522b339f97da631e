/** What the program's own OpenTelemetry backend gets of an agent, and what the recording does. */
import { tracingChannel } from "node:diagnostics_channel";
import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTask, sleep } from "../../../../src-runtime/index.ts";
import { agent } from "../../../../src-runtime/agent/agent.ts";
import { scriptedModel } from "../../../../src-runtime/agent/scripted-model.ts";
import { team } from "../../../../src-runtime/agent/team.ts";
import { tool } from "../../../../src-runtime/agent/tool.ts";
import { runJumping } from "../jumping-run.ts";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

beforeAll(() => provider.register());
beforeEach(() => exporter.reset());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
  context.disable();
});

function spanNamed(name: string): ReadableSpan {
  const span = exporter.getFinishedSpans().find((one) => one.name === name);
  if (span === undefined) throw new Error(`No span ${name}: ${names().join(", ")}`);
  return span;
}

function names(): readonly string[] {
  return exporter.getFinishedSpans().map(({ name }) => name);
}

function parentName(span: ReadableSpan): string | undefined {
  const id = span.parentSpanContext?.spanId;
  return exporter.getFinishedSpans().find((one) => one.spanContext().spanId === id)?.name;
}

const nap = tool({ name: "nap", description: "Sleeps.", run: () => sleep(1000) });

describe("spans", () => {
  test("agent, model calls and tools, with their parents and attributes", () =>
    runJumping(async () => {
      const lookup = tool({
        name: "lookup",
        description: "Looks it up.",
        run: () => trace.getTracer("app").startActiveSpan("SELECT", (span) => span.end()),
      });
      const model = scriptedModel(
        [{ toolCalls: [{ name: "lookup", id: "c1" }], usage: { inputTokens: 7, outputTokens: 3 } }, "Found."],
        { modelId: "m-1" },
      );
      await trace.getTracer("app").startActiveSpan("request", async (span) => {
        await agent({ name: "finder", model, tools: [lookup], settings: { temperature: 0.5 } }).run("x");
        span.end();
      });
      expect(names()).toEqual([
        "chat m-1",
        "SELECT",
        "execute_tool lookup",
        "chat m-1",
        "invoke_agent finder",
        "request",
      ]);
      const [chat] = exporter.getFinishedSpans();
      expect(chat).toMatchObject({ kind: SpanKind.CLIENT, instrumentationScope: { name: "stallscope" } });
      expect(chat?.attributes).toMatchObject({
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "scripted",
        "gen_ai.request.model": "m-1",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.response.id": "m-1-1",
        "gen_ai.response.model": "m-1",
        "gen_ai.response.finish_reasons": ["tool-calls"],
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.response.time_to_first_chunk": 0,
      });
      const ran = spanNamed("execute_tool lookup");
      expect(ran.kind).toBe(SpanKind.INTERNAL);
      expect(ran.attributes).toMatchObject({
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "lookup",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.description": "Looks it up.",
      });
      const invoked = spanNamed("invoke_agent finder");
      expect(invoked.kind).toBe(SpanKind.INTERNAL);
      expect(invoked.attributes).toMatchObject({
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "finder",
        "gen_ai.usage.input_tokens": 17,
      });
      expect(parentName(spanNamed("SELECT"))).toBe("execute_tool lookup");
      expect(parentName(ran)).toBe("invoke_agent finder");
      expect(parentName(chat!)).toBe("invoke_agent finder");
      expect(parentName(invoked)).toBe("request");
    }));

  test("hold nothing of what was said", () =>
    runJumping(async () => {
      const secret = tool({ name: "secret", run: () => "the secret result" });
      const model = scriptedModel([{ toolCalls: [{ name: "secret", input: { key: "my key" } }] }, "the answer"]);
      await agent({ name: "a", model, tools: [secret], instructions: "the instructions" }).run("the question");
      const all = JSON.stringify(exporter.getFinishedSpans().map(({ attributes, events }) => [attributes, events]));
      for (const text of ["secret result", "my key", "answer", "instructions", "question"])
        expect(all).not.toContain(text);
    }));

  test("say how it failed, and end with a time limit", () =>
    runJumping(async () => {
      const broken = tool({
        name: "broken",
        run() {
          throw new RangeError("too far");
        },
      });
      const model = scriptedModel([{ toolCalls: [{ name: "broken" }, { name: "nap" }] }, "ok"]);
      await agent({ name: "a", model, tools: [broken, nap], timeouts: { tool: 50 } }).run("x");
      expect(spanNamed("execute_tool broken").attributes["error.type"]).toBe("RangeError");
      expect(spanNamed("execute_tool broken").status).toEqual({ code: SpanStatusCode.ERROR, message: "too far" });
      expect(spanNamed("execute_tool nap").attributes["error.type"]).toBe("timeout");
      expect(spanNamed("invoke_agent a").attributes["error.type"]).toBeUndefined();
      const failing = agent({ name: "b", model: scriptedModel([{ error: { status: 400 } }], { modelId: "bad" }) });
      await failing.run("x").catch(() => undefined);
      expect(spanNamed("chat bad").attributes["error.type"]).toBe("APICallError");
    }));

  test("end on a cancel, and where a tool is given up", () =>
    runJumping(async () => {
      const deaf = tool({ name: "deaf", timeout: 100, grace: 0, run: () => new Promise(() => undefined) });
      const model = scriptedModel([{ toolCalls: [{ name: "deaf" }] }, { hang: true }]);
      const task = createTask(() => agent({ name: "a", model, tools: [deaf] }).run("x"));
      await sleep(500);
      task.cancel();
      await task.settled();
      expect(names()).toEqual(["chat scripted", "execute_tool deaf", "chat scripted", "invoke_agent a"]);
      expect(spanNamed("execute_tool deaf").attributes["error.type"]).toBe("timeout");
      expect(spanNamed("invoke_agent a").attributes["error.type"]).toBe("cancelled");
      expect(exporter.getFinishedSpans()[2]?.attributes["error.type"]).toBe("cancelled");
      expect(spanNamed("invoke_agent a").status.code).toBe(SpanStatusCode.UNSET);
    }));

  test("one call with all its attempts is one span", () =>
    runJumping(async () => {
      const model = scriptedModel([{ error: { status: 500 } }, { error: { status: 500 } }, "ok"]);
      await agent({ name: "a", model }).run("x");
      expect(names()).toEqual(["chat scripted", "invoke_agent a"]);
      expect(spanNamed("chat scripted").attributes["error.type"]).toBeUndefined();
    }));

  test("of a team are one workflow", () =>
    runJumping(async () => {
      const members = ["left", "right"].map((name) => agent({ name, model: scriptedModel(["ok"]) }));
      await team.fanOut({ name: "both", members }).run("x");
      expect(spanNamed("invoke_workflow both").attributes).toMatchObject({ "gen_ai.workflow.name": "both" });
      expect(parentName(spanNamed("invoke_agent left"))).toBe("invoke_workflow both");
      expect(parentName(spanNamed("invoke_agent right"))).toBe("invoke_workflow both");
    }));
});

describe("the recording", () => {
  test("gets attributes and chunks of the tasks", () =>
    runJumping(async ({ events }) => {
      const model = scriptedModel([{ delay: 100, text: "12345678".repeat(4) }], { chunkDelay: 20, modelId: "m" });
      await agent({ name: "a", model }).run("x");
      const chunks = events.filter(({ kind }) => kind === "task.chunk");
      expect(chunks.map(({ taskName, at }) => [taskName, at])).toEqual([100, 120, 140, 160].map((at) => ["m", at]));
      expect(chunks.map((event) => event["size"])).toEqual([8, 8, 8, 8]);
      const attributes = events.filter(({ kind }) => kind === "task.attributes");
      expect(attributes.map(({ taskName, attributes: set }) => [taskName, Object.keys(set as object)[0]])).toEqual([
        ["a", "gen_ai.operation.name"],
        ["m", "gen_ai.operation.name"],
        ["m", "gen_ai.response.id"],
        ["a", "gen_ai.response.finish_reasons"],
      ]);
    }));

  test("counts chunks that come together as one", () =>
    runJumping(async ({ events }) => {
      const model = scriptedModel(["x".repeat(1000)], { chunkSize: 1 });
      await agent({ name: "a", model }).run("x");
      const chunks = events.filter(({ kind }) => kind === "task.chunk");
      expect(chunks.map((event) => event["size"])).toEqual([1, 999]);
    }));

  test("does not get the same call from the AI SDK again", () =>
    runJumping(async () => {
      const published: unknown[] = [];
      const channel = tracingChannel("ai:telemetry");
      const subscribers = { start: (message: unknown) => void published.push(message) };
      channel.subscribe(subscribers as Parameters<typeof channel.subscribe>[0]);
      try {
        await agent({ name: "a", model: scriptedModel(["ok"]) }).run("x");
      } finally {
        channel.unsubscribe(subscribers as Parameters<typeof channel.unsubscribe>[0]);
      }
      expect(published).toEqual([]);
    }));
});
