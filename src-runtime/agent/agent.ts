/**
 * `agent()`: a model with tools, in a loop, as a task. Everything it starts, its steps, model calls and tools, is a task
 * below it and ends with it; a cancel reaches them all, down to the connection.
 */
import type { Context } from "@opentelemetry/api";
import type { ModelMessage } from "ai";
import { CapacityLimiter } from "../sync/capacity-limiter.ts";
import { currentScope } from "../task/current.ts";
import { assertOptions } from "../task/errors.ts";
import { followSignal } from "../task/follow.ts";
import { refuse } from "../task/scope.ts";
import { cancellable } from "../task/sleep.ts";
import type { TaskImpl } from "../task/task.ts";
import type { StreamOptions } from "../stream/agent-stream.ts";
import { AgentRunStream } from "./agent-run-stream.ts";
import { agentAttributes, providerName, usageAttributes } from "./attributes.ts";
import { loadAi, type AiLibrary } from "./library.ts";
import { observeTask } from "./observed-task.ts";
import {
  modelNames,
  parseAgent,
  parseInput,
  withRunOptions,
  type AgentInput,
  type AgentOptions,
  type AgentRunOptions,
  type AgentSettings,
} from "./options.ts";
import { startOwned, waitForOwned } from "./owned-task.ts";
import type { AgentPart, AgentResult } from "./result.ts";
import { toolSetOf } from "./run-state.ts";
import { runSteps } from "./steps.ts";
import { loadTelemetry, type Telemetry } from "./telemetry.ts";
import { textFields } from "./text-fields.ts";
import { makeTool, type Tool, type ToolDefinition } from "./tool.ts";

export interface AsToolOptions {
  /** Default: the agent's name, with `_` for what a tool's name can't hold. */
  readonly name?: string;
  /** When the model should ask this agent. Default: the agent's own description. */
  readonly description?: string;
  /** Milliseconds. Default: the calling agent's `timeouts.tool`. */
  readonly timeout?: number;
  /** Milliseconds. Default: the calling agent's `toolGrace`. */
  readonly grace?: number;
}

/** Made by `agent()`. May run many times, also at the same time. */
export interface Agent {
  readonly name: string;
  /**
   * Runs to the end, as a task of the caller: a cancel of the caller takes it along. To run out of steps is no error
   * (`finishReason: "max-steps"`). @throws TimeoutError, ToolError, the model's error (with fallbacks an ExceptionGroup
   * of all models'), TaskCancelledError when the agent alone was cancelled
   */
  run(input: AgentInput, options?: AgentRunOptions): Promise<AgentResult>;
  /** The same, part by part. It starts at the first read; `break` cancels it; a slow reader holds the model up. */
  stream(input: AgentInput, options?: AgentRunOptions & Pick<StreamOptions, "buffer">): AgentRunStream;
  /** The agent as a tool of another one. */
  asTool(options?: AsToolOptions): Tool<AgentToolInput, string>;
}

export interface AgentToolInput {
  readonly prompt: string;
}

/** How a team runs a member. */
export interface RunExtras {
  readonly tools?: readonly ToolDefinition[];
  readonly emit?: (part: AgentPart) => Promise<void>;
  /** Parent of the agent's span. */
  readonly parent?: Context | undefined;
}

export interface StartedRun {
  readonly task: TaskImpl;
  wait(): Promise<AgentResult>;
}

interface Libraries {
  readonly ai: AiLibrary;
  readonly telemetry: Telemetry;
}

/** @throws TypeError, RangeError, UsageError for options that can't work */
export function agent(options: AgentOptions): Agent {
  return new AgentImpl(parseAgent(options));
}

export class AgentImpl implements Agent {
  readonly settings: AgentSettings;
  readonly #libraries: Promise<Libraries>;

  constructor(settings: AgentSettings) {
    this.settings = settings;
    // Begun now, so that the first run does not wait for the disk.
    this.#libraries = Promise.all([loadAi(), loadTelemetry()]).then(([ai, telemetry]) => ({ ai, telemetry }));
    this.#libraries.catch(() => undefined);
  }

  get name(): string {
    return this.settings.name;
  }

  async run(input: AgentInput, options: AgentRunOptions = {}): Promise<AgentResult> {
    const scope = currentScope("An agent's run()");
    if (scope.refusesWaits) await refuse(scope);
    return this.start(input, options, {}).wait();
  }

  /** For a team: the run as a task that can be told to end. */
  start(input: AgentInput, options: AgentRunOptions, extras: RunExtras): StartedRun {
    const settings = withRunOptions(this.settings, options);
    const messages = [...parseInput(input)];
    const limits = { name: settings.name, kind: "agent", ms: settings.timeouts.total, grace: Infinity } as const;
    const task = startOwned("An agent's run()", () => this.#run(settings, messages, extras), limits);
    const following = options.signal === undefined ? undefined : followSignal(task.scope, options.signal);
    return {
      task: task as unknown as TaskImpl,
      async wait() {
        using _following = following;
        return await waitForOwned(task, limits);
      },
    };
  }

  async #run(settings: AgentSettings, messages: ModelMessage[], extras: RunExtras): Promise<AgentResult> {
    const { task } = currentScope("agent()");
    const { ai, telemetry } = await cancellable(this.#libraries);
    const { tools: extraTools = [], emit, parent } = extras;
    const tools = new Map([...settings.tools, ...extraTools].map((definition) => [definition.name, definition]));
    const { id, provider } = modelNames(settings.models[0]);
    const start = {
      name: `invoke_agent ${settings.name}`,
      kind: "INTERNAL",
      attributes: agentAttributes(settings.name, provider === undefined ? undefined : providerName(provider), id),
      parent,
    } as const;
    return observeTask(task, telemetry, start, async ({ context, add }) => {
      const { toolConcurrency, name } = settings;
      const limiter =
        toolConcurrency === Infinity ? undefined : new CapacityLimiter(toolConcurrency, { name: `tools of ${name}` });
      const toolSet = toolSetOf(ai, tools.values());
      const result = await runSteps({ ai, telemetry, settings, tools, toolSet, context, limiter, emit, messages });
      add({ "gen_ai.response.finish_reasons": [result.finishReason], ...usageAttributes(result.usage) });
      return result;
    });
  }

  stream(input: AgentInput, options: AgentRunOptions & Pick<StreamOptions, "buffer"> = {}): AgentRunStream {
    parseInput(input);
    withRunOptions(this.settings, options);
    return new AgentRunStream(this.name, options.buffer, (emit) => this.start(input, options, { emit }).wait());
  }

  asTool(options: AsToolOptions = {}): Tool<AgentToolInput, string> {
    assertOptions(options, `The options of asTool() of agent ${this.name}`);
    const { name = this.name.replaceAll(/[^a-zA-Z0-9_-]+/g, "_"), timeout, grace } = options;
    const { description = this.settings.description ?? `Asks the agent ${this.name}.` } = options;
    return makeTool<AgentToolInput, string>({
      name,
      description,
      schema: textFields({ prompt: { description: "What is asked, with everything needed to answer." } }),
      timeout,
      grace,
      run: async ({ prompt }) => (await this.run(prompt)).text,
    });
  }
}
