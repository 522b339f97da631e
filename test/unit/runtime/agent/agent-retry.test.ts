/** A model that fails: tried again, left for another, or the end of the run. */
import { expect, test } from "vitest";
import { ExceptionGroup, createTask, sleep } from "../../../../src-runtime/index.ts";
import { agent } from "../../../../src-runtime/agent/agent.ts";
import { scriptedModel } from "../../../../src-runtime/agent/scripted-model.ts";
import { runJumping, tasksThat } from "../jumping-run.ts";

test("what may pass is tried again, after the time the server asks for", () =>
  runJumping(async (run) => {
    const model = scriptedModel([{ error: { status: 429, retryAfter: 3 } }, { error: { status: 503 } }, "At last."]);
    const result = await agent({ name: "a", model }).run("x");
    expect(result).toMatchObject({ text: "At last.", degraded: false });
    // 3 s as asked for, then the second pause of the policy.
    expect(run.clock.now()).toBe(3000 + 2000);
    expect(tasksThat("task.created", run)).toEqual(["main", "a", "Step 1", "scripted"]);
    expect(run.events.filter(({ kind }) => kind === "retry.scheduled")).toHaveLength(2);
  }));

test("what can't pass is not", () =>
  runJumping(async ({ clock }) => {
    const model = scriptedModel([{ error: { status: 401, message: "Who are you?" } }]);
    await expect(agent({ name: "a", model }).run("x")).rejects.toThrow("Who are you?");
    expect(model.calls).toHaveLength(1);
    const empty = scriptedModel([]);
    await expect(agent({ name: "a", model: empty }).run("x")).rejects.toThrow(
      "The script of model scripted has 0 replies",
    );
    expect(empty.calls).toHaveLength(1);
    expect(clock.now()).toBe(0);
  }));

test("an answer that breaks off is tried again as a whole", () =>
  runJumping(async () => {
    const model = scriptedModel([{ text: "half an ans", error: { status: 500 } }, "a whole answer"]);
    const result = await agent({ name: "a", model, retry: { minTimeout: 0 } }).run("x");
    expect(result.text).toBe("a whole answer");
  }));

test("the policy decides how often, and is told", () =>
  runJumping(async ({ clock }) => {
    const told: number[] = [];
    const model = scriptedModel(() => ({ error: { status: 500 } }));
    const retry = {
      retries: 4,
      minTimeout: 10,
      factor: 1,
      onFailedAttempt: ({ attemptNumber }: { readonly attemptNumber: number }) => void told.push(attemptNumber),
      shouldRetry: ({ attemptNumber }: { readonly attemptNumber: number }) => attemptNumber < 3,
    };
    await expect(agent({ name: "a", model, retry }).run("x")).rejects.toThrow("status 500");
    expect(told).toEqual([1, 2, 3]);
    expect(clock.now()).toBe(20);
  }));

test("a cancel ends the pause between attempts, and is not tried again", () =>
  runJumping(async ({ clock }) => {
    const model = scriptedModel(() => ({ error: { status: 429, retryAfter: 60 } }));
    const task = createTask(() => agent({ name: "a", model, fallback: [scriptedModel(["no"])] }).run("x"));
    await sleep(100);
    task.cancel();
    expect((await task.settled()).status).toBe("cancelled");
    expect(model.calls).toHaveLength(1);
    expect(clock.now()).toBe(100);
  }));

test("another model answers when the first can't, and the result says so", () =>
  runJumping(async (run) => {
    const first = scriptedModel(() => ({ error: { status: 500 } }), { modelId: "large" });
    const second = scriptedModel(["From the small one."], { modelId: "small" });
    const settings = { name: "a", model: first, fallback: [second], retry: { retries: 1, minTimeout: 0 } };
    const result = await agent(settings).run("x");
    expect(result).toMatchObject({ text: "From the small one.", degraded: true });
    expect(result.steps).toMatchObject([
      { model: "small", degraded: true, fallbackErrors: [expect.objectContaining({ statusCode: 500 })] },
    ]);
    expect(first.calls).toHaveLength(2);
    expect(tasksThat("task.failed", run)).toEqual(["large"]);
    expect(tasksThat("task.completed", run)).toEqual(["small", "Step 1", "a"]);
    expect(run.events.filter(({ kind }) => kind === "fallback.used")).toHaveLength(1);
  }));

test("when none answers, every model's error comes out", () =>
  runJumping(async () => {
    const models = [401, 403].map((status) => scriptedModel([{ error: { status } }]));
    const error = await agent({ name: "a", model: models[0]!, fallback: [models[1]!] })
      .run("x")
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExceptionGroup);
    expect((error as ExceptionGroup).errors).toMatchObject([{ statusCode: 401 }, { statusCode: 403 }]);
  }));
