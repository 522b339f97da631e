/**
 * §1.2 with the real libraries: what each throws when its signal is aborted is our cancellation where our scope is
 * cancelled, and an ordinary error where it is not.
 */
import Anthropic from "@anthropic-ai/sdk";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";
import { EventEmitter, getEventListeners, on, once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  CancelledError,
  TaskCancelledError,
  TimeoutError,
  cancelScope,
  checkpoint,
  createTask,
  currentSignal,
  currentTask,
  isCancellation,
  rethrowIfCancelled,
  run,
  taskGroup,
} from "../../../../src-runtime/index.ts";
import { caught } from "./caught.ts";

/** Answers nothing at /silent; elsewhere the beginning of an answer, whose end never comes. */
let server: Server;
let base = "";
let requested = Promise.withResolvers<void>();
let closed = Promise.withResolvers<void>();

const FIRST_CHUNK = `data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}]}\n\n`;
const ANTHROPIC_START = `event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"m","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n`;

function answer(request: IncomingMessage, response: ServerResponse): void {
  response.on("close", () => closed.resolve());
  request.resume();
  request.on("end", () => {
    const { url = "" } = request;
    if (url.startsWith("/silent")) return requested.resolve();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(url.includes("messages") ? ANTHROPIC_START : FIRST_CHUNK);
    requested.resolve();
  });
}

beforeAll(async () => {
  server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  requested = Promise.withResolvers();
  closed = Promise.withResolvers();
});

const messages = [{ role: "user" as const, content: "Hello" }];
const openai = (path: string): OpenAI => new OpenAI({ apiKey: "none", baseURL: base + path, maxRetries: 0 });
const anthropic = (path: string): Anthropic => new Anthropic({ apiKey: "none", baseURL: base + path, maxRetries: 0 });
const aiModel = (path: string) =>
  createOpenAICompatible({ name: "loopback", apiKey: "none", baseURL: base + path }).chatModel("m");

async function readAll(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of chunks);
}

interface Library {
  readonly name: string;
  readonly call: (signal: AbortSignal) => Promise<unknown>;
  /** It does not go to the server: it waits as soon as it is called. */
  readonly isLocal?: boolean;
}

const libraries: readonly Library[] = [
  { name: "fetch before the answer", call: (signal) => fetch(`${base}/silent`, { signal }) },
  { name: "fetch during the body", call: async (signal) => (await fetch(`${base}/body`, { signal })).text() },
  { name: "timers/promises", call: (signal) => delay(60_000, undefined, { signal }), isLocal: true },
  { name: "events.once", call: (signal) => once(new EventEmitter(), "never", { signal }), isLocal: true },
  { name: "events.on", call: (signal) => readAll(on(new EventEmitter(), "never", { signal })), isLocal: true },
  {
    name: "openai before the answer",
    call: (signal) => openai("/silent").chat.completions.create({ model: "m", messages }, { signal }),
  },
  {
    name: "@anthropic-ai/sdk before the answer",
    call: (signal) => anthropic("/silent").messages.create({ model: "m", max_tokens: 9, messages }, { signal }),
  },
  {
    name: "AI SDK generateText",
    call: (abortSignal) => generateText({ model: aiModel("/silent"), messages, abortSignal, maxRetries: 2 }),
  },
];

describe.each(libraries)("$name", ({ call, isLocal = false }) => {
  test("aborted by our cancel ends the task as cancelled, with the library's error as the cause", async () => {
    await run(async () => {
      const task = createTask(async () => {
        try {
          return await call(currentSignal());
        } catch (error) {
          expect(isCancellation(error)).toBe(true);
          expect(() => rethrowIfCancelled(error)).toThrow(CancelledError);
          throw error;
        }
      });
      if (isLocal) await checkpoint();
      else await requested.promise;
      task.cancel("why");
      const error = (await caught(task)) as Error;
      expect(error).toBeInstanceOf(TaskCancelledError);
      expect(error.cause).toMatchObject({ name: "CancelledError", reason: "why", by: currentTask().id });
      expect(task.cancelled()).toBe(true);
      if (!isLocal) await closed.promise;
    });
  });

  test("aborted by our cancel is no error in a group or a scope", async () => {
    await run(async () => {
      const result = await cancelScope(async (block) => {
        await taskGroup(async (tg) => {
          tg.createTask(async () => {
            if (isLocal) await checkpoint();
            else await requested.promise;
            block.cancel();
          });
          await call(tg.signal);
        });
      });
      expect(result).toEqual({ cancelled: true });
      const group = await taskGroup(async (tg) => {
        tg.cancel();
        await call(tg.signal);
      });
      expect(group).toBeUndefined();
    });
  });

  test("aborted by somebody else is an ordinary error", async () => {
    await run(async () => {
      const controller = new AbortController();
      const task = createTask(async () => {
        try {
          return await call(controller.signal);
        } catch (error) {
          expect(isCancellation(error)).toBe(false);
          rethrowIfCancelled(error);
          throw error;
        }
      });
      if (isLocal) await checkpoint();
      else await requested.promise;
      controller.abort(new Error("somebody else"));
      const settled = await task.settled();
      expect(settled.status).toBe("failed");
      const inGroup = await caught(
        taskGroup(async (tg) => {
          tg.createTask(() => Promise.reject(task.exception() as Error));
          tg.createTask(() => checkpoint());
        }),
      );
      expect((inGroup as AggregateError).errors).toEqual([task.exception()]);
    });
  });
});

test.each([
  [
    "openai",
    async () => {
      const stream = await openai("/v1").chat.completions.create(
        { model: "m", messages, stream: true },
        { signal: currentSignal() },
      );
      await readAll(stream);
    },
  ],
  [
    "@anthropic-ai/sdk",
    async () => {
      const stream = await anthropic("").messages.create(
        { model: "m", max_tokens: 9, messages, stream: true },
        { signal: currentSignal() },
      );
      await readAll(stream);
    },
  ],
  [
    "AI SDK streamText",
    async () => {
      const { stream } = streamText({ model: aiModel("/v1"), messages, abortSignal: currentSignal() });
      await readAll(stream);
    },
  ],
])(
  "a token stream of %s is cut by our cancel: the connection is closed, and the next wait throws",
  async (_name, read) => {
    await run(async () => {
      const task = createTask(async () => {
        await read();
        // Some end their stream quietly: the cancel is thrown here.
        await checkpoint();
      });
      await requested.promise;
      await checkpoint();
      task.cancel();
      expect((await task.settled()).status).toBe("cancelled");
      await closed.promise;
    });
  },
);

test("the reason of a followed signal is recognised as it is, also one that is no error", async () => {
  await run(async () => {
    for (const reason of ["a word", new Error("an error"), 0, undefined]) {
      const controller = new AbortController();
      const result = await cancelScope(async (block) => {
        block.follow(controller.signal);
        createTask(async () => controller.abort(reason));
        await fetch(`${base}/silent`, { signal: controller.signal });
      });
      expect(result).toEqual({ cancelled: true });
    }
  });
});

test("the reason of an inner cancel is recognised though an outer one came meanwhile", async () => {
  await run(async () => {
    const controller = new AbortController();
    const task = createTask(() =>
      cancelScope(async (block) => {
        block.follow(controller.signal);
        const why = new Error("inner");
        controller.abort(why);
        currentTask().cancel("outer");
        throw why;
      }),
    );
    expect((await task.settled()).status).toBe("cancelled");
  });
});

test("an error of our own about something else is no cancellation, though a cancel caused it", async () => {
  await run(async () => {
    const { cause } = (await caught(
      (async () => {
        const other = createTask(() => delay(60_000, undefined, { signal: currentSignal() }));
        other.cancel();
        await other;
      })(),
    )) as Error;
    for (const mine of [
      new TimeoutError("too slow", { cause }),
      new TaskCancelledError("of another", { cause }),
      new Error("wrapped", { cause }),
    ]) {
      const task = createTask(async () => {
        currentTask().cancel();
        throw mine;
      });
      await task.settled();
      expect([task.state, task.exception()]).toEqual(["failed", mine]);
    }
  });
});

test("an error by its cause: the reason of the signal that was given out", async () => {
  await run(async () => {
    const task = createTask(async () => {
      const signal = currentSignal();
      currentTask().cancel();
      throw new Error("request failed", { cause: signal.reason });
    });
    expect((await task.settled()).status).toBe("cancelled");
  });
});

test("by name alone nothing is a cancellation where nothing is cancelled; several errors in one are judged one by one", async () => {
  class APIUserAbortError extends Error {}
  const nameless = new APIUserAbortError("Request was aborted.");
  await run(async () => {
    expect(isCancellation(nameless)).toBe(false);
    const task = createTask(async () => {
      currentTask().cancel();
      for (const abort of [
        nameless,
        Object.assign(new Error("x"), { code: "ABORT_ERR" }),
        new DOMException("x", "AbortError"),
        new AggregateError([nameless, new CancelledError()]),
        new SuppressedError(nameless, new CancelledError()),
      ]) {
        expect(isCancellation(abort)).toBe(true);
      }
      const real = new Error("real");
      for (const other of [
        real,
        new AggregateError([nameless, real]),
        new SuppressedError(real, nameless),
        "text",
        null,
      ]) {
        expect(isCancellation(other)).toBe(false);
      }
      throw new AggregateError([nameless, real], "mixed");
    });
    await task.settled();
    expect(task.exception()).toMatchObject({ message: "mixed", errors: [{ message: "real" }] });
  });
  expect(isCancellation(nameless)).toBe(false);
  expect(isCancellation(new CancelledError())).toBe(true);
});

test("no listener is left on a task's signal after many calls", async () => {
  await run(async () => {
    const signal = currentSignal();
    const ends = Array.from({ length: 20 }, () => delay(0, undefined, { signal }));
    await Promise.all(ends);
    for (let n = 0; n < 20; n++) await cancelScope(async (block) => block.follow(signal));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
