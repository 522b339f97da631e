/**
 * The AI SDK by its tracing channel `ai:telemetry`, which it publishes without being asked to: agents, their steps,
 * model and tool calls become tasks, and the context of what they run.
 *
 * The channel carries no usage, no finish reason and no end of streams: those come from an object in the SDK's global
 * array of integrations. Invariant: fields are copied by name; contents only when captured.
 */
import { tracingChannel } from "node:diagnostics_channel";
import type { WireTaskKind } from "../../protocol/record.ts";
import type { Emitter } from "../emitter.ts";
import type { Calls, Work } from "./ai-sdk-calls.ts";
import { modelAttributes, startAttributes, toolResultAttributes, type AiEvent } from "./ai-sdk-content.ts";
import { createAiObjects } from "./ai-sdk-objects.ts";
import type { Part } from "./part.ts";

const ORIGIN = "ai-sdk";
const INTEGRATIONS = "AI_SDK_TELEMETRY_INTEGRATIONS";

interface ChannelMessage {
  readonly type: string;
  readonly event: AiEvent;
  readonly error?: unknown;
  readonly result?: unknown;
}

/** @param isTold the agent runtime tells this call itself: the SDK only carries it out. */
export function instrumentAiSdk(part: Part, emitter: Emitter, calls: Calls, isTold: () => boolean): void {
  const { captureContent } = emitter;
  const channel = tracingChannel("ai:telemetry");
  const objects = createAiObjects(emitter, calls, ORIGIN, isTold);
  const begun = new WeakMap<ChannelMessage, Work>();

  function begin(message: ChannelMessage): number {
    const { type, event } = message;
    const parent = emitter.current();
    const task = emitter.start(
      kindOf(type),
      nameOf(type, event),
      parent,
      ORIGIN,
      startAttributes(type, event, captureContent),
    );
    const call = calls.call(event.callId ?? `task ${task}`, type);
    begun.set(message, calls.open(call, type, task, parent));
    return task;
  }

  const enter = part.ask((message: ChannelMessage) => (isTold() ? undefined : begin(message)), undefined);
  // A transform that throws would become an uncaught exception of the program.
  channel.start.bindStore(emitter.context, (message) => enter(message as ChannelMessage) ?? emitter.current());
  part.onStop(() => channel.start.unbindStore(emitter.context));

  part.subscribe("tracing:ai:telemetry:asyncEnd", (raw) => {
    const message = raw as ChannelMessage;
    const work = begun.get(message);
    if (work === undefined) return;
    const { type, error, result } = message;
    if (error !== undefined) calls.end(work, error);
    else if (type === "languageModelCall") calls.streams(work);
    else if (type === "executeTool") endTool(work, result);
    else {
      const { usage } = (result ?? {}) as AiEvent;
      if (usage !== undefined && kindOf(type) === "model")
        emitter.attributes(work.task, modelAttributes({ usage }, false));
      calls.end(work);
    }
  });

  function endTool(work: Work, result: unknown): void {
    const { output } = (result ?? {}) as {
      readonly output?: { readonly type?: string; readonly error?: unknown; readonly output?: unknown };
    };
    if (output?.type === "tool-error") return calls.end(work, output.error ?? new Error("unknown"));
    if (captureContent) emitter.attributes(work.task, toolResultAttributes(output?.output));
    calls.end(work);
  }

  const hasCallbacks = part.guard((event: AiEvent) => {
    const call = calls.known(event.callId);
    if (call !== undefined) call.hasCallbacks = true;
  });
  const integration = {
    onStart: part.guard((event: AiEvent) => {
      hasCallbacks(event);
      objects.onStart(event);
    }),
    onObjectStepStart: part.guard((event: AiEvent) => objects.onObjectStepStart(event)),
    onObjectStepEnd: part.guard((event: AiEvent) => objects.onObjectStepEnd(event)),
    onEnd: part.guard((event: AiEvent) => objects.onEnd(event)),
    onError: part.guard((event: AiEvent) => objects.onError(event)),
    onLanguageModelCallStart: hasCallbacks,
    onLanguageModelCallEnd: part.guard((event: AiEvent) => {
      const call = calls.known(event.callId);
      if (call !== undefined) calls.modelEnded(call, modelAttributes(event, captureContent));
    }),
  };
  joinIntegrations(part, integration);
}

/** The array may be there already, or be made by the SDK when the first integration registers. */
function joinIntegrations(part: Part, integration: object): void {
  const holder = globalThis as { [INTEGRATIONS]?: unknown };
  if (!Array.isArray(holder[INTEGRATIONS])) {
    Object.defineProperty(holder, INTEGRATIONS, { value: [], enumerable: false, configurable: true, writable: true });
  }
  const integrations = holder[INTEGRATIONS] as unknown[];
  integrations.push(integration);
  part.onStop(() => {
    const at = integrations.indexOf(integration);
    if (at >= 0) integrations.splice(at, 1);
  });
}

function kindOf(type: string): WireTaskKind {
  if (type === "generateText" || type === "streamText") return "agent";
  if (type === "step") return "step";
  return type === "executeTool" ? "tool" : "model";
}

function nameOf(type: string, event: AiEvent): string {
  if (type === "step") return `Step ${(event.stepNumber ?? 0) + 1}`;
  if (type === "executeTool") return event.toolCall?.toolName ?? "tool";
  return (kindOf(type) === "agent" ? event.functionId : event.modelId) ?? type;
}
