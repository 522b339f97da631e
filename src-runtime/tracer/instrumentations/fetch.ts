/**
 * `fetch` and undici by their diagnostics channels: one request task per request, with the arrival of its headers and
 * of every chunk, also of those the program has not taken yet.
 *
 * The same request object runs through all channels; it is the key. Requests that become something else (an upgrade
 * to WebSocket, a proxy's tunnel) have no end on these channels and are left out. As in OpenTelemetry's conventions a
 * client's request failed when it was answered with 400 or above.
 */
import type { Emitter } from "../emitter.ts";
import type { Cancels } from "./cancels.ts";
import { outcomeOf } from "./outcome.ts";
import type { Part } from "./part.ts";
import { createRequestKinds } from "./request-kinds.ts";

/** What others want to know of the requests made in a task's context. */
export interface RequestWatcher {
  /** A part of an answer that is no refusal arrived. */
  chunk(parent: number, size: number): void;
  /** The response of a request is in, whole. */
  completed(parent: number): void;
}

interface UndiciRequest {
  readonly origin?: unknown;
  readonly method?: unknown;
  readonly path?: unknown;
  readonly upgrade?: unknown;
}

interface UndiciMessage {
  readonly request: UndiciRequest;
  readonly response?: { readonly statusCode?: number };
  readonly chunk?: { readonly byteLength?: number };
  readonly error?: unknown;
}

interface OpenRequest {
  readonly task: number;
  readonly parent: number;
  /** 0 until the headers are in. */
  status: number;
}

export function instrumentFetch(part: Part, emitter: Emitter, cancels: Cancels, watcher: RequestWatcher): void {
  const open = new WeakMap<UndiciRequest, OpenRequest>();
  const kinds = createRequestKinds();

  function on(channel: string, hook: (found: OpenRequest, message: UndiciMessage) => void): void {
    part.subscribe(channel, (message) => {
      const found = open.get((message as UndiciMessage).request);
      if (found !== undefined) hook(found, message as UndiciMessage);
    });
  }

  part.subscribe("undici:request:create", (message) => {
    const { request } = message as UndiciMessage;
    const { method, upgrade } = request;
    if (method === "CONNECT" || (upgrade !== undefined && upgrade !== null && upgrade !== false)) return;
    const { name, attributes } = kinds.of(String(method), String(request.origin), String(request.path));
    const parent = emitter.current();
    const task = emitter.start("request", name, parent, "fetch", attributes);
    open.set(request, { task, parent, status: 0 });
  });

  on("undici:request:bodySent", ({ task }) => emitter.progress(task, "sent"));

  on("undici:request:headers", (found, { response }) => {
    found.status = response?.statusCode ?? 0;
    emitter.progress(found.task, "headers", found.status);
  });

  on("undici:request:bodyChunkReceived", ({ task, parent, status }, { chunk }) => {
    const size = chunk?.byteLength ?? 0;
    emitter.progress(task, "chunk", 0, size);
    if (status < 400) watcher.chunk(parent, size);
  });

  on("undici:request:trailers", ({ task, parent, status }, { request }) => {
    open.delete(request);
    if (status >= 400) emitter.end(task, "failed", `HTTP ${status}`);
    else emitter.end(task, "completed");
    watcher.completed(parent);
  });

  on("undici:request:error", ({ task }, { request, error }) => {
    open.delete(request);
    // The reader gave the rest of the body up: nobody's error.
    if (error === undefined || error === null) return emitter.end(task, "cancelled");
    cancels.reached(task, error);
    const { outcome, error: label } = outcomeOf(error, emitter, cancels);
    emitter.end(task, outcome, label);
  });
}
