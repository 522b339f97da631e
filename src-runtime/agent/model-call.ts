/**
 * The model call of a step: the agent's own model, with retries, and when it can't answer the others in their order.
 * Each model asked is one task and one span, all its attempts included.
 *
 * Once a reader has seen a part of an answer, another attempt would say it twice: then the error is the end.
 */
import { currentScope } from "../task/current.ts";
import { UsageError } from "../task/errors.ts";
import { fallback } from "../resilience/fallback.ts";
import { retry, type RetryPolicy } from "../resilience/retry.ts";
import { attempt, type Answer } from "./attempt.ts";
import { providerName, requestAttributes, responseAttributes } from "./attributes.ts";
import { createChunkMeter } from "./chunk-meter.ts";
import type { AiLibrary } from "./library.ts";
import { observeTask } from "./observed-task.ts";
import { modelNames, type AgentModel, type AgentRetryPolicy } from "./options.ts";
import { runOwned } from "./owned-task.ts";
import type { AgentPart } from "./result.ts";
import type { RunState } from "./run-state.ts";

/** Of a model call, when the agent has no policy of its own. */
const RETRIES = 2;

export interface ModelAnswer extends Answer {
  readonly model: string;
  /** Another model than the first answered. */
  readonly degraded: boolean;
  /** Why the models before it were left. */
  readonly fallbackErrors: readonly unknown[];
}

export async function callModel(run: RunState, step: number): Promise<ModelAnswer> {
  let isSeen = false;
  const { emit } = run;
  const emitSeen =
    emit === undefined
      ? undefined
      : (part: AgentPart): Promise<void> => {
          isSeen = true;
          return emit(part);
        };
  const { models, name } = run.settings;
  const ways = models.map((model) => () => ask({ ...run, emit: emitSeen }, step, model, () => isSeen));
  const [only] = ways;
  const { value, index, degraded, errors } =
    ways.length === 1 && only !== undefined
      ? { value: await only(), index: 0, degraded: false, errors: [] }
      : await fallback.settled(ways, { name: `The models of ${name}`, shouldFallBack: () => !isSeen });
  return { ...value, model: modelNames(models[index] ?? models[0]).id, degraded, fallbackErrors: errors };
}

function ask(run: RunState, step: number, model: AgentModel, isSeen: () => boolean): Promise<Answer> {
  const { ai, telemetry, settings, toolSet, messages, emit, context } = run;
  const names = modelNames(model);
  const provider = names.provider === undefined ? undefined : providerName(names.provider);
  const body = (): Promise<Answer> => {
    const { task } = currentScope("agent()");
    const start = {
      name: `chat ${names.id}`,
      kind: "CLIENT",
      attributes: requestAttributes(provider, names.id, settings.settings),
      parent: context,
    } as const;
    return observeTask(task, telemetry, start, async ({ add }) => {
      const meter = createChunkMeter(task);
      const request = { ai, model, settings, tools: toolSet, messages, step, emit, onChunk: meter.chunk };
      try {
        const answer = await retry(() => attempt(request), policyOf(ai, settings.retry, isSeen));
        const { responseId: id, responseModel, finishReason, usage } = answer;
        add(responseAttributes({ id, model: responseModel, finishReason, usage, firstChunkMs: meter.firstMs() }));
        return answer;
      } finally {
        meter.flush();
      }
    });
  };
  return runOwned("agent()", body, { name: names.id, kind: "model" });
}

function policyOf(ai: AiLibrary, policy: AgentRetryPolicy, isSeen: () => boolean): RetryPolicy<Answer> {
  const { shouldRetry, retries = RETRIES } = policy;
  return {
    ...policy,
    retries,
    shouldRetry: (failed) => !isSeen() && (shouldRetry === undefined ? mayPass(ai, failed.error) : shouldRetry(failed)),
  };
}

/** Whether the same call may go well a little later. */
function mayPass(ai: AiLibrary, error: unknown): boolean {
  if (ai.APICallError.isInstance(error)) return error.isRetryable;
  if (ai.NoOutputGeneratedError.isInstance(error)) return true;
  // The SDK's other errors are about how the call was made.
  const isMistake = error instanceof UsageError || error instanceof RangeError;
  return !isMistake && (error as Partial<Error>).name?.startsWith("AI_") !== true;
}
