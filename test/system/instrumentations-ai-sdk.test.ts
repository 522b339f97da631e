import { describe, expect, it } from "vitest";
import { trace, type SeenTask, type Traced } from "./instrumentations-trace.ts";

/** Below one task: kind, name and outcome of each, indented by depth. */
function tree(traced: Traced, parent = 0, depth = ""): readonly string[] {
  return traced.tasks
    .filter((task) => task.parent === parent)
    .flatMap((task) => [
      `${depth}${task.kind} ${task.name.replace(/:\d+/, "")} ${task.outcome ?? "open"}`,
      ...tree(traced, task.id, `${depth}  `),
    ]);
}

function isWithin(inner: SeenTask, outer: SeenTask): boolean {
  return inner.created >= outer.created && (inner.ended ?? Infinity) <= (outer.ended ?? 0);
}

describe("AI SDK", () => {
  it("shows a streaming agent: steps, model calls with usage and first chunk, parallel tools, and their requests", async () => {
    const traced = await trace("agent.mjs", { args: ["tools"] });
    expect(traced.stdout).toBe("planted-answer\n");
    expect(traced.stderr).toBe("");
    expect(tree(traced)).toEqual([
      "agent research completed",
      "  step Step 1 completed",
      "    model tools completed",
      "      request POST 127.0.0.1/v1/chat/completions completed",
      "    tool slow completed",
      "      request POST 127.0.0.1/v1/embeddings completed",
      "    tool failing failed",
      "  step Step 2 completed",
      "    model tools completed",
      "      request POST 127.0.0.1/v1/chat/completions completed",
    ]);
    const [first] = traced.tasks.filter(({ kind }) => kind === "model");
    expect(first?.attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "loopback.chat",
      "gen_ai.request.model": "tools",
      "gen_ai.response.finish_reasons": ["tool-calls"],
      "gen_ai.usage.input_tokens": 11,
      "gen_ai.usage.output_tokens": 7,
    });
    const request = traced.children(first as SeenTask)[0] as SeenTask;
    expect(isWithin(request, first as SeenTask)).toBe(true);
    expect(first?.chunks).toBe(request.chunks);
    expect(first?.firstChunk).toBeGreaterThan(first?.created ?? Infinity);
    expect(traced.task("failing").error).toBe("RangeError");
    expect(traced.task("slow").attributes).toEqual({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "slow",
      "gen_ai.tool.call.id": "call-slow",
    });
    expect(traced.task("failing").created).toBeLessThan(traced.task("slow").ended ?? 0);
  });

  it("ends a streamed call with its body when the call's own integrations hide ours", async () => {
    const traced = await trace("agent.mjs", { args: ["unseen"] });
    const model = traced.task("plain");
    const request = traced.children(model)[0] as SeenTask;
    expect(tree(traced)[0]).toBe("agent streamText completed");
    expect(model.ended).toBeGreaterThanOrEqual(request.ended ?? Infinity);
    expect(model.firstChunk).toBeLessThan(model.ended ?? 0);
  });

  it("shows a call that is not streamed, with its usage and no first chunk", async () => {
    const traced = await trace("agent.mjs", { args: ["generate"] });
    const model = traced.task("tools");
    expect(model.attributes).toMatchObject({ "gen_ai.usage.output_tokens": 7 });
    expect(model.firstChunk).toBeUndefined();
    expect(model.outcome).toBe("completed");
  });

  it("shows a call for an object, which the SDK tells by callbacks only", async () => {
    const traced = await trace("agent.mjs", { args: ["object"] });
    expect(traced.stdout).toBe('{"said":"planted-answer"}\n');
    expect(tree(traced).slice(0, 2)).toEqual(["agent generateObject completed", "  model object completed"]);
    expect(traced.task("object").attributes).toMatchObject({
      "gen_ai.usage.input_tokens": 11,
      "gen_ai.usage.output_tokens": 7,
    });
    expect(traced.sent).not.toContain("planted");
  });

  it("shows a retry as two model calls under one step", async () => {
    const traced = await trace("agent.mjs", { args: ["retry"] });
    expect(traced.stdout).toBe("planted-answer\n");
    const step = traced.task("Step 1");
    const calls = traced.children(step);
    expect(calls.map(({ outcome, error }) => [outcome, error])).toEqual([
      ["failed", "AI_APICallError 429"],
      ["completed", undefined],
    ]);
    expect(calls[0]?.firstChunk).toBeUndefined();
  });

  it("fails what a refused call belongs to", async () => {
    const traced = await trace("agent.mjs", { args: ["broken"] });
    expect(traced.stdout).toBe("AI_APICallError\n");
    expect(tree(traced).slice(0, 3)).toEqual([
      "agent generateText failed",
      "  step Step 1 failed",
      "    model broken failed",
    ]);
  });

  it("shows embeddings as model calls", async () => {
    const traced = await trace("agent.mjs", { args: ["embed"] });
    expect(traced.task("vectors")).toMatchObject({ kind: "model", outcome: "completed" });
    expect(traced.task("vectors").attributes["gen_ai.usage.input_tokens"]).toBe(3);
  });

  it("says which deadline cancelled a tool, and nothing of one that ran on regardless", async () => {
    const traced = await trace("agent.mjs", { args: ["deadline"] });
    expect(traced.stdout).toBe("planted-answer\n");
    const cancelled = traced.task("slow");
    expect(cancelled).toMatchObject({ outcome: "cancelled", error: "AbortError ABORT_ERR" });
    expect(traced.task("failing").outcome).toBe("completed");
    const [reached, ...more] = traced.cancellations.filter(({ task }) => task !== 0);
    expect(more).toEqual([]);
    expect(reached).toMatchObject({
      task: cancelled.id,
      source: "deadline",
      reason: "TimeoutError",
      by: cancelled.id,
      ignored: false,
    });
  });

  it("says nothing of a deadline that passes after its task", async () => {
    const traced = await trace("agent.mjs", { args: ["moot"] });
    expect(traced.stdout).toBe("moot\n");
    expect(traced.task("slow").outcome).toBe("completed");
    expect(traced.cancellations).toEqual([]);
  });

  it("closes an aborted agent's open step and model call, and says what the abort reached", async () => {
    const traced = await trace("agent.mjs", { args: ["abort"] });
    expect(tree(traced)).toEqual([
      "agent streamText cancelled",
      "  step Step 1 cancelled",
      "    model hanging cancelled",
      "      request POST 127.0.0.1/v1/chat/completions cancelled",
      "function abort completed",
    ]);
    const abort = traced.task("abort");
    const reached = traced.cancellations.map(({ task, cancel, ignored }) => [
      traced.tasks.find(({ id }) => id === task)?.kind,
      cancel,
      ignored,
    ]);
    expect(new Map(reached.map(([kind, ...rest]) => [kind, rest]))).toEqual(
      new Map(["agent", "model", "request", "step"].map((kind) => [kind, [abort.id, false]])),
    );
  });
});
