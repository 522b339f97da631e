/** Items that were put and that no getter will have: each is handed back once. */
import type { Subject } from "../task/instrument.ts";
import type { RunnerState } from "../task/runner-state.ts";
import { describeSubject } from "./subject.ts";

export class Undelivered<T> {
  readonly #subject: Subject;
  readonly #callback: ((item: T) => void) | undefined;

  constructor(subject: Subject, callback: ((item: T) => void) | undefined) {
    this.#subject = subject;
    this.#callback = callback;
  }

  /** What the callback throws goes to the runner, or into `errors` where there is none. */
  report(item: T, runner: RunnerState | undefined, errors?: unknown[]): void {
    runner?.instrument?.emit("queue.undelivered", undefined, this.#subject, 0, 0);
    try {
      this.#callback?.(item);
    } catch (error) {
      if (runner !== undefined) runner.report(error, `onUndelivered of ${describeSubject(this.#subject)} threw.`);
      else errors?.push(error);
    }
  }

  /** In the middle of a cancel, the program's code must not run before the cancel has reached everybody. */
  reportLater(item: T, runner: RunnerState): void {
    if (this.#callback === undefined) this.report(item, runner);
    else queueMicrotask(() => this.report(item, runner));
  }
}
