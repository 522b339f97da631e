/**
 * What a task holds: the guards it has not disposed, so that none is left when it ends. They form a list through
 * themselves, since taking and giving back are on the path of every lock.
 */
import { callSite } from "./call-site.ts";
import { UsageError } from "./errors.ts";
import type { TaskImpl } from "./task.ts";

export abstract class Held {
  /** The task that holds it. Undefined: none does, or code outside a run. */
  holder: TaskImpl | undefined;
  #site: string | undefined;
  #next: Held | undefined;
  #previous: Held | undefined;

  /** For messages: `the lock "database"`. */
  abstract readonly what: string;
  /** How a block disposes it. */
  readonly keyword: "using" | "await using" = "using";
  /** Gives it back. Nothing, the second time. */
  abstract release(): void;

  /** What the task holds, the latest first. */
  static *of(task: TaskImpl): Iterable<Held> {
    for (let held = task.held; held !== undefined; held = held.#next) yield held;
  }

  protected hold(task: TaskImpl): void {
    this.holder = task;
    this.#next = task.held;
    if (this.#next !== undefined) this.#next.#previous = this;
    task.held = this;
    if (task.scope.runner.settings.debug) this.#site ??= callSite();
  }

  protected letGo(): void {
    const task = this.holder;
    if (task === undefined) return;
    this.holder = undefined;
    if (this.#previous === undefined) task.held = this.#next;
    else this.#previous.#next = this.#next;
    if (this.#next !== undefined) this.#next.#previous = this.#previous;
    this.#previous = this.#next = undefined;
  }

  /** Given back because its holder has ended, which is said. */
  releaseUndisposed(task: TaskImpl): void {
    const message =
      `${task.label} ended without disposing its guard of ${this.what}; it was released now. ` +
      `Take it by "${this.keyword} guard = await …acquire()".`;
    const site = this.#site === undefined || this.#site === "" ? "" : `\nAcquired\n${this.#site}`;
    this.release();
    task.scope.runner.report(new UsageError(message + site), message, task);
  }

  passTo(task: TaskImpl): void {
    this.letGo();
    this.hold(task);
  }
}

/** At a task's end. A guard that is its value goes to the heir; what else it holds is released, and that is said. */
export function releaseHeld(task: TaskImpl, value: unknown, heir: TaskImpl | undefined): void {
  for (let held = task.held; held !== undefined; held = task.held) {
    if (held === value && heir !== undefined && !heir.scope.closed) held.passTo(heir);
    else held.releaseUndisposed(task);
  }
}
