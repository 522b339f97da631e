/**
 * One stream: the buffer between a producer task and its consumer, and the rules of both ends.
 *
 *     producer ── emit ─▶ reader waiting? ─ yes ─▶ handed over
 *                              └─ no ─▶ ring ─▶ next()
 *
 * Readers wait only while the ring is empty.
 */
import { asCancelled } from "../task/cancellation.ts";
import type { Context } from "../task/context.ts";
import { captureAsyncContext, currentScopeOrNone } from "../task/current.ts";
import {
  CancelledError,
  NoCurrentTaskError,
  TaskCancelledError,
  UsageError,
  addSuppressed,
  assertFunction,
  type Cancel,
  type CancelSource,
} from "../task/errors.ts";
import { ExceptionGroup } from "../task/exception-group.ts";
import type { Subject } from "../task/instrument.ts";
import type { Closable, RunnerState } from "../task/runner-state.ts";
import { Wait, refuse, type Scope } from "../task/scope.ts";
import { spawn } from "../task/spawn.ts";
import type { TaskImpl, TaskOwner } from "../task/task.ts";
import type { AgentStream, Producer, StreamStats } from "./agent-stream.ts";
import { untilProducerEnded } from "./producer-end.ts";
import { Ring } from "./ring.ts";
import { Room } from "./room.ts";
import { StopCallbacks } from "./stop-callbacks.ts";
import { Slow, StreamEvents } from "./stream-events.ts";

type Result<T> = IteratorResult<T, void>;

/** Undefined: nothing more comes. */
type Reader<T> = Wait<Result<T> | undefined>;

interface Started {
  readonly runner: RunnerState;
  readonly task: TaskImpl;
  readonly events: StreamEvents;
  readonly closable: Closable;
}

const READY = Promise.resolve();

export class StreamImpl<T> implements AgentStream<T>, Subject, TaskOwner {
  readonly kind = "stream";
  readonly name: string;
  tag = 0;
  /** The consumer is told of the producer's error. */
  readonly looks = true;
  readonly #producer: Producer<T>;
  readonly #grace: number;
  readonly #context: Context | undefined;
  readonly #atCreation: (<R>(fn: () => R) => R) | undefined;
  readonly #ring = new Ring<T>();
  readonly #readers: Reader<T>[] = [];
  readonly #room: Room;
  #started: Started | undefined;
  #chunks = 0;
  #isIterated = false;
  /** Takes no more items: it was stopped, or its producer has ended. */
  #isShut = false;
  #isStopped = false;
  /** The consumer has left, or was told of the end. */
  #isOver = false;
  #isFailureTold = false;
  /** What the consumer is told, once, of a close by someone else. */
  #closedError: TaskCancelledError | undefined;

  constructor(producer: Producer<T>, capacity: number, grace: number, name: string) {
    this.#producer = producer;
    this.#room = new Room(capacity);
    this.#grace = grace;
    this.name = name;
    const here = currentScopeOrNone();
    if (here === undefined) return;
    this.#context = here.context.copy();
    this.#atCreation = captureAsyncContext();
  }

  get stats(): StreamStats {
    const room = this.#room;
    return {
      buffered: this.#ring.size,
      capacity: room.capacity,
      chunks: this.#chunks,
      waiting: room.isAwaited ? "producer" : this.#readers.length > 0 ? "consumer" : undefined,
      pausedMs: room.pausedMs,
    };
  }

  holders(): readonly TaskImpl[] {
    const task = this.#started?.task;
    return task === undefined || task.done() ? [] : [task];
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, void, undefined> {
    this.claim();
    const iterator: AsyncIterableIterator<T, void, undefined> = {
      next: () => this.next(),
      return: async () => {
        await this.#leaveLoop();
        return { done: true, value: undefined };
      },
      throw: (error: unknown) => this.leaveWith(error),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Takes the one right to read it. @throws UsageError */
  claim(): void {
    if (this.#isIterated) {
      throw new UsageError(`Stream ${this.name} is read already: it can be iterated once. Make another stream.`);
    }
    this.#isIterated = true;
  }

  async forEach(fn: (item: T) => void | Promise<void>): Promise<void> {
    assertFunction(fn, "forEach's callback");
    this.claim();
    for (;;) {
      const { done, value } = await this.next();
      if (done === true) return;
      try {
        await fn(value);
      } catch (error) {
        await this.leaveWith(error);
      }
    }
  }

  async close(reason?: unknown): Promise<void> {
    if (!this.#isOver && !this.#isStopped) {
      this.#closedError = new TaskCancelledError(`Stream ${this.name} was closed: no more items come.`, {
        cause: reason,
      });
      this.#stop("explicit", reason);
    }
    await this.#untilEnded();
    const failure = this.#takeFailure();
    if (failure !== undefined) throw failure.error;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  next(): Promise<Result<T>> {
    const scope = currentScopeOrNone();
    if (scope !== undefined && scope.task !== undefined) return this.nextIn(scope);
    return Promise.reject(
      new NoCurrentTaskError(`Stream ${this.name} was read outside a run. Read it inside run(async () => …).`),
    );
  }

  /** The next item, as a wait of `scope`. */
  nextIn(scope: Scope): Promise<Result<T>> {
    if (scope.effective !== undefined) return this.#nextCancelled(scope, undefined);
    if (this.#ring.size > 0) {
      const value = this.#ring.shift();
      this.#room.asked();
      if (scope.runner.instrument !== undefined) this.#started!.events.flow(Slow.producer);
      return Promise.resolve({ done: false, value });
    }
    if (this.#isOver || this.#isShut) return this.#finish();
    return this.#waitForItem(scope);
  }

  /** The consumer goes. @throws what the producer's cleanup throws */
  async leave(reason?: unknown): Promise<void> {
    const failure = await this.#leave("explicit", reason);
    if (failure !== undefined) throw failure.error;
  }

  /** The consumer goes because of an error. @throws it; in a group with what the producer's cleanup throws */
  async leaveWith(error: unknown): Promise<never> {
    const failure = await this.#leaveFor(error);
    if (failure === undefined || failure.error === error) throw error;
    const scope = currentScopeOrNone();
    const isCancel =
      error instanceof CancelledError || (scope !== undefined && asCancelled(error, scope) !== undefined);
    if (!isCancel) throw new ExceptionGroup([error, failure.error]);
    addSuppressed(failure.error, error);
    throw failure.error;
  }

  /** The producer has ended, in this step. */
  taskEnded(): void {
    const { runner, task, events, closable } = this.#started!;
    this.#isShut = true;
    this.#room.free();
    for (const reader of this.#readers.splice(0)) reader.resolve(undefined);
    if (runner.instrument !== undefined) events.ended(this.#chunks);
    if (!task.failed() && (!runner.settings.debug || this.#isStopped)) runner.closables.delete(closable);
  }

  /** Whether the loop's body threw, and JavaScript drops what is thrown here, can't be known: so it is reported too. */
  async #leaveLoop(): Promise<void> {
    const failure = await this.#leaveFor(undefined);
    if (failure === undefined) return;
    const { runner, task } = this.#started!;
    runner.instrument?.emit("error.suppressed", task, failure.error, 0, 0);
    runner.report(
      failure.error,
      `The producer of stream ${this.name} failed, and its consumer had left the loop. If the body of the loop threw, that error hid this one.`,
      task,
    );
    throw failure.error;
  }

  /** A consumer that leaves because it is cancelled takes the producer along. */
  #leaveFor(reason: unknown): Promise<{ readonly error: unknown } | undefined> {
    const cancel = currentScopeOrNone()?.effective;
    return cancel === undefined ? this.#leave("explicit", reason) : this.#leave("parent", cancel.reason, cancel);
  }

  async #leave(
    source: CancelSource,
    reason: unknown,
    origin?: Cancel,
  ): Promise<{ readonly error: unknown } | undefined> {
    this.#isOver = true;
    this.#stop(source, reason, origin);
    await this.#untilEnded();
    return this.#takeFailure();
  }

  /** A cancelled read takes the producer along, and waits for it. Its error wins: the cancel is thrown again anyway. */
  async #nextCancelled(scope: Scope, thrown: unknown): Promise<never> {
    let cancelled = thrown;
    try {
      if (cancelled === undefined) if (scope.refusesWaits) await refuse(scope);
    } catch (error) {
      cancelled = error;
    }
    const failure = await this.#leave("parent", (cancelled as Partial<CancelledError>).reason, scope.effective);
    if (failure === undefined) throw cancelled;
    addSuppressed(failure.error, cancelled);
    throw failure.error;
  }

  async #waitForItem(scope: Scope): Promise<Result<T>> {
    this.#started ??= this.#start(scope);
    const { events, runner } = this.#started;
    this.#room.asked();
    const reader: Reader<T> = new Wait<Result<T> | undefined>(scope, "stream", this, this.#unlinkReader);
    this.#readers.push(reader);
    if (runner.instrument !== undefined) events.pause(Slow.producer, 0);
    let result: Result<T> | undefined;
    try {
      result = await reader.promise;
    } catch (error) {
      return this.#nextCancelled(scope, error);
    }
    return result ?? this.#finish();
  }

  /** Nothing more comes. The first to ask is told why. */
  async #finish(): Promise<Result<T>> {
    const isFirst = !this.#isOver;
    this.#isOver = true;
    const closed = this.#closedError;
    if (closed !== undefined) {
      this.#closedError = undefined;
      throw closed;
    }
    if (isFirst && this.#started !== undefined) {
      const { runner, task, closable } = this.#started;
      runner.closables.delete(closable);
      const failure = this.#takeFailure();
      if (failure !== undefined) throw failure.error;
      if (!task.completed()) throw task.outcomeError();
    }
    return { done: true, value: undefined };
  }

  #start(scope: Scope): Started {
    const { runner } = scope;
    const spawning = (): TaskImpl =>
      spawn(runner.root, this, this.#run, {
        name: this.name,
        context: this.#context ?? scope.context.copy(),
      }) as unknown as TaskImpl;
    const task = this.#atCreation === undefined ? spawning() : this.#atCreation(spawning);
    const closable: Closable = { what: `stream ${this.name}`, close: () => this.#closeAtEnd() };
    runner.closables.add(closable);
    return { runner, task, events: new StreamEvents(runner, this, task, this.#room.capacity), closable };
  }

  readonly #run = async (): Promise<void> => {
    const { signal } = this.#started!.task.scope;
    const stops = new StopCallbacks(signal);
    let thrown: { readonly error: unknown } | undefined;
    try {
      const left: unknown = await this.#producer(this.#emit, signal, stops);
      if (isIterator(left)) throw yieldsItems(this.name);
    } catch (error) {
      thrown = { error };
    }
    stops.end(thrown);
  };

  readonly #emit = (item: T): Promise<void> => {
    const { task, events } = this.#started!;
    const scope = currentScopeOrNone() ?? task.scope;
    if (scope.effective !== undefined || this.#isShut) return this.#refuse(scope);
    this.#chunks++;
    if (this.#readers.length > 0) this.#readers.shift()!.resolve({ done: false, value: item });
    else this.#ring.push(item);
    const isListened = scope.runner.instrument !== undefined;
    if (isListened) events.chunk(this.#ring.size);
    if (++this.#room.ahead >= this.#room.capacity) {
      if (isListened) events.pause(Slow.consumer, this.#ring.size);
      return this.#room.wait(scope, this);
    }
    if (isListened) events.flow(Slow.consumer);
    return READY;
  };

  /** Callbacks that emit without awaiting can't know of a cancel: that one is no unhandled rejection. */
  #refuse(scope: Scope): Promise<never> {
    const refusal = this.#refusal(scope);
    if (this.#isStopped || scope.effective !== undefined) refusal.catch(() => undefined);
    return refusal;
  }

  async #refusal(scope: Scope): Promise<never> {
    if (scope.refusesWaits) await refuse(scope);
    const { task } = this.#started!;
    if ((this.#isStopped || !task.done()) && task.scope.refusesWaits) await refuse(task.scope);
    throw new UsageError(`emit() of stream ${this.name} was called after its end. Await every emit in the producer.`);
  }

  readonly #unlinkReader = (wait: Reader<T>): void => {
    const index = this.#readers.indexOf(wait);
    if (index >= 0) this.#readers.splice(index, 1);
  };

  /** Once: drops what is buffered, cancels the producer, and frees who waits. */
  #stop(source: CancelSource, reason: unknown, origin?: Cancel): void {
    if (this.#isStopped) return;
    this.#isStopped = this.#isShut = true;
    const started = this.#started;
    if (started === undefined) return;
    const { runner, task, events, closable } = started;
    runner.closables.delete(closable);
    this.#ring.clear();
    if (runner.instrument !== undefined) events.left(this.#chunks);
    task.cancelBy(source, reason, false, origin);
    const cancel = task.scope.effective;
    if (cancel !== undefined) this.#room.cancel(cancel);
    for (const reader of this.#readers.splice(0)) reader.resolve(undefined);
  }

  async #untilEnded(): Promise<void> {
    const task = this.#started?.task;
    if (task !== undefined) await untilProducerEnded(task, this.name, this.#grace);
  }

  /** The producer's error, for the first who asks. */
  #takeFailure(): { readonly error: unknown } | undefined {
    const task = this.#started?.task;
    if (task === undefined || this.#isFailureTold || !task.failed()) return undefined;
    this.#isFailureTold = true;
    return { error: task.error };
  }

  /** At the end of the run: who was reading it has left it there. */
  async #closeAtEnd(): Promise<void> {
    const { runner, task } = this.#started!;
    if (runner.settings.debug) {
      const message = `Stream ${this.name} was neither read to its end nor left. Read it with for await, or close() it.`;
      runner.report(new UsageError(message), message, task);
    }
    const failure = await this.#leave("shutdown", undefined);
    if (failure !== undefined) {
      runner.report(failure.error, `The producer of stream ${this.name} failed, and nobody read it to there.`, task);
    }
  }
}

function isIterator(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Symbol.asyncIterator in value || typeof (value as { next?: unknown }).next === "function";
}

/** What a generator yields would go nowhere: its body is not even begun. */
function yieldsItems(name: string): UsageError {
  return new UsageError(
    `The producer of stream ${name} returned an iterator, whose items nobody takes. A producer hands items over by ` +
      "emit(item); a stream of a generator's items is fromIterable(generator()).",
  );
}
