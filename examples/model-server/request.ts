/** What a client may ask, checked as the real thing checks it. */
import type { IncomingMessage } from "node:http";

const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface Message {
  readonly role: string;
  readonly content: string;
  readonly toolCallId: string | undefined;
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly isStream: boolean;
  readonly wantsUsage: boolean;
  readonly tools: readonly string[];
}

export interface EmbeddingRequest {
  readonly model: string;
  readonly input: readonly string[];
  readonly isBase64: boolean;
}

/** Refused with status 400 and the API's own shape of error. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
  readonly param: string | undefined;

  constructor(message: string, param?: string) {
    super(message);
    this.param = param;
  }
}

export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new BadRequest("The request body is too large.");
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new BadRequest("We could not parse the JSON body of your request.");
  }
  if (!isObject(body)) throw new BadRequest("The request body must be a JSON object.");
  return body;
}

export function parseChat(body: Record<string, unknown>): ChatRequest {
  const { messages, stream, stream_options: options, tools } = body;
  if (!Array.isArray(messages) || messages.length === 0)
    throw new BadRequest("Missing required parameter: 'messages'.", "messages");
  return {
    model: modelOf(body),
    messages: messages.map(parseMessage),
    isStream: stream === true,
    wantsUsage: isObject(options) && options["include_usage"] === true,
    tools: Array.isArray(tools) ? tools.map(toolName) : [],
  };
}

export function parseEmbedding(body: Record<string, unknown>): EmbeddingRequest {
  const { input, encoding_format: format } = body;
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  const texts = list.filter((text): text is string => typeof text === "string");
  if (texts.length === 0 || texts.length < list.length)
    throw new BadRequest("Missing required parameter: 'input'.", "input");
  return { model: modelOf(body), input: texts, isBase64: format === "base64" };
}

function modelOf({ model }: Record<string, unknown>): string {
  if (typeof model !== "string" || model === "") throw new BadRequest("you must provide a model parameter", "model");
  return model;
}

function parseMessage(value: unknown, index: number): Message {
  const role = isObject(value) ? value["role"] : undefined;
  if (!isObject(value) || typeof role !== "string")
    throw new BadRequest(`Missing required parameter: 'messages[${index}].role'.`, `messages[${index}].role`);
  const { content, tool_call_id: toolCallId } = value;
  const parts: readonly unknown[] = Array.isArray(content) ? content : [];
  const text =
    typeof content === "string"
      ? content
      : parts.map((part) => (isObject(part) && typeof part["text"] === "string" ? part["text"] : "")).join("");
  return {
    role,
    content: text,
    toolCallId: typeof toolCallId === "string" ? toolCallId : undefined,
  };
}

function toolName(value: unknown): string {
  const definition = isObject(value) ? value["function"] : undefined;
  if (!isObject(definition) || typeof definition["name"] !== "string")
    throw new BadRequest("Missing required parameter: 'tools[0].function.name'.", "tools");
  return definition["name"];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
