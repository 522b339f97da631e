/** A queue that is a stack. */
import { createLifo } from "./item-store.ts";
import { Queue, type QueueOptions } from "./queue.ts";

/** Last in, first out. */
export class LifoQueue<T> extends Queue<T> {
  constructor(maxsize = Infinity, options: QueueOptions<T> = {}) {
    super(maxsize, options, createLifo());
  }
}
