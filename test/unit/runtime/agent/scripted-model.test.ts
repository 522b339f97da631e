/** The scripted model by itself, under the AI SDK. */
import { generateText, streamText } from "ai";
import { expect, test } from "vitest";
import { createTask, now, sleep } from "../../../../src-runtime/index.ts";
import { scriptedModel } from "../../../../src-runtime/agent/scripted-model.ts";
import { runJumping } from "../jumping-run.ts";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test("answers generateText and streamText, outside a run too", async () => {
  const model = scriptedModel([
    { reasoning: "hm", text: "hello there" },
    { delay: 1, text: "and again" },
  ]);
  const first = await generateText({ model, prompt: "hi" });
  expect([first.text, first.finishReason, first.usage.inputTokens]).toEqual(["hello there", "stop", 10]);
  const second = streamText({ model, prompt: "hi" });
  const pieces = await all(second.textStream);
  expect(pieces).toEqual(["and agai", "n"]);
  expect(model.calls.map(({ number }) => number)).toEqual([1, 2]);
});

test("a function is asked with the prompt", async () => {
  const model = scriptedModel(async ({ number, prompt }) => `${number}: ${prompt.length} messages`);
  expect((await generateText({ model, prompt: "hi" })).text).toBe("1: 1 messages");
});

test("calls tools, with broken input if told to", async () => {
  const model = scriptedModel([
    {
      toolCalls: [
        { name: "a", input: "{" },
        { name: "b", input: [1], id: "own" },
      ],
    },
  ]);
  const { stream } = await model.doStream({ prompt: [] });
  const calls = (await all(stream)).filter(({ type }) => type === "tool-call");
  expect(calls).toMatchObject([
    { toolCallId: "call_1_1", toolName: "a", input: "{" },
    { toolCallId: "own", toolName: "b", input: "[1]" },
  ]);
});

test("fails as a server would", async () => {
  const model = scriptedModel([{ error: { status: 429, retryAfter: 2 } }, { error: { status: 400, message: "no" } }]);
  await expect(model.doStream({ prompt: [] })).rejects.toMatchObject({
    statusCode: 429,
    isRetryable: true,
    responseHeaders: { "retry-after": "2" },
  });
  await expect(model.doGenerate({ prompt: [] })).rejects.toMatchObject({ isRetryable: false, message: "no" });
});

test("takes its time by the clock of the run, and ends at once when aborted", () =>
  runJumping(async () => {
    const model = scriptedModel([{ delay: 1000, text: "12345678 12345678" }, { hang: true }], { chunkDelay: 50 });
    const { stream } = await model.doStream({ prompt: [] });
    expect(now()).toBe(1000);
    await all(stream);
    expect(now()).toBe(1100);
    const controller = new AbortController();
    const hanging = createTask(async () => {
      const { stream: silent } = await model.doStream({ prompt: [], abortSignal: controller.signal });
      return all(silent);
    });
    await sleep(10);
    controller.abort(new Error("enough"));
    await expect(hanging).rejects.toThrow("enough");
    await expect(model.doStream({ prompt: [], abortSignal: controller.signal })).rejects.toThrow("enough");
  }));
