/**
 * Handing items from task to task.
 *
 * An item belongs to its putter until it is accepted, then to the queue, then to one getter. Accepting and giving happen
 * in one step each, so that whatever is cancelled, an item is given once, or undelivered once, or still here. Getters
 * wait only while it is empty, putters only while it is full; both in strict order.
 */
import { currentScope, currentScopeOrNone } from "../task/current.ts";
import { UsageError, assertFunction } from "../task/errors.ts";
import type { EventKind, Subject } from "../task/instrument.ts";
import { deliver, refuse, type Scope, type Wait } from "../task/scope.ts";
import { QueueEmpty, QueueFull, QueueShutDown } from "./errors.ts";
import { createFifo, type ItemStore } from "./item-store.ts";
import {
  assertSyncOptions,
  assertCount,
  createSubject,
  describeSubject,
  DONE,
  rejected,
  type SyncOptions,
} from "./subject.ts";
import { Undelivered } from "./undelivered.ts";
import { Waiter, WaitList } from "./wait-list.ts";

const GET = 0;
const PUT = 1;

export interface QueueOptions<T> extends SyncOptions {
  /** Called once for each item that was put and that no getter will have. */
  readonly onUndelivered?: (item: T) => void;
}

export interface QueueStats {
  /** Items in it. */
  readonly size: number;
  readonly maxsize: number;
  /** Tasks that wait for an item. */
  readonly getters: number;
  /** Tasks that wait for room. */
  readonly putters: number;
  /** Items put and not yet marked by `taskDone`. */
  readonly unfinished: number;
  readonly isShutDown: boolean;
}

type Waiting = Pick<Waiter<never>, "scope" | "waited">;

class Putter<T> extends Waiter<void> {
  readonly item: T;

  constructor(scope: Scope, subject: Subject, unlink: (wait: Wait<void>) => void, item: T) {
    super(scope, subject, unlink);
    this.item = item;
  }
}

/** First in, first out. */
export class Queue<T> {
  /** Most items in it. 0: a put waits for its getter. */
  readonly maxsize: number;
  readonly #subject: Subject;
  readonly #store: ItemStore<T>;
  readonly #undelivered: Undelivered<T>;
  readonly #getters = new WaitList<T>();
  readonly #putters = new WaitList<void, Putter<T>>();
  readonly #joiners = new WaitList<void>();
  #unfinished = 0;
  #isShutDown = false;

  /** `store` is where subclasses keep their items. @throws TypeError, RangeError for a maxsize less than 0 */
  constructor(maxsize = Infinity, options: QueueOptions<T> = {}, store: ItemStore<T> = createFifo()) {
    assertSyncOptions(options, "A queue's options");
    assertCount(maxsize, "A queue's maxsize", 0);
    if (options.onUndelivered !== undefined) assertFunction(options.onUndelivered, "onUndelivered");
    this.maxsize = maxsize;
    this.#store = store;
    this.#subject = createSubject("queue", options.name);
    this.#undelivered = new Undelivered(this.#subject, options.onUndelivered);
  }

  /**
   * Waits for room. The item of a put that is refused or cancelled is undelivered.
   * @throws QueueShutDown, CancelledError, NoCurrentTaskError
   */
  put(item: T): Promise<void> {
    try {
      const scope = currentScope("Queue.put()");
      this.#store.check?.(item);
      const refusal = this.#refusal(scope);
      if (refusal !== undefined) {
        this.#undelivered.report(item, scope.runner);
        return rejected(refusal);
      }
      if (this.#acceptOrReport(item, scope)) return DONE;
      const putter = new Putter(scope, this.#subject, this.#unlinkPutter, item);
      this.#putters.push(putter);
      this.#blocked(putter, PUT);
      return putter.promise;
    } catch (error) {
      return rejected(error);
    }
  }

  /** Waits for an item. @throws QueueShutDown, CancelledError, NoCurrentTaskError */
  get(): Promise<T> {
    try {
      const scope = currentScope("Queue.get()");
      if (scope.refusesWaits) return refuse(scope);
      if (this.#hasItem) return Promise.resolve(this.#take(scope));
      if (this.#isShutDown) throw this.#shutDownError("get");
      const getter = new Waiter<T>(scope, this.#subject, this.#unlinkGetter);
      this.#getters.push(getter);
      this.#blocked(getter, GET);
      return getter.promise;
    } catch (error) {
      return rejected(error);
    }
  }

  /** Never waits; the item of a refused one stays the caller's. @throws QueueFull, QueueShutDown */
  putNowait(item: T): void {
    this.#store.check?.(item);
    if (this.#isShutDown) throw this.#shutDownError("putNowait");
    if (!this.#accept(item, currentScopeOrNone())) {
      throw new QueueFull(`${this.#name} is full (maxsize ${this.maxsize}). Use put() to wait for room.`);
    }
  }

  /** Never waits. @throws QueueEmpty, QueueShutDown */
  getNowait(): T {
    if (this.#hasItem) return this.#take(currentScopeOrNone());
    if (this.#isShutDown) throw this.#shutDownError("getNowait");
    throw new QueueEmpty(`${this.#name} is empty. Use get() to wait for an item.`);
  }

  /** One item taken by a get is dealt with. @throws UsageError when called more often than there were items */
  taskDone(): void {
    if (this.#unfinished === 0) {
      throw new UsageError(
        `taskDone() of ${describeSubject(this.#subject)} was called more often than items were put.`,
      );
    }
    this.#finish(1);
  }

  /** Waits until each item put is marked by `taskDone`. @throws CancelledError, NoCurrentTaskError */
  join(): Promise<void> {
    try {
      const scope = currentScope("Queue.join()");
      if (scope.refusesWaits) return refuse(scope);
      if (this.#unfinished === 0) return DONE;
      const joiner = new Waiter<void>(scope, this.#subject, this.#unlinkJoiner);
      this.#joiners.push(joiner);
      return joiner.promise;
    } catch (error) {
      return rejected(error);
    }
  }

  /**
   * No more puts: those that wait are refused. Gets go on until it is empty, and are refused then. `immediate` also
   * drops the items, which count as done. What `onUndelivered` throws goes to the runner's `onError`; outside a run it
   * is thrown when all is done.
   */
  shutdown(immediate = false): void {
    const scope = currentScopeOrNone();
    const runner = scope?.runner ?? (this.#putters.first ?? this.#getters.first)?.scope.runner;
    this.#isShutDown = true;
    runner?.instrument?.emit("queue.shutdown", scope?.task, this.#subject, immediate ? 1 : 0, this.#store.size);
    const lost: T[] = [];
    if (immediate) while (this.#store.size > 0) lost.push(this.#store.shift());
    const dropped = lost.length;
    for (const putter of this.#putters.takeAll()) {
      lost.push(putter.item);
      this.#unblocked(putter, PUT);
      putter.reject(this.#shutDownError("put"));
    }
    for (const getter of this.#getters.takeAll()) {
      this.#unblocked(getter, GET);
      getter.reject(this.#shutDownError("get"));
    }
    if (dropped > 0) this.#finish(dropped);
    const errors: unknown[] = [];
    for (const item of lost) this.#undelivered.report(item, runner, errors);
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, "onUndelivered threw.");
  }

  /** Items in it. */
  qsize(): number {
    return this.#store.size;
  }

  empty(): boolean {
    return this.#store.size === 0;
  }

  full(): boolean {
    return this.#store.size >= this.maxsize;
  }

  get stats(): QueueStats {
    return {
      size: this.#store.size,
      maxsize: this.maxsize,
      getters: this.#getters.size,
      putters: this.#putters.size,
      unfinished: this.#unfinished,
      isShutDown: this.#isShutDown,
    };
  }

  get #name(): string {
    const text = describeSubject(this.#subject);
    return text[0]!.toUpperCase() + text.slice(1);
  }

  get #hasItem(): boolean {
    return this.#store.size > 0 || this.#putters.size > 0;
  }

  #refusal(scope: Scope): Error | undefined {
    if (scope.effective !== undefined) return deliver(scope, scope.effective);
    return this.#isShutDown ? this.#shutDownError("put") : undefined;
  }

  #shutDownError(what: string): QueueShutDown {
    return new QueueShutDown(`${what}() of ${describeSubject(this.#subject)}: it was shut down.`);
  }

  /** Into the hands of who waits, or into the store. False: there is no room. */
  #accept(item: T, scope: Scope | undefined): boolean {
    const getter = this.#getters.shift();
    if (getter === undefined) {
      if (this.#store.size >= this.maxsize) return false;
      this.#store.push(item);
    }
    this.#unfinished++;
    this.#emit("queue.put", scope, this.#putters.size);
    if (getter === undefined) return true;
    this.#unblocked(getter, GET);
    this.#emit("queue.get", getter.scope, this.#getters.size);
    getter.resolve(item);
    return true;
  }

  /** A program's compare may throw. */
  #acceptOrReport(item: T, scope: Scope): boolean {
    try {
      return this.#accept(item, scope);
    } catch (error) {
      this.#undelivered.report(item, scope.runner);
      throw error;
    }
  }

  /** The next item, when there is one; who waits for room moves up in the same step. */
  #take(scope: Scope | undefined): T {
    let item: T;
    if (this.#store.size > 0) {
      item = this.#store.shift();
      this.#admit();
    } else {
      const putter = this.#putters.shift()!;
      item = putter.item;
      this.#admitted(putter);
    }
    this.#emit("queue.get", scope, this.#getters.size);
    return item;
  }

  #admit(): void {
    while (this.#store.size < this.maxsize) {
      const putter = this.#putters.shift();
      if (putter === undefined) return;
      try {
        this.#store.push(putter.item);
      } catch (error) {
        // The program's compare threw: only this put fails.
        this.#unblocked(putter, PUT);
        this.#undelivered.reportLater(putter.item, putter.scope.runner);
        putter.reject(error);
        continue;
      }
      this.#admitted(putter);
    }
  }

  #admitted(putter: Putter<T>): void {
    this.#unfinished++;
    this.#unblocked(putter, PUT);
    this.#emit("queue.put", putter.scope, this.#putters.size);
    putter.resolve();
  }

  #finish(count: number): void {
    this.#unfinished -= count;
    if (this.#unfinished > 0) return;
    for (const joiner of this.#joiners.takeAll()) joiner.resolve();
  }

  #emit(kind: EventKind, scope: Scope | undefined, waiters: number): void {
    const instrument = scope?.runner.instrument;
    if (instrument !== undefined) instrument.emit(kind, scope?.task, this.#subject, this.#store.size, waiters);
  }

  #blocked({ scope }: Waiting, side: number): void {
    scope.runner.instrument?.emit("queue.blocked", scope.task, this.#subject, side, this.#store.size);
  }

  #unblocked(waiter: Waiting, side: number): void {
    const { scope } = waiter;
    scope.runner.instrument?.emit("queue.unblocked", scope.task, this.#subject, side, waiter.waited());
  }

  readonly #unlinkGetter = (wait: Wait<T>): void => {
    const getter = wait as Waiter<T>;
    this.#getters.remove(getter);
    this.#unblocked(getter, GET);
  };

  readonly #unlinkPutter = (wait: Wait<void>): void => {
    const putter = wait as Putter<T>;
    this.#putters.remove(putter);
    this.#unblocked(putter, PUT);
    this.#undelivered.reportLater(putter.item, putter.scope.runner);
  };

  readonly #unlinkJoiner = (wait: Wait<void>): void => this.#joiners.remove(wait as Waiter<void>);
}
