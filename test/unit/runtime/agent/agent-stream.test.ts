/** A run read part by part. */
import { expect, test } from "vitest";
import { UsageError, sleep } from "../../../../src-runtime/index.ts";
import { agent } from "../../../../src-runtime/agent/agent.ts";
import { scriptedModel } from "../../../../src-runtime/agent/scripted-model.ts";
import { tool } from "../../../../src-runtime/agent/tool.ts";
import { runJumping, tasksThat } from "../jumping-run.ts";

const echo = tool({ name: "echo", run: () => "hello" });

test("yields every part in order, and has the result", () =>
  runJumping(async () => {
    const model = scriptedModel([
      { reasoning: "hm", text: "I ask.", toolCalls: [{ name: "echo", id: "c1" }] },
      "It said hello.",
    ]);
    const parts = agent({ name: "a", model, tools: [echo] }).stream("x");
    const seen: string[] = [];
    for await (const part of parts) {
      const text = "text" in part ? ` ${part.text}` : "";
      seen.push(`${"step" in part ? part.step : "-"} ${part.type}${text}`);
    }
    expect(seen).toEqual([
      "1 step-start",
      "1 reasoning-delta hm",
      "1 text-delta I ask.",
      "1 tool-call",
      "1 tool-result",
      "1 step-finish",
      "2 step-start",
      "2 text-delta It said ",
      "2 text-delta hello.",
      "2 step-finish",
      "- finish",
    ]);
    await expect(parts.result).resolves.toMatchObject({ text: "It said hello.", finishReason: "stop" });
  }));

test("a slow reader holds the model up", () =>
  runJumping(async () => {
    let said = 0;
    const model = scriptedModel(["a".repeat(100)], { chunkSize: 1 });
    const counting: typeof model = {
      ...model,
      async doStream(options) {
        const { stream } = await model.doStream(options);
        const counter = new TransformStream({
          transform(part, controller) {
            if (part.type === "text-delta") said++;
            controller.enqueue(part);
          },
        });
        return { stream: stream.pipeThrough(counter) };
      },
    };
    let read = 0;
    for await (const part of agent({ name: "a", model: counting }).stream("x", { buffer: 2 })) {
      if (part.type !== "text-delta") continue;
      read++;
      await sleep(10);
      // What the AI SDK's own pipe holds is on top of our buffer.
      expect(said - read).toBeLessThan(20);
    }
    expect(read).toBe(100);
  }));

test("the result alone runs the agent to its end", () =>
  runJumping(async () => {
    const parts = agent({ name: "a", model: scriptedModel(["hello"]) }).stream("x");
    expect((await parts.result).text).toBe("hello");
    expect((await parts.result).text).toBe("hello");
    expect(() => parts[Symbol.asyncIterator]()).toThrow(UsageError);
  }));

test("the result may be asked for before the parts are read", () =>
  runJumping(async () => {
    const parts = agent({ name: "a", model: scriptedModel(["hello world"]) }).stream("x");
    async function read(): Promise<string> {
      let text = "";
      for await (const piece of parts.text) text += piece;
      return text;
    }
    const [result, text] = await Promise.all([parts.result, read()]);
    expect(text).toBe("hello world");
    expect(result.text).toBe(text);
  }));

test("never read, it never starts", () =>
  runJumping(async (run) => {
    const model = scriptedModel(["hello"]);
    agent({ name: "a", model }).stream("x");
    await sleep(10);
    expect(model.calls).toHaveLength(0);
    expect(tasksThat("task.created", run)).toEqual(["main"]);
  }));

test("an error comes after the parts before it, to the reader and to who asks for the result", () =>
  runJumping(async ({ reports }) => {
    const model = scriptedModel([{ text: "so far so good", error: new Error("cut off") }]);
    const parts = agent({ name: "a", model }).stream("x");
    let text = "";
    const reading = (async () => {
      for await (const piece of parts.text) text += piece;
    })();
    await expect(reading).rejects.toThrow("cut off");
    expect(text).toBe("so far so good");
    await expect(parts.result).rejects.toThrow("cut off");
    expect(reports).toEqual([]);
  }));

test("what was seen is not said again: no retry, no fallback after the first part", () =>
  runJumping(async () => {
    const model = scriptedModel([{ text: "so far", error: { status: 500 } }, "again"]);
    const other = scriptedModel(["from another"]);
    const settings = { name: "a", model, fallback: [other], retry: { minTimeout: 0 } };
    const seen: string[] = [];
    const reading = (async () => {
      for await (const piece of agent(settings).stream("x").text) seen.push(piece);
    })();
    await expect(reading).rejects.toThrow("status 500");
    expect(seen).toEqual(["so far"]);
    expect(model.calls).toHaveLength(1);
    expect(other.calls).toHaveLength(0);
  }));

test("who waits for the result of a run that is left before its first part is told so", () =>
  runJumping(async () => {
    const parts = agent({ name: "a", model: scriptedModel(["never said"]) }).stream("x");
    const reader = parts[Symbol.asyncIterator]();
    const result = parts.result;
    await reader.return?.();
    await expect(result).rejects.toThrow("The run of agent a was left before it began.");
  }));
