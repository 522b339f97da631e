/** Bare cancel scopes: `cancelScope` around a block, and `scope()` for `await using`, which owns what is started in it. */
import { currentScope, currentScopeOrNone, enterScope } from "./current.ts";
import { CancelledError, FatalError, TaskGroupClosed, UsageError, addSuppressed } from "./errors.ts";
import { assertFunction, assertTime, assertOptions } from "./errors.ts";
import { ExceptionGroup } from "./exception-group.ts";
import { followSignal } from "./follow.ts";
import { drain } from "./grace.ts";
import { leaveScope, leaveWithValue } from "./leave.ts";
import { Scope, type LeftOpen } from "./scope.ts";
import { assertName, spawn } from "./spawn.ts";
import type { Task, TaskOptions } from "./handle.ts";
import type { TaskImpl, TaskOwner } from "./task.ts";
import type { Deadline } from "./timers.ts";

export interface CancelScope {
  cancel(reason?: unknown): void;
  /** Aborted when the scope is effectively cancelled. */
  readonly signal: AbortSignal;
  /** Aborted then too, and in any case when the block has ended: for listeners that must not outlive it. */
  readonly signalUntilExit: AbortSignal;
  /** Cancels this scope when `signal` aborts; the listener goes with the scope. */
  follow(signal: AbortSignal): void;
}

export type ScopeResult<T> =
  | { readonly cancelled: false; readonly value: T }
  | { readonly cancelled: true; readonly value?: undefined };

export interface CancelScopeOptions {
  readonly shield?: boolean;
  /** Milliseconds of the runner's clock at which it is cancelled. */
  readonly deadline?: number;
}

/** Runs `body` in a scope that can be cancelled by itself. @throws the body's error; CancelledError from outside */
export async function cancelScope<T>(
  body: (scope: CancelScope) => PromiseLike<T>,
  options: CancelScopeOptions = {},
): Promise<ScopeResult<T>> {
  assertFunction(body, "cancelScope's body");
  assertOptions(options, "cancelScope's options");
  if (options.deadline !== undefined) assertTime(options.deadline, "cancelScope's deadline");
  const outer = currentScope("cancelScope()");
  const scope = new Scope("scope", outer.runner, outer, outer.task, outer.context, options.shield === true);
  const deadline = armDeadline(scope, options.deadline);
  const followed: Disposable[] = [];
  let untilExit: AbortController | undefined;
  const handle: CancelScope = {
    cancel: (reason) => cancelExplicitly(scope, reason),
    get signal() {
      return scope.signal;
    },
    get signalUntilExit() {
      if (untilExit === undefined) {
        untilExit = new AbortController();
        const { signal } = scope;
        if (signal.aborted) untilExit.abort(signal.reason);
        else if (scope.closed) untilExit.abort(new UsageError("The scope has ended."));
        else signal.addEventListener("abort", () => untilExit?.abort(signal.reason), { once: true });
      }
      return untilExit.signal;
    },
    follow: (signal) => void followed.push(followSignal(scope, signal)),
  };
  try {
    const value = await enterScope(scope, async () => body(handle));
    leaveWithValue(scope);
    return { cancelled: false, value };
  } catch (error) {
    const leaving = leaveScope(scope, error);
    if (leaving.absorbed) return { cancelled: true };
    throw leaving.error;
  } finally {
    for (const following of followed) following[Symbol.dispose]();
    if (deadline !== undefined) outer.runner.timers.remove(deadline);
    scope.close();
    untilExit?.abort(new UsageError("The scope has ended."));
  }
}

export interface OpenScope extends AsyncDisposable {
  /** Starts a child. @throws TaskGroupClosed after the scope's end */
  spawn<T>(fn: () => PromiseLike<T>, options?: TaskOptions): Task<T>;
  cancel(reason?: unknown): void;
  readonly signal: AbortSignal;
}

export interface OpenScopeOptions extends CancelScopeOptions {
  readonly name?: string;
}

/**
 * A scope for `await using`: leaving the block cancels its children and waits for them. A child's failure cancels the
 * others, and disposal rejects with an ExceptionGroup. It covers only what is spawned in it, not its block's own waits.
 */
export function scope(options: OpenScopeOptions = {}): OpenScope {
  assertOptions(options, "scope's options", 'Give a name as { name: "…" }.');
  if (options.deadline !== undefined) assertTime(options.deadline, "scope's deadline");
  if (options.name !== undefined) assertName(options.name, "scope's name");
  return new OwnedScope(currentScope("scope()"), options);
}

class OwnedScope implements OpenScope, TaskOwner, LeftOpen {
  readonly looks = true;
  readonly #scope: Scope;
  readonly #opener: TaskImpl;
  readonly #deadline: Deadline | undefined;
  readonly #children = new Set<TaskImpl>();
  readonly #errors: unknown[] = [];
  readonly #outer: Scope;
  #hasFailed = false;
  #isLeftOpen = false;
  #ending: Promise<void> | undefined;

  constructor(outer: Scope & { readonly task: TaskImpl }, options: OpenScopeOptions) {
    const { name, shield = false } = options;
    this.#opener = outer.task;
    this.#outer = outer;
    this.#scope = new Scope("scope", outer.runner, outer, outer.task, outer.context, shield, name);
    this.#deadline = armDeadline(this.#scope, options.deadline);
    (outer.opened ??= []).push(this);
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  spawn<T>(fn: () => PromiseLike<T>, options?: TaskOptions): Task<T> {
    assertFunction(fn, "A scope's task");
    if (this.#ending !== undefined) throw new TaskGroupClosed("The scope has ended and takes no more tasks.");
    if (this.#hasFailed) throw new TaskGroupClosed("The scope is ending by an error and takes no more tasks.");
    const { cancelled } = this.#scope;
    if (cancelled !== undefined) throw new CancelledError(cancelled);
    const task = spawn(this.#scope, this, fn, options);
    // An eager one may have ended.
    if (!task.done()) this.#children.add(task as unknown as TaskImpl);
    return task;
  }

  cancel(reason?: unknown): void {
    cancelExplicitly(this.#scope, reason);
  }

  taskEnded(task: TaskImpl): void {
    this.#children.delete(task);
    if (!task.failed()) return;
    if (this.#isLeftOpen) {
      this.#scope.runner.report(task.error, `${task.label} failed in a scope that was not left.`, task);
      return;
    }
    this.#hasFailed = true;
    this.#errors.push(task.error);
    this.#scope.cancel(this.#scope.runner.cancelOf(this.#scope, "group", task.error, task));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (currentScopeOrNone()?.task !== this.#opener) {
      throw new UsageError("A scope must be left by the task that opened it.");
    }
    if (this.#ending === undefined && this.#outer.opened?.at(-1) !== this) {
      throw new UsageError(
        "A scope opened after this one is still open. Leave them in reverse order, as `await using` does.",
      );
    }
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** The block around it has ended: children are cancelled, and nobody waits for them. */
  leftOpen(): void {
    this.#isLeftOpen = true;
    this.#ending = Promise.resolve();
    const { runner, name } = this.#scope;
    const message =
      `The scope${name === undefined ? "" : ` ${name}`} opened by ${this.#opener.mention} was never left; its tasks ` +
      "were cancelled. Open it by `await using`.";
    this.#scope.cancel(runner.cancelOf(this.#scope, "parent", undefined, this.#opener));
    if (this.#deadline !== undefined) runner.timers.remove(this.#deadline);
    this.#scope.close();
    runner.report(new UsageError(message), message, this.#opener);
    for (const error of this.#errors) runner.report(error, "A task failed in a scope that was never left.");
  }

  async #end(): Promise<void> {
    const { runner } = this.#scope;
    this.#outer.opened?.pop();
    this.#scope.cancel(runner.cancelOf(this.#scope, "parent", undefined, this.#opener));
    await drain(currentScope("Leaving a scope"), this.#children, Infinity);
    if (this.#deadline !== undefined) runner.timers.remove(this.#deadline);
    this.#scope.close();
    const fatal = this.#errors.find((error) => error instanceof FatalError);
    for (const error of this.#errors) if (fatal !== undefined) addSuppressed(fatal, error);
    if (fatal !== undefined) throw fatal;
    if (this.#errors.length > 0) throw ExceptionGroup.of(subjectOf(this.#scope), this.#errors);
  }
}

function cancelExplicitly(scope: Scope, reason: unknown): void {
  scope.cancel(scope.runner.cancelOf(scope, "explicit", reason, currentScopeOrNone()?.task));
}

function armDeadline(scope: Scope, when: number | undefined): Deadline | undefined {
  if (when === undefined || when === Infinity) return undefined;
  assertTime(when, "deadline");
  const { runner } = scope;
  runner.instrument?.emit("timeout.armed", scope.task, scope, when, 0);
  return runner.timers.add(when, () => scope.cancel(runner.cancelOf(scope, "deadline", undefined, undefined)));
}

function subjectOf({ name }: Scope): string {
  return name === undefined ? "A scope" : `Scope ${name}`;
}
