/**
 * A bounded set of connections (or other things worth keeping), lent one at a time.
 *
 *     create ─▶ idle ⇄ lent ─▶ destroy         waiters: strict FIFO, a return goes to the first at once
 *
 * Opening runs beside the waiters, so a cancelled waiter leaves at once and what it asked for serves the next. What was
 * lent to a cancelled block is in an unknown state: it is validated, or destroyed when there is no way to ask.
 */
import { currentScope } from "../task/current.ts";
import { UsageError, assertFunction, assertTime, describeValue, assertOptions } from "../task/errors.ts";
import { ExceptionGroup } from "../task/exception-group.ts";
import type { Subject } from "../task/instrument.ts";
import type { Closable, RunnerState } from "../task/runner-state.ts";
import { Wait, refuse, type Scope } from "../task/scope.ts";
import type { TaskImpl } from "../task/task.ts";
import { outcomeOf } from "./outcome.ts";
import { PoolLease, type PoolGuard, type Return } from "./pool-lease.ts";
import { PoolStock, type PoolOptions } from "./pool-stock.ts";

export interface PoolStats {
  /** Open ones: lent, idle, or on their way out. */
  readonly open: number;
  readonly idle: number;
  readonly inUse: number;
  /** Being opened. */
  readonly opening: number;
  readonly waiters: number;
  readonly max: number;
  readonly closed: boolean;
}

interface Waiting<R> {
  readonly wait: Wait<PoolGuard<R>>;
  readonly scope: Scope & { readonly task: TaskImpl };
  /** Milliseconds of the runner's clock. */
  readonly since: number;
}

export class Pool<R> implements AsyncDisposable {
  readonly name: string;
  readonly #options: PoolOptions<R>;
  readonly #leases = new Set<PoolLease<R>>();
  readonly #waiters: Waiting<R>[] = [];
  readonly #subject: Subject;
  #stock: PoolStock<R> | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #stopWaiting: (() => void) | undefined;

  /** @throws TypeError, RangeError */
  constructor(options: PoolOptions<R>) {
    assertOptions(options, "A Pool's options");
    const { create, destroy, validate, max, min = 0, idleMs = Infinity, name = "pool" } = options;
    assertFunction(create, "A Pool's create");
    assertFunction(destroy, "A Pool's destroy");
    if (validate !== undefined) assertFunction(validate, "A Pool's validate");
    assertCount(max, "max", 1);
    assertCount(min, "min", 0);
    if (min > max) throw new RangeError(`A Pool's min (${min}) is above its max (${max}).`);
    assertTime(idleMs, "A Pool's idleMs");
    this.name = name;
    this.#options = options;
    this.#subject = { kind: "pool", name, tag: 0, holders: () => this.#holders() };
  }

  get stats(): PoolStats {
    const stock = this.#stock;
    const inUse = this.#leases.size;
    const idle = stock?.idle.length ?? 0;
    return {
      open: inUse + idle + (stock?.ending ?? 0),
      idle,
      inUse,
      opening: stock?.openings.size ?? 0,
      waiters: this.#waiters.length,
      max: this.#options.max,
      closed: this.#isClosed,
    };
  }

  /**
   * Lends one: an idle one, a new one, or the next that comes back. Whoever came first is served first. Give it back
   * by `await using`, in the task that acquired it.
   * @throws UsageError on a closed pool; what `create` threw; CancelledError; NoCurrentTaskError outside a run
   */
  async acquire(): Promise<PoolGuard<R>> {
    return this.#acquire();
  }

  /** Lends one to `body` and takes it back. @throws what `acquire` and `body` throw */
  async use<T>(body: (resource: R) => PromiseLike<T>): Promise<T> {
    assertFunction(body, "Pool.use()'s body");
    const lease = (await this.#acquire()) as PoolLease<R>;
    let value: T;
    try {
      value = await body(lease.resource);
    } catch (error) {
      const outcome = outcomeOf(error, lease.scope);
      await lease.giveBack(outcome.status);
      throw outcome.error;
    }
    await lease.giveBack("completed");
    return value;
  }

  /**
   * Takes no more requests, fails the waiters, destroys what is idle now and the rest when it comes back; what is not
   * back within the runner's `cleanupTimeout` is destroyed all the same. The runner calls it at the run's end.
   * @throws ExceptionGroup of what `destroy` threw
   */
  close(): Promise<void> {
    return this.#close(false);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #acquire(): Promise<PoolGuard<R>> {
    const scope = currentScope("Pool.acquire()");
    if (scope.refusesWaits) return refuse(scope);
    if (this.#isClosed) throw this.#closedError();
    const stock = this.#attach(scope);
    const idle = stock.take();
    if (idle !== undefined) return Promise.resolve(this.#lend(idle.resource, scope, 0));
    const wait = new Wait<PoolGuard<R>>(scope, "pool", this.#subject, () => this.#unlink(waiting));
    const waiting: Waiting<R> = { wait, scope, since: scope.runner.clock.now() };
    this.#waiters.push(waiting);
    scope.runner.instrument?.emit("sync.wait", scope.task, this.#subject, this.#waiters.length, 0);
    this.#open();
    return wait.promise;
  }

  /** The first run that uses the pool closes it. */
  #attach(scope: Scope): PoolStock<R> {
    if (this.#stock !== undefined) return this.#stock;
    const { runner } = scope;
    const stock = new PoolStock<R>(this.name, this.#options, runner, {
      offer: (resource) => this.#offer(resource),
      openFailed: (error) => this.#openFailed(error, runner),
      roomMade: () => this.#open(),
      lent: () => this.#leases.size,
    });
    this.#stock = stock;
    const closable: Closable = { what: `pool ${this.name}`, close: () => this.#close(true) };
    runner.closables.add(closable);
    this.#detach = () => void runner.closables.delete(closable);
    const { min = 0 } = this.#options;
    for (let count = 0; count < min; count++) stock.open(scope);
    return stock;
  }

  #detach = (): void => undefined;

  #lend(resource: R, scope: Scope & { readonly task: TaskImpl }, waited: number): PoolLease<R> {
    const lease = new PoolLease<R>(resource, this.name, scope, this.#takeBack);
    this.#leases.add(lease);
    scope.runner.instrument?.emit("sync.acquired", scope.task, this.#subject, waited, this.#leases.size);
    return lease;
  }

  /** Clean ones are handed on in the same step; the others are looked at first. */
  readonly #takeBack = (lease: PoolLease<R>, resource: R, how: Return): Promise<void> | undefined => {
    const stock = this.#stock!;
    const { runner } = lease.scope;
    this.#leases.delete(lease);
    runner.instrument?.emit(
      "sync.released",
      lease.holder,
      this.#subject,
      runner.clock.now() - lease.since,
      this.#waiters.length,
    );
    if (this.#leases.size === 0) this.#stopWaiting?.();
    const canAsk = this.#options.validate !== undefined;
    if (this.#isClosed || how === "broken") return stock.end(resource, false);
    if (how === "cancelled" || (how === "failed" && canAsk)) return stock.end(resource, canAsk);
    stock.put(resource);
    return undefined;
  };

  #offer(resource: R): boolean {
    const next = this.#waiters.shift();
    if (next === undefined) return false;
    const lease = this.#lend(resource, next.scope, next.scope.runner.clock.now() - next.since);
    next.wait.resolve(lease);
    // Nobody keeps what was asked for by a task that has ended.
    if (next.scope.task.scope.closed) lease.releaseUndisposed(next.scope.task);
    return true;
  }

  /** Opens as many as there are waiters nobody opens for, as far as there is room. */
  #open(): void {
    const stock = this.#stock!;
    while (stock.hasRoom && stock.openings.size < this.#waiters.length) {
      stock.open(this.#waiters[stock.openings.size]!.scope);
    }
  }

  #openFailed(error: unknown, runner: RunnerState): void {
    if (this.#isClosed) return;
    const first = this.#waiters.shift();
    if (first === undefined) runner.report(error, `Pool ${this.name} could not create what nobody waits for any more.`);
    else first.wait.reject(error);
  }

  #unlink(waiting: Waiting<R>): void {
    this.#waiters.splice(this.#waiters.indexOf(waiting), 1);
    const { runner, task } = waiting.scope;
    runner.instrument?.emit("sync.cancelled", task, this.#subject, runner.clock.now() - waiting.since, 0);
  }

  #holders(): readonly TaskImpl[] {
    return [...new Set([...this.#leases].flatMap(({ holder }) => holder ?? []))];
  }

  #closedError(): UsageError {
    return new UsageError(`Pool ${this.name} is closed. Make a new one.`);
  }

  #close(isForced: boolean): Promise<void> {
    if (isForced) this.#stopWaiting?.();
    this.#isClosed = true;
    this.#closing ??= this.#closeAll(isForced);
    return this.#closing;
  }

  async #closeAll(isForced: boolean): Promise<void> {
    const stock = this.#stock;
    if (stock === undefined) return;
    for (const { wait } of this.#waiters.splice(0)) wait.reject(this.#closedError());
    stock.close(this.#closedError());
    if (!isForced && this.#leases.size > 0) await this.#allReturned(stock);
    for (const lease of this.#leases) void lease.giveBack("broken");
    await stock.ended();
    this.#detach();
    if (stock.errors.length > 0)
      throw new ExceptionGroup(stock.errors, `Pool ${this.name} could not destroy all it held.`);
  }

  /** Until everything lent is back, at the longest for the cleanup timeout. */
  async #allReturned(stock: PoolStock<R>): Promise<void> {
    const returned = Promise.withResolvers<void>();
    this.#stopWaiting = returned.resolve;
    using _deadline = stock.afterCleanupTimeout(returned.resolve);
    await returned.promise;
  }
}

function assertCount(value: unknown, name: string, least: number): void {
  if (typeof value !== "number") throw new TypeError(`A Pool's ${name} must be a number, not ${describeValue(value)}.`);
  if (value >= least && (Number.isInteger(value) || value === Infinity)) return;
  throw new RangeError(`A Pool's ${name} must be a whole number of at least ${least}, not ${value}.`);
}
