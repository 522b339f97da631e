/** What can't work is refused when it is said, by a sentence that names it. */
import { expect, test } from "vitest";
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
  ["retry", { retry: 3 }, /retry of agent a/],
  ["a retry policy that can't work", { retry: { retries: -1 } }, /retries must be a whole number/],
  ["onStep", { onStep: "log" }, /onStep of agent a/],
])("agent() refuses %s", (_what, options, message) => {
  expect(() => agent({ name: "a", model, ...options })).toThrow(message);
});

test("agent() and tool() refuse what are no options", () => {
  expect(() => agent(undefined as never)).toThrow(TypeError);
  expect(() => agent({ name: "a", model, tools: [noop, noop] })).toThrow(UsageError);
  expect(() => tool(undefined as never)).toThrow(TypeError);
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
});
