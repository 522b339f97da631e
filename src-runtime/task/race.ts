/**
 * `race` and `firstSuccess`: one result of several attempts. The losers are cancelled, and their cleanup is waited for
 * (within the default grace) before the result comes out.
 */
import { currentScope } from "./current.ts";
import { UsageError, addSuppressed, assertFunction, assertTime, describeValue } from "./errors.ts";
import { ExceptionGroup } from "./exception-group.ts";
import { GRACE_MS, drain } from "./grace.ts";
import type { Subject } from "./instrument.ts";
import { Scope, Wait, throwIfCancelled } from "./scope.ts";
import { spawn } from "./spawn.ts";
import type { TaskImpl, TaskOwner } from "./task.ts";
import type { Deadline } from "./timers.ts";

/** The outcome of the first that ends, be it an error. @throws RangeError for none, what the winner throws */
export async function race<T>(fns: Iterable<() => PromiseLike<T>>): Promise<T> {
  return new Race<T>("race", fns, false, 0).run();
}

/**
 * The value of the first that completes. With `stagger` (milliseconds) each starts that long after the one before, or
 * as soon as that has failed: hedged calls. @throws RangeError for none, ExceptionGroup in input order when all fail
 */
export async function firstSuccess<T>(
  fns: Iterable<() => PromiseLike<T>>,
  options: { readonly stagger?: number } = {},
): Promise<T> {
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
    throwIfCancelled(outer);
    this.#outer = outer;
    this.#scope = new Scope("group", outer.runner, outer, outer.task, outer.context, false, this.name);
  }

  holders(): readonly TaskImpl[] {
    return [];
  }

  members(): readonly TaskImpl[] {
    return this.#started.filter((task) => !task.done()) as TaskImpl<unknown>[];
  }

  async run(): Promise<T> {
    const { runner, task } = this.#outer;
    runner.instrument?.emit("join.begin", task, this, this.#fns.length, 0);
    this.#wait = new Wait<void>(this.#outer, "wait", this, () => undefined);
    if (this.#stagger > 0) this.#startNext();
    else for (const _fn of this.#fns) this.#start();
    try {
      await this.#wait.promise;
    } catch (error) {
      await drain(this.#outer, this.members(), GRACE_MS);
      for (const failed of this.#started) if (failed.failed()) addSuppressed(error, failed.error);
      throw error;
    } finally {
      if (this.#next !== undefined) runner.timers.remove(this.#next);
      this.#scope.cancel(
        runner.cancelOf(this.#scope, "group", "another was first", this.#winner as TaskImpl | undefined),
      );
      await drain(this.#outer, this.members(), GRACE_MS);
      this.#scope.close();
      runner.instrument?.emit("join.end", task, this, this.#fns.length, this.members().length);
    }
    return this.#result();
  }

  taskEnded(task: TaskImpl): void {
    if (this.#wait === undefined || this.#wait.settled) {
      if (task.failed()) this.#scope.runner.instrument?.emit("error.suppressed", task, task.error, 0, 0);
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
    const task = spawn<T>(this.#scope, this, this.#fns[this.#started.length]!);
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
    if (this.#winner !== undefined) {
      for (const task of this.#started) if (task.failed() && task !== this.#winner) this.#suppress(task.error);
      return this.#winner.result();
    }
    if (this.#started.length === 0) throw new UsageError("Nothing was started.");
    throw new ExceptionGroup(this.#started.map((task) => task.outcomeError()));
  }

  /** Errors of losers are kept with the winner's, where it failed too. */
  #suppress(error: unknown): void {
    if (this.#winner?.failed() === true) addSuppressed(this.#winner.error, error);
  }
}
