/** Adapters over real sources: web and Node streams, an HTTP server, the AI SDK. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { simulateReadableStream, streamText } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  CancelledError,
  type ErrorReport,
  Runner,
  TaskCancelledError,
  UsageError,
  cancelScope,
  checkpoint,
  createTask,
  currentSignal,
  fromAiSdk,
  fromIterable,
  fromReadable,
  fromSse,
  run,
  sleep,
  stream,
  toNodeReadable,
  toReadableStream,
} from "../../../../src-runtime/index.ts";
import { createTestClock } from "../../../../src-runtime/testing/clock.ts";

async function read<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

/** Counts up when pulled, and keeps what happens to it. */
function webCounter(to = Infinity): {
  source: ReadableStream<number>;
  pulls(): number;
  readonly cancelled: unknown[];
} {
  let pulls = 0;
  const cancelled: unknown[] = [];
  const source = new ReadableStream<number>(
    {
      pull(controller) {
        if (pulls === to) controller.close();
        else controller.enqueue(pulls++);
      },
      cancel(reason) {
        cancelled.push(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return { source, pulls: () => pulls, cancelled };
}

describe("from a web stream", () => {
  test("chunks come in order, and no faster than they are consumed", () =>
    run(async () => {
      const { source, pulls } = webCounter(20);
      const iterator = fromReadable(source, { buffer: 2 })[Symbol.asyncIterator]();
      expect(await iterator.next()).toEqual({ done: false, value: 0 });
      await checkpoint();
      expect(pulls()).toBe(3);
      const rest: (number | void)[] = [];
      for (let result = await iterator.next(); result.done !== true; result = await iterator.next())
        rest.push(result.value);
      expect(rest).toEqual(Array.from({ length: 19 }, (_, index) => index + 1));
      expect(source.locked).toBe(false);
    }));

  test("break cancels the source, and waits until it has", () =>
    run(async () => {
      const { source, cancelled } = webCounter();
      for await (const item of fromReadable(source)) if (item === 3) break;
      expect(cancelled).toEqual([expect.any(CancelledError)]);
      expect(source.locked).toBe(false);
    }));

  test("a cancel reaches a source that hangs", () =>
    run(async () => {
      const reasons: unknown[] = [];
      const source = new ReadableStream<number>({ cancel: (reason) => void reasons.push(reason) });
      const reading = createTask(() => read(fromReadable(source)));
      await checkpoint();
      reading.cancel("why");
      await reading.settled();
      expect(reasons).toEqual([expect.objectContaining({ reason: "why" })]);
    }));

  test("an error of the source comes after its chunks", () =>
    run(async () => {
      const failure = new TypeError("gone");
      let chunks = 0;
      const source = new ReadableStream<number>(
        {
          pull(controller) {
            if (chunks++ < 2) controller.enqueue(chunks);
            else controller.error(failure);
          },
        },
        { highWaterMark: 0 },
      );
      const got: number[] = [];
      const reading = (async () => {
        for await (const item of fromReadable(source)) got.push(item);
      })();
      await expect(reading).rejects.toBe(failure);
      expect(got).toEqual([1, 2]);
    }));

  test("not read: not locked. What is no stream is refused", () => {
    const { source } = webCounter();
    fromReadable(source);
    expect(source.locked).toBe(false);
    expect(() => fromReadable("x" as unknown as ReadableStream)).toThrow(TypeError);
  });
});

describe("from a Node stream", () => {
  test("chunks come in order, to the end", () =>
    run(async () => {
      const source = Readable.from(["a", "b", "c"]);
      expect(await read(fromReadable<string>(source))).toEqual(["a", "b", "c"]);
      expect(source.destroyed).toBe(true);
    }));

  test("break destroys it and waits for its close, also while a read hangs", () =>
    run(async () => {
      const log: string[] = [];
      const source = new Readable({
        objectMode: true,
        read: () => undefined,
        destroy(_error, done) {
          setImmediate(() => {
            log.push("closed");
            done(null);
          });
        },
      });
      source.push("a");
      for await (const item of fromReadable<string>(source)) {
        expect(item).toBe("a");
        await checkpoint();
        break;
      }
      log.push("after the loop");
      expect(log).toEqual(["closed", "after the loop"]);
    }));

  test("an error while it is destroyed comes out of the loop", () =>
    run(
      async () => {
        const failure = new Error("disk");
        const source = new Readable({ read: () => undefined, destroy: (_error, done) => done(failure) });
        source.push("a");
        const leaving = (async () => {
          for await (const _ of fromReadable(source)) break;
        })();
        await expect(leaving).rejects.toBe(failure);
      },
      { onError: () => undefined },
    ));

  test("an error of the stream is the loop's; a cancelled read destroys it", () =>
    run(async () => {
      const failing = new PassThrough();
      const reading = createTask(() => read(fromReadable(failing)));
      await checkpoint();
      failing.destroy(new TypeError("reset"));
      await expect(reading.join()).rejects.toThrow("reset");

      const hanging = new PassThrough();
      const cancelled = createTask(() => read(fromReadable(hanging)));
      await checkpoint();
      cancelled.cancel();
      await cancelled.settled();
      expect(cancelled.cancelled()).toBe(true);
      expect(hanging.closed).toBe(true);
    }));
});

describe("from an iterable", () => {
  test("sync and async ones; left early, they are told", () =>
    run(async () => {
      const log: string[] = [];
      function* sync(): Generator<number> {
        try {
          for (let index = 0; ; index++) yield index;
        } finally {
          log.push("sync closed");
        }
      }
      async function* async(): AsyncGenerator<number> {
        try {
          yield* sync();
        } finally {
          log.push("async closed");
        }
      }
      for await (const item of fromIterable(sync())) if (item === 2) break;
      for await (const item of fromIterable(async())) if (item === 2) break;
      expect(log).toEqual(["sync closed", "sync closed", "async closed"]);
      expect(await read(fromIterable(new Set([1, 2])))).toEqual([1, 2]);
      expect(() => fromIterable(5 as unknown as number[])).toThrow(TypeError);
    }));

  test("return() is called at once while a next() hangs: it may be what ends it", () =>
    run(async () => {
      const hang = Promise.withResolvers<IteratorResult<number>>();
      let returns = 0;
      const iterator: AsyncIterator<number> = {
        next: () => hang.promise,
        return() {
          returns++;
          hang.resolve({ done: true, value: undefined });
          return hang.promise;
        },
      };
      const reading = createTask(() => read(fromIterable({ [Symbol.asyncIterator]: () => iterator })));
      await checkpoint();
      reading.cancel();
      await reading.settled();
      expect(reading.cancelled()).toBe(true);
      expect(returns).toBe(1);
    }));

  test("a generator whose next() hangs is not waited for beyond grace", async () => {
    const clock = createTestClock();
    const reports: ErrorReport[] = [];
    const runner = new Runner({ clock, onError: (report) => reports.push(report) });
    async function* hanging(): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => undefined);
    }
    const running = runner.run(async () => {
      for await (const _ of fromIterable(hanging(), { grace: 100, name: "generator" })) {
        await sleep(1);
        break;
      }
      return clock.now();
    });
    await clock.advance(500);
    expect(await running).toBe(101);
    expect(reports.map(({ message }) => message)).toEqual([
      expect.stringMatching(/generator did not end within 100 ms/),
    ]);
    await runner.close();
  });
});

describe("to a web stream", () => {
  test("items are asked for when the reader pulls", () =>
    run(async () => {
      let emitted = 0;
      const items = stream<number>(
        async (emit) => {
          while (emitted < 4) await emit(emitted++);
        },
        { buffer: 0 },
      );
      const reader = toReadableStream(items).getReader();
      await checkpoint();
      expect(emitted).toBe(0);
      expect(await reader.read()).toEqual({ done: false, value: 0 });
      await checkpoint();
      expect(emitted).toBe(1);
      expect(await reader.read()).toEqual({ done: false, value: 1 });
      expect([await reader.read(), await reader.read(), await reader.read()].map(({ value }) => value)).toEqual([
        2,
        3,
        undefined,
      ]);
    }));

  test("highWaterMark is how many are asked for ahead", () =>
    run(async () => {
      let emitted = 0;
      const items = stream<number>(
        async (emit) => {
          for (;;) await emit(emitted++);
        },
        { buffer: 0 },
      );
      const web = toReadableStream(items, { highWaterMark: 2 });
      await checkpoint();
      expect(emitted).toBe(2);
      await web.cancel();
    }));

  test("cancel(reason) cancels the producer and waits for its cleanup; an error comes out", () =>
    run(async () => {
      const log: unknown[] = [];
      const items = stream<number>(async (emit, signal) => {
        try {
          for (;;) await emit(1);
        } finally {
          await new Promise((resolve) => setImmediate(resolve));
          log.push((signal.reason as CancelledError).reason);
        }
      });
      const web = toReadableStream(items);
      const reader = web.getReader();
      await reader.read();
      await reader.cancel("enough");
      expect(log).toEqual(["enough"]);
      const failing = toReadableStream(stream<number>(() => Promise.reject(new TypeError("no"))));
      await expect(failing.getReader().read()).rejects.toThrow("no");
      expect(() => toReadableStream(items)).toThrow(UsageError);
    }));

  test("it can be read outside the run, whose end ends it", async () => {
    let web: ReadableStream<number> | undefined;
    const log: string[] = [];
    const runner = new Runner();
    await runner.run(async () => {
      const items = stream<number>(async (emit) => {
        try {
          await emit(1);
          await sleep(1e6);
        } finally {
          log.push("closed");
        }
      });
      web = toReadableStream(items);
    });
    const reader = web?.getReader();
    expect(await reader?.read()).toEqual({ done: false, value: 1 });
    const pending = reader?.read();
    const [ended] = await Promise.allSettled([pending, runner.close()]);
    expect(ended).toEqual({ status: "rejected", reason: expect.any(CancelledError) });
    expect(log).toEqual(["closed"]);
  });
});

describe("to a Node stream", () => {
  test("it is piped with backpressure", () =>
    run(async () => {
      const items = stream<string>(async (emit) => {
        for (let index = 0; index < 100; index++) await emit(`${index},`);
      });
      const out = new PassThrough({ highWaterMark: 8 });
      const [text] = await Promise.all([buffer(out), pipeline(toNodeReadable(items, { objectMode: false }), out)]);
      expect(text.toString()).toBe(Array.from({ length: 100 }, (_, index) => `${index},`).join(""));
    }));

  test("highWaterMark is honoured, and destroy cancels the producer before close", () =>
    run(async () => {
      const log: string[] = [];
      let emitted = 0;
      const items = stream<number>(
        async (emit) => {
          try {
            for (;;) await emit(emitted++);
          } finally {
            await new Promise((resolve) => setImmediate(resolve));
            log.push("cleanup");
          }
        },
        { buffer: 0 },
      );
      const readable = toNodeReadable(items, { highWaterMark: 3 });
      await once(readable, "readable");
      await checkpoint();
      await checkpoint();
      expect(emitted).toBe(3);
      expect(readable.read()).toBe(0);
      readable.destroy();
      await once(readable, "close");
      expect(log).toEqual(["cleanup"]);
    }));
});

/** A server on the loopback; closed with the test. */
async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe("from server-sent events", () => {
  test("events have event, data and id, however the bytes are cut", async () => {
    const text = ': hello\n\ndata: {"a":1}\n\nevent: delta\nid: 7\ndata: größer\ndata: zwei\n\ndata: cut off';
    const bytes = new TextEncoder().encode(text);
    const url = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      void (async () => {
        for (const byte of bytes) {
          response.write(Uint8Array.of(byte));
          await new Promise((resolve) => setImmediate(resolve));
        }
        response.end();
      })();
    });
    const events = await run(async () => read(fromSse(await fetch(url, { signal: currentSignal() }))));
    expect(events).toEqual([
      { event: "message", data: '{"a":1}', id: undefined },
      { event: "delta", data: "größer\nzwei", id: "7" },
    ]);
  });

  test.each(["break", "cancel"])("the server sees the connection closed on %s", async (how) => {
    const closed = Promise.withResolvers<void>();
    const url = await serve((_request, response) => {
      response.on("close", () => closed.resolve());
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    await run(async () => {
      const response = await fetch(url);
      if (how === "break") {
        for await (const { data } of fromSse(response)) {
          expect(data).toBe("1");
          break;
        }
      } else {
        const result = await cancelScope(async (scope) => {
          for await (const _ of fromSse(response)) scope.cancel();
        });
        expect(result.cancelled).toBe(true);
      }
      await closed.promise;
    });
  });

  test("an answer that is no success is an error with its status", async () => {
    const url = await serve((_request, response) => response.writeHead(503).end("busy"));
    await run(async () => {
      const events = fromSse(await fetch(url));
      await expect(read(events)).rejects.toThrow(/503/);
    });
    expect(() => fromSse({} as Response)).toThrow(TypeError);
  });
});

/** A model that says words until it is aborted; it keeps the signal it got. */
function talker(
  words: readonly string[],
  delay = 0,
): { model: MockLanguageModelV4; signal(): AbortSignal | undefined } {
  const model = new MockLanguageModelV4({
    doStream: () =>
      Promise.resolve({
        stream: simulateReadableStream({
          initialDelayInMs: delay,
          chunkDelayInMs: delay,
          chunks: [
            { type: "stream-start" as const, warnings: [] },
            { type: "text-start" as const, id: "1" },
            ...words.map((delta) => ({ type: "text-delta" as const, id: "1", delta })),
            { type: "text-end" as const, id: "1" },
            {
              type: "finish" as const,
              finishReason: { unified: "stop" as const, raw: "stop" },
              usage: {
                inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
                outputTokens: { total: 1, text: 1, reasoning: undefined },
              },
            },
          ],
        }),
      }),
  });
  return { model, signal: () => model.doStreamCalls[0]?.abortSignal };
}

describe("from the AI SDK", () => {
  test("a result gives its parts, its textStream the text", () =>
    run(async () => {
      const parts = await read(fromAiSdk(streamText({ model: talker(["a", "b"]).model, prompt: "x" })));
      expect(parts.map(({ type }) => type)).toEqual([
        "start",
        "start-step",
        "text-start",
        "text-delta",
        "text-delta",
        "text-end",
        "finish-step",
        "finish",
      ]);
      const text = fromAiSdk(streamText({ model: talker(["a", "b"]).model, prompt: "x" }).textStream);
      expect(await read(text)).toEqual(["a", "b"]);
      expect(() => fromAiSdk({} as AsyncIterable<string>)).toThrow(TypeError);
    }));

  test("a call is made at the first read, and aborted by break", () =>
    run(async () => {
      const { model, signal } = talker(["a", "b", "c"]);
      const text = fromAiSdk((abortSignal) => streamText({ model, prompt: "x", abortSignal }).textStream, {
        buffer: 0,
      });
      await checkpoint();
      expect(model.doStreamCalls).toEqual([]);
      for await (const word of text) {
        expect(word).toBe("a");
        break;
      }
      expect(signal()?.aborted).toBe(true);
    }));

  test("an abort part while the scope of the call is cancelled is the cancellation", () =>
    run(async () => {
      for (const kind of ["stream", "textStream"] as const) {
        const calling = Promise.withResolvers<ReturnType<typeof fromAiSdk<unknown>>>();
        const hold = Promise.withResolvers<void>();
        const caller = createTask(async () => {
          const result = streamText({
            model: talker(["a", "b", "c"], 5).model,
            prompt: "x",
            abortSignal: currentSignal(),
          });
          calling.resolve(fromAiSdk<unknown>(result[kind]));
          await hold.promise;
        });
        // Read by another task, which is not cancelled: the answer is cut, and it must hear of that.
        const got: unknown[] = [];
        const parts = await calling.promise;
        const reading = (async () => {
          for await (const part of parts) {
            got.push(part);
            if (part === "a" || (part as { type?: string }).type === "text-delta") caller.cancel("enough");
          }
        })();
        await expect(reading).rejects.toThrow(TaskCancelledError);
        expect(got.length).toBeGreaterThan(0);
        expect(got).not.toContainEqual(expect.objectContaining({ type: "abort" }));
        hold.resolve();
        await caller.settled();
      }
    }));

  test("an abort that is none of ours is a part like any", () =>
    run(async () => {
      const controller = new AbortController();
      const { model } = talker(["a", "b", "c"], 5);
      const types: string[] = [];
      const parts = fromAiSdk(streamText({ model, prompt: "x", abortSignal: controller.signal }));
      for await (const { type } of parts) {
        types.push(type);
        if (type === "text-delta") controller.abort();
      }
      expect(types.at(-1)).toBe("abort");
    }));
});
