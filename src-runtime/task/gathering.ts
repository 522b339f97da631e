/**
 * A gather on its way: who its members are, what they gave, who waits for all of it, and the cancel that goes from the
 * waiters to the members.
 */
import type { Attributes } from "../protocol/message.ts";
import { currentScopeOrNone } from "./current.ts";
import { type Cancel, type CancelledError, TaskCancelledError, addSuppressed, describeValue } from "./errors.ts";
import { GRACE_MS, drain } from "./grace.ts";
import type { Subject } from "./instrument.ts";
import { Wait, refuse, type Scope } from "./scope.ts";
import { makeTask, spawn } from "./spawn.ts";
import { TaskImpl, queueAll, type TaskOwner } from "./task.ts";
import type { Deadline } from "./timers.ts";

/** Work not begun, or on its way. */
export type Awaitish<T = unknown> = (() => PromiseLike<T>) | PromiseLike<T>;

/** A gather on its way. Awaiting it in a task lets the task's cancel reach its members. */
export interface Gather<T> extends PromiseLike<T> {
  /** Cancels every member that has not ended. False: all have. */
  cancel(reason?: unknown): boolean;
}

export function isGather(value: unknown): value is Gather<unknown> & { readonly name: string } {
  return value instanceof Gathering;
}

/** What the recording says of members that go on when the gather has failed. */
const ORPHANED: Attributes = { "stallscope.task.orphaned_by_gather": true };

/** A gather in a gather is a task that awaits it, so that a cancel reaches its members too. */
const NESTED: TaskOwner = { looks: true, passesValueOn: true, taskEnded() {} };

type Ending = { readonly ok: true; readonly values: unknown[] } | { readonly ok: false; readonly error: unknown };

export class Gathering implements Gather<unknown[]>, TaskOwner, Subject {
  readonly kind = "gather";
  readonly name: string;
  readonly looks = true;
  tag = 0;
  readonly #scope: Scope;
  readonly #cancelsOnError: boolean;
  readonly #returnsErrors: boolean;
  readonly #values: unknown[];
  /** Each once; a member's number is its index. */
  readonly #inputs: readonly Awaitish[];
  /** The places each member fills. Undefined: the one of its number, no input was given twice. */
  readonly #places: readonly number[][] | undefined;
  /** The tasks of members that run, by number. */
  readonly #tasks: (TaskImpl | undefined)[];
  /** Functions that wait for their turn, the next one last. */
  readonly #queue: number[] = [];
  /** Promises of others that have not settled: a cancel abandons them. */
  readonly #foreign = new Set<number>();
  #running = 0;
  #pending: number;
  #error: { readonly error: unknown } | undefined;
  #cancelReason: { readonly reason: unknown } | undefined;
  /** A member was cancelled, or never begun. */
  #hasCancelled = false;
  /** Errors that were to be results. */
  readonly #returned: unknown[] = [];
  #graceEnd: Deadline | undefined;
  #ending: Ending | undefined;
  #isLookedAt = false;
  #waits: Wait<unknown[]>[] = [];
  #outside: PromiseWithResolvers<unknown[]> | undefined;

  constructor(
    scope: Scope,
    inputs: readonly Awaitish[],
    limit: number,
    cancelsOnError: boolean,
    returnsErrors: boolean,
  ) {
    this.#scope = scope;
    this.#cancelsOnError = cancelsOnError;
    this.#returnsErrors = returnsErrors;
    this.#values = Array.from({ length: inputs.length });
    const distinct = new Set(inputs);
    this.#inputs = distinct.size === inputs.length ? inputs : [...distinct];
    this.#places = distinct.size === inputs.length ? undefined : placesOf(inputs, this.#inputs);
    this.#pending = this.#inputs.length;
    this.#tasks = Array.from({ length: this.#pending });
    this.name = `gather of ${this.#pending}`;
    scope.runner.instrument?.emit("join.begin", scope.task, this, this.#pending, 0);
    if (this.#pending === 0) {
      this.#end({ ok: true, values: [] });
      return;
    }
    for (const [member, input] of this.#inputs.entries()) {
      if (typeof input === "function") this.#queue.push(member);
      else if (input instanceof TaskImpl) this.#follow(input, member);
      else if (!isGather(input)) this.#await(input, member);
      else
        this.#follow(
          spawn(scope, NESTED, async () => input, { name: input.name }),
          member,
        );
    }
    this.#queue.reverse();
    this.#startSome(limit);
  }

  /** While its results can still come out. */
  get passesValueOn(): boolean {
    return this.#ending === undefined && this.#error === undefined && this.#cancelReason === undefined;
  }

  holders(): readonly TaskImpl[] {
    return [];
  }

  members(): readonly TaskImpl[] {
    return this.#tasks.filter((task) => task !== undefined);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- A gather is awaited.
  then<A = unknown[], B = never>(
    onValue?: ((values: unknown[]) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#join().then(onValue, onError);
  }

  cancel(reason?: unknown): boolean {
    if (this.#pending === 0) return false;
    this.#stop("explicit", reason);
    return true;
  }

  taskEnded(task: TaskImpl): void {
    this.#running--;
    this.#memberEnded(task, task.place);
    this.#startSome(this.#running + 1);
  }

  async #join(): Promise<unknown[]> {
    const scope = currentScopeOrNone();
    this.#isLookedAt = true;
    if (scope === undefined) {
      return this.#ending === undefined ? (this.#outside ??= Promise.withResolvers()).promise : resultOf(this.#ending);
    }
    if (scope.effective !== undefined) {
      return refuse(scope).catch((error: CancelledError) => this.#leave(scope, error));
    }
    if (this.#ending !== undefined) return resultOf(this.#ending);
    let isCancelled = false;
    const wait = new Wait<unknown[]>(scope, "gather", this, () => {
      isCancelled = true;
    });
    this.#waits.push(wait);
    try {
      return await wait.promise;
    } catch (error) {
      if (isCancelled) return this.#leave(scope, error as CancelledError);
      throw error;
    }
  }

  /** Who awaited it is cancelled: so are the members, and they are waited for. An error of theirs wins. */
  async #leave(scope: Scope, cancelled: CancelledError): Promise<never> {
    if (this.#pending > 0) this.#stop("parent", cancelled.reason, scope.effective);
    await drain(scope, this.members(), GRACE_MS);
    if (this.#error !== undefined && !(this.#error.error instanceof TaskCancelledError)) throw this.#error.error;
    for (const error of this.#returned) addSuppressed(cancelled, error);
    throw cancelled;
  }

  #startSome(limit: number): void {
    const made: TaskImpl[] = [];
    while (this.#running < limit && this.#queue.length > 0) {
      const member = this.#queue.pop()!;
      this.#running++;
      let task: TaskImpl;
      try {
        task = makeTask(this.#scope, this, this.#inputs[member] as () => PromiseLike<unknown>, this.#scope);
      } catch (error) {
        // The runner has ended, or has its most tasks.
        this.#running--;
        this.#settle(member, false, error);
        continue;
      }
      task.place = member;
      this.#tasks[member] = task;
      this.#scope.runner.instrument?.emit("join.member", task, this, member, 0);
      made.push(task);
    }
    queueAll(made);
  }

  #stop(source: "explicit" | "parent" | "group", reason: unknown, origin?: Cancel): void {
    if (source !== "group") this.#cancelReason ??= { reason };
    this.#pending -= this.#queue.length;
    if (this.#queue.length > 0) this.#hasCancelled = true;
    this.#queue.length = 0;
    for (const task of this.members()) task.cancelBy(source, reason, false, origin);
    if (this.#pending === 0) this.#allEnded();
    for (const member of this.#foreign) {
      this.#foreign.delete(member);
      this.#settle(member, false, new TaskCancelledError("A promise was abandoned: it can't be cancelled."));
    }
  }

  #follow(task: TaskImpl, member: number): void {
    this.#tasks[member] = task;
    task.looked = true;
    this.#scope.runner.instrument?.emit("join.member", task, this, member, 0);
    if (task.done()) this.#memberEnded(task, member);
    else task.onEnd(() => this.#memberEnded(task, member));
  }

  #await(promise: PromiseLike<unknown>, member: number): void {
    this.#foreign.add(member);
    promise.then(
      (value) => {
        if (this.#foreign.delete(member)) this.#settle(member, true, value);
      },
      (error: unknown) => {
        if (this.#foreign.delete(member)) this.#settle(member, false, error);
        else this.#scope.runner.instrument?.emit("error.suppressed", this.#scope.task, error, 0, 0);
      },
    );
  }

  #memberEnded(task: TaskImpl, member: number): void {
    this.#tasks[member] = undefined;
    if (task.completed()) this.#settle(member, true, task.result());
    else this.#settle(member, false, task.outcomeError());
  }

  #settle(member: number, ok: boolean, value: unknown): void {
    this.#pending--;
    const result =
      ok || value instanceof Error || !this.#returnsErrors ? value : new Error(describeValue(value), { cause: value });
    if (this.#places === undefined) this.#values[member] = result;
    else for (const place of this.#places[member]!) this.#values[place] = result;
    if (!ok) this.#memberFailed(value);
    if (this.#pending === 0) this.#allEnded();
  }

  #memberFailed(error: unknown): void {
    const isCancelled = error instanceof TaskCancelledError;
    if (isCancelled) this.#hasCancelled = true;
    else if (this.#returnsErrors) this.#returned.push(error);
    if (this.#returnsErrors || (isCancelled && this.#cancelReason !== undefined)) return;
    if (this.#error !== undefined) {
      if (isCancelled) return;
      addSuppressed(this.#error.error, error);
      this.#scope.runner.instrument?.emit("error.suppressed", this.#scope.task, error, 0, 0);
      return;
    }
    this.#error = { error };
    if (!this.#cancelsOnError) {
      if (this.#cancelReason !== undefined) return;
      this.#end({ ok: false, error });
      const { instrument } = this.#scope.runner;
      if (instrument !== undefined) {
        for (const task of this.members()) instrument.emit("task.attributes", task, ORPHANED, 0, 0);
      }
      return;
    }
    this.#stop("group", error);
    if (this.#pending === 0) return;
    // Members that don't react are abandoned in the end, so that the error comes out.
    const { timers } = this.#scope.runner;
    this.#graceEnd = timers.add(timers.now() + GRACE_MS, () => {
      for (const task of this.members()) task.abandon();
    });
  }

  #allEnded(): void {
    if (this.#graceEnd !== undefined) this.#scope.runner.timers.remove(this.#graceEnd);
    if (this.#ending !== undefined) return;
    if (this.#error !== undefined) this.#end({ ok: false, error: this.#error.error });
    else if (this.#cancelReason !== undefined && this.#hasCancelled) {
      const { reason } = this.#cancelReason;
      const error = new TaskCancelledError("The gather was cancelled.", { cause: reason });
      for (const hidden of this.#returned) addSuppressed(error, hidden);
      this.#end({ ok: false, error });
    } else this.#end({ ok: true, values: this.#values });
  }

  #end(ending: Ending): void {
    this.#ending = ending;
    const { runner, task } = this.#scope;
    runner.instrument?.emit("join.end", task, this, this.#inputs.length, this.#pending);
    for (const wait of this.#waits) {
      if (ending.ok) wait.resolve(ending.values);
      else wait.reject(ending.error);
    }
    this.#waits = [];
    if (ending.ok) this.#outside?.resolve(ending.values);
    else this.#outside?.reject(ending.error);
    if (!ending.ok && !this.#isLookedAt) setImmediate(() => this.#reportUnlooked(ending.error));
  }

  #reportUnlooked(error: unknown): void {
    if (this.#isLookedAt || error instanceof TaskCancelledError) return;
    this.#scope.runner.report(error, "The error of a gather was never retrieved: nobody awaited it.");
  }
}

function placesOf(inputs: readonly Awaitish[], distinct: readonly Awaitish[]): readonly number[][] {
  const places = new Map<Awaitish, number[]>(distinct.map((input) => [input, []]));
  for (const [place, input] of inputs.entries()) places.get(input)!.push(place);
  return [...places.values()];
}

function resultOf(ending: Ending): unknown[] {
  if (!ending.ok) throw ending.error;
  return ending.values;
}
