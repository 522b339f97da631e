/** The rows in Effect 4. */
import { Effect, Fiber, Queue, Semaphore, Stream } from "effect";

const one = Effect.succeed(1);
const turn = Effect.promise(() => Promise.resolve());
const WIDTH = 100;

const rows = {
  create: (n) =>
    Effect.gen(function* () {
      for (let i = 0; i < n; i++) yield* Fiber.join(yield* Effect.forkChild(one));
    }),
  gather: (n) =>
    Effect.all(
      Array.from({ length: n }, (_, i) => Effect.as(turn, i)),
      { concurrency: "unbounded" },
    ),
  queue: (n) =>
    Effect.gen(function* () {
      const queue = yield* Queue.bounded(16);
      const consumer = yield* Effect.forkChild(
        Effect.gen(function* () {
          for (let i = 0; i < n; i++) yield* Queue.take(queue);
        }),
      );
      for (let i = 0; i < n; i++) yield* Queue.offer(queue, i);
      yield* Fiber.join(consumer);
    }),
  semaphore: (n) =>
    Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(1);
      const worker = Effect.gen(function* () {
        for (let i = 0; i < n / 4; i++) yield* semaphore.withPermits(1)(turn);
      });
      yield* Effect.all([worker, worker, worker, worker], { concurrency: "unbounded" });
    }),
  stream: (n) =>
    Effect.gen(function* () {
      const queue = yield* Queue.bounded(16);
      yield* Effect.forkChild(
        Effect.gen(function* () {
          for (let i = 0; i < n; i++) yield* Queue.offer(queue, i);
          yield* Queue.end(queue);
        }),
      );
      let sum = 0;
      yield* Stream.runForEach(Stream.fromQueue(queue), (chunk) => Effect.sync(() => (sum += chunk)));
      return sum;
    }),
  timeouts: (n) =>
    Effect.gen(function* () {
      const timeout = Effect.timeout(60_000);
      for (let i = 0; i < n; i++) yield* timeout(timeout(timeout(one)));
    }),
  cancel: (n) =>
    Effect.gen(function* () {
      const branch = Effect.all(
        Array.from({ length: WIDTH }, () => Effect.sleep(60_000)),
        { concurrency: "unbounded" },
      );
      const tree = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: n / WIDTH }, () => branch),
          { concurrency: "unbounded" },
        ),
      );
      yield* Effect.sleep(0);
      yield* Fiber.interrupt(tree);
    }),
};

export const run = (row, n) => Effect.runPromise(rows[row](n));
