/** Server-sent events as the chat completions API streams them. */
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

export interface Delta {
  readonly role?: "assistant";
  readonly content?: string;
  readonly tool_calls?: readonly {
    readonly index: number;
    readonly id?: string;
    readonly type?: "function";
    readonly function: { readonly name?: string; readonly arguments: string };
  }[];
}

export interface ChunkStream {
  /** False once the client is gone. */
  readonly isOpen: () => boolean;
  send(delta: Delta, finishReason?: string): void;
  usage(promptTokens: number, completionTokens: number): void;
  pause(ms: number): Promise<void>;
  done(): void;
}

export function startChunks(response: ServerResponse, model: string): ChunkStream {
  const id = `chatcmpl-${Math.random().toString(36).slice(2, 12)}`;
  const created = Math.floor(Date.now() / 1000);
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  const isOpen = (): boolean => !response.destroyed && !response.writableEnded;
  const write = (body: object): void => {
    if (isOpen())
      response.write(`data: ${JSON.stringify({ id, object: "chat.completion.chunk", created, model, ...body })}\n\n`);
  };
  return {
    isOpen,
    send: (delta, finishReason) => write({ choices: [{ index: 0, delta, finish_reason: finishReason ?? null }] }),
    usage: (promptTokens, completionTokens) =>
      write({
        choices: [],
        usage: {
          prompt_tokens: promptTokens,
          completion_tokens: completionTokens,
          total_tokens: promptTokens + completionTokens,
        },
      }),
    pause: async (ms) => {
      await pause(ms);
    },
    done() {
      if (isOpen()) response.end("data: [DONE]\n\n");
    },
  };
}
