/**
 * An OpenAI-compatible model server on this machine alone, so that agents can be run, broken and tested offline.
 *
 * The model's name chooses how it behaves:
 *
 *     research       plays the model of the research agent
 *     echo           says what it was told          slow          first chunk after two seconds
 *     stuck          goes silent after three chunks broken-stream cuts the connection in the middle
 *     error-500      fails                          rate-limited  refuses twice, with Retry-After, then answers
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { longText } from "./long-text.ts";
import { countTokens, embeddingOf, replyTo, type Reply } from "./replies.ts";
import { BadRequest, parseChat, parseEmbedding, readJson, type ChatRequest } from "./request.ts";
import { startChunks, type ChunkStream } from "./sse.ts";

const MODELS = ["research", "echo", "slow", "stuck", "broken-stream", "error-500", "rate-limited"];
const SLOW_MS = 2000;
const CHUNKS_BEFORE_TROUBLE = 3;
const REFUSALS = 2;
const RETRY_AFTER_SECONDS = 1;
const CHARACTERS_A_CHUNK = 8;

export interface ModelServerOptions {
  /** 0: any free one. */
  readonly port?: number;
  /** Between two chunks, milliseconds. */
  readonly chunkMs?: number;
}

export interface ModelServer {
  /** Base of the API, with `/v1`. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

export async function startModelServer({ port = 0, chunkMs = 12 }: ModelServerOptions = {}): Promise<ModelServer> {
  let refusals = 0;

  async function chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = parseChat(await readJson(request));
    if (asked.model === "error-500")
      return sendError(response, 500, "The server had an error while processing your request.", "server_error");
    if (asked.model === "rate-limited" && refusals++ < REFUSALS) {
      response.setHeader("retry-after", String(RETRY_AFTER_SECONDS));
      return sendError(response, 429, "Rate limit reached.", "rate_limit_error");
    }
    if (asked.model === "rate-limited") refusals = 0;
    const reply = replyTo(asked);
    if (asked.isStream) return stream(response, asked, reply);
    if (asked.model === "slow") await pause(SLOW_MS);
    if (asked.model === "stuck") return;
    sendJson(response, 200, completion(asked, reply));
  }

  async function stream(response: ServerResponse, asked: ChatRequest, reply: Reply): Promise<void> {
    const chunks = startChunks(response, asked.model);
    response.flushHeaders();
    await chunks.pause(asked.model === "slow" ? SLOW_MS : 8 * chunkMs);
    chunks.send({ role: "assistant", content: "" });
    const isWhole = await sendText(response, chunks, asked.model, reply.text);
    if (!isWhole) return;
    await sendToolCalls(chunks, reply);
    chunks.send({}, reply.toolCalls.length > 0 ? "tool_calls" : "stop");
    if (asked.wantsUsage) chunks.usage(promptTokens(asked), replyTokens(reply));
    chunks.done();
  }

  /** False when the stream is to go no further. */
  async function sendText(
    response: ServerResponse,
    chunks: ChunkStream,
    model: string,
    text: string,
  ): Promise<boolean> {
    let sent = 0;
    for (let at = 0; at < text.length && chunks.isOpen(); at += CHARACTERS_A_CHUNK) {
      await chunks.pause(chunkMs);
      chunks.send({ content: text.slice(at, at + CHARACTERS_A_CHUNK) });
      if (++sent < CHUNKS_BEFORE_TROUBLE) continue;
      if (model === "stuck") return false;
      if (model === "broken-stream") {
        response.destroy();
        return false;
      }
    }
    return chunks.isOpen();
  }

  async function sendToolCalls(chunks: ChunkStream, { toolCalls }: Reply): Promise<void> {
    for (const [index, { id, name, input }] of toolCalls.entries()) {
      await chunks.pause(chunkMs);
      chunks.send({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] });
      const text = JSON.stringify(input);
      for (let at = 0; at < text.length; at += CHARACTERS_A_CHUNK) {
        chunks.send({ tool_calls: [{ index, function: { arguments: text.slice(at, at + CHARACTERS_A_CHUNK) } }] });
      }
    }
  }

  async function embeddings(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { model, input, isBase64 } = parseEmbedding(await readJson(request));
    const data = input.map((text, index) => {
      const values = embeddingOf(text);
      const embedding = isBase64 ? Buffer.from(new Float32Array(values).buffer).toString("base64") : values;
      return { object: "embedding", index, embedding };
    });
    const tokens = input.reduce((sum, text) => sum + countTokens(text), 0);
    sendJson(response, 200, { object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
  }

  /** Something for tools to fetch: a page of as many words as it is asked for, after as many milliseconds. */
  async function page(name: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    await pause(Math.min(60_000, Number(query.get("after") ?? 0) || 0));
    if (response.destroyed) return;
    const text = longText(Math.min(1_000_000, Number(query.get("words") ?? 500) || 0));
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(`${name}: ${text}\n`);
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const key = `${request.method ?? "GET"} ${pathname}`;
    if (key === "POST /v1/chat/completions") return chat(request, response);
    if (key === "POST /v1/embeddings") return embeddings(request, response);
    if (key === "GET /v1/models")
      return sendJson(response, 200, {
        object: "list",
        data: MODELS.map((id) => ({ id, object: "model", owned_by: "stallscope" })),
      });
    const [, name] = /^GET \/v1\/pages\/([\w-]+)$/.exec(key) ?? [];
    if (name !== undefined) return page(name, searchParams, response);
    sendError(response, 404, `Unknown request: ${key}`, "invalid_request_error");
  }

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else if (error instanceof BadRequest)
        sendError(response, 400, error.message, "invalid_request_error", error.param);
      else sendError(response, 500, String(error), "server_error");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function completion(asked: ChatRequest, reply: Reply): object {
  const toolCalls = reply.toolCalls.map(({ id, name, input }) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(input) },
  }));
  const [input, output] = [promptTokens(asked), replyTokens(reply)];
  return {
    id: "chatcmpl-whole",
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model: asked.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: reply.text,
          ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
        },
        finish_reason: toolCalls.length === 0 ? "stop" : "tool_calls",
      },
    ],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  };
}

function promptTokens({ messages }: ChatRequest): number {
  return messages.reduce((sum, { content }) => sum + countTokens(content), 0);
}

function replyTokens({ text, toolCalls }: Reply): number {
  return (
    countTokens(text) + toolCalls.reduce((sum, { name, input }) => sum + countTokens(name + JSON.stringify(input)), 0)
  );
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function sendError(response: ServerResponse, status: number, message: string, type: string, param?: string): void {
  sendJson(response, status, { error: { message, type, param: param ?? null, code: null } });
}
