/** How a run ends early: cancelled from outside, out of time, left by its reader; and what reaches the connection. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { describe, expect, test } from "vitest";
import {
  CancelledError,
  TaskCancelledError,
  createTask,
  currentSignal,
  run,
  sleep,
  taskGroup,
} from "../../../../src-runtime/index.ts";
import { agent } from "../../../../src-runtime/agent/agent.ts";
import { scriptedModel } from "../../../../src-runtime/agent/scripted-model.ts";
import { tool } from "../../../../src-runtime/agent/tool.ts";
import { startModelServer } from "../../../../examples/model-server/model-server.ts";
import { runJumping, tasksThat } from "../jumping-run.ts";

/** A server that starts an answer and never ends it. */
async function startEndlessServer() {
  const requested = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const server = createServer((_request, response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const chunk = { id: "1", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content: "Well, " } }] };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.on("close", () => closed.resolve());
    requested.resolve();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return {
    model: createOpenAICompatible({ name: "local", baseURL: url })("endless"),
    requested: requested.promise,
    closed: closed.promise,
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

describe("the connection", () => {
  test("is closed when the agent's task is cancelled", async () => {
    await using server = await startEndlessServer();
    await run(async () => {
      const task = createTask(() => agent({ name: "a", model: server.model }).run("x"));
      await server.requested;
      task.cancel("enough");
      await expect(task).rejects.toThrow(TaskCancelledError);
      await server.closed;
    });
  });

  test("is closed by a break of the reader, before the loop is left", async () => {
    await using server = await startEndlessServer();
    await run(async () => {
      const parts = agent({ name: "a", model: server.model }).stream("x");
      for await (const part of parts) if (part.type === "text-delta") break;
      await server.closed;
      await expect(parts.result).rejects.toThrow(CancelledError);
    });
  });

  test("is closed when no chunk comes in time", async () => {
    await using server = await startEndlessServer();
    await run(async () => {
      const impatient = agent({ name: "a", model: server.model, timeouts: { chunk: 30 }, retry: { retries: 0 } });
      await expect(impatient.run("x")).rejects.toThrow("Model endless sent no further chunk within 30 ms.");
      await server.closed;
    });
  });

  test("carries a whole run of tools and text", async () => {
    const server = await startModelServer({ chunkMs: 0 });
    try {
      const model = createOpenAICompatible({ name: "local", baseURL: server.url, includeUsage: true })("research");
      const names = ["search", "fetchPages", "readNotes", "searchArchive", "summarise"];
      const tools = names.map((name) => tool({ name, run: () => `${name} is done` }));
      const result = await run(() => agent({ name: "researcher", model, tools }).run("Why?"));
      // They take no input, and the model sends some.
      expect(result.steps.map(({ toolCalls }) => toolCalls.length)).toEqual([4, 1, 0]);
      expect(result.finishReason).toBe("stop");
      expect(result.text).toContain("An agent shares one thread");
      expect(result.usage.outputTokens).toBeGreaterThan(50);
    } finally {
      await server.close();
    }
  });
});

describe("a cancel", () => {
  test("reaches the tools, and is not told to the model", () =>
    runJumping(async (run) => {
      const cleaned: unknown[] = [];
      const careful = tool({
        name: "careful",
        async run(_input, { signal }) {
          expect(signal).toBe(currentSignal());
          try {
            await sleep(1000);
          } finally {
            cleaned.push(signal.aborted);
          }
        },
      });
      const model = scriptedModel([{ toolCalls: [{ name: "careful" }, { name: "careful" }] }]);
      const task = createTask(() => agent({ name: "a", model, tools: [careful] }).run("x"));
      await sleep(10);
      task.cancel("enough");
      expect(await task.settled()).toMatchObject({ status: "cancelled" });
      expect(cleaned).toEqual([true, true]);
      expect(model.calls).toHaveLength(1);
      expect(tasksThat("task.cancelled", run)).toEqual(["careful", "careful", "Step 1", "a", task.name]);
      expect(run.clock.now()).toBe(10);
    }));

  test("waits for a tool no longer than its grace", () =>
    runJumping(async (run) => {
      const deaf = tool({ name: "deaf", run: () => new Promise(() => undefined) });
      const model = scriptedModel([{ toolCalls: [{ name: "deaf" }] }]);
      const task = createTask(() => agent({ name: "a", model, tools: [deaf], toolGrace: 300 }).run("x"));
      await sleep(10);
      task.cancel();
      await task.settled();
      expect(run.clock.now()).toBe(310);
      expect(tasksThat("task.abandoned", run)).toEqual(["deaf"]);
    }));

  test("of a queued tool takes it out of the queue", () =>
    runJumping(async (run) => {
      let started = 0;
      const slow = tool({
        name: "slow",
        async run() {
          started++;
          await sleep(1000);
        },
      });
      const model = scriptedModel([{ toolCalls: [{ name: "slow" }, { name: "slow" }] }]);
      const task = createTask(() => agent({ name: "a", model, tools: [slow], toolConcurrency: 1 }).run("x"));
      await sleep(10);
      task.cancel();
      await task.settled();
      expect(started).toBe(1);
      expect(tasksThat("task.cancelled", run).filter((name) => name === "slow")).toHaveLength(2);
    }));

  test("by a signal of the run's own ends that run alone", () =>
    runJumping(async () => {
      const controller = new AbortController();
      const patient = agent({ name: "a", model: scriptedModel(() => ({ hang: true })) });
      const ended = await taskGroup(async (group) => {
        const run = group.createTask(() =>
          patient.run("x", { signal: controller.signal }).catch((error: unknown) => error),
        );
        await sleep(5);
        controller.abort(new Error("left the page"));
        return run;
      });
      expect(ended).toBeInstanceOf(TaskCancelledError);
      expect((ended as Error).cause).toMatchObject({ source: "abortSignal", reason: { message: "left the page" } });
      const early = patient.run("x", { signal: AbortSignal.abort() });
      await expect(early).rejects.toThrow(TaskCancelledError);
    }));

  test("leaves a model that ignores its signal behind after the grace", () =>
    runJumping(async (run) => {
      const hanging = scriptedModel([]);
      const deaf: typeof hanging = { ...hanging, doStream: () => new Promise(() => undefined) };
      const task = createTask(() => agent({ name: "a", model: deaf }).run("x"));
      await sleep(10);
      task.cancel();
      await task.settled();
      expect(task.cancelled()).toBe(true);
      expect(run.clock.now()).toBeLessThanOrEqual(5010);
    }));
});

describe("a time limit", () => {
  const hanging = () => scriptedModel(() => ({ text: "Well, I think", hang: true }));

  test("of the whole run", () =>
    runJumping(async (run) => {
      const slow = agent({ name: "slow", model: hanging(), timeouts: { total: 500 } });
      await expect(slow.run("x")).rejects.toMatchObject({
        name: "TimeoutError",
        message: "slow did not end within 500 ms.",
      });
      expect(run.clock.now()).toBe(500);
      await expect(slow.run("x", { timeouts: { total: 100 } })).rejects.toThrow("within 100 ms");
      expect(run.clock.now()).toBe(600);
    }));

  test("of a step", () =>
    runJumping(async ({ clock }) => {
      const slow = agent({ name: "slow", model: hanging(), timeouts: { step: 200 } });
      await expect(slow.run("x")).rejects.toThrow("Step 1 did not end within 200 ms.");
      expect(clock.now()).toBe(200);
    }));

  test("of an attempt, which is tried again", () =>
    runJumping(async ({ clock }) => {
      const model = scriptedModel([{ hang: true }, "Here I am."]);
      const result = await agent({ name: "a", model, timeouts: { model: 200 }, retry: { minTimeout: 50 } }).run("x");
      expect(result.text).toBe("Here I am.");
      expect(clock.now()).toBe(250);
    }));

  test("until the first chunk", () =>
    runJumping(async ({ clock }) => {
      const model = scriptedModel(
        [
          { delay: 1000, text: "late" },
          { delay: 90, text: "in time, and then slowly" },
        ],
        { chunkDelay: 300 },
      );
      const settings = { timeouts: { firstChunk: 100 }, retry: { minTimeout: 0 } };
      const result = await agent({ name: "a", model, ...settings }).run("x");
      expect(result.text).toBe("in time, and then slowly");
      expect(clock.now()).toBe(100 + 90 + 2 * 300);
      const failing = agent({
        name: "b",
        model: scriptedModel([{ hang: true }]),
        timeouts: { firstChunk: 100 },
        retry: { retries: 0 },
      });
      await expect(failing.run("x")).rejects.toThrow("Model scripted sent no chunk within 100 ms.");
    }));

  test("between chunks does not count what the reader takes", () =>
    runJumping(async ({ clock }) => {
      const model = scriptedModel(["one and two and three and four and five"], { chunkDelay: 20 });
      const parts = agent({ name: "a", model, timeouts: { chunk: 50 } }).stream("x", { buffer: 0 });
      let text = "";
      for await (const part of parts) {
        if (part.type !== "text-delta") continue;
        text += part.text;
        await sleep(500);
      }
      expect(text).toBe("one and two and three and four and five");
      expect(clock.now()).toBe(2500);
    }));
});
