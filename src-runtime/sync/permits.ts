/**
 * What locks, semaphores and limiters are made of: a number of permits, tasks that hold them, tasks that wait.
 *
 * Strict FIFO: a permit that comes free belongs to the first waiter in the same step, so nobody waits while a permit is
 * free, and whoever releases can't take it back first. A permit given to a waiter stays given: a cancel that comes after
 * is thrown at its next wait.
 */
import type { Cancel } from "../task/errors.ts";
import { Held } from "../task/held.ts";
import type { Instrument, Subject } from "../task/instrument.ts";
import type { Scope, Wait, WaitKind } from "../task/scope.ts";
import type { TaskImpl } from "../task/task.ts";
import { describeSubject } from "./subject.ts";
import { Waiter, WaitList } from "./wait-list.ts";

/** One permit, held. Disposing gives it back; disposing again does nothing. */
export interface Guard extends Disposable {}

export class PermitGuard extends Held implements Guard {
  readonly permits: Permits;
  readonly borrower: unknown;
  /** When it was taken, milliseconds; not known while nobody listened. */
  since: number | undefined;
  isReleased = false;

  constructor(permits: Permits, borrower: unknown) {
    super();
    this.permits = permits;
    this.borrower = borrower;
  }

  get what(): string {
    return describeSubject(this.permits);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  override release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    // While it is put off by Condition.wait it holds nothing.
    if (this.permits.isHeld(this)) this.permits.giveBack(this);
  }

  /** Held from now on by the task. */
  take(task: TaskImpl | undefined): void {
    if (task !== undefined) this.hold(task);
  }

  leave(): void {
    this.letGo();
  }
}

class PermitWaiter extends Waiter<Guard> {
  borrower: unknown;
  /** Taken up again, after Condition.wait. */
  guard: PermitGuard | undefined;
  /** In force when it was given its permit. */
  givenUnder: Cancel | undefined;
}

export class Permits implements Subject {
  readonly kind: WaitKind;
  readonly name: string;
  tag = 0;
  /** Less than none: a limiter whose total was lowered. */
  free: number;
  /** Who has a permit or waits for one, where each may have just one. */
  readonly borrowers: Set<unknown> | undefined;
  readonly #guards = new Set<PermitGuard>();
  readonly #waiters = new WaitList<Guard, PermitWaiter>();
  #isGiving = false;

  constructor(kind: WaitKind, name: string | undefined, count: number, borrowers?: Set<unknown>) {
    this.kind = kind;
    this.name = name ?? kind;
    this.free = count;
    this.borrowers = borrowers;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  get held(): number {
    return this.#guards.size;
  }

  holders(): readonly TaskImpl[] {
    const tasks = new Set<TaskImpl>();
    for (const { holder } of this.#guards) if (holder !== undefined) tasks.add(holder);
    return [...tasks];
  }

  isHeld(guard: PermitGuard): boolean {
    return this.#guards.has(guard);
  }

  /** The latest guard of it that the task holds. */
  guardOf(task: TaskImpl | undefined): PermitGuard | undefined {
    if (task === undefined) return undefined;
    for (const held of Held.of(task)) if (held instanceof PermitGuard && held.permits === this) return held;
    return undefined;
  }

  /** One that is free. */
  take(task: TaskImpl | undefined, borrower: unknown): PermitGuard {
    const guard = new PermitGuard(this, borrower);
    this.borrowers?.add(borrower);
    this.#hold(guard, task, 0);
    return guard;
  }

  wait(scope: Scope, borrower: unknown): Promise<Guard> {
    const waiter = new PermitWaiter(scope, this, this.#unlink);
    waiter.borrower = borrower;
    this.borrowers?.add(borrower);
    this.#line(waiter);
    return waiter.promise;
  }

  giveBack(guard: PermitGuard): void {
    this.borrowers?.delete(guard.borrower);
    this.#drop(guard);
  }

  /** One more than there were. */
  add(): void {
    this.free++;
    this.#giveFree();
  }

  /** Another number than there were; who holds one keeps it. */
  resize(total: number): void {
    this.free = total - this.#guards.size;
    this.#giveFree();
  }

  /** Given back for a while by a guard that takes it up again. */
  suspend(guard: PermitGuard): void {
    this.#drop(guard);
  }

  /** Takes up again, as `scope`, what no cancel can end. Answers the cancel in force at the time it was given. */
  async resume(guard: PermitGuard, scope: Scope): Promise<Cancel | undefined> {
    if (this.free > 0) {
      this.#hold(guard, scope.task, 0);
      this.#check(guard);
      return scope.effective;
    }
    const waiter = new PermitWaiter(scope, this, undefined);
    waiter.guard = guard;
    this.#line(waiter);
    await waiter.promise;
    return waiter.givenUnder;
  }

  #line(waiter: PermitWaiter): void {
    this.#waiters.push(waiter);
    const { scope } = waiter;
    scope.runner.instrument?.emit("sync.wait", scope.task, this, this.#waiters.size, Math.max(0, this.free));
  }

  #giveFree(): void {
    if (this.#isGiving) return;
    this.#isGiving = true;
    while (this.free > 0) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) break;
      this.#give(waiter);
    }
    this.#isGiving = false;
  }

  #give(waiter: PermitWaiter): void {
    const { task } = waiter.scope;
    const guard = waiter.guard ?? new PermitGuard(this, waiter.borrower);
    waiter.givenUnder = waiter.scope.effective;
    this.#hold(guard, task, waiter.waited());
    waiter.resolve(guard);
    this.#check(guard);
  }

  #hold(guard: PermitGuard, task: TaskImpl | undefined, waited: number): void {
    this.free--;
    this.#guards.add(guard);
    guard.take(task);
    const instrument = instrumentOf(task);
    if (instrument === undefined) return;
    guard.since = task?.scope.runner.clock.now();
    instrument.emit("sync.acquired", task, this, waited, this.#guards.size);
  }

  /** Nobody keeps what was given to a task that ended meanwhile, or to a guard disposed while it was put off. */
  #check(guard: PermitGuard): void {
    const { holder } = guard;
    if (guard.isReleased) this.giveBack(guard);
    else if (holder?.scope.closed === true) guard.releaseUndisposed(holder);
  }

  #drop(guard: PermitGuard): void {
    const { holder, since } = guard;
    this.#guards.delete(guard);
    guard.leave();
    const instrument = instrumentOf(holder);
    if (instrument !== undefined) {
      const held = since === undefined || holder === undefined ? 0 : holder.scope.runner.clock.now() - since;
      instrument.emit("sync.released", holder, this, held, this.#waiters.size);
    }
    this.add();
  }

  readonly #unlink = (wait: Wait<Guard>): void => {
    const waiter = wait as PermitWaiter;
    this.#waiters.remove(waiter);
    this.borrowers?.delete(waiter.borrower);
    const { scope } = waiter;
    scope.runner.instrument?.emit("sync.cancelled", scope.task, this, waiter.waited(), 0);
  };
}

function instrumentOf(task: TaskImpl | undefined): Instrument | undefined {
  return task?.scope.runner.instrument;
}
