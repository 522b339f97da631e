/** The loop of an agent: ask the model, run the tools it asks for, tell it what they said, until it asks for none. */
import { cancellable } from "../task/sleep.ts";
import { callModel } from "./model-call.ts";
import { runOwned } from "./owned-task.ts";
import { NO_USAGE, addUsage, type AgentFinishReason, type AgentResult, type AgentStep } from "./result.ts";
import type { RunState } from "./run-state.ts";
import { runToolCalls } from "./tool-calls.ts";

export async function runSteps(run: RunState): Promise<AgentResult> {
  const { settings, messages } = run;
  const steps: AgentStep[] = [];
  for (;;) {
    const number = steps.length + 1;
    const step = await runOwned("agent()", () => runStep(run, number), {
      name: `Step ${number}`,
      kind: "step",
      ms: settings.timeouts.step,
      // What is in it has its own.
      grace: Infinity,
    });
    steps.push(step);
    messages.push(...step.messages);
    if (settings.onStep !== undefined) await cancellable(Promise.resolve(settings.onStep(step)));
    const finishReason = endOf(run, steps, step);
    if (finishReason === undefined) continue;
    const result = resultOf(settings.name, steps, finishReason);
    await run.emit?.({ type: "finish", finishReason, usage: result.usage });
    return result;
  }
}

async function runStep(run: RunState, step: number): Promise<AgentStep> {
  await run.emit?.({ type: "step-start", step });
  const answer = await callModel(run, step);
  const { text, reasoning, finishReason, usage, toolCalls } = answer;
  const tools = toolCalls.length === 0 ? undefined : await runToolCalls(run, step, toolCalls);
  await run.emit?.({ type: "step-finish", step, finishReason, usage });
  return {
    step,
    text,
    reasoning,
    toolCalls: toolCalls.map(({ toolCallId, toolName, input }) => ({ toolCallId, toolName, input })),
    toolResults: tools?.results ?? [],
    finishReason,
    usage,
    model: answer.model,
    degraded: answer.degraded,
    fallbackErrors: answer.fallbackErrors,
    messages: tools === undefined ? answer.messages : [...answer.messages, tools.message],
  };
}

/** Undefined: it goes on. */
function endOf(run: RunState, steps: readonly AgentStep[], step: AgentStep): AgentFinishReason | undefined {
  if (step.toolCalls.length === 0) return step.finishReason;
  const isLast = step.toolResults.some(
    ({ status, toolName }) => status === "completed" && run.tools.get(toolName)?.isLast === true,
  );
  if (isLast) return "hand-off";
  return steps.length >= run.settings.maxSteps ? "max-steps" : undefined;
}

function resultOf(agent: string, steps: readonly AgentStep[], finishReason: AgentFinishReason): AgentResult {
  return {
    agent,
    text: steps.at(-1)?.text ?? "",
    messages: steps.flatMap((step) => step.messages),
    steps,
    toolResults: steps.flatMap((step) => step.toolResults),
    usage: steps.reduce((sum, { usage }) => addUsage(sum, usage), NO_USAGE),
    finishReason,
    degraded: steps.some(({ degraded }) => degraded),
  };
}
