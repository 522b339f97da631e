/** `wait` and `asCompleted`: many tasks, none of them owned. Neither ever throws for a task's error, nor cancels one. */
import { currentScope } from "./current.ts";
import { TimeoutError, UsageError, assertTime, describeValue, assertOptions } from "./errors.ts";
import type { Subject } from "./instrument.ts";
import { Wait, refuse, type Scope } from "./scope.ts";
import type { Task } from "./handle.ts";
import { TaskImpl, awaitsItself } from "./task.ts";
import type { Deadline } from "./timers.ts";

const RETURN_WHEN = ["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"] as const;
export type ReturnWhen = (typeof RETURN_WHEN)[number];

export interface WaitOptions {
  /** Milliseconds. When it is over, `wait` returns what is done: no error. */
  readonly timeout?: number;
  /** Default: ALL_COMPLETED. */
  readonly returnWhen?: ReturnWhen;
}

export interface WaitResult<T extends Task> {
  readonly done: Set<T>;
  readonly pending: Set<T>;
}

/**
 * Waits until the first task has ended, or the first by an error, or all. Returns everything that is done then; a
 * cancelled task is done. @throws TypeError, RangeError for no tasks at all, CancelledError
 */
export async function wait<T extends Task<unknown>>(
  tasks: Iterable<T>,
  options: WaitOptions = {},
): Promise<WaitResult<T>> {
  assertOptions(options, "wait's options");
  const { timeout: ms = Infinity, returnWhen = "ALL_COMPLETED" } = options;
  const scope = currentScope("wait()");
  const all = tasksOf(tasks, "wait", scope);
  if (all.size === 0) throw new RangeError("wait() needs at least one task.");
  assertTime(ms, "wait's timeout");
  if (!RETURN_WHEN.includes(returnWhen)) {
    throw new TypeError(`returnWhen must be one of ${RETURN_WHEN.join(", ")}, not ${describeValue(returnWhen)}.`);
  }
  if (scope.refusesWaits) await refuse(scope);
  const { instrument } = scope.runner;
  const pending = new Set<TaskImpl>();
  let isOver = false;
  for (const task of all) {
    if (!task.done()) pending.add(task);
    else if (ends(task, returnWhen)) isOver = true;
  }
  const subject = subjectOf("wait", pending);
  instrument?.emit("join.begin", scope.task, subject, all.size, 0);
  if (!isOver && pending.size > 0) await untilOver(scope, subject, pending, returnWhen, ms);
  const result = { done: new Set<T>(), pending: new Set<T>() };
  for (const task of all) {
    if (task.done()) task.looked = true;
    (task.done() ? result.done : result.pending).add(task as Task as T);
  }
  instrument?.emit("join.end", scope.task, subject, all.size, result.pending.size);
  return result;
}

function ends(task: TaskImpl, returnWhen: ReturnWhen): boolean {
  return returnWhen === "FIRST_COMPLETED" || (returnWhen === "FIRST_EXCEPTION" && task.failed());
}

async function untilOver(
  scope: Scope,
  subject: Subject,
  pending: Set<TaskImpl>,
  returnWhen: ReturnWhen,
  ms: number,
): Promise<void> {
  const { timers } = scope.runner;
  const waiting = new Wait<void>(scope, "wait", subject, () => undefined);
  const unseen: TaskImpl[] = [];
  const callbacks = [...pending].map((task) => {
    const onEnd = (): void => {
      pending.delete(task);
      if (look(task)) unseen.push(task);
      if (pending.size === 0 || ends(task, returnWhen)) waiting.resolve();
    };
    task.onEnd(onEnd);
    return { task, onEnd };
  });
  const deadline = ms === Infinity ? undefined : timers.add(timers.now() + ms, () => waiting.resolve());
  try {
    await waiting.promise;
  } catch (error) {
    lookAway(unseen);
    throw error;
  } finally {
    if (deadline !== undefined) timers.remove(deadline);
    for (const { task, onEnd } of callbacks) task.offEnd(onEnd);
  }
}

/** A task that ended while somebody waits for it is looked at. True: by nobody else up to now. */
function look(task: TaskImpl): boolean {
  const isFirst = !task.looked;
  task.looked = true;
  return isFirst;
}

/** Who waited for them left without seeing how they ended: errors among them are nobody's again. */
function lookAway(tasks: readonly TaskImpl[]): void {
  for (const task of tasks) {
    if (!task.failed()) continue;
    task.looked = false;
    task.scope.runner.watchUnretrieved(task);
  }
}

function tasksOf(tasks: Iterable<Task<unknown>>, what: string, scope: Scope): ReadonlySet<TaskImpl> {
  if (typeof (tasks as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== "function") {
    throw new TypeError(`${what}() needs an iterable of tasks, not ${describeValue(tasks)}.`);
  }
  const all = new Set<TaskImpl>();
  for (const task of tasks) {
    if (!(task instanceof TaskImpl)) {
      throw new TypeError(`${what}() takes tasks, not ${describeValue(task)}. Make one with createTask().`);
    }
    if (task === scope.task) throw awaitsItself(task.label);
    all.add(task);
  }
  return all;
}

function subjectOf(kind: "wait", pending: ReadonlySet<TaskImpl>): Subject {
  const name = pending.size === 1 ? "1 task" : `${pending.size} tasks`;
  return { kind, name, tag: 0, holders: () => [], members: () => [...pending] };
}

/** A task that has ended. Without `then` for TypeScript, which would take its value for what `for await` gives. */
export type EndedTask<T extends Task<unknown> = Task> = Omit<T, "then">;

/**
 * The tasks in the order they end, the very same objects. With `timeout` (milliseconds from now), asking for one after
 * that throws TimeoutError; the tasks go on. Can be iterated once.
 *
 *     for await (const task of asCompleted(tasks)) console.log(task.result());
 */
export function asCompleted<T extends Task<unknown>>(
  tasks: Iterable<T>,
  options: { readonly timeout?: number } = {},
): AsyncIterable<EndedTask<T>> {
  assertOptions(options, "asCompleted's options");
  const { timeout: ms = Infinity } = options;
  const scope = currentScope("asCompleted()");
  const all = tasksOf(tasks, "asCompleted", scope);
  assertTime(ms, "asCompleted's timeout");
  const { timers } = scope.runner;
  const until = timers.now() + ms;
  let isIterated = false;
  return {
    [Symbol.asyncIterator]() {
      if (isIterated) throw new UsageError("asCompleted() can be iterated once. Call it again.");
      isIterated = true;
      return iterate(all, ms, until) as AsyncIterator<Task> as AsyncIterator<EndedTask<T>>;
    },
  };
}

/** Written by hand: an async generator would await the tasks it yields. */
function iterate(all: ReadonlySet<TaskImpl>, ms: number, until: number): AsyncIterator<TaskImpl, undefined> {
  const ended: TaskImpl[] = [];
  const pending = new Set<TaskImpl>();
  const onEnds = new Map<TaskImpl, () => void>();
  const unseen = new Set<TaskImpl>();
  const waiting = new Set<Wait<void>>();
  /** Why there are no more, where some have not ended. */
  let over: (() => Error) | undefined;
  for (const task of all) {
    if (task.done()) {
      ended.push(task);
      continue;
    }
    pending.add(task);
    const onEnd = (): void => {
      pending.delete(task);
      ended.push(task);
      if (look(task)) unseen.add(task);
      for (const wait of waiting) wait.resolve();
    };
    onEnds.set(task, onEnd);
    task.onEnd(onEnd);
  }
  return {
    async next() {
      const scope = currentScope("asCompleted()");
      if (scope.refusesWaits) await refuse(scope);
      while (ended.length === 0 && pending.size > 0) await untilNextEnd(scope);
      const task = ended.shift();
      if (task === undefined) {
        if (over !== undefined) throw over();
        return { done: true, value: undefined };
      }
      task.looked = true;
      unseen.delete(task);
      return { done: false, value: task };
    },
    return() {
      leave();
      over = undefined;
      ended.length = 0;
      return Promise.resolve({ done: true, value: undefined });
    },
  };

  function leave(): void {
    for (const [task, onEnd] of onEnds) task.offEnd(onEnd);
    pending.clear();
    lookAway([...unseen]);
    unseen.clear();
  }

  /** Not the task itself: a promise for a task would await it. */
  async function untilNextEnd(scope: Scope): Promise<void> {
    const { timers } = scope.runner;
    const wait = new Wait<void>(scope, "wait", subjectOf("wait", pending), () => undefined);
    waiting.add(wait);
    const deadline: Deadline | undefined =
      until === Infinity ? undefined : timers.add(until, () => wait.reject(tooLate(ms, pending.size)));
    try {
      await wait.promise;
    } catch (error) {
      // `for await` does not call `return()` when `next()` rejects.
      const left = pending.size;
      over = error instanceof TimeoutError ? () => tooLate(ms, left) : wasLeft;
      leave();
      throw error;
    } finally {
      waiting.delete(wait);
      if (deadline !== undefined) timers.remove(deadline);
    }
  }
}

function wasLeft(): UsageError {
  return new UsageError(
    "The iteration of asCompleted() was ended by a cancel. Call it again for the tasks that are left.",
  );
}

function tooLate(ms: number, left: number): TimeoutError {
  return new TimeoutError(`${left} of asCompleted's tasks did not end within ${ms} ms. They go on.`, { ms });
}
