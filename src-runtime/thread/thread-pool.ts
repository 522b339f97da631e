/**
 * The threads of one runner: made when first wanted, kept for a while, ended with the run. Idle ones do not hold the
 * process.
 *
 * Who may run is decided here, strictly first come, first served, and not by piscina's queue: a waiter can be cancelled,
 * and a place is free again when its thread has really ended. Threads that were left behind (`abandon`) go on beside.
 */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Piscina } from "piscina";
import type { Subject } from "../task/instrument.ts";
import type { Closable, RunnerState } from "../task/runner-state.ts";
import { Wait, refuse, type Scope } from "../task/scope.ts";
import type { ThreadRequest } from "./wire.ts";

/** How long a thread is kept without work, milliseconds. */
const IDLE_MS = 10_000;
/** Threads left behind do not count, so there may be more than run at a time. */
const MOST_THREADS = 1024;

/** A call that a thread works on, or will. */
export interface Running {
  /** When the work has ended, or its thread; rejects if that ended by itself. */
  readonly over: Promise<void>;
  /** To be told when the thread has said so. */
  started(): void;
  /** Ends the thread, whatever it does; `over` tells when. */
  terminate(): void;
}

const load = createRequire(import.meta.url);
const pools = new WeakMap<RunnerState, ThreadPool>();

export class ThreadPool implements Closable {
  readonly what = "the threads";
  /** Calls that run at a time: the event loop keeps a processor for itself. */
  readonly size = Math.max(2, availableParallelism() - 1);
  readonly #runner: RunnerState;
  readonly #waiters: Wait<void>[] = [];
  /** Calls whose thread has not said that it started. */
  readonly #starting = new Set<(error: Error) => void>();
  #threads: Piscina<ThreadRequest, void> | undefined;
  #busy = 0;

  constructor(runner: RunnerState) {
    this.#runner = runner;
    runner.closables.add(this);
  }

  static of(runner: RunnerState): ThreadPool {
    let pool = pools.get(runner);
    if (pool === undefined) pools.set(runner, (pool = new ThreadPool(runner)));
    return pool;
  }

  get busy(): number {
    return this.#busy;
  }

  /** Waits for a place. @throws CancelledError */
  async enter(scope: Scope, subject: Subject): Promise<void> {
    if (scope.refusesWaits) await refuse(scope);
    if (this.#busy < this.size) {
      this.#busy++;
      return;
    }
    const wait = new Wait<void>(scope, "thread", subject, () => this.#waiters.splice(this.#waiters.indexOf(wait), 1));
    this.#waiters.push(wait);
    await wait.promise;
  }

  /** Gives the place on. */
  leave(): void {
    const next = this.#waiters.shift();
    if (next === undefined) this.#busy--;
    else next.resolve();
  }

  start(request: ThreadRequest): Running {
    const threads = (this.#threads ??= this.#make());
    const controller = new AbortController();
    const failed = Promise.withResolvers<never>();
    this.#starting.add(failed.reject);
    const working = threads.run(request, { transferList: [request.port], signal: controller.signal });
    let ending: Promise<unknown> | undefined;

    const wait = async (): Promise<void> => {
      try {
        await Promise.race([working, failed.promise]);
      } catch (error) {
        if (!controller.signal.aborted) throw error;
        await ending;
      } finally {
        this.#starting.delete(failed.reject);
      }
    };
    return {
      over: wait(),
      started: () => void this.#starting.delete(failed.reject),
      terminate() {
        // Piscina removes the thread in the step of the abort, and answers before it has ended.
        const before = threads.threads;
        controller.abort();
        const after = new Set(threads.threads);
        const gone = before.find((worker) => !after.has(worker));
        if (gone !== undefined) ending = once(gone, "exit");
      },
    };
  }

  async close(): Promise<void> {
    this.#runner.closables.delete(this);
    await this.#threads?.destroy();
  }

  #make(): Piscina<ThreadRequest, void> {
    // Loaded by the first call: it takes longer than the rest of the runtime together.
    const { Piscina: Threads } = load("piscina") as { readonly Piscina: typeof Piscina };
    const threads = new Threads<ThreadRequest, void>({
      filename: entryPath(),
      minThreads: 0,
      maxThreads: MOST_THREADS,
      idleTimeout: IDLE_MS,
      // An idle thread that sleeps in Atomics.wait could not finish what a call left behind.
      atomics: "disabled",
      recordTiming: false,
    });
    threads.on("error", (error: Error) => {
      if (threads.threads.length > 0 || this.#starting.size === 0) {
        this.#runner.report(error, "A thread failed, after the call it worked on.");
        return;
      }
      // None is left that could take them.
      for (const fail of this.#starting) fail(error);
    });
    return threads;
  }
}

/** The bundle has it beside itself; in a checkout it is the source beside this one. */
function entryPath(): string {
  const built = fileURLToPath(new URL("./thread-worker.js", import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL("./thread-worker.ts", import.meta.url));
}
