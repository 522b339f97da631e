/**
 * Work off the event loop: a function of a module, in a thread, as a task that waits for it.
 *
 * The call is a task of its own. It ends when the thread has really ended its work or its life, and only then are its
 * place and its limiter's token free. The caller waits for it, or with `abandon` goes its way when cancelled.
 */
import { MessageChannel, type Transferable } from "node:worker_threads";
import type { Context } from "../task/context.ts";
import { currentScope } from "../task/current.ts";
import { describeValue, assertOptions } from "../task/errors.ts";
import { Wait, deliver, refuse, type Scope } from "../task/scope.ts";
import { TaskImpl, type TaskOwner } from "../task/task.ts";
import { DataCloneError } from "./errors.ts";
import { ThreadTask, type ThreadLimiter } from "./thread-task.ts";
import { isCloneable, type ThreadInput } from "./wire.ts";

export interface ToThreadOptions {
  /** A token of it is held while the thread works, and until a terminated one has ended. */
  readonly limiter?: ThreadLimiter;
  /**
   * What a cancel of the caller does to work that runs. terminate (default): its thread is killed. wait: the work goes
   * on, and `checkCancelled()` in it throws; a value it returns all the same is returned. abandon: the same, but the
   * caller does not wait, and what comes is dropped.
   */
  readonly onCancel?: "terminate" | "wait" | "abandon";
  /** Parts of the arguments to be moved instead of copied: buffers, ports. */
  readonly transfer?: readonly unknown[];
}

/** Its outcome is the caller's. */
const CALLER: TaskOwner = { looks: true, taskEnded() {} };

/**
 * Calls the function that the module at `module` (.js, or .ts where Node runs the program's sources) exports as
 * `exportName`, in a thread. Arguments and the value are copied; context variables whose values can be copied are there
 * by name. In a scope that is cancelled already nothing is started.
 * @throws what the function throws (class name, message, stack and properties get across; `instanceof` only for the
 * language's own classes); CancelledError; DataCloneError; ThreadEndedError; TypeError; NoCurrentTaskError outside a run
 */
export async function toThread<T = unknown>(
  module: URL,
  exportName: string,
  args: readonly unknown[] = [],
  options: ToThreadOptions = {},
): Promise<T> {
  assertCall(module, exportName, args, options);
  const scope = currentScope("toThread()");
  if (scope.refusesWaits) await refuse(scope);
  const { port1: port, port2 } = new MessageChannel();
  try {
    port.postMessage(
      { args, values: cloneableValues(scope.context) } satisfies ThreadInput,
      options.transfer as readonly Transferable[] | undefined,
    );
  } catch (error) {
    port.close();
    throw refusal(exportName, args, error as Error);
  }
  const { onCancel = "terminate", limiter } = options;
  const { runner } = scope;
  const call = new ThreadTask<T>(module.href, exportName, onCancel, limiter, port, port2, scope.id);
  const task = new TaskImpl<T>(
    runner,
    onCancel === "abandon" ? runner.root : scope,
    CALLER,
    () => call.run(),
    scope.task,
    scope.context.copy(),
    call.name,
  );
  task.start();
  return onCancel === "abandon" ? leaveBehind(scope, task, call) : waitToItsEnd(scope, task);
}

/** A cancel of the caller reaches the call by itself; what is waited for is its end. */
async function waitToItsEnd<T>(scope: Scope, task: TaskImpl<T>): Promise<T> {
  const wait = new Wait<void>(scope, "task", task, undefined);
  task.onEnd(() => wait.resolve(undefined));
  await wait.promise;
  if (task.cancelled() && scope.effective !== undefined) throw deliver(scope, scope.effective);
  return task.result();
}

async function leaveBehind<T>(scope: Scope, task: TaskImpl<T>, call: ThreadTask<T>): Promise<T> {
  const onEnd = (): void => {
    if (task.completed()) wait.resolve(task.result());
    else wait.reject(task.outcomeError());
  };
  const wait = new Wait<T>(scope, "task", task, () => {
    const cancel = scope.effective!;
    if (call.isStarted) call.leaveBehind(cancel);
    else task.cancelBy("parent", cancel.reason, false, cancel);
  });
  task.onEnd(onEnd);
  return wait.promise;
}

function cloneableValues(context: Context): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [variable, value] of context.values) if (isCloneable(value)) values.set(variable.name, value);
  return values;
}

function refusal(exportName: string, args: readonly unknown[], cause: Error): DataCloneError {
  const place = args.findIndex((arg) => !isCloneable(arg));
  const which = place < 0 ? "The arguments" : `Argument ${place}`;
  const hint = "Pass plain data; hand buffers and ports over by the transfer option.";
  return new DataCloneError(`${which} of ${exportName} can't go to a thread: ${cause.message} ${hint}`, { cause });
}

function assertCall(module: unknown, exportName: unknown, args: unknown, options: ToThreadOptions): void {
  if (!(module instanceof URL)) {
    const hint = "Give it as new URL('./work.js', import.meta.url).";
    throw new TypeError(`toThread's module must be a URL, not ${describeValue(module)}. ${hint}`);
  }
  if (!["file:", "data:"].includes(module.protocol)) {
    throw new TypeError(`toThread's module must be a file: URL, not ${module.href}: no other is loaded.`);
  }
  if (typeof exportName !== "string") {
    const hint = "A function itself can't go to a thread: name one that the module exports.";
    throw new TypeError(`toThread's exportName must be a string, not ${describeValue(exportName)}. ${hint}`);
  }
  if (!Array.isArray(args)) {
    throw new TypeError(`toThread's args must be an array of the function's arguments, not ${describeValue(args)}.`);
  }
  assertOptions(options, "toThread's options");
  const { limiter, onCancel = "terminate", transfer = [] } = options;
  if (limiter !== undefined && typeof limiter.acquire !== "function") {
    throw new TypeError(`toThread's limiter must have acquire(), and ${describeValue(limiter)} has none.`);
  }
  if (!["terminate", "wait", "abandon"].includes(onCancel)) {
    throw new TypeError(
      `toThread's onCancel must be "terminate", "wait" or "abandon", not ${describeValue(onCancel)}.`,
    );
  }
  if (!Array.isArray(transfer)) {
    throw new TypeError(`toThread's transfer must be an array, not ${describeValue(transfer)}.`);
  }
}
