/**
 * `node:http` servers: one request task per request answered, which is also the task of its handler.
 *
 * The channel is published inside the parser's callback, last before the program's handler; Node restores the
 * context when that callback returns, so entering the task there reaches the handler and what it starts and nothing
 * else. The task has no parent: a request arrives from outside, whoever opened the server.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Emitter } from "../emitter.ts";
import type { Part } from "./part.ts";
import { createRequestKinds } from "./request-kinds.ts";

interface ServerMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export function instrumentHttpServer(part: Part, emitter: Emitter): void {
  const open = new WeakMap<ServerResponse, number>();
  const kinds = createRequestKinds();
  const closed = part.guard((response: ServerResponse) => settle(response, "cancelled"));
  function onClose(this: ServerResponse): void {
    closed(this);
  }

  part.subscribe("http.server.request.start", (message) => {
    const { request, response } = message as ServerMessage;
    const method = request.method ?? "GET";
    const { name, attributes } = kinds.of(method, baseOf(request), request.url ?? "/");
    const task = emitter.start("request", name, 0, "http-server", attributes);
    open.set(response, task);
    response.once("close", onClose);
    emitter.context.enterWith(task);
  });

  part.subscribe("http.server.response.finish", (message) => {
    const { response } = message as ServerMessage;
    settle(response, response.statusCode >= 500 ? "failed" : "completed");
  });

  function settle(response: ServerResponse, outcome: "completed" | "failed" | "cancelled"): void {
    const task = open.get(response);
    if (task === undefined) return;
    open.delete(response);
    const { statusCode, headersSent } = response;
    if (headersSent) emitter.progress(task, "headers", statusCode);
    if (outcome === "failed") emitter.end(task, outcome, `HTTP ${statusCode}`);
    else emitter.end(task, outcome);
  }
}

const HOST = /^[\w.-]+(?::\d+)?$|^\[[\da-f:.]+\](?::\d+)?$/i;

/** The host header is the client's word, and may be nonsense. */
function baseOf(request: IncomingMessage): string {
  const socket = request.socket as Socket & { readonly encrypted?: boolean };
  const scheme = socket.encrypted === true ? "https" : "http";
  const { host } = request.headers;
  return host !== undefined && HOST.test(host)
    ? `${scheme}://${host}`
    : `${scheme}://localhost:${socket.localPort ?? 0}`;
}
