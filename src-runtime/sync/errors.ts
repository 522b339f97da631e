/** What queues and limiters refuse with. */

/** The queue was shut down: it takes no more items, or has none left. */
export class QueueShutDown extends Error {
  override readonly name: string = "QueueShutDown";
}

/** `putNowait` found no room. */
export class QueueFull extends Error {
  override readonly name: string = "QueueFull";
}

/** `getNowait` found no item. */
export class QueueEmpty extends Error {
  override readonly name: string = "QueueEmpty";
}

/** A limiter's `maxQueue` tasks wait already. */
export class LimiterFull extends Error {
  override readonly name: string = "LimiterFull";
}

/** The barrier was broken by `abort()`, or reset while tasks waited. */
export class BrokenBarrierError extends Error {
  override readonly name: string = "BrokenBarrierError";
}
