/** What can't work is refused when it is said, by a sentence that names it. */
import { expect, test } from "vitest";
import { z } from "zod";
import { NoCurrentTaskError, UsageError } from "../../../../src-runtime/index.ts";
import { agent } from "../../../../src-runtime/agent/agent.ts";
import { scriptedModel } from "../../../../src-runtime/agent/scripted-model.ts";
import { tool } from "../../../../src-runtime/agent/tool.ts";
import { runJumping } from "../jumping-run.ts";

const model = scriptedModel(["ok"]);
const noop = tool({ name: "noop", run: () => undefined });

test.each<[string, object, RegExp]>([
  ["no name", { name: "" }, /needs a name/],
  ["no model", { model: undefined }, /model of agent a must be a model of the AI SDK/],
  ["a model that is none", { model: { modelId: "x" } }, /must be a model/],
  ["fallback that is no array", { fallback: model }, /fallback of agent a must be an array/],
  ["a fallback that is no model", { fallback: [1] }, /A fallback of agent a/],
  ["instructions", { instructions: 5 }, /instructions of agent a/],
  ["tools that are no array", { tools: { noop } }, /tools of agent a must be an array/],
  ["a tool that is none", { tools: [{ name: "x" }] }, /made by tool\(\)/],
  ["two tools of one name", { tools: [noop, tool({ name: "noop", run: () => 1 })] }, /Two tools are named noop/],
  ["maxSteps 0", { maxSteps: 0 }, /maxSteps of agent a/],
  ["maxSteps NaN", { maxSteps: NaN }, /maxSteps of agent a/],
  ["toolConcurrency 1.5", { toolConcurrency: 1.5 }, /toolConcurrency of agent a/],
  ["onToolError", { onToolError: "ignore" }, /onToolError of agent a must be "model" or "throw"/],
  ["siblings", { siblings: "stop" }, /siblings of agent a/],
  ["toolGrace NaN", { toolGrace: NaN }, /toolGrace of agent a is NaN/],
  ["a timeout that is a text", { timeouts: { step: "1s" } }, /timeouts.step of agent a/],
  ["timeouts that are a number", { timeouts: 5 }, /timeouts of agent a/],
  [
    "a timeout there is not",
    { timeouts: { totl: 5 } },
    /timeouts of agent a can't have "totl". There are: total, step, model, firstChunk, chunk, tool\./,
  ],
  ["retry", { retry: 3 }, /retry of agent a/],
  ["a retry policy that can't work", { retry: { retries: -1 } }, /retries must be a whole number/],
  ["onStep", { onStep: "log" }, /onStep of agent a/],
])("agent() refuses %s", (_what, options, message) => {
  expect(() => agent({ name: "a", model, ...options })).toThrow(message);
});

test("agent() and tool() refuse what are no options", () => {
  expect(() => agent(undefined as never)).toThrow("The options of agent() must be an object, not undefined.");
  expect(() => agent(null as never)).toThrow("The options of agent() must be an object, not null.");
  expect(() => agent({ name: "a", model, tools: [noop, noop] })).toThrow(UsageError);
  expect(() => tool(null as never)).toThrow("The options of tool() must be an object, not null.");
  expect(() => agent({ name: "a", model }).asTool(null as never)).toThrow("The options of asTool() of agent a");
});

test.each<[string, z.ZodType]>([
  ["string", z.string()],
  ["array", z.array(z.object({}))],
  ["number", z.number().optional().readonly()],
  ["string", z.string().transform((text) => ({ text }))],
])("tool() refuses an input of %s: models send objects", (kind, input) => {
  expect(() => tool({ name: "t", input, run: () => 1 })).toThrow(
    `The input of tool t must be a zod schema of an object, since models send no other; not of ${kind}.`,
  );
});

test.each<[string, unknown]>([
  ["object", z.object({ a: z.string() }).optional()],
  ["record", z.record(z.string(), z.number())],
  ["union", z.union([z.object({ a: z.string() }), z.object({ b: z.string() })])],
  ["intersection", z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() }))],
  ["lazy", z.lazy(() => z.object({}))],
  ["preprocess", z.preprocess((value) => value, z.object({}))],
  ["a schema of another library", { "~standard": { version: 1, vendor: "other", validate: () => ({ value: 1 }) } }],
])("tool() takes an input of %s", (_kind, input) => {
  expect(tool({ name: "t", input: input as z.ZodType, run: () => 1 }).name).toBe("t");
});

test.each<[string, object, RegExp]>([
  ["a name with a blank", { name: "my tool" }, /1 to 64 letters/],
  ["an input that is no schema", { input: { a: "string" } }, /must be a zod schema/],
  ["no run", { run: undefined }, /run of tool t must be a function/],
  ["a description that is none", { description: 1 }, /description of tool t/],
  ["a timeout NaN", { timeout: NaN }, /timeout of tool t is NaN/],
  ["a grace that is a text", { grace: "5" }, /grace of tool t/],
  ["toModelOutput", { toModelOutput: "text" }, /toModelOutput of tool t/],
])("tool() refuses %s", (_what, options, message) => {
  expect(() => tool({ name: "t", run: () => 1, ...options })).toThrow(message);
});

test("a run refuses its input and options before the model is asked", () =>
  runJumping(async () => {
    const careful = agent({ name: "a", model });
    await expect(careful.run(5 as unknown as string)).rejects.toThrow(TypeError);
    await expect(careful.run([])).rejects.toThrow("no messages");
    await expect(careful.run("x", null as never)).rejects.toThrow("The options of a run of agent a must be an object");
    expect(() => careful.stream("x", null as never)).toThrow("The options of a run of agent a must be an object");
    await expect(careful.run("x", { timeouts: { steps: 5 } as object })).rejects.toThrow(`can't have "steps"`);
    await expect(careful.run("x", { maxSteps: 0 })).rejects.toThrow(RangeError);
    await expect(careful.run("x", { timeouts: { total: NaN } })).rejects.toThrow(RangeError);
    await expect(careful.run("x", { signal: {} as AbortSignal })).rejects.toThrow(TypeError);
    expect(() => careful.stream([])).toThrow("no messages");
    expect(() => careful.stream("x", { buffer: -1 })).toThrow(RangeError);
    expect(model.calls).toHaveLength(0);
  }));

test("an agent runs inside a run", async () => {
  const careful = agent({ name: "a", model });
  await expect(careful.run("x")).rejects.toThrow(NoCurrentTaskError);
  await expect(careful.stream("x").result).rejects.toThrow(NoCurrentTaskError);
  expect(model.calls).toHaveLength(0);
});

test("a scripted model refuses what is no script", () => {
  expect(() => scriptedModel("hello" as unknown as [])).toThrow(TypeError);
  expect(() => scriptedModel([], { chunkSize: 0 })).toThrow(RangeError);
  expect(() => scriptedModel([], { chunkDelay: NaN })).toThrow("chunkDelay is NaN");
  expect(() => scriptedModel([], null as never)).toThrow("The options of scriptedModel() must be an object, not null.");
});

test.each<[string, unknown, string]>([
  ["nothing", undefined, "must be a text or an object, not undefined."],
  [
    "an unknown key",
    { txt: "hi" },
    'can\'t have "txt". There are: delay, reasoning, text, toolCalls, error, hang, finishReason, usage.',
  ],
  ["a delay of NaN", { delay: NaN, text: "x" }, "The delay of reply 2 of model scripted is NaN."],
  ["a text that is none", { text: 5 }, "The text of reply 2 of model scripted must be a text, not 5."],
  ["tool calls that are no array", { toolCalls: { name: "a" } }, "must be an array, not an object."],
  ["a tool call without a name", { toolCalls: [{}] }, "needs the name of a tool, not undefined."],
  ["a tool call with another key", { toolCalls: [{ name: "a", args: {} }] }, 'can\'t have "args"'],
  ["an error that is none", { error: "no" }, 'The error of reply 2 of model scripted must be an object, not "no".'],
  ["usage with another key", { usage: { tokens: 1 } }, 'can\'t have "tokens". There are: inputTokens, outputTokens.'],
])("a scripted model refuses a reply of %s", async (_what, reply, message) => {
  expect(() => scriptedModel(["fine", reply as string])).toThrow(message);
  const made = scriptedModel(() => reply as string);
  const run = runJumping(() => agent({ name: "a", model: made }).run("x"));
  await expect(run).rejects.toThrow(message.replace("reply 2", "reply 1"));
  expect(made.calls).toHaveLength(1);
});

test("a scripted model may wait for ever", () => {
  expect(scriptedModel([{ delay: Infinity }]).modelId).toBe("scripted");
});
