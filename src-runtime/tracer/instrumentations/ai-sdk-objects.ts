/**
 * `generateObject` and `streamObject`: the AI SDK does not publish them on its channel, so they are seen only by its
 * callbacks: an agent and one model call, which is not the context of what it runs.
 */
import type { Emitter } from "../emitter.ts";
import type { Calls, Work } from "./ai-sdk-calls.ts";
import { modelAttributes, startAttributes, type AiEvent } from "./ai-sdk-content.ts";

const OPERATIONS: Readonly<Record<string, string>> = {
  "ai.generateObject": "generateObject",
  "ai.streamObject": "streamObject",
};

export interface AiObjects {
  onStart(event: AiEvent): void;
  onObjectStepStart(event: AiEvent): void;
  onObjectStepEnd(event: AiEvent): void;
  onEnd(event: AiEvent): void;
  onError(event: AiEvent & { readonly error?: unknown }): void;
}

export function createAiObjects(emitter: Emitter, calls: Calls, origin: string, isTold: () => boolean): AiObjects {
  const { captureContent } = emitter;
  const agents = new Map<string, Work>();

  function end(event: AiEvent, error?: unknown): void {
    const agent = agents.get(event.callId ?? "");
    if (agent === undefined) return;
    agents.delete(event.callId ?? "");
    calls.end(agent, error);
  }

  return {
    onStart(event) {
      const { callId, operationId = "", functionId } = event;
      const type = OPERATIONS[operationId];
      if (type === undefined || callId === undefined || isTold()) return;
      const parent = emitter.current();
      const task = emitter.start(
        "agent",
        functionId ?? type,
        parent,
        origin,
        startAttributes(type, event, captureContent),
      );
      agents.set(callId, calls.open(calls.call(callId, type), type, task, parent));
    },
    onObjectStepStart(event) {
      const agent = agents.get(event.callId ?? "");
      if (agent === undefined) return;
      const type = "languageModelCall";
      const task = emitter.start(
        "model",
        event.modelId ?? type,
        agent.task,
        origin,
        startAttributes(type, event, captureContent),
      );
      calls.open(agent.call, type, task, agent.task);
    },
    onObjectStepEnd(event) {
      const model = agents.get(event.callId ?? "")?.call.model;
      if (model === undefined) return;
      emitter.attributes(model.task, modelAttributes(event, captureContent));
      if (typeof event.msToFirstChunk === "number")
        emitter.attributes(model.task, { "ai.response.ms_to_first_output": event.msToFirstChunk });
      calls.end(model);
    },
    onEnd: (event) => end(event),
    onError: (event) => end(event, event.error ?? new Error("unknown")),
  };
}
