/**
 * `node:http` and `node:https` clients by their diagnostics channels: one request task per request.
 *
 * The channels say nothing of the body. Its arrival is seen by an own, non-enumerable `push` on the response, its
 * early end by an own `_destroy`: unlike listeners they do not switch the stream to flowing. Tunnels and upgrades have
 * no response on these channels and are left out.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Emitter } from "../emitter.ts";
import type { Cancels } from "./cancels.ts";
import type { RequestWatcher } from "./fetch.ts";
import { outcomeOf } from "./outcome.ts";
import type { Part } from "./part.ts";
import { createRequestKinds } from "./request-kinds.ts";

interface ClientMessage {
  readonly request: ClientRequest;
  readonly response?: IncomingMessage;
  readonly error?: unknown;
}

interface OpenRequest {
  readonly task: number;
  readonly parent: number;
  /** 0 until the headers are in. */
  status: number;
}

export function instrumentHttpClient(part: Part, emitter: Emitter, cancels: Cancels, watcher: RequestWatcher): void {
  const open = new WeakMap<ClientRequest, OpenRequest>();
  const kinds = createRequestKinds();

  function settle(request: ClientRequest, error: unknown): void {
    const found = open.get(request);
    if (found === undefined) return;
    open.delete(request);
    if (error !== undefined && error !== null) {
      cancels.reached(found.task, error);
      const { outcome, error: label } = outcomeOf(error, emitter, cancels);
      emitter.end(found.task, outcome, label);
      return;
    }
    if (found.status >= 400) emitter.end(found.task, "failed", `HTTP ${found.status}`);
    else emitter.end(found.task, "completed");
    watcher.completed(found.parent);
  }

  function begin(request: ClientRequest): void {
    if (open.has(request)) return;
    const { method, path, protocol } = request;
    if (method === "CONNECT" || request.getHeader("upgrade") !== undefined) return;
    const { name, attributes } = kinds.of(method, `${protocol}//${hostOf(request)}`, path);
    const parent = emitter.current();
    const task = emitter.start("request", name, parent, "http", attributes);
    open.set(request, { task, parent, status: 0 });
  }

  part.subscribe("http.client.request.created", (message) => begin((message as ClientMessage).request));

  // With the end of its body, on Node versions that do not say earlier that there is a request.
  part.subscribe("http.client.request.start", (message) => {
    const { request } = message as ClientMessage;
    begin(request);
    const found = open.get(request);
    if (found !== undefined) emitter.progress(found.task, "sent");
  });

  part.subscribe("http.client.response.finish", (message) => {
    const { request, response } = message as ClientMessage;
    const found = open.get(request);
    if (found === undefined || response === undefined) return;
    found.status = response.statusCode ?? 0;
    emitter.progress(found.task, "headers", found.status);
    watchBody(request, response, found);
  });

  part.subscribe("http.client.request.error", (message) => {
    const { request, error } = message as ClientMessage;
    settle(request, error ?? new Error("unknown"));
  });

  function watchBody(request: ClientRequest, response: IncomingMessage, { task, parent, status }: OpenRequest): void {
    const arrived = part.guard((chunk: unknown) => {
      if (chunk === null) return settle(request, undefined);
      const size = sizeOf(chunk);
      emitter.progress(task, "chunk", 0, size);
      if (status < 400) watcher.chunk(parent, size);
    });
    const destroyed = part.guard((error: unknown) => {
      settle(request, request.errored ?? error ?? Object.assign(new Error("destroyed"), { name: "AbortError" }));
    });
    const { push, _destroy: destroy } = response;
    hide(response, "push", function (this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
      arrived(chunk);
      return push.call(this, chunk, encoding);
    });
    hide(
      response,
      "_destroy",
      function (this: IncomingMessage, error: Error | null, done: (error?: Error | null) => void): void {
        destroyed(error);
        destroy.call(this, error, done);
      },
    );
  }
}

function hide(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: false, configurable: true, writable: true });
}

function sizeOf(chunk: unknown): number {
  if (typeof chunk === "string") return Buffer.byteLength(chunk);
  return ArrayBuffer.isView(chunk) ? chunk.byteLength : 0;
}

/** The host header names the port where it is not the scheme's own. */
function hostOf(request: ClientRequest): string {
  const header = request.getHeader("host");
  return typeof header === "string" && header !== "" ? header : request.host;
}
