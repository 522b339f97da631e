/** What a program holds of a task it started: the public shape, of which TaskImpl is the only kind. */
import type { Context } from "./context.ts";
import type { CancelSource } from "./errors.ts";
import type { TaskState } from "./runner-state.ts";

export interface CancelRequest {
  readonly reason?: unknown;
  readonly source: CancelSource;
  /** Id of the task that asked. */
  readonly by?: string | undefined;
  /** Milliseconds of the runner's clock. */
  readonly at: number;
  /** Where it was asked for, in debug mode: a stack as text. */
  readonly site?: unknown;
}

export type Settled<T> =
  | { readonly status: "completed"; readonly value: T }
  | { readonly status: "failed"; readonly error: unknown }
  | { readonly status: "cancelled"; readonly error: unknown };

/** One async function on its way. */
export interface Task<T = unknown> extends PromiseLike<T> {
  readonly id: string;
  name: string;
  readonly state: TaskState;
  readonly parent?: Task<unknown> | undefined;
  /** Asks it to end. False: it has ended already. */
  cancel(reason?: unknown): boolean;
  /** Cancels asked for by `cancel()` and not taken back. */
  cancelling(): number;
  uncancel(): number;
  readonly cancelRequests: readonly CancelRequest[];
  readonly cancelRequested: boolean;
  done(): boolean;
  cancelled(): boolean;
  /** @throws TaskNotFinished, or what the task failed with */
  result(): T;
  /** Null: it completed. @throws TaskNotFinished */
  exception(): unknown;
  join(): Promise<T>;
  /** Never throws for the task's own outcome. */
  settled(): Promise<Settled<T>>;
  addDoneCallback(callback: (task: Task<T>) => void): Disposable;
}

export interface TaskOptions {
  readonly name?: string;
  /** Used as it is, not copied. */
  readonly context?: Context;
  /** eager: the first step runs at once. */
  readonly start?: "queued" | "eager";
}
