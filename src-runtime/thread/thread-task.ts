/** The inside of a call of `toThread`: a token, a place, a thread, and what comes back from it. */
import { receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import { currentScope } from "../task/current.ts";
import type { Cancel } from "../task/errors.ts";
import type { EventKind, Subject } from "../task/instrument.ts";
import { Wait, deliver, refuse, type Scope } from "../task/scope.ts";
import type { TaskImpl } from "../task/task.ts";
import { createCancelFlag, raiseCancelFlag, type CancelFlag } from "../task/thread-call.ts";
import { ThreadEndedError } from "./errors.ts";
import { ThreadPool, type Running } from "./thread-pool.ts";
import { decodeError } from "./wire-error.ts";
import type { ThreadAnswer, ThreadMessage } from "./wire.ts";

/** What bounds how many work at a time: CapacityLimiter, Semaphore, or your own. */
export interface ThreadLimiter {
  acquire(): Promise<Disposable>;
}

export class ThreadTask<T> implements Subject {
  readonly kind = "thread";
  readonly name: string;
  tag = 0;
  /** A thread has been asked to work: from here on a cancel is a matter of `onCancel`. */
  isStarted = false;
  readonly #module: string;
  readonly #exportName: string;
  readonly #onCancel: "terminate" | "wait" | "abandon";
  readonly #limiter: ThreadLimiter | undefined;
  /** Ours, and the thread's. */
  readonly #port: MessagePort;
  readonly #theirs: MessagePort;
  readonly #scopeId: string;
  /** Where it takes a place. */
  #place: ThreadPool | undefined;
  readonly #flag: CancelFlag = createCancelFlag();
  #worker = 0;
  #since = 0;
  #answer: ThreadAnswer | undefined;

  constructor(
    module: string,
    exportName: string,
    onCancel: "terminate" | "wait" | "abandon",
    limiter: ThreadLimiter | undefined,
    port: MessagePort,
    theirs: MessagePort,
    scopeId: string,
  ) {
    this.name = `${exportName} (${module.slice(module.lastIndexOf("/") + 1)})`;
    this.#module = module;
    this.#exportName = exportName;
    this.#onCancel = onCancel;
    this.#limiter = limiter;
    this.#port = port;
    this.#theirs = theirs;
    this.#scopeId = scopeId;
  }

  /** A thread is no task: nobody of ours holds it. */
  holders(): readonly TaskImpl[] {
    return [];
  }

  async run(): Promise<T> {
    const scope = currentScope("toThread()");
    const pool = ThreadPool.of(scope.runner);
    this.#since = scope.runner.clock.now();
    scope.runner.instrument?.emit("thread.queued", scope.task, this, pool.busy, pool.size);
    try {
      using _token = await this.#limiter?.acquire();
      await pool.enter(scope, this);
      this.#place = pool;
      try {
        if (scope.refusesWaits) await refuse(scope);
        return await this.#work(scope, pool);
      } finally {
        this.#leavePlace();
      }
    } finally {
      // Closes the thread's end too, where no thread was given it.
      this.#port.close();
    }
  }

  /** Its caller goes its way: the thread is told, and takes nobody's place. */
  leaveBehind(cancel: Cancel): void {
    raiseCancelFlag(this.#flag, cancel.source, cancel.at);
    this.#leavePlace();
  }

  #leavePlace(): void {
    this.#place?.leave();
    this.#place = undefined;
  }

  async #work(scope: Scope, pool: ThreadPool): Promise<T> {
    this.isStarted = true;
    const running = pool.start({
      module: this.#module,
      exportName: this.#exportName,
      port: this.#theirs,
      flag: this.#flag,
      scopeId: this.#scopeId,
    });
    this.#port.on("message", (message: ThreadMessage) => this.#hear(message, scope, running));
    this.#port.unref();
    let isTerminated = false;
    const stop = scope.whenCancelled(() => {
      const { source, at } = scope.effective!;
      raiseCancelFlag(this.#flag, source, at);
      if (this.#onCancel === "wait") return;
      isTerminated = true;
      running.terminate();
    });
    // Not ended by a cancel, but by what the cancel ends.
    const wait = new Wait<void>(scope, "thread", this, undefined);
    running.over.then(wait.resolve.bind(wait), wait.reject.bind(wait));
    try {
      await wait.promise;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ThreadEndedError(`The thread of ${this.name} ended before it answered: ${why}`, { cause: error });
    } finally {
      stop();
      this.#emit(scope, isTerminated ? "thread.terminated" : "thread.ended");
    }
    // It was posted before the thread said that it is free, but may not have been delivered.
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#hear(next.message as ThreadMessage, scope, running);
    }
    return this.#outcome(scope);
  }

  #outcome(scope: Scope): T {
    const answer = this.#answer;
    if (answer?.kind === "value") return answer.value as T;
    if (answer?.kind === "error") throw decodeError(answer.error);
    if (scope.effective !== undefined) throw deliver(scope, scope.effective);
    throw new ThreadEndedError(`The thread of ${this.name} was cancelled, and nobody waits for it.`);
  }

  #hear(message: ThreadMessage, scope: Scope, running: Running): void {
    if (message.kind !== "started") {
      this.#answer = message;
      return;
    }
    this.#worker = message.worker;
    running.started();
    this.#emit(scope, "thread.started");
  }

  #emit(scope: Scope, kind: EventKind): void {
    const { instrument, clock } = scope.runner;
    instrument?.emit(kind, scope.task, this, this.#worker, clock.now() - this.#since);
  }
}
