/** What queues and limiters refuse with. */

/** The queue was shut down: it takes no more items, or has none left. */
export class QueueShutDown extends Error {
  override readonly name = "QueueShutDown";
}

/** `putNowait` found no room. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
}

/** `getNowait` found no item. */
export class QueueEmpty extends Error {
  override readonly name = "QueueEmpty";
}

/** A limiter's `maxQueue` tasks wait already. */
export class LimiterFull extends Error {
  override readonly name = "LimiterFull";
}

/** The barrier was broken by `abort()`, or reset while tasks waited. */
export class BrokenBarrierError extends Error {
  override readonly name = "BrokenBarrierError";
}
