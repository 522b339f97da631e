/**
 * Several resources, opened one by one, released in reverse: Python's AsyncExitStack.
 *
 * `[Symbol.asyncDispose]()` is called without arguments by the language, so a stack in `await using` can't know the
 * error its block ended with: its exits are told `completed`, or `cancelled` where the scope is. `AsyncExitStack.run`
 * sees the block, tells the true outcome, and lets an exit take the error away.
 */
import { currentScopeOrNone } from "../task/current.ts";
import { CancelledError, UsageError, assertFunction, describeValue } from "../task/errors.ts";
import { cleanUp } from "./clean-up.ts";
import { COMPLETED, outcomeCode, outcomeOf, withCleanupError, type Outcome } from "./outcome.ts";

interface Exit {
  readonly name: string;
  readonly leave: (outcome: Outcome) => unknown;
  /** May take the error away. */
  readonly judges: boolean;
}

export class AsyncExitStack implements AsyncDisposable {
  #exits: Exit[] = [];
  #disposed = false;

  /**
   * Runs `body` with a stack, and its exits when it has ended: these see how it ended, and an exit pushed by `push`
   * that answers true takes the error (or the cancel) away. Undefined: an exit took the error away.
   */
  static async run<T>(body: (stack: AsyncExitStack) => PromiseLike<T>): Promise<T | undefined> {
    assertFunction(body, "AsyncExitStack.run's body");
    const stack = new AsyncExitStack();
    const scope = currentScopeOrNone();
    let outcome = COMPLETED;
    let value: T | undefined;
    try {
      value = await body(stack);
    } catch (error) {
      outcome = outcomeOf(error, scope);
    }
    outcome = await stack.#leave(outcome, true);
    if (outcome.status !== "completed") throw outcome.error;
    return value;
  }

  /** Whether its exits have run, or run now. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** Disposes `resource` at the end, asynchronously where it can. @throws TypeError, UsageError after the end */
  use<D extends Disposable | AsyncDisposable>(resource: D): D {
    const { [Symbol.asyncDispose]: disposeAsync, [Symbol.dispose]: dispose } = (resource ?? {}) as Partial<
      Disposable & AsyncDisposable
    >;
    const leave = disposeAsync ?? dispose;
    if (typeof leave !== "function") {
      throw new TypeError(
        `AsyncExitStack.use() needs something disposable, not ${describeValue(resource)}. Give cleanup that is a function to defer().`,
      );
    }
    this.#add({ name: resource.constructor?.name ?? "resource", leave: () => leave.call(resource), judges: false });
    return resource;
  }

  /** Calls `fn` at the end. @throws TypeError, UsageError after the end */
  defer(fn: () => void | Promise<void>): void {
    assertFunction(fn, "AsyncExitStack.defer()'s function");
    this.#add({ name: fn.name === "" ? "deferred" : fn.name, leave: () => fn(), judges: false });
  }

  /**
   * Calls `exit` with the outcome at the end; in `AsyncExitStack.run`, true takes the error away, and the exits below
   * it are told `completed`. @throws TypeError, UsageError after the end
   */
  push(exit: (outcome: Outcome) => Promise<boolean | void>): void {
    assertFunction(exit, "AsyncExitStack.push()'s exit");
    this.#add({ name: exit.name === "" ? "exit" : exit.name, leave: exit, judges: true });
  }

  /** Runs the exits, the last one first, each to its end. A second time there is nothing to do. */
  async [Symbol.asyncDispose](): Promise<void> {
    const cancel = currentScopeOrNone()?.effective;
    const before: Outcome =
      cancel === undefined ? COMPLETED : { status: "cancelled", error: new CancelledError(cancel) };
    const after = await this.#leave(before, false);
    if (after.status === "failed") throw after.error;
  }

  #add(exit: Exit): void {
    if (this.#disposed)
      throw new UsageError("This AsyncExitStack has ended: what is added now would never be released.");
    this.#exits.push(exit);
    const scope = currentScopeOrNone();
    scope?.runner.instrument?.emit("resource.acquired", scope.task, exit.name, this.#exits.length - 1, 0);
  }

  async #leave(before: Outcome, canTake: boolean): Promise<Outcome> {
    this.#disposed = true;
    const exits = this.#exits;
    this.#exits = [];
    const scope = currentScopeOrNone();
    let outcome = before;
    for (let index = exits.length - 1; index >= 0; index--) {
      const { name, leave, judges } = exits[index]!;
      const told = outcome;
      scope?.runner.instrument?.emit("resource.releasing", scope.task, name, index, outcomeCode(told));
      let taken: unknown;
      try {
        await cleanUp(`The release of ${name}`, async () => void (taken = await leave(told)));
      } catch (error) {
        outcome = withCleanupError(outcome, error);
      }
      if (judges && canTake && taken === true) outcome = COMPLETED;
      scope?.runner.instrument?.emit("resource.released", scope.task, name, index, outcomeCode(outcome));
    }
    return outcome;
  }
}
