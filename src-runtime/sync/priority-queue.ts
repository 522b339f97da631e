/** A queue in an order of its items. */
import { assertFunction } from "../task/errors.ts";
import { createHeap, type Compare } from "./item-store.ts";
import { Queue, type QueueOptions } from "./queue.ts";
import { assertSyncOptions } from "./subject.ts";

export interface PriorityQueueOptions<T> extends QueueOptions<T> {
  /** Less than 0: `a` comes first. Default: numbers, strings and dates by `<`, arrays place by place. */
  readonly compare?: Compare<T>;
}

/** The least first, among equals the older. */
export class PriorityQueue<T> extends Queue<T> {
  /** @throws TypeError, RangeError for a maxsize less than 0 */
  constructor(maxsize = Infinity, options: PriorityQueueOptions<T> = {}) {
    assertSyncOptions(options, "A queue's options");
    if (options.compare !== undefined) assertFunction(options.compare, "A PriorityQueue's compare");
    super(maxsize, options, createHeap(options.compare));
  }
}
