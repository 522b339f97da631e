/** The rules of streams, X1 to X4: backpressure, order, who is cancelled when, and where errors go. */
import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type AgentStream,
  type CancelScope,
  CancelledError,
  ContextVar,
  type ErrorReport,
  ExceptionGroup,
  NoCurrentTaskError,
  Runner,
  type RuntimeEvent,
  TaskCancelledError,
  UsageError,
  cancelScope,
  checkpoint,
  createTask,
  currentTask,
  getSuppressed,
  run,
  shielded,
  sleep,
  stream,
  taskGroup,
} from "../../../../src-runtime/index.ts";
import { createTestClock } from "../../../../src-runtime/testing/clock.ts";

/** Emits 0, 1, 2 … and says when it is stopped. */
function counting(log: string[], options: { buffer?: number; to?: number } = {}): AgentStream<number> {
  const { to = Infinity, ...rest } = options;
  return stream<number>(async (emit) => {
    try {
      for (let index = 0; index < to; index++) {
        log.push(`emit ${index}`);
        await emit(index);
        log.push(`after ${index}`);
      }
    } catch (error) {
      log.push(error instanceof CancelledError ? "producer cancelled" : "producer failed");
      throw error;
    } finally {
      log.push("producer cleanup");
    }
  }, rest);
}

async function caught(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("It did not throw.");
}

async function read<T>(items: AgentStream<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

describe("backpressure", () => {
  test("J01 with a buffer of 0 the code after emit runs when the consumer asks again", () =>
    run(async () => {
      const log: string[] = [];
      const iterator = counting(log, { buffer: 0 })[Symbol.asyncIterator]();
      expect(await iterator.next()).toEqual({ done: false, value: 0 });
      await checkpoint();
      expect(log).toEqual(["emit 0"]);
      expect(await iterator.next()).toEqual({ done: false, value: 1 });
      await checkpoint();
      expect(log).toEqual(["emit 0", "after 0", "emit 1"]);
      await iterator.return?.();
    }));

  test.each([0, 1, 2, 3, 64])("J02 a producer with a buffer of %i is at most that and one ahead", (buffer) =>
    run(async () => {
      const to = 200;
      let emitted = 0;
      let taken = 0;
      const leads: number[] = [];
      const items = stream<number>(
        async (emit) => {
          while (emitted < to) await emit(emitted++);
        },
        { buffer },
      );
      for await (const item of items) {
        expect(item).toBe(taken);
        await checkpoint();
        leads.push(emitted - taken);
        taken++;
      }
      expect(taken).toBe(to);
      // Whenever the consumer rests, the producer has done its batch, until nothing is left.
      expect(leads.slice(0, to - buffer)).toEqual(Array.from({ length: to - buffer }, () => buffer + 1));
    }),
  );

  test("the default buffer is 16", () =>
    run(async () => {
      const log: string[] = [];
      const items = counting(log);
      const iterator = items[Symbol.asyncIterator]();
      await iterator.next();
      await checkpoint();
      expect(log.at(-1)).toBe("emit 16");
      expect(items.stats).toMatchObject({ buffered: 16, capacity: 16, chunks: 17, waiting: "producer" });
      await iterator.return?.();
    }));

  test("stats say how long the producer had to wait for room", async () => {
    const clock = createTestClock();
    const running = new Runner({ clock }).run(async () => {
      const items = counting([], { buffer: 0 });
      const iterator = items[Symbol.asyncIterator]();
      await iterator.next();
      await sleep(30);
      expect(items.stats.pausedMs).toBe(30);
      await iterator.next();
      await sleep(12);
      expect(items.stats).toMatchObject({ pausedMs: 42, waiting: "producer", buffered: 0 });
      await iterator.return?.();
      expect(items.stats).toMatchObject({ pausedMs: 42, waiting: undefined });
    });
    await clock.advance(100);
    await running;
  });

  test("an unbounded stream never waits", () =>
    run(async () => {
      const items = counting([], { buffer: Infinity, to: 1000 });
      const iterator = items[Symbol.asyncIterator]();
      await iterator.next();
      await checkpoint();
      expect(items.stats).toMatchObject({ buffered: 999, waiting: undefined });
      await iterator.return?.();
    }));

  test("children of the producer emit side by side; each waits its turn", () =>
    run(async () => {
      const items = stream<string>(
        async (emit) => {
          await taskGroup(async (group) => {
            for (const name of ["a", "b", "c"]) {
              group.createTask(async () => {
                for (let index = 0; index < 3; index++) await emit(name + index);
              });
            }
          });
        },
        { buffer: 0 },
      );
      expect((await read(items)).sort()).toEqual(["a0", "a1", "a2", "b0", "b1", "b2", "c0", "c1", "c2"]);
    }));

  test("an emit that was cancelled while it waited gives its place to nobody; its item comes all the same", () =>
    run(async () => {
      const log: string[] = [];
      const scopes: CancelScope[] = [];
      const items = stream<string>(
        async (emit) => {
          await taskGroup(async (group) => {
            for (const name of ["first", "second"]) {
              group.createTask(async () => {
                await cancelScope((scope) => {
                  scopes.push(scope);
                  return emit(name);
                });
                log.push(name);
              });
            }
          });
        },
        { buffer: 0 },
      );
      const iterator = items[Symbol.asyncIterator]();
      expect((await iterator.next()).value).toBe("first");
      await checkpoint();
      scopes[0]?.cancel();
      await checkpoint();
      expect(log).toEqual(["first"]);
      expect((await iterator.next()).value).toBe("second");
      await checkpoint();
      // The second item is in the consumer's hands: its emit waits until the next is asked for.
      expect(log).toEqual(["first"]);
      expect((await iterator.next()).done).toBe(true);
      expect(log).toEqual(["first", "second"]);
    }));
});

describe("reading", () => {
  test("it delivers in order, then the producer's error as it is", () =>
    run(async () => {
      const failure = new TypeError("no more");
      const got: number[] = [];
      const items = stream<number>(async (emit) => {
        for (let index = 0; index < 5; index++) await emit(index);
        throw failure;
      });
      const thrown = await caught(async () => {
        for await (const item of items) {
          await checkpoint();
          got.push(item);
        }
      });
      expect(thrown).toBe(failure);
      expect(got).toEqual([0, 1, 2, 3, 4]);
    }));

  test("the error is told once; after it the stream is at its end", () =>
    run(async () => {
      const iterator = stream<number>(() => Promise.reject(new TypeError("no")))[Symbol.asyncIterator]();
      await expect(iterator.next()).rejects.toThrow("no");
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    }));

  test("a stream that is not read never starts, and twice can't be read", () =>
    run(async () => {
      const log: string[] = [];
      const items = counting(log, { to: 2 });
      await checkpoint();
      expect(log).toEqual([]);
      expect(await read(items)).toEqual([0, 1]);
      expect(() => items[Symbol.asyncIterator]()).toThrow(UsageError);
      await expect(items.forEach(() => undefined)).rejects.toThrow(/iterated once/);
    }));

  test("reads at the same time are served in order", () =>
    run(async () => {
      const iterator = counting([], { to: 3 })[Symbol.asyncIterator]();
      const results = await Promise.all([1, 2, 3, 4, 5].map(() => iterator.next()));
      expect(results.map(({ value }) => value)).toEqual([0, 1, 2, undefined, undefined]);
    }));

  test("tasks can be items: they are not awaited on the way", () =>
    run(async () => {
      const task = createTask(() => Promise.resolve(7));
      const items = stream<{ then: unknown }>((emit) => emit(task));
      expect((await read(items))[0]).toBe(task);
    }));

  test("N08 the producer sees the context of its creator, whoever reads it", () =>
    run(async () => {
      const name = new ContextVar<string>("name");
      name.set("creator");
      const seen: (string | undefined)[] = [];
      const items = stream<number>(
        async (emit) => {
          for (let index = 0; index < 3; index++) {
            seen.push(name.get());
            await emit(index);
            name.set("producer");
          }
        },
        { buffer: 0 },
      );
      const iterator = items[Symbol.asyncIterator]();
      await name.run("A", () => iterator.next());
      await name.run("B", () => iterator.next());
      await iterator.return?.();
      expect(seen).toEqual(["creator", "producer"]);
      expect(name.get()).toBe("creator");
    }));

  test("a stream made outside a run is read inside one", async () => {
    const items = counting([], { to: 2 });
    const iterator = items[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toThrow(NoCurrentTaskError);
    const got = await run(async () => [await iterator.next(), await iterator.next(), await iterator.next()]);
    expect(got.map(({ value }) => value)).toEqual([0, 1, undefined]);
  });

  test("bad arguments are refused", () => {
    const producer = (): Promise<void> => Promise.resolve();
    expect(() => stream(undefined as unknown as () => Promise<void>)).toThrow(TypeError);
    expect(() => stream(producer, { buffer: -1 })).toThrow(RangeError);
    expect(() => stream(producer, { buffer: 1.5 })).toThrow(RangeError);
    expect(() => stream(producer, { buffer: Number.NaN })).toThrow(RangeError);
    expect(() => stream(producer, { buffer: "2" as unknown as number })).toThrow(TypeError);
    expect(() => stream(producer, { grace: Number.NaN })).toThrow(RangeError);
  });
});

describe("leaving", () => {
  test("break cancels the producer at once and waits for its cleanup", () =>
    run(async () => {
      const log: string[] = [];
      const items = stream<number>(async (emit) => {
        try {
          await emit(1);
          await sleep(1e6);
        } finally {
          await shielded(() => sleep(1));
          log.push("cleanup");
        }
      });
      for await (const _ of items) break;
      log.push("after the loop");
      expect(log).toEqual(["cleanup", "after the loop"]);
    }));

  test("J04 a clean break is silent; an error of the cleanup comes out in its group, and is reported", async () => {
    const reports: ErrorReport[] = [];
    const failure = new TypeError("cleanup");
    await run(
      async () => {
        const log: string[] = [];
        for await (const _ of counting(log)) break;
        expect(log.slice(-2)).toEqual(["producer cancelled", "producer cleanup"]);
        expect(reports).toEqual([]);
        const items = stream<number>((emit) =>
          taskGroup(async (group) => {
            group.createTask(async () => {
              await sleep(1e6).catch(() => {
                throw failure;
              });
            });
            for (;;) await emit(1);
          }),
        );
        const thrown = await caught(async () => {
          for await (const _ of items) break;
        });
        expect(thrown).toBeInstanceOf(ExceptionGroup);
        expect((thrown as ExceptionGroup).errors).toEqual([failure]);
        expect(reports.map(({ error }) => error)).toEqual([thrown]);
      },
      { onError: (report) => reports.push(report) },
    );
  });

  test("J05 an error of the consumer and one of the cleanup come out in one group", async () => {
    const reports: ErrorReport[] = [];
    const mine = new TypeError("consumer");
    const theirs = new RangeError("cleanup");
    const failing = (): AgentStream<number> =>
      stream<number>(async (emit) => {
        try {
          for (;;) await emit(1);
        } finally {
          // oxlint-disable-next-line no-unsafe-finally -- It is the case.
          throw theirs;
        }
      });
    await run(
      async () => {
        const thrown = await caught(() =>
          failing().forEach(() => {
            throw mine;
          }),
        );
        expect((thrown as ExceptionGroup).errors).toEqual([mine, theirs]);
        const iterator = failing()[Symbol.asyncIterator]();
        await iterator.next();
        const group = await caught(async () => iterator.throw?.(mine));
        expect((group as ExceptionGroup).errors).toEqual([mine, theirs]);
        expect(reports).toEqual([]);

        // A loop drops what return() throws: the language's rule. So it is reported.
        const left = await caught(async () => {
          for await (const _ of failing()) throw mine;
        });
        expect(left).toBe(mine);
        expect(reports.map(({ error }) => error)).toEqual([theirs]);
      },
      { onError: (report) => reports.push(report) },
    );
  });

  test("J10 a group that the consumer throws comes out as it is", () =>
    run(async () => {
      const group = new ExceptionGroup([new TypeError("foo")], "mine");
      const inLoop = await caught(async () => {
        for await (const _ of counting([])) throw group;
      });
      const inCallback = await caught(() =>
        counting([]).forEach(() => {
          throw group;
        }),
      );
      expect([inLoop, inCallback]).toEqual([group, group]);
      expect(inLoop).toBe(group);
      expect(inCallback).toBe(group);
    }));

  test("J16 the producer's cleanup error and the consumer's are both kept", () =>
    run(async () => {
      const items = stream<number>(async (emit) => {
        try {
          for (;;) await emit(1);
        } catch {
          throw new RangeError("upstream");
        }
      });
      const thrown = await caught(() => items.forEach(() => Promise.reject(new TypeError("downstream"))));
      expect([...(thrown as ExceptionGroup).leaves()].map(String)).toEqual([
        "TypeError: downstream",
        "RangeError: upstream",
      ]);
    }));

  test("J17 a cancellation in the producer's cleanup does not hide the consumer's error", () =>
    run(async () => {
      const mine = new TypeError("downstream");
      const items = (): AgentStream<number> =>
        stream<number>(async (emit) => {
          try {
            for (;;) await emit(1);
          } finally {
            await sleep(10);
          }
        });
      expect(await caught(() => items().forEach(() => Promise.reject(mine)))).toBe(mine);
      const inLoop = caught(async () => {
        for await (const _ of items()) throw mine;
      });
      expect(await inLoop).toBe(mine);
    }));

  test("J13 who cancels the stream it reads is told at the next read; the blocked emit throws", () =>
    run(async () => {
      const log: string[] = [];
      const items = counting(log, { buffer: 0 });
      const iterator = items[Symbol.asyncIterator]();
      await iterator.next();
      await items.close();
      expect(log).toEqual(["emit 0", "producer cancelled", "producer cleanup"]);
      await expect(iterator.next()).rejects.toThrow(TaskCancelledError);
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    }));

  test("J11 a stream closed by someone else: its reader is told, now or at the next read", () =>
    run(async () => {
      const waiting = stream<number>(() => sleep(1e6), { name: "answers" });
      const reading = createTask(() => read(waiting));
      await checkpoint();
      await waiting.close("enough");
      const thrown = await caught(() => reading.join());
      expect(thrown).toBeInstanceOf(TaskCancelledError);
      expect((thrown as Error).message).toContain("answers");
      expect((thrown as Error).cause).toBe("enough");

      const between = counting([]);
      const got: number[] = [];
      const error = await caught(async () => {
        for await (const item of between) {
          got.push(item);
          await createTask(() => between.close());
        }
      });
      expect(error).toBeInstanceOf(TaskCancelledError);
      expect(got).toEqual([0]);
    }));

  test("J14 onStop is called once: at the cancel, or at the end", () =>
    run(async () => {
      const log: string[] = [];
      const items = stream<number>(async (emit, signal, { onStop }) => {
        onStop(() => log.push(`stopped, ${signal.aborted}`));
        await emit(1);
        await sleep(Infinity);
      });
      for await (const _ of items) break;
      expect(log).toEqual(["stopped, true"]);
      const ending = stream<number>(async (emit, signal, { onStop }) => {
        onStop(() => log.push(`ended, ${signal.aborted}`));
        await emit(1);
      });
      expect(await read(ending)).toEqual([1]);
      expect(log).toEqual(["stopped, true", "ended, false"]);
    }));

  test("an error in onStop is one of the producer's cleanup", () =>
    run(
      async () => {
        const items = stream<number>(async (emit, _signal, { onStop }) => {
          onStop(() => {
            throw new TypeError("stop");
          });
          for (;;) await emit(1);
        });
        const thrown = await caught(async () => {
          for await (const _ of items) break;
        });
        expect(String(thrown)).toBe("TypeError: stop");
      },
      { onError: () => undefined },
    ));

  test("a producer that ignores its cancel is abandoned after grace, and reported", async () => {
    const clock = createTestClock();
    const reports: ErrorReport[] = [];
    const events: RuntimeEvent[] = [];
    const runner = new Runner({
      clock,
      onError: (report) => reports.push(report),
      observers: [{ onEvent: (event) => events.push(event) }],
    });
    const hang = Promise.withResolvers<void>();
    const running = runner.run(async () => {
      const items = stream<number>((emit) => emit(1).then(() => hang.promise), { grace: 50, name: "stuck" });
      for await (const _ of items) break;
      expect(clock.now()).toBe(50);
    });
    await clock.advance(49);
    expect(reports).toEqual([]);
    await clock.advance(1);
    await running;
    expect(reports.map(({ message }) => message)).toEqual([expect.stringMatching(/stuck did not end within 50 ms/)]);
    expect(events.map(({ kind }) => kind)).toContain("task.abandoned");
    hang.resolve();
    await clock.advance(1);
    expect(events.map(({ kind }) => kind)).toContain("task.late_outcome");
    await runner.close();
  });

  test("emit after the end is refused; before it other tasks may emit", () =>
    run(async () => {
      let leaked: ((item: number) => Promise<void>) | undefined;
      const items = stream<number>(async (emit) => {
        leaked = emit;
        await createTask(() => emit(1));
      });
      expect(await read(items)).toEqual([1]);
      await expect(leaked?.(2)).rejects.toThrow(UsageError);
    }));

  test("a task that emits into a stream that is left gets the stream's cancel", () =>
    run(async () => {
      const outcome = Promise.withResolvers<unknown>();
      const items = stream<number>(
        async (emit) => {
          createTask(async () => {
            try {
              for (;;) await emit(1);
            } catch (error) {
              outcome.resolve(error);
            }
          });
          await sleep(Infinity);
        },
        { buffer: 0 },
      );
      for await (const _ of items) break;
      expect(await outcome.promise).toBeInstanceOf(CancelledError);
      expect(currentTask().cancelling()).toBe(0);
    }));

  test("callbacks that emit without awaiting are cut off by break without an unhandled rejection", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    await run(async () => {
      const source = new EventEmitter();
      let stops = 0;
      const items = stream<number>(
        async (emit, _signal, { onStop }) => {
          source.on("data", (item: number) => void emit(item));
          onStop(() => stops++);
          await sleep(Infinity);
        },
        { buffer: 0 },
      );
      const got: number[] = [];
      setImmediate(() => [1, 2, 3].forEach((item) => source.emit("data", item)));
      for await (const item of items) if (got.push(item) === 2) break;
      source.emit("data", 4);
      await checkpoint();
      expect(got).toEqual([1, 2]);
      expect(stops).toBe(1);
    });
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  test("a stream held by await using is closed at the end of the block", () =>
    run(async () => {
      const log: string[] = [];
      {
        await using items = counting(log);
        await items[Symbol.asyncIterator]().next();
      }
      expect(log.at(-1)).toBe("producer cleanup");
    }));
});

describe("cancel", () => {
  test("J07 cancelled before the first read: the producer is not started", () =>
    run(async () => {
      const log: string[] = [];
      const result = await cancelScope(async (scope) => {
        scope.cancel();
        return read(counting(log));
      });
      expect(result.cancelled).toBe(true);
      await checkpoint();
      expect(log).toEqual([]);
    }));

  test("J08 the consumer's cancel comes first, then the producer's cleanup", () =>
    run(async () => {
      const log: string[] = [];
      await cancelScope(async (scope) => {
        const items = stream<number>(async (emit) => {
          try {
            for (;;) await emit(1);
          } finally {
            await shielded(() => sleep(1));
            log.push("producer cleanup");
          }
        });
        for await (const _ of items) {
          scope.cancel();
          try {
            await sleep(1e6);
          } finally {
            log.push("body cancelled");
          }
        }
      });
      log.push("scope left");
      expect(log).toEqual(["body cancelled", "producer cleanup", "scope left"]);
    }));

  test("a cancelled read takes the producer along and waits for its cleanup before it throws", () =>
    run(async () => {
      const log: string[] = [];
      const items = stream<number>(async () => {
        try {
          await sleep(1e6);
        } finally {
          await shielded(() => sleep(1));
          log.push("producer cleanup");
        }
      });
      const reading = createTask(() => read(items));
      await checkpoint();
      reading.cancel("why");
      await reading.settled();
      log.push("reader ended");
      expect(reading.cancelled()).toBe(true);
      expect(log).toEqual(["producer cleanup", "reader ended"]);
    }));

  test("an error of that cleanup wins over the cancel", () =>
    run(async () => {
      const failure = new TypeError("cleanup");
      const items = stream<number>(() =>
        sleep(1e6).catch(() => {
          throw failure;
        }),
      );
      const reading = createTask(() => read(items));
      await checkpoint();
      reading.cancel();
      expect(await caught(() => reading.join())).toBe(failure);
      expect(getSuppressed(failure)[0]).toBeInstanceOf(CancelledError);
    }));

  test("an item handed over before the cancel is kept", () =>
    run(async () => {
      const gate = Promise.withResolvers<void>();
      const items = stream<number>(async (emit) => {
        await gate.promise;
        void emit(1);
        reading.cancel();
        await sleep(1e6);
      });
      const got: number[] = [];
      const reading = createTask(async () => {
        for await (const item of items) got.push(item);
      });
      await checkpoint();
      gate.resolve();
      await reading.settled();
      expect(got).toEqual([1]);
      expect(reading.cancelled()).toBe(true);
    }));

  test("a producer that cancels itself: what it emitted, then TaskCancelledError", () =>
    run(async () => {
      const got: number[] = [];
      const items = stream<number>(async (emit) => {
        await emit(1);
        currentTask().cancel();
        await emit(2);
      });
      const thrown = await caught(async () => {
        for await (const item of items) got.push(item);
      });
      expect(thrown).toBeInstanceOf(TaskCancelledError);
      expect(got).toEqual([1]);
    }));

  test("emit in a cancelled scope takes nothing", () =>
    run(async () => {
      const items = stream<number>(async (emit) => {
        await cancelScope(async (scope) => {
          scope.cancel();
          await emit(1);
        });
        await emit(2);
      });
      expect(await read(items)).toEqual([2]);
    }));
});

describe("the end of the run", () => {
  test("J18 a stream left in the middle is closed at the end of the run; main's error comes out", async () => {
    const log: string[] = [];
    const failure = new TypeError("main");
    const thrown = await caught(() =>
      run(
        async () => {
          createTask(async () => {
            for await (const _ of counting(log)) {
              await sleep(1e6).catch(() => {
                throw new RangeError("crash");
              });
            }
          });
          await checkpoint();
          throw failure;
        },
        { onError: () => undefined },
      ),
    );
    expect(thrown).toBe(failure);
    expect(log.filter((line) => line === "producer cleanup")).toEqual(["producer cleanup"]);
  });

  test("J19 a half-read stream is not closed by the collector: debug mode names it, and the run's end closes it", async () => {
    for (const debug of [true, false]) {
      const reports: ErrorReport[] = [];
      const log: string[] = [];
      await run(
        async () => {
          await counting(log)[Symbol.asyncIterator]().next();
        },
        { debug, onError: (report) => reports.push(report) },
      );
      expect(log.at(-1)).toBe("producer cleanup");
      expect(reports.map(({ message }) => message)).toEqual(
        debug ? [expect.stringMatching(/neither read to its end nor left/)] : [],
      );
    }
  });

  test("an error nobody read up to is reported", async () => {
    const reports: ErrorReport[] = [];
    const failure = new TypeError("late");
    await run(
      async () => {
        const items = stream<number>(async (emit) => {
          await emit(1);
          await emit(2);
          throw failure;
        });
        await items[Symbol.asyncIterator]().next();
        await checkpoint();
      },
      { onError: (report) => reports.push(report) },
    );
    expect(reports.map(({ error }) => error)).toEqual([failure]);
  });
});
