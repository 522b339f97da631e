/** The loop of an agent: its steps, its tools, what the model is told, and how it ends. */
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { sleep } from "../../../../src-runtime/index.ts";
import { agent } from "../../../../src-runtime/agent/agent.ts";
import { scriptedModel } from "../../../../src-runtime/agent/scripted-model.ts";
import { tool, type ToolContext } from "../../../../src-runtime/agent/tool.ts";
import type { AgentStep } from "../../../../src-runtime/agent/result.ts";
import { runJumping, tasksThat } from "../jumping-run.ts";
import { toldOf } from "./told.ts";

const add = tool({
  name: "add",
  description: "Adds two numbers.",
  input: z.object({ a: z.number(), b: z.number() }),
  run: async ({ a, b }) => a + b,
});

function sleeper(name: string, ms: number, options: { readonly timeout?: number; readonly grace?: number } = {}) {
  return tool({
    name,
    ...options,
    async run() {
      await sleep(ms);
      return `${name} slept`;
    },
  });
}

describe("the loop", () => {
  test("asks, runs tools, tells the model, and answers", () =>
    runJumping(async () => {
      const model = scriptedModel([
        { text: "I add.", toolCalls: [{ name: "add", input: { a: 1, b: 2 } }] },
        "It is 3.",
      ]);
      const result = await agent({ name: "adder", model, tools: [add], instructions: "Be exact." }).run("1 + 2?");
      expect(result).toMatchObject({
        agent: "adder",
        text: "It is 3.",
        finishReason: "stop",
        degraded: false,
        toolResults: [{ toolName: "add", input: { a: 1, b: 2 }, status: "completed", output: 3 }],
      });
      expect(result.steps.map(({ step, text, finishReason }) => [step, text, finishReason])).toEqual([
        [1, "I add.", "tool-calls"],
        [2, "It is 3.", "stop"],
      ]);
      expect(result.messages.map(({ role }) => role)).toEqual(["assistant", "tool", "assistant"]);
      const [first, second] = result.steps;
      expect(result.usage.inputTokens).toBe(first!.usage.inputTokens + second!.usage.inputTokens);
      expect(model.calls[0]?.prompt).toEqual([
        { role: "system", content: "Be exact." },
        { role: "user", content: [{ type: "text", text: "1 + 2?" }] },
      ]);
      expect(toldOf(model, 2)).toEqual({ add: { type: "json", value: 3 } });
      expect(model.calls[0]?.options.tools).toMatchObject([
        { type: "function", name: "add", description: "Adds two numbers.", inputSchema: { required: ["a", "b"] } },
      ]);
    }));

  test("goes on with a conversation", () =>
    runJumping(async () => {
      const model = scriptedModel(["Hello.", "You said hi."]);
      const talker = agent({ name: "talker", model });
      const first = await talker.run("hi");
      const second = await talker.run([
        { role: "user", content: "hi" },
        ...first.messages,
        { role: "user", content: "What did I say?" },
      ]);
      expect(second.text).toBe("You said hi.");
      expect(model.calls[1]?.prompt.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    }));

  test("agent, steps, model calls and tools are tasks, one below the other", () =>
    runJumping(async (run) => {
      const model = scriptedModel([{ toolCalls: [{ name: "add", input: { a: 1, b: 2 } }] }, "3"], { modelId: "m" });
      await agent({ name: "adder", model, tools: [add] }).run("1 + 2?");
      const created = run.events.filter(({ kind }) => kind === "task.created").map(({ taskName }) => taskName);
      expect(created).toEqual(["main", "adder", "Step 1", "m", "add", "Step 2", "m"]);
      expect(tasksThat("task.completed", run)).toEqual(["m", "add", "Step 1", "m", "Step 2", "adder"]);
    }));

  test("running out of steps is no error", () =>
    runJumping(async () => {
      const model = scriptedModel(() => ({ toolCalls: [{ name: "add", input: { a: 1, b: 1 } }] }));
      const result = await agent({ name: "adder", model, tools: [add], maxSteps: 3 }).run("go on");
      expect(result.finishReason).toBe("max-steps");
      expect(result.steps).toHaveLength(3);
      expect(result.toolResults).toHaveLength(3);
      const shorter = await agent({ name: "adder", model, tools: [add] }).run("go on", { maxSteps: 1 });
      expect(shorter.steps).toHaveLength(1);
    }));

  test("onStep is waited for, and its error ends the run", () =>
    runJumping(async ({ clock }) => {
      const model = scriptedModel([{ toolCalls: [{ name: "add", input: { a: 1, b: 2 } }] }, "3", "x"]);
      const seen: [AgentStep["step"], number][] = [];
      const careful = agent({
        name: "careful",
        model,
        tools: [add],
        async onStep({ step }) {
          seen.push([step, clock.now()]);
          await sleep(100);
        },
      });
      await careful.run("1 + 2?");
      expect(seen).toEqual([
        [1, 0],
        [2, 100],
      ]);
      const broken = agent({
        name: "broken",
        model,
        onStep() {
          throw new Error("no");
        },
      });
      await expect(broken.run("x")).rejects.toThrow("no");
    }));

  test("settings reach the model", () =>
    runJumping(async () => {
      const model = scriptedModel(["ok"]);
      const providerOptions = { scripted: { mode: "fast" } };
      const settings = { temperature: 0.2, maxOutputTokens: 50, stopSequences: ["END"] };
      await agent({ name: "a", model, settings, providerOptions }).run("x");
      expect(model.calls[0]?.options).toMatchObject({ ...settings, providerOptions });
    }));
});

describe("tools", () => {
  test("know their input by its schema, and their result", () => {
    expectTypeOf(add.run).parameter(0).toEqualTypeOf<{ a: number; b: number }>();
    expectTypeOf(add.run).parameter(1).toEqualTypeOf<ToolContext>();
    expectTypeOf(add.run).returns.toEqualTypeOf<Promise<number> | number>();
    tool({
      name: "dates",
      input: z.object({ day: z.string().transform((text) => new Date(text)) }),
      run: ({ day }) => {
        expectTypeOf(day).toEqualTypeOf<Date>();
        return day.getFullYear();
      },
    });
  });

  test("get what the schema makes of the input, once", () =>
    runJumping(async () => {
      const seen: unknown[] = [];
      const days = tool({
        name: "days",
        input: z.object({ day: z.string().transform((text) => `${text}!`), zone: z.string().default("UTC") }),
        run(input, { toolCallId, agent: name, step }) {
          seen.push(input, toolCallId, name, step);
        },
      });
      const model = scriptedModel([{ toolCalls: [{ name: "days", input: { day: "Monday" }, id: "c1" }] }, "ok"]);
      await agent({ name: "a", model, tools: [days] }).run("x");
      expect(seen).toEqual([{ day: "Monday!", zone: "UTC" }, "c1", "a", 1]);
      expect(toldOf(model, 2)).toEqual({ days: { type: "json", value: null } });
    }));

  test("that fail, or are called wrongly, are told to the model, and it goes on", () =>
    runJumping(async () => {
      const broken = tool({
        name: "broken",
        run() {
          throw new Error("the disk is full");
        },
      });
      const odd = tool({ name: "odd", run: () => 10n });
      const toolCalls = [
        { name: "broken", id: "1" },
        { name: "add", input: { a: "one" }, id: "2" },
        { name: "add", input: "{broken", id: "3" },
        { name: "nothing", id: "4" },
        { name: "odd", id: "5" },
      ];
      const model = scriptedModel([{ toolCalls }, "I see."]);
      const result = await agent({ name: "a", model, tools: [broken, add, odd] }).run("x");
      expect(result.text).toBe("I see.");
      expect(result.toolResults.map(({ status }) => status)).toEqual([
        "failed",
        "invalid",
        "invalid",
        "invalid",
        "failed",
      ]);
      const told = toldOf(model, 2, "toolCallId");
      expect(told["1"]).toEqual({ type: "error-text", value: "the disk is full" });
      expect(told["2"]).toMatchObject({ type: "error-text", value: expect.stringContaining("expected number") });
      expect(told["3"]).toMatchObject({ type: "error-text", value: expect.stringContaining("JSON") });
      expect(told["4"]).toMatchObject({ value: "There is no tool nothing. There are: broken, add, odd." });
      expect(told["5"]).toMatchObject({ type: "error-text", value: expect.stringContaining("BigInt") });
    }));

  test("may say themselves what the model is told", () =>
    runJumping(async () => {
      const pair = tool({
        name: "pair",
        run: () => ({ left: 1, right: 2 }),
        toModelOutput: ({ left, right }) => ({ type: "text", value: `${left} and ${right}` }),
      });
      const model = scriptedModel([{ toolCalls: [{ name: "pair" }] }, "ok"]);
      const { toolResults } = await agent({ name: "a", model, tools: [pair] }).run("x");
      expect(toolResults[0]?.output).toEqual({ left: 1, right: 2 });
      expect(toldOf(model, 2)).toEqual({ pair: { type: "text", value: "1 and 2" } });
    }));

  test("of a step run at the same time, their results in the order of the calls", () =>
    runJumping(async ({ clock }) => {
      const model = scriptedModel([{ toolCalls: [{ name: "slow" }, { name: "quick" }] }, "ok"]);
      const result = await agent({ name: "a", model, tools: [sleeper("slow", 50), sleeper("quick", 10)] }).run("x");
      expect(clock.now()).toBe(50);
      expect(result.toolResults.map(({ toolName, ms }) => [toolName, ms])).toEqual([
        ["slow", 50],
        ["quick", 10],
      ]);
    }));

  test("wait for their place, which does not count as their time", () =>
    runJumping(async (run) => {
      const toolCalls = ["one", "two", "three"].map((name) => ({ name }));
      const model = scriptedModel([{ toolCalls }, "ok"]);
      const tools = toolCalls.map(({ name }) => sleeper(name, 30, { timeout: 40 }));
      const result = await agent({ name: "a", model, tools, toolConcurrency: 1 }).run("x");
      expect(run.clock.now()).toBe(90);
      expect(result.toolResults.map(({ status, ms }) => [status, ms])).toEqual(Array(3).fill(["completed", 30]));
      const queued = run.events
        .filter(({ kind }) => kind === "sync.wait")
        .map(({ taskName, target }) => [taskName, target?.name]);
      expect(queued).toEqual([
        ["two", "tools of a"],
        ["three", "tools of a"],
      ]);
    }));

  test("with a time limit are cancelled at it, the model is told, the run goes on", () =>
    runJumping(async (run) => {
      const model = scriptedModel([{ toolCalls: [{ name: "slow" }, { name: "slower" }] }, "too slow"]);
      const tools = [sleeper("slow", 1000), sleeper("slower", 1000, { timeout: 200 })];
      const result = await agent({ name: "a", model, tools, timeouts: { tool: 100 } }).run("x");
      expect(run.clock.now()).toBe(200);
      expect(result.toolResults.map(({ status }) => status)).toEqual(["timeout", "timeout"]);
      expect(toldOf(model, 2)).toEqual({
        slow: { type: "error-text", value: "slow did not end within 100 ms." },
        slower: { type: "error-text", value: "slower did not end within 200 ms." },
      });
      expect(tasksThat("task.cancelled", run)).toEqual(["slow", "slower"]);
    }));

  test("that ignore their cancel are abandoned after their grace, and seen to be", () =>
    runJumping(async (run) => {
      const deaf = tool({ name: "deaf", timeout: 100, grace: 50, run: () => new Promise(() => undefined) });
      const model = scriptedModel([
        { toolCalls: [{ name: "deaf" }, { name: "add", input: { a: 1, b: 1 } }] },
        "without it",
      ]);
      const result = await agent({ name: "a", model, tools: [deaf, add], toolConcurrency: 1 }).run("x");
      expect(result.text).toBe("without it");
      expect(result.toolResults.map(({ status }) => status)).toEqual(["abandoned", "completed"]);
      expect(tasksThat("task.abandoned", run)).toEqual(["deaf"]);
      expect(run.clock.now()).toBe(150);
      expect(toldOf(model, 2)["deaf"]).toEqual({ type: "error-text", value: "deaf did not end within 100 ms." });
    }));

  test("end the run when the agent is told to throw; the others are cancelled first", () =>
    runJumping(async (run) => {
      const broken = tool({
        name: "broken",
        async run() {
          await sleep(10);
          throw new Error("the disk is full");
        },
      });
      const model = scriptedModel([{ toolCalls: [{ name: "slow" }, { name: "broken" }] }]);
      const strict = agent({ name: "a", model, tools: [broken, sleeper("slow", 1000)], onToolError: "throw" });
      const error = await strict.run("x").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        name: "ToolError",
        toolName: "broken",
        message: "Tool broken failed: the disk is full",
      });
      expect((error as Error).cause).toMatchObject({ message: "the disk is full" });
      expect(run.clock.now()).toBe(10);
      expect(tasksThat("task.cancelled", run)).toEqual(["slow"]);
      const asked = run.events.find(({ kind, cancel }) => kind === "cancel.requested" && cancel?.source === "group");
      expect(asked?.taskName).toBe("slow");
    }));

  test("may take the others of their step with them, and the model is told of all", () =>
    runJumping(async ({ clock }) => {
      const broken = tool({
        name: "broken",
        run() {
          throw new Error("gone");
        },
      });
      const model = scriptedModel([{ toolCalls: [{ name: "slow" }, { name: "broken" }] }, "neither"]);
      const tools = [broken, sleeper("slow", 1000)];
      const result = await agent({ name: "a", model, tools, siblings: "cancel" }).run("x");
      expect(result.toolResults.map(({ status }) => status)).toEqual(["cancelled", "failed"]);
      expect(toldOf(model, 2)["slow"]).toEqual({ type: "error-text", value: "Tool slow was cancelled." });
      expect(clock.now()).toBe(0);
    }));

  test("may be agents", () =>
    runJumping(async () => {
      const inner = agent({ name: "the expert", description: "Knows.", model: scriptedModel(["42"]) });
      const model = scriptedModel([{ toolCalls: [{ name: "the_expert", input: { prompt: "what?" } }] }, "He says 42."]);
      const result = await agent({ name: "outer", model, tools: [inner.asTool()] }).run("ask");
      expect(result.text).toBe("He says 42.");
      expect(toldOf(model, 2)).toEqual({ the_expert: { type: "text", value: "42" } });
      expect(model.calls[0]?.options.tools).toMatchObject([{ name: "the_expert", description: "Knows." }]);
    }));
});
