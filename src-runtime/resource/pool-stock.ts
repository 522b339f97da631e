/**
 * What a pool has besides what is lent: resources being opened, idle ones, and those being validated or destroyed. All
 * of them count against the pool's maximum, so that it is never exceeded, not even for a moment.
 */
import { currentScopeOrNone } from "../task/current.ts";
import { drain } from "../task/grace.ts";
import type { RunnerState } from "../task/runner-state.ts";
import type { Scope } from "../task/scope.ts";
import { TaskImpl, type TaskOwner } from "../task/task.ts";
import type { Deadline } from "../task/timers.ts";
import { cleanUp } from "./clean-up.ts";

export interface PoolOptions<R> {
  /** For reports and recordings. Default: `pool`. */
  readonly name?: string;
  /** Opens one. Its signal (`currentSignal()`) is aborted when the pool closes. */
  readonly create: () => PromiseLike<R>;
  readonly destroy: (resource: R) => void | Promise<void>;
  /** Whether one that a cancelled or failed block used can be lent again. Without it the former is destroyed. */
  readonly validate?: (resource: R) => boolean | Promise<boolean>;
  /** Most at a time. */
  readonly max: number;
  /** Opened at the first use, and kept however long idle. Default 0. */
  readonly min?: number;
  /** Those idle for longer are destroyed, milliseconds. Default: never. */
  readonly idleMs?: number;
}

/** What the stock tells its pool. */
export interface StockOwner<R> {
  /** One is free: a waiter takes it (true), or it becomes idle. */
  offer(resource: R): boolean;
  openFailed(error: unknown): void;
  /** There may be room for another one. */
  roomMade(): void;
  /** How many are lent. */
  lent(): number;
}

interface Idle<R> {
  readonly resource: R;
  deadline: Deadline | undefined;
}

/** Nobody awaits an opening: its error goes to a waiter. */
const OPENER: TaskOwner = { looks: true, taskEnded() {} };

export class PoolStock<R> {
  readonly openings = new Set<TaskImpl>();
  readonly idle: Idle<R>[] = [];
  /** What close() throws. */
  readonly errors: unknown[] = [];
  readonly #name: string;
  readonly #options: PoolOptions<R>;
  readonly #runner: RunnerState;
  readonly #owner: StockOwner<R>;
  readonly #endings = new Set<Promise<void>>();
  #isClosed = false;

  constructor(name: string, options: PoolOptions<R>, runner: RunnerState, owner: StockOwner<R>) {
    this.#name = name;
    this.#options = options;
    this.#runner = runner;
    this.#owner = owner;
  }

  /** Being validated or destroyed. */
  get ending(): number {
    return this.#endings.size;
  }

  get hasRoom(): boolean {
    const { openings, idle } = this;
    return !this.#isClosed && openings.size + idle.length + this.ending + this.#owner.lent() < this.#options.max;
  }

  /** Opens one, in a task of the runner with a copy of the asking scope's context. */
  open(asking: Scope): void {
    const runner = this.#runner;
    const task = new TaskImpl<R>(
      runner,
      runner.root,
      OPENER,
      () => this.#create(),
      asking.task,
      asking.context.copy(),
      `${this.#name}: create`,
    );
    const opening = task as unknown as TaskImpl;
    this.openings.add(opening);
    runner.instrument?.emit("resource.acquiring", opening, this.#name, 0, 0);
    task.onEnd(() => {
      this.openings.delete(opening);
      runner.instrument?.emit("resource.acquired", opening, this.#name, 0, task.completed() ? 0 : 1);
      if (task.completed()) this.put(task.result());
      else this.#owner.openFailed(task.outcomeError());
      this.#owner.roomMade();
    });
    task.start();
  }

  /** Lends it to a waiter, or keeps it. */
  put(resource: R): void {
    if (this.#isClosed) return void this.end(resource, false);
    if (this.#owner.offer(resource)) return;
    const idle: Idle<R> = { resource, deadline: undefined };
    this.idle.push(idle);
    const { idleMs = Infinity, min = 0 } = this.#options;
    const { timers } = this.#runner;
    if (idleMs === Infinity) return;
    idle.deadline = timers.add(timers.now() + Math.max(0, idleMs), () => {
      idle.deadline = undefined;
      if (this.idle.length + this.#owner.lent() <= min) return;
      this.idle.splice(this.idle.indexOf(idle), 1);
      void this.end(resource, false);
    });
  }

  /** The one that was used last. */
  take(): { readonly resource: R } | undefined {
    const idle = this.idle.pop();
    if (idle?.deadline !== undefined) this.#runner.timers.remove(idle.deadline);
    return idle;
  }

  /** Destroys one; with `asks` only if it is not valid any more. Never rejects. */
  end(resource: R, asks: boolean): Promise<void> {
    const ending = this.#end(resource, asks).finally(() => {
      this.#endings.delete(ending);
      this.#owner.roomMade();
    });
    this.#endings.add(ending);
    return ending;
  }

  /** Opens no more, destroys what is idle. */
  close(reason: unknown): void {
    this.#isClosed = true;
    for (const opening of this.openings) opening.cancelBy("explicit", reason, false);
    for (let idle = this.take(); idle !== undefined; idle = this.take()) void this.end(idle.resource, false);
  }

  /** Until everything is destroyed. What is still being opened after the cleanup timeout is destroyed when it comes. */
  async ended(): Promise<void> {
    await drain(currentScopeOrNone() ?? this.#runner.root, this.openings, this.#runner.settings.cleanupTimeout);
    while (this.#endings.size > 0) await Promise.all(this.#endings);
  }

  /** Calls `then` once the cleanup timeout is over, unless disposed before. */
  afterCleanupTimeout(then: () => void): Disposable {
    const { timers, settings } = this.#runner;
    const deadline = timers.add(timers.now() + Math.max(0, settings.cleanupTimeout), then);
    return { [Symbol.dispose]: () => timers.remove(deadline) };
  }

  async #create(): Promise<R> {
    const resource = await this.#options.create();
    if (!this.#isClosed) return resource;
    await this.end(resource, false);
    throw new Error(`Pool ${this.#name} was closed while this was being opened.`);
  }

  async #end(resource: R, asks: boolean): Promise<void> {
    const runner = this.#runner;
    if (asks && (await this.#isValid(resource)) && !this.#isClosed) return this.put(resource);
    runner.instrument?.emit("resource.releasing", undefined, this.#name, 0, 0);
    try {
      await cleanUp(`Destroying what pool ${this.#name} held`, () => this.#options.destroy(resource), runner);
    } catch (error) {
      if (this.#isClosed) this.errors.push(error);
      else runner.report(error, `Pool ${this.#name} could not destroy what it held.`);
    }
    runner.instrument?.emit("resource.released", undefined, this.#name, 0, 0);
  }

  async #isValid(resource: R): Promise<boolean> {
    const runner = this.#runner;
    let isValid = false;
    try {
      const { validate } = this.#options;
      await cleanUp(
        `Validating for pool ${this.#name}`,
        async () => void (isValid = (await validate?.(resource)) === true),
        runner,
      );
    } catch (error) {
      runner.instrument?.emit("error.suppressed", undefined, error, 0, 0);
    }
    return isValid;
  }
}
