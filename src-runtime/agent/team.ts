/**
 * Teams of agents: `fanOut` asks all members at once, `handOff` lets one pass the conversation on to another,
 * `supervisor` gives one agent the others as tools. Members run as tasks below the team's.
 */
import type { ModelMessage } from "ai";
import { CapacityLimiter } from "../sync/capacity-limiter.ts";
import { currentScope } from "../task/current.ts";
import {
  FatalError,
  TaskCancelledError,
  UsageError,
  addSuppressed,
  assertOptions,
  describeValue,
} from "../task/errors.ts";
import { ExceptionGroup } from "../task/exception-group.ts";
import { followSignal } from "../task/follow.ts";
import { throwIfCancelled } from "../task/scope.ts";
import type { TaskImpl } from "../task/task.ts";
import { AgentImpl, agent, type Agent, type StartedRun } from "./agent.ts";
import { teamAttributes } from "./attributes.ts";
import { observeTask, type ObservedTask } from "./observed-task.ts";
import { assertCount, assertOneOf } from "./checks.ts";
import { parseInput, type AgentInput, type AgentOptions, type AgentRunOptions } from "./options.ts";
import { startOwned, waitForOwned } from "./owned-task.ts";
import { NO_USAGE, addUsage, type AgentMessage, type AgentResult, type Usage } from "./result.ts";
import { loadTelemetry } from "./telemetry.ts";
import { textFields } from "./text-fields.ts";
import { definitionOf, makeTool, type Tool, type ToolDefinition } from "./tool.ts";

export interface FanOutOptions {
  readonly name: string;
  readonly members: readonly Agent[];
  /** `mark`: the others go on, and the result is marked as degraded. `cancel`: the others are cancelled. Default: mark. */
  readonly onError?: "mark" | "cancel";
  /** Members that run at the same time. Default: all. */
  readonly limit?: number;
}

export type MemberResult =
  | { readonly agent: string; readonly status: "completed"; readonly result: AgentResult }
  | { readonly agent: string; readonly status: "failed"; readonly error: unknown };

export interface FanOutResult {
  /** In the order of the members. */
  readonly members: readonly MemberResult[];
  /** What each member said, under its name. */
  readonly text: string;
  readonly usage: Usage;
  /** A member failed, or answered by a fallback. */
  readonly degraded: boolean;
}

export interface HandOffOptions {
  readonly name: string;
  /** The first one begins. */
  readonly members: readonly Agent[];
  /** Times the work may be passed on in one run; then who has it must finish it. Default 10. */
  readonly maxHandOffs?: number;
}

/** `agent` is who finished the work. */
export interface HandOffResult extends AgentResult {
  /** Who had the work, in this order. */
  readonly path: readonly string[];
}

export type TeamSupervisorOptions = AgentOptions & { readonly members: readonly Agent[] };

/** Several agents as one. */
export interface Team<R> {
  readonly name: string;
  run(input: AgentInput, options?: Omit<AgentRunOptions, "maxSteps">): Promise<R>;
}

export const team = { fanOut, handOff, supervisor };

/**
 * All members get the same input at the same time. @throws TypeError, RangeError; from `run` with `onError: "cancel"`
 * the first member's error, with `mark` only if all failed, an ExceptionGroup of all errors in the members' order; a
 * FatalError bare
 */
function fanOut(options: FanOutOptions): Team<FanOutResult> {
  assertOptions(options, "The options of team.fanOut()");
  const { name, onError = "mark", limit = Infinity } = options;
  const members = parseMembers(name, options.members);
  assertOneOf(onError, ["mark", "cancel"], `onError of team ${name}`);
  assertCount(limit, `limit of team ${name}`);
  return makeTeam(name, async (input, runOptions, { context }) => {
    const limiter = limit === Infinity ? undefined : new CapacityLimiter(limit, { name: `members of ${name}` });
    const started = new Map<AgentImpl, StartedRun>();
    let failure: { readonly error: unknown; readonly task: TaskImpl | undefined } | undefined;

    async function runMember(member: AgentImpl): Promise<MemberResult> {
      try {
        using _place = await limiter?.acquire({ borrower: member });
        if (failure !== undefined && onError === "cancel") throw failure.error;
        const run = member.start(input, runOptions, { parent: context });
        started.set(member, run);
        return { agent: member.name, status: "completed", result: await run.wait() };
      } catch (error) {
        if (failure === undefined) fail(error, started.get(member)?.task);
        return { agent: member.name, status: "failed", error };
      }
    }

    function fail(error: unknown, task: TaskImpl | undefined): void {
      failure = { error, task };
      if (onError !== "cancel") return;
      for (const { task: other } of started.values()) {
        const { scope } = other;
        if (other !== task) scope.cancel(scope.runner.cancelOf(scope, "group", error, task));
      }
    }

    const results = await Promise.all(members.map(runMember));
    throwIfCancelled(currentScope("team"));
    const errors = results.flatMap((one) => (one.status === "failed" ? [one.error] : []));
    const fatal = errors.find((error) => error instanceof FatalError);
    if (fatal !== undefined || (failure !== undefined && onError === "cancel")) {
      const first = fatal ?? failure?.error;
      // The members it cancelled say nothing new; what others failed with is kept.
      for (const error of errors) if (!(error instanceof TaskCancelledError)) addSuppressed(first, error);
      throw first;
    }
    if (errors.length === results.length)
      throw new ExceptionGroup(errors, `Team ${name}: all ${results.length} members failed.`);
    return {
      members: results,
      text: results
        .flatMap((one) => (one.status === "completed" ? [`## ${one.agent}\n\n${one.result.text}`] : []))
        .join("\n\n"),
      usage: results.reduce(
        (sum, one) => (one.status === "completed" ? addUsage(sum, one.result.usage) : sum),
        NO_USAGE,
      ),
      degraded: results.some((one) => one.status === "failed" || one.result.degraded),
    };
  });
}

/**
 * Each member may pass the whole conversation on to another one by a tool `hand_off`; who does not, answers. The tool's
 * input is `{ to, message }`: the name of another member, and what it is to do, both texts. A scripted model hands over by
 * `{ toolCalls: [{ name: "hand_off", input: { to: "billing", message: "Is it paid?" } }] }`.
 * @throws TypeError, RangeError
 */
function handOff(options: HandOffOptions): Team<HandOffResult> {
  assertOptions(options, "The options of team.handOff()");
  const { name, maxHandOffs = 10 } = options;
  const members = parseMembers(name, options.members);
  assertCount(maxHandOffs, `maxHandOffs of team ${name}`);
  if (members.length < 2)
    throw new UsageError(`Team ${name} has one member: there is nobody it could hand the work to.`);
  return makeTeam(name, async (input, runOptions, { context }) => {
    const messages: ModelMessage[] = [...parseInput(input)];
    const added: AgentMessage[] = [];
    const path: string[] = [];
    const results: AgentResult[] = [];
    for (let member = members[0]!; ;) {
      const isLast = path.length >= maxHandOffs;
      const next: { to?: string } = {};
      const tools = isLast ? [] : [handOffTool(member, members, next)];
      path.push(member.name);
      const result = await member.start(messages, runOptions, { tools, parent: context }).wait();
      results.push(result);
      messages.push(...result.messages);
      added.push(...result.messages);
      const { to } = next;
      if (result.finishReason !== "hand-off" || to === undefined) return finish(results, added, path);
      member = members.find((one) => one.name === to)!;
    }
  });
}

function finish(
  results: readonly AgentResult[],
  messages: readonly AgentMessage[],
  path: readonly string[],
): HandOffResult {
  const last = results.at(-1)!;
  return {
    ...last,
    path,
    messages,
    steps: results.flatMap(({ steps }) => steps),
    toolResults: results.flatMap(({ toolResults }) => toolResults),
    usage: results.reduce((sum, { usage }) => addUsage(sum, usage), NO_USAGE),
    degraded: results.some(({ degraded }) => degraded),
  };
}

function handOffTool(from: AgentImpl, members: readonly AgentImpl[], next: { to?: string }): ToolDefinition {
  const others = members.filter((member) => member !== from);
  const list = others.map(({ name, settings }) => `${name}${describe(settings.description)}`).join("\n");
  return definitionOf(
    makeTool<{ readonly to: string; readonly message: string }, string>({
      name: "hand_off",
      description: `Passes the whole conversation on to another agent, who answers instead of you:\n${list}`,
      schema: textFields({
        to: { description: "Name of the agent.", oneOf: others.map(({ name }) => name) },
        message: { description: "What the agent is to do." },
      }),
      isLast: true,
      run({ to }) {
        if (next.to !== undefined) throw new UsageError(`The work was handed to ${next.to} already.`);
        next.to = to;
        return `Handed to ${to}.`;
      },
    }),
  );
}

function describe(description: string | undefined): string {
  return description === undefined ? "" : `: ${description}`;
}

/** One agent that has the members as tools, by their names. @throws TypeError, RangeError, UsageError */
function supervisor(options: TeamSupervisorOptions): Agent {
  assertOptions(options, "The options of team.supervisor()");
  const { members, tools = [], ...rest } = options;
  const asked = parseMembers(options.name, members).map((member) => member.asTool());
  // What is no array agent() refuses.
  return agent({ ...rest, tools: Array.isArray(tools) ? [...(tools as readonly Tool[]), ...asked] : tools });
}

type Body<R> = (input: AgentInput, options: Omit<AgentRunOptions, "signal">, observed: ObservedTask) => Promise<R>;

function makeTeam<R>(name: string, body: Body<R>): Team<R> {
  const loading = loadTelemetry();
  return {
    name,
    async run(input, runOptions = {}) {
      parseInput(input);
      assertOptions(runOptions, `The options of a run of team ${name}`);
      const { signal, ...options } = runOptions;
      const limits = { name, kind: "function", grace: Infinity } as const;
      const start = {
        name: `invoke_workflow ${name}`,
        kind: "INTERNAL",
        attributes: teamAttributes(name),
        parent: undefined,
      } as const;
      const task = startOwned(
        "A team's run()",
        async () => {
          const telemetry = await loading;
          return observeTask(currentScope("team").task, telemetry, start, (observed) => body(input, options, observed));
        },
        limits,
      );
      using _following = signal === undefined ? undefined : followSignal(task.scope, signal);
      return await waitForOwned(task, limits);
    },
  };
}

function parseMembers(name: string, members: readonly Agent[]): readonly AgentImpl[] {
  if (typeof name !== "string" || name === "") throw new TypeError(`A team needs a name, not ${describeValue(name)}.`);
  if (!Array.isArray(members) || members.length === 0)
    throw new TypeError(`Team ${name} needs an array of members with at least one agent.`);
  const names = new Set<string>();
  return members.map((member: unknown) => {
    if (!(member instanceof AgentImpl))
      throw new TypeError(`The members of team ${name} are made by agent(); ${describeValue(member)} is none.`);
    if (names.has(member.name))
      throw new UsageError(`Two members of team ${name} are named ${member.name}: they could not be told apart.`);
    names.add(member.name);
    return member;
  });
}
