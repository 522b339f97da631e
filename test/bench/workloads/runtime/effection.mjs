/** The rows in effection 4. It has no semaphore. */
import { all, call, createChannel, createQueue, race, run as runOperation, sleep, spawn } from "effection";

const one = () => call(() => 1);
const WIDTH = 100;

const rows = {
  *create(n) {
    for (let i = 0; i < n; i++) yield* yield* spawn(one);
  },
  *gather(n) {
    yield* all(
      Array.from({ length: n }, (_, i) =>
        (function* () {
          yield* call(() => Promise.resolve());
          return i;
        })(),
      ),
    );
  },
  *queue(n) {
    const queue = createQueue();
    const consumer = yield* spawn(function* () {
      for (let i = 0; i < n; i++) yield* queue.next();
    });
    for (let i = 0; i < n; i++) queue.add(i);
    yield* consumer;
  },
  /** A channel: its queue gets slow beyond measure when it is filled first. */
  *stream(n) {
    const channel = createChannel();
    const chunks = yield* channel;
    function* fill() {
      for (let i = 0; i < n; i++) yield* channel.send(i);
      yield* channel.close();
    }
    const producer = yield* spawn(fill);
    let sum = 0;
    for (let next = yield* chunks.next(); next.done !== true; next = yield* chunks.next()) sum += next.value;
    yield* producer;
    return sum;
  },
  *timeouts(n) {
    const timeout = (operation) => race([operation, sleep(60_000)]);
    for (let i = 0; i < n; i++) yield* timeout(timeout(timeout(one())));
  },
  *cancel(n) {
    const tree = yield* spawn(function* () {
      yield* all(Array.from({ length: n / WIDTH }, () => all(Array.from({ length: WIDTH }, () => sleep(60_000)))));
    });
    yield* sleep(0);
    yield* tree.halt();
  },
};

export const run = (row, n) => (rows[row] === undefined ? undefined : runOperation(() => rows[row](n)));
