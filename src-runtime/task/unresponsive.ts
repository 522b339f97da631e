/** Tasks that were cancelled and have not ended: said once each when they take too long. One deadline for all of them. */
import type { RunnerState } from "./runner-state.ts";
import type { TaskImpl } from "./task.ts";
import type { Deadline } from "./timers.ts";

/** Milliseconds. */
const UNRESPONSIVE_MS = 1000;

export class UnresponsiveWatch {
  readonly #runner: RunnerState;
  /** When each is due. In the order of their cancels, which is the order of time. */
  readonly #due = new Map<TaskImpl, number>();
  #deadline: Deadline | undefined;

  constructor(runner: RunnerState) {
    this.#runner = runner;
  }

  get isEmpty(): boolean {
    return this.#due.size === 0;
  }

  add(task: TaskImpl): void {
    if (this.#due.has(task)) return;
    const due = this.#runner.timers.now() + UNRESPONSIVE_MS;
    this.#due.set(task, due);
    this.#deadline ??= this.#runner.timers.add(due, this.#look);
  }

  delete(task: TaskImpl): void {
    if (!this.#due.delete(task) || this.#due.size > 0 || this.#deadline === undefined) return;
    this.#runner.timers.remove(this.#deadline);
    this.#deadline = undefined;
  }

  readonly #look = (): void => {
    const { timers, instrument, settings } = this.#runner;
    this.#deadline = undefined;
    const now = timers.now();
    for (const [task, due] of this.#due) {
      if (due > now) {
        this.#deadline = timers.add(due, this.#look);
        return;
      }
      this.#due.delete(task);
      instrument?.emit("cancel.unresponsive", task, task.scope, 0, 0);
      if (settings.debug) {
        this.#runner.warn(`${task.label} was cancelled ${UNRESPONSIVE_MS} ms ago and has not ended.`, task);
      }
    }
  };
}
