/**
 * The open work of the AI SDK's calls, and when each part of it is over:
 *
 *     agent   ├───────────────────────────────────────────────┤   its own end
 *     step      ├─────────────────────┤ ├─────────────────────┤   its own end, or the agent's: an aborted step never ends
 *     model     ├── headers ── stream ┤                           the end of its stream: the SDK's call ends with the headers
 *     tool                  ├───────┤                             its own end, also after the agent's
 *
 * A stream's end is told by the SDK's callbacks; where a call's own integrations hide ours, by the end of the
 * response body; where there is neither (a model in memory), by its step.
 */
import type { Attributes } from "../../protocol/message.ts";
import type { Emitter } from "../emitter.ts";
import type { Cancels } from "./cancels.ts";
import type { RequestWatcher } from "./fetch.ts";
import { outcomeOf } from "./outcome.ts";

/** Calls remembered by their id after they ended: callbacks may come later. */
const MAX_ENDED = 200;

export interface Work {
  readonly task: number;
  readonly parent: number;
  readonly type: string;
  readonly call: Call;
  /** The response is being read: headers are in. */
  streaming: boolean;
  bodyEnded: boolean;
}

export interface Call {
  /** The SDK publishes streamed calls' headers as the end of the model call. */
  readonly isStreamed: boolean;
  readonly open: Map<number, Work>;
  model: Work | undefined;
  /** Our callbacks are called for it. */
  hasCallbacks: boolean;
  ended: boolean;
}

export interface Calls {
  readonly watcher: RequestWatcher;
  /** The call of this id, begun by `type` where it is new. */
  call(id: string, type: string): Call;
  known(id: string | undefined): Call | undefined;
  open(call: Call, type: string, task: number, parent: number): Work;
  /** The work is over by its own word. */
  end(work: Work, error?: unknown): void;
  /** The headers of a streamed model call are in. */
  streams(work: Work): void;
  /** The stream of the call's latest model call is over. */
  modelEnded(call: Call, attributes: Attributes): void;
}

export function createCalls(emitter: Emitter, cancels: Cancels): Calls {
  const calls = new Map<string, Call>();
  const models = new Map<number, Work>();

  function forget(work: Work): boolean {
    models.delete(work.task);
    return work.call.open.delete(work.task);
  }

  function complete(work: Work): void {
    if (forget(work)) emitter.end(work.task, "completed");
  }

  function prune(): void {
    if (calls.size <= MAX_ENDED) return;
    for (const [id, call] of calls) {
      if (call.ended) calls.delete(id);
      if (calls.size <= MAX_ENDED) return;
    }
  }

  /** Steps and model calls end with what they belong to. Tools run on, and are told of the cancellation. */
  function closeUnder(parent: number, call: Call, error: unknown): void {
    for (const work of call.open.values()) {
      if (work.parent !== parent || !call.open.has(work.task)) continue;
      if (work.type === "executeTool") {
        if (error !== undefined) cancels.reached(work.task, error);
        continue;
      }
      tracked.end(work, error);
    }
  }

  const tracked: Calls = {
    watcher: {
      chunk(parent, size) {
        const model = models.get(parent);
        if (model?.call.isStreamed === true) emitter.progress(parent, "chunk", 0, size);
      },
      completed(parent) {
        const model = models.get(parent);
        if (model === undefined) return;
        model.bodyEnded = true;
        if (model.streaming && !model.call.hasCallbacks) complete(model);
      },
    },
    call(id, type) {
      let call = calls.get(id);
      if (call === undefined) {
        call = {
          isStreamed: type.startsWith("stream"),
          open: new Map(),
          model: undefined,
          hasCallbacks: false,
          ended: false,
        };
        calls.set(id, call);
        prune();
      }
      return call;
    },
    known: (id) => (id === undefined ? undefined : calls.get(id)),
    open(call, type, task, parent) {
      const work: Work = { task, parent, type, call, streaming: false, bodyEnded: false };
      call.open.set(task, work);
      if (type === "languageModelCall") {
        call.model = work;
        models.set(task, work);
      }
      return work;
    },
    end(work, error) {
      const { call, task, type } = work;
      if (!forget(work)) return;
      closeUnder(task, call, error);
      if (type !== "step" && type !== "languageModelCall" && type !== "executeTool") call.ended = true;
      if (error === undefined) return emitter.end(task, "completed");
      cancels.reached(task, error);
      const { outcome, error: label } = outcomeOf(error, emitter, cancels);
      emitter.end(task, outcome, label);
    },
    streams(work) {
      if (!work.call.isStreamed) return complete(work);
      work.streaming = true;
      if (work.bodyEnded && !work.call.hasCallbacks) complete(work);
    },
    modelEnded(call, attributes) {
      const { model } = call;
      if (model === undefined) return;
      emitter.attributes(model.task, attributes);
      if (call.isStreamed) complete(model);
    },
  };
  return tracked;
}
