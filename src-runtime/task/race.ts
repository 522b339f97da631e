/**
 * `race` and `firstSuccess`: one result of several attempts. The losers are cancelled, and their cleanup is waited for
 * (within the default grace) before the result comes out.
 */
import { currentScope } from "./current.ts";
import { UsageError, addSuppressed, assertFunction, assertTime, describeValue, assertOptions } from "./errors.ts";
import { ExceptionGroup } from "./exception-group.ts";
import { GRACE_MS, drain } from "./grace.ts";
import type { Subject } from "./instrument.ts";
import { Scope, Wait, refuse } from "./scope.ts";
import { spawn } from "./spawn.ts";
import type { TaskImpl, TaskOwner } from "./task.ts";
import type { Deadline } from "./timers.ts";

/** Microtasks until a function that does not wait has its outcome here. */
const FIRST_STEP = 4;

/** The outcome of the first that ends, be it an error. @throws RangeError for none, what the winner throws */
export function race<F extends () => PromiseLike<unknown>>(fns: Iterable<F>): Promise<Awaited<ReturnType<F>>>;
export function race<T>(fns: Iterable<() => PromiseLike<T>>): Promise<T>;
export async function race<T>(fns: Iterable<() => PromiseLike<T>>): Promise<T> {
  return new Race<T>("race", fns, false, 0).run();
}

/**
 * The value of the first that completes. With `stagger` (milliseconds) each starts that long after the one before, or
 * as soon as that has failed: hedged calls. @throws RangeError for none, ExceptionGroup in input order when all fail
 */
export function firstSuccess<F extends () => PromiseLike<unknown>>(
  fns: Iterable<F>,
  options?: { readonly stagger?: number },
): Promise<Awaited<ReturnType<F>>>;
export function firstSuccess<T>(
  fns: Iterable<() => PromiseLike<T>>,
  options?: { readonly stagger?: number },
): Promise<T>;
export async function firstSuccess<T>(
  fns: Iterable<() => PromiseLike<T>>,
  options: { readonly stagger?: number } = {},
): Promise<T> {
  assertOptions(options, "firstSuccess's options");
  const { stagger = 0 } = options;
  assertTime(stagger, "stagger");
  return new Race<T>("firstSuccess", fns, true, Math.max(0, stagger)).run();
}

class Race<T> implements TaskOwner, Subject {
  readonly kind = "wait";
  readonly name: string;
  readonly looks = true;
  tag = 0;
  readonly #fns: readonly (() => PromiseLike<T>)[];
  readonly #needsSuccess: boolean;
  readonly #stagger: number;
  readonly #outer: Scope;
  readonly #scope: Scope;
  readonly #started: TaskImpl<T>[] = [];
  #winner: TaskImpl<T> | undefined;
  #wait: Wait<void> | undefined;
  #next: Deadline | undefined;
  /** Errors of losers, thrown while they were being cancelled. */
  readonly #late: unknown[] = [];

  constructor(name: string, fns: Iterable<() => PromiseLike<T>>, needsSuccess: boolean, stagger: number) {
    if (typeof (fns as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== "function") {
      throw new TypeError(`${name}() needs an iterable of functions, not ${describeValue(fns)}.`);
    }
    this.#fns = [...fns];
    for (const [index, fn] of this.#fns.entries()) assertFunction(fn, `${name}'s input ${index}`);
    if (this.#fns.length === 0) throw new RangeError(`${name}() needs at least one function: it could never end.`);
    this.name = `${name} of ${this.#fns.length}`;
    this.#needsSuccess = needsSuccess;
    this.#stagger = stagger;
    const outer = currentScope(`${name}()`);
    this.#outer = outer;
    this.#scope = new Scope("group", outer.runner, outer, outer.task, outer.context, false, this.name);
  }

  /** Of the winner alone. */
  get passesValueOn(): boolean {
    return this.#wait?.settled === false;
  }

  holders(): readonly TaskImpl[] {
    return [];
  }

  members(): readonly TaskImpl[] {
    return this.#started.filter((task) => !task.done()) as TaskImpl<unknown>[];
  }

  async run(): Promise<T> {
    if (this.#outer.refusesWaits) {
      this.#scope.close();
      await refuse(this.#outer);
    }
    const { runner, task } = this.#outer;
    runner.instrument?.emit("join.begin", task, this, this.#fns.length, 0);
    this.#wait = new Wait<void>(this.#outer, "wait", this, () => undefined);
    if (this.#stagger > 0) this.#startNext();
    else void this.#startAll();
    try {
      await this.#wait.promise;
    } catch (error) {
      await this.#end();
      return this.#leave(error);
    }
    await this.#end();
    return this.#result();
  }

  /** One after the other, each when the first step of the one before is over: a winner may be found in it. */
  async #startAll(): Promise<void> {
    while (this.#started.length < this.#fns.length && this.#wait?.settled === false) {
      this.#start();
      for (let turn = 0; turn < FIRST_STEP; turn++) await Promise.resolve();
    }
  }

  async #end(): Promise<void> {
    const { runner, task } = this.#outer;
    if (this.#next !== undefined) runner.timers.remove(this.#next);
    this.#scope.cancel(
      runner.cancelOf(this.#scope, "group", "another was first", this.#winner as TaskImpl | undefined),
    );
    await drain(this.#outer, this.members(), GRACE_MS);
    this.#scope.close();
    runner.instrument?.emit("join.end", task, this, this.#fns.length, this.members().length);
  }

  /** Who raced is cancelled. An error of the cleanup wins over that; failed attempts of before are part of the story. */
  #leave(cancelled: unknown): never {
    const [error = cancelled] = this.#late;
    for (const task of this.#started) if (task.failed() && task.error !== error) addSuppressed(error, task.error);
    throw error;
  }

  taskEnded(task: TaskImpl): void {
    if (this.#wait === undefined || this.#wait.settled) {
      if (task.failed()) this.#late.push(task.error);
      return;
    }
    if (!this.#needsSuccess || task.completed()) {
      this.#winner = task as TaskImpl<T>;
      // In the step of the first end, so that who has not begun never does.
      this.#scope.cancel(this.#scope.runner.cancelOf(this.#scope, "group", "another was first", task));
      this.#wait.resolve();
    } else if (this.#started.length < this.#fns.length) {
      if (this.#stagger > 0) this.#startNext();
    } else if (this.#started.every((started) => started.done())) this.#wait.resolve();
  }

  #start(): void {
    let task: TaskImpl<T>;
    try {
      task = spawn<T>(this.#scope, this, this.#fns[this.#started.length]!);
    } catch (error) {
      // The runner has ended, or has its most tasks.
      this.#wait?.reject(error);
      return;
    }
    this.#started.push(task);
    this.#scope.runner.instrument?.emit("join.member", task as unknown as TaskImpl, this, this.#started.length - 1, 0);
  }

  #startNext(): void {
    const { timers } = this.#scope.runner;
    if (this.#next !== undefined) timers.remove(this.#next);
    this.#next = undefined;
    this.#start();
    if (this.#started.length === this.#fns.length) return;
    this.#next = timers.add(timers.now() + this.#stagger, () => {
      this.#next = undefined;
      this.#startNext();
    });
  }

  #result(): T {
    const { runner } = this.#scope;
    const winner = this.#winner;
    if (winner !== undefined) {
      for (const loser of this.#started) {
        if (!loser.failed() || loser === winner) continue;
        runner.instrument?.emit("error.suppressed", loser as unknown as TaskImpl, loser.error, 0, 0);
        // With an error the winner's caller gets it along; with a value nobody would ever see a failed cleanup.
        if (winner.failed()) addSuppressed(winner.error, loser.error);
        else if (this.#late.includes(loser.error)) {
          const message = `${loser.label} lost a ${this.name} and failed in its cleanup.`;
          runner.report(loser.error, message, loser as unknown as TaskImpl);
        }
      }
      return winner.result();
    }
    if (this.#started.length === 0) throw new UsageError("Nothing was started.");
    throw new ExceptionGroup(this.#started.map((task) => task.outcomeError()));
  }
}
