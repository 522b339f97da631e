/**
 * How far the producer may be ahead of the consumer, and who waits for that.
 *
 * `ahead` is emitted minus asked for. `emit` goes on while it is below the capacity, so the item in the consumer's
 * hands counts until the next is asked for; that is the rendezvous at 0.
 */
import type { Clock } from "../task/clock.ts";
import type { Cancel } from "../task/errors.ts";
import { Wait, type Scope } from "../task/scope.ts";

export class Room {
  ahead = 0;
  readonly capacity: number;
  readonly #waits: Wait<void>[] = [];
  #clock: Clock | undefined;
  #pausedMs = 0;
  #pausedSince = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get isAwaited(): boolean {
    return this.#waits.length > 0;
  }

  /** Milliseconds in which someone waited for room. */
  get pausedMs(): number {
    return this.#pausedMs + (this.#waits.length > 0 ? this.#clock!.now() - this.#pausedSince : 0);
  }

  wait(scope: Scope, target: unknown): Promise<void> {
    const wait = new Wait<void>(scope, "stream", target, this.#unlink);
    if (this.#waits.push(wait) === 1) {
      this.#clock = scope.runner.clock;
      this.#pausedSince = this.#clock.now();
    }
    return wait.promise;
  }

  /** The consumer asked for one more. The oldest goes on if there is room for what was emitted up to it. */
  asked(): void {
    this.ahead--;
    const waits = this.#waits;
    if (waits.length === 0 || this.ahead - waits.length + 1 >= this.capacity) return;
    if (waits.length === 1) this.#addPause();
    waits.shift()!.resolve();
  }

  /** No more is emitted, and what was will be delivered. */
  free(): void {
    if (this.#waits.length === 0) return;
    this.#addPause();
    for (const wait of this.#waits.splice(0)) wait.resolve();
  }

  cancel(cancel: Cancel): void {
    for (let wait = this.#waits[0]; wait !== undefined; wait = this.#waits[0]) wait.cancel(cancel);
  }

  #addPause(): void {
    this.#pausedMs += this.#clock!.now() - this.#pausedSince;
  }

  readonly #unlink = (wait: Wait<void>): void => {
    const index = this.#waits.indexOf(wait);
    if (index < 0) return;
    if (this.#waits.length === 1) this.#addPause();
    this.#waits.splice(index, 1);
    // A callback that emits without awaiting can't know of a cancel: that is no unhandled rejection.
    wait.promise.catch(() => undefined);
  };
}
