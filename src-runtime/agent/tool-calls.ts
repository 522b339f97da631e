/**
 * The tools of one step, run at the same time. Each call is a task: it waits for a free place, checks its input, runs,
 * and has its own deadline; one that does not react to its cancel is abandoned after its grace and the agent goes on.
 * Every call gets a result: models refuse a conversation in which one is missing.
 */
import type { ToolModelMessage } from "ai";
import { currentScope } from "../task/current.ts";
import { FatalError, TimeoutError } from "../task/errors.ts";
import { drain } from "../task/grace.ts";
import { throwIfCancelled } from "../task/scope.ts";
import type { TaskImpl } from "../task/task.ts";
import { toolAttributes } from "./attributes.ts";
import type { ModelToolCall } from "./attempt.ts";
import { ToolError, messageOf } from "./errors.ts";
import { observeTask } from "./observed-task.ts";
import { startOwned, waitForOwned } from "./owned-task.ts";
import type { AgentToolResult, ToolStatus } from "./result.ts";
import type { RunState } from "./run-state.ts";
import type { ToolContext, ToolDefinition, ToolOutput } from "./tool.ts";

/** The input is not what the tool takes, or there is no such tool. The model is told, whatever `onToolError` says. */
class InvalidCall extends Error {
  override readonly name: string = "InvalidCall";
}

interface Returned {
  readonly value: unknown;
  readonly output: ToolOutput;
}

interface Call {
  readonly call: ModelToolCall;
  readonly definition: ToolDefinition | undefined;
  readonly grace: number;
  readonly ms: number | undefined;
  /** Settles when it has its place, or has ended without. */
  readonly begun: Promise<void>;
  task: TaskImpl<Returned>;
  /** Its place among the tools that may run. */
  place: Disposable | undefined;
  /** Milliseconds of the clock; undefined: it never got its place. */
  startedAt: number | undefined;
}

export interface ToolCallsEnd {
  readonly results: readonly AgentToolResult[];
  readonly message: ToolModelMessage;
}

/** @throws ToolError with `onToolError: "throw"`, CancelledError, FatalError */
export async function runToolCalls(
  run: RunState,
  step: number,
  toolCalls: readonly ModelToolCall[],
): Promise<ToolCallsEnd> {
  const scope = currentScope("agent()");
  const calls = toolCalls.map((call) => startCall(run, step, call));
  const ends = await Promise.all(calls.map((call) => endOf(run, step, call, calls)));
  for (const { error } of ends) if (error instanceof FatalError) throw error;
  throwIfCancelled(scope);
  if (run.settings.onToolError === "throw") throwFirst(ends.map(({ result }) => result));
  return {
    results: ends.map(({ result }) => result),
    message: {
      role: "tool",
      content: ends.map(({ result: { toolCallId, toolName }, output }) => ({
        type: "tool-result",
        toolCallId,
        toolName,
        output,
      })),
    },
  };
}

function startCall(run: RunState, step: number, call: ModelToolCall): Call {
  const { settings } = run;
  const definition = run.tools.get(call.toolName);
  const begun = Promise.withResolvers<void>();
  const entry: Omit<Call, "task"> & { task?: Call["task"] } = {
    call,
    definition,
    grace: definition?.grace ?? settings.toolGrace,
    ms: definition?.timeout ?? settings.timeouts.tool,
    begun: begun.promise,
    place: undefined,
    startedAt: undefined,
  };

  async function body(): Promise<Returned> {
    const { task } = currentScope("tool()");
    entry.place = await run.limiter?.acquire();
    entry.startedAt = task.scope.runner.clock.now();
    begun.resolve();
    const start = {
      name: `execute_tool ${call.toolName}`,
      kind: "INTERNAL",
      attributes: toolAttributes(call.toolName, call.toolCallId, definition?.description),
      parent: run.context,
    } as const;
    return observeTask(task, run.telemetry, start, () => invoke(run, step, call, definition, task));
  }

  entry.task = startOwned("agent()", body, { name: call.toolName, kind: "tool" });
  entry.task.onEnd(begun.resolve);
  return entry as Call;
}

async function invoke(
  { ai, settings, tools }: RunState,
  step: number,
  { toolCallId, toolName, input, invalid }: ModelToolCall,
  definition: ToolDefinition | undefined,
  task: TaskImpl,
): Promise<Returned> {
  if (definition === undefined) {
    const known = tools.size === 0 ? "There are none." : `There are: ${[...tools.keys()].join(", ")}.`;
    throw new InvalidCall(`There is no tool ${toolName}. ${known}`, { cause: invalid });
  }
  if (invalid !== undefined) throw new InvalidCall(messageOf(invalid), { cause: invalid });
  const schema = ai.asSchema(definition.schema as Parameters<typeof ai.asSchema>[0]);
  const checked = (await schema.validate?.(input)) ?? { success: true, value: input };
  if (!checked.success) {
    const { message } = checked.error;
    throw new InvalidCall(`The input of tool ${toolName} is not what it takes: ${message}`, { cause: checked.error });
  }
  const context: ToolContext = {
    get signal() {
      return task.scope.signal;
    },
    toolCallId,
    agent: settings.name,
    step,
  };
  const value = await definition.run(checked.value, context);
  return { value, output: definition.toOutput(value) };
}

interface End {
  readonly result: AgentToolResult;
  readonly output: ToolOutput;
  readonly error: unknown;
}

/** Never throws: what went wrong is in the end. */
async function endOf(run: RunState, step: number, call: Call, all: readonly Call[]): Promise<End> {
  const { toolCallId, toolName, input } = call.call;
  const { task, grace, ms } = call;
  const { clock } = task.scope.runner;
  let status: ToolStatus = "completed";
  let error: unknown;
  let returned: Returned | undefined;
  try {
    await call.begun;
    returned = await waitForOwned(task, { name: toolName, kind: "tool", grace, ms });
  } catch (caught) {
    error = caught;
    status = statusOf(task, caught);
    if (run.settings.siblings === "cancel" && isFailure(status)) cancelSiblings(call, all, caught);
  } finally {
    // An abandoned tool never gives its place back.
    call.place?.[Symbol.dispose]();
  }
  const result: AgentToolResult = {
    toolCallId,
    toolName,
    input,
    status,
    ...(returned === undefined ? { error } : { output: returned.value }),
    ms: call.startedAt === undefined ? 0 : clock.now() - call.startedAt,
  };
  const output: ToolOutput = returned?.output ?? { type: "error-text", value: explain(toolName, status, error) };
  try {
    await run.emit?.({ type: "tool-result", step, ...result });
  } catch {
    // Nobody reads any more: the run is being cancelled, which the step finds next.
  }
  return { result, output, error };
}

function statusOf(task: TaskImpl<Returned>, error: unknown): ToolStatus {
  if (task.abandoned()) return "abandoned";
  if (task.cancelled()) return error instanceof TimeoutError ? "timeout" : "cancelled";
  if (error instanceof InvalidCall) return "invalid";
  return error instanceof TimeoutError ? "timeout" : "failed";
}

function isFailure(status: ToolStatus): boolean {
  return status === "failed" || status === "timeout" || status === "abandoned";
}

function cancelSiblings(failed: Call, all: readonly Call[], error: unknown): void {
  const here = currentScope("agent()");
  for (const { task, grace } of all) {
    if (task === failed.task || task.done()) continue;
    const { scope } = task;
    scope.cancel(scope.runner.cancelOf(scope, "group", error, failed.task as unknown as TaskImpl));
    void drain(here, [task as unknown as TaskImpl], grace);
  }
}

/** What the model is told. */
function explain(toolName: string, status: ToolStatus, error: unknown): string {
  if (status === "cancelled") return `Tool ${toolName} was cancelled.`;
  if (status === "abandoned" && !(error instanceof TimeoutError))
    return `Tool ${toolName} was cancelled, and did not end.`;
  return messageOf(error);
}

function throwFirst(results: readonly AgentToolResult[]): void {
  const failed = results.find(({ status }) => isFailure(status));
  if (failed !== undefined) throw new ToolError(failed.toolName, failed.toolCallId, failed.error);
}
