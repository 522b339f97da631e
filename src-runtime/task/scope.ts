/**
 * The cancel scope, and the wait, the only place a cancel is thrown.
 *
 * Scopes form a tree by nesting and ownership. `effective` is the outermost cancel in force here (a shield lets none
 * in from above), kept up to date downwards when a scope is cancelled, so that every wait looks at one field.
 *
 * Cancellation is level-triggered: while `effective` is set, every wait throws, again and again. A wait that was handed
 * its value before the cancel keeps it.
 */
import type { Context } from "./context.ts";
import { CancelledError, NoCurrentTaskError, abortReason, type Cancel } from "./errors.ts";
import type { RunnerState } from "./runner-state.ts";
import type { TaskImpl } from "./task.ts";

/** Of one cancel to one task: so many are refused in the same step, the next each in a turn of their own. */
const REFUSALS_AT_ONCE = 8;
const REFUSALS_A_TURN = 1000;
/** After that: milliseconds. */
const REFUSAL_MS = 10;

export type ScopeKind = "runner" | "task" | "group" | "scope" | "timeout" | "shield" | "context";

/** Something opened in a scope that has to be left before the scope ends. */
export interface LeftOpen {
  leftOpen(): void;
}

export class Scope {
  readonly runner: RunnerState;
  readonly kind: ScopeKind;
  /** Whose code runs in it. Undefined for the runner's own. */
  readonly task: TaskImpl | undefined;
  readonly shield: boolean;
  readonly name: string | undefined;
  context: Context;
  /** The first cancel of this scope itself. */
  cancelled: Cancel | undefined;
  /** The cancel in force: of the outermost cancelled scope from here up to the next shield. */
  effective: Cancel | undefined;
  closed = false;
  /** A shield held its cancel off, and it was not thrown since. */
  holdsCancel = false;
  parent: Scope | undefined;
  /** Listeners' own number of it, 0 until one has met it. */
  tag = 0;
  /** What `scope()` opened here and nobody left yet, the latest last. */
  opened: LeftOpen[] | undefined;
  #id = 0;
  #controller: AbortController | undefined;
  #firstChild: Scope | undefined;
  #previous: Scope | undefined;
  #next: Scope | undefined;
  #firstWait: Wait<never> | undefined;
  #watchers: Set<() => void> | undefined;

  constructor(
    kind: ScopeKind,
    runner: RunnerState,
    parent: Scope | undefined,
    task: TaskImpl | undefined,
    context: Context,
    shield = false,
    name?: string,
  ) {
    this.kind = kind;
    this.runner = runner;
    this.task = task;
    this.context = context;
    this.shield = shield;
    this.name = name;
    if (parent !== undefined) {
      this.#attach(parent);
      if (!shield) this.effective = parent.effective;
    }
    if (isBlock(kind)) runner.instrument?.emit("scope.enter", task, this, 0, 0);
  }

  /** Made when first asked for: most scopes are never named. */
  get id(): string {
    if (this.#id === 0) this.#id = this.runner.nextScopeId();
    return `S${this.#id}`;
  }

  /** Aborted when the scope is effectively cancelled. After `uncancel` a fresh one. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.effective !== undefined) {
        this.task?.cancelReached(this.effective);
        this.#controller.abort(abortReason(this.effective));
      }
    }
    return this.#controller.signal;
  }

  /** Whether a wait that would begin here is refused: by a cancel, or since the run has ended. */
  get refusesWaits(): boolean {
    return this.effective !== undefined || this.runner.closed;
  }

  /** Whether a cancel of an enclosing scope, up to the next shield, is in force. */
  get isCancelledFromAbove(): boolean {
    return !this.shield && this.parent?.effective !== undefined;
  }

  /** Calls back once when a cancel comes into force here, at once if one is. Answers how to stop it. */
  whenCancelled(callback: () => void): () => void {
    if (this.effective !== undefined) {
      callback();
      return () => undefined;
    }
    const watchers = (this.#watchers ??= new Set());
    watchers.add(callback);
    return () => watchers.delete(callback);
  }

  /** The first cancel is kept; later ones change nothing here. Answers whether this was the first. */
  cancel(cancel: Cancel): boolean {
    if (this.closed || this.cancelled !== undefined) return false;
    this.cancelled = cancel;
    this.runner.instrument?.emit("cancel.requested", this.task, this, 0, 0);
    if (this.effective === undefined) this.#propagate(cancel);
    return true;
  }

  /** Lifts this scope's own cancel, or puts another in its place. Signals given out stay aborted; later ones are fresh. */
  uncancel(instead?: Cancel): void {
    this.cancelled = instead;
    const inherited = this.shield ? undefined : this.parent?.effective;
    for (const scope of this.#subtree()) {
      const above: Cancel | undefined = scope === this ? inherited : scope.shield ? undefined : scope.parent?.effective;
      scope.effective = above ?? scope.cancelled;
      if (scope.effective === undefined && scope.#controller?.signal.aborted === true) scope.#controller = undefined;
    }
    this.runner.instrument?.emit("uncancel", this.task, this, 0, 0);
  }

  /** Of it and of the cancelled blocks around it, up to their task. */
  holdCancel(holds: boolean): void {
    if (this.effective === undefined) return;
    this.holdsCancel = holds;
    if (!this.shield && this.parent?.task === this.task) this.parent?.holdCancel(holds);
  }

  /** Leaves the tree. Tasks that outlive it go on under the runner, with the cancel they had. */
  close(): void {
    if (this.closed) return;
    if (this.opened !== undefined) for (const left of this.opened.splice(0)) left.leftOpen();
    this.closed = true;
    if (isBlock(this.kind)) this.runner.instrument?.emit("scope.exit", this.task, this, 0, 0);
    for (let child = this.#firstChild; child !== undefined;) {
      const next = child.#next;
      child.orphan();
      child = next;
    }
    this.#detach();
  }

  /** Goes on under the runner, with the cancel it had. */
  orphan(): void {
    const { root } = this.runner;
    if (this.closed || this.parent === root) return;
    this.#detach();
    if (!this.shield) {
      this.cancelled ??= this.effective;
      if (root.effective !== undefined && this.effective === undefined) this.#propagate(root.effective);
    }
    this.#attach(root);
  }

  addWait(wait: Wait<never>): void {
    wait.next = this.#firstWait;
    if (this.#firstWait !== undefined) this.#firstWait.previous = wait;
    this.#firstWait = wait;
    if (this.task !== undefined) this.task.waits++;
  }

  removeWait(wait: Wait<never>): void {
    if (wait.previous === undefined) this.#firstWait = wait.next;
    else wait.previous.next = wait.next;
    if (wait.next !== undefined) wait.next.previous = wait.previous;
    wait.previous = wait.next = undefined;
    if (this.task !== undefined) this.task.waits--;
  }

  /** Pending waits of this scope alone, the latest first. */
  *waits(): Iterable<Wait<never>> {
    for (let wait = this.#firstWait; wait !== undefined; wait = wait.next) yield wait;
  }

  *children(): Iterable<Scope> {
    for (let child = this.#firstChild; child !== undefined; child = child.#next) yield child;
  }

  /** This scope and all below it, parents first. */
  *#subtree(): Iterable<Scope> {
    const stack: Scope[] = [this];
    for (let scope = stack.pop(); scope !== undefined; scope = stack.pop()) {
      yield scope;
      for (const child of scope.children()) stack.push(child);
    }
  }

  /** Everything is marked before anything is told: abort listeners run the program's code. */
  #propagate(cancel: Cancel): void {
    const reached: Scope[] = [];
    const stack: Scope[] = [this];
    for (let scope = stack.pop(); scope !== undefined; scope = stack.pop()) {
      const isNew = scope.effective === undefined;
      scope.effective = cancel;
      if (isNew) reached.push(scope);
      for (let child = scope.#firstChild; child !== undefined; child = child.#next) {
        if (!child.shield) stack.push(child);
      }
    }
    for (const scope of reached) scope.task?.wasCancelled(scope, this, cancel);
    for (const scope of reached) {
      const watchers = scope.#watchers;
      scope.#watchers = undefined;
      for (const callback of watchers ?? []) callback();
    }
    for (const scope of reached) {
      const wait = scope.#firstWait;
      if (wait?.next === undefined) wait?.cancel(cancel);
      // Leaving one queue can hand something to another wait of the list.
      else for (const each of Array.from(scope.waits())) each.cancel(cancel);
    }
    for (const scope of reached) {
      if (scope.#controller === undefined || scope.#controller.signal.aborted) continue;
      scope.runner.instrument?.emit("abort.sent", scope.task, scope, 0, 0);
      scope.task?.cancelReached(cancel);
      scope.#controller.abort(abortReason(cancel));
    }
  }

  #attach(parent: Scope): void {
    this.parent = parent;
    this.#next = parent.#firstChild;
    if (this.#next !== undefined) this.#next.#previous = this;
    parent.#firstChild = this;
  }

  #detach(): void {
    const { parent } = this;
    if (parent === undefined) return;
    if (this.#previous === undefined) {
      if (parent.#firstChild === this) parent.#firstChild = this.#next;
    } else this.#previous.#next = this.#next;
    if (this.#next !== undefined) this.#next.#previous = this.#previous;
    this.#previous = this.#next = undefined;
  }
}

/** Scopes that the program opened, as a block of its code. */
function isBlock(kind: ScopeKind): boolean {
  return kind === "group" || kind === "scope" || kind === "timeout" || kind === "shield";
}

/** What a task waits for, by kind; the target is the thing itself. */
export type WaitKind =
  | "task"
  | "sleep"
  | "checkpoint"
  | "gather"
  | "wait"
  | "group"
  | "lock"
  | "event"
  | "condition"
  | "semaphore"
  | "limiter"
  | "rate"
  | "queue"
  | "stream"
  | "pool"
  | "thread"
  | "external";

/**
 * One wait of one scope. Whoever holds it calls `resolve` or `reject` (the hand-over: a cancel can't take it back);
 * a cancel calls `unlink` first, so that nobody hands anything to it afterwards. A wait without `unlink` is not ended
 * by a cancel: it is for what was cancelled itself, and has to be waited for.
 */
export class Wait<T> {
  readonly promise: Promise<T>;
  readonly scope: Scope;
  readonly kind: WaitKind;
  readonly target: unknown;
  settled = false;
  /** Listeners' own number of it, 0 until one has met it. */
  tag = 0;
  next: Wait<never> | undefined;
  previous: Wait<never> | undefined;
  readonly #unlink: ((wait: Wait<T>) => void) | undefined;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;

  constructor(scope: Scope, kind: WaitKind, target: unknown, unlink: ((wait: Wait<T>) => void) | undefined) {
    this.scope = scope;
    this.kind = kind;
    this.target = target;
    this.#unlink = unlink;
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    scope.addWait(this as unknown as Wait<never>);
    const { instrument } = scope.runner;
    if (instrument !== undefined) {
      instrument.emit("task.suspended", scope.task, this, 0, 0);
      instrument.emit("await.begin", scope.task, this, 0, 0);
    }
    if (scope.runner.settings.debug) scope.runner.checkCycle(this as unknown as Wait<never>);
  }

  resolve(value: T): void {
    if (this.#settle(0)) this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settle(1)) this.#reject(error);
  }

  cancel(cancel: Cancel): void {
    if (this.settled || this.#unlink === undefined) return;
    this.#unlink(this);
    this.scope.task?.cancelReached(cancel);
    if (this.scope.holdsCancel) this.scope.holdCancel(false);
    this.scope.runner.instrument?.emit("cancel.delivered", this.scope.task, this, 0, 0);
    // A promise that nobody awaits yet must not end the process.
    this.promise.catch(ignore);
    if (this.#settle(2)) this.#reject(new CancelledError(cancel));
  }

  #settle(outcome: 0 | 1 | 2): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.scope.removeWait(this as unknown as Wait<never>);
    const { instrument } = this.scope.runner;
    if (instrument !== undefined) {
      instrument.emit("await.end", this.scope.task, this, outcome, 0);
      instrument.emit("task.resumed", this.scope.task, this, 0, 0);
    }
    return true;
  }
}

/** Throws what is in force here. The entry check of every wait. @throws CancelledError, NoCurrentTaskError after the run */
export function throwIfCancelled(scope: Scope): void {
  if (scope.refusesWaits) throw refusal(scope);
}

function refusal(scope: Scope): Error {
  if (!scope.runner.closed && scope.effective !== undefined) return deliver(scope, scope.effective);
  return new NoCurrentTaskError("A runtime wait began when its run had ended. Await it in the run.");
}

/**
 * Refuses a wait where a cancel is in force: the entry check of a wait that can be late with its answer. Code that takes
 * no cancel for an answer and asks again and again lets the event loop turn in between, and in the end rarely gets to.
 */
export function refuse(scope: Scope): Promise<never> {
  const error = refusal(scope);
  const { promise, reject } = Promise.withResolvers<never>();
  // That it was cancelled need not interest anybody.
  promise.catch(ignore);
  const refusals = scope.task?.refusedBy(scope.effective) ?? 0;
  if (refusals <= REFUSALS_AT_ONCE) reject(error);
  else if (refusals <= REFUSALS_A_TURN) setImmediate(reject, error);
  else setTimeout(reject, REFUSAL_MS, error).unref();
  return promise;
}

function ignore(): void {}

/** The error to throw for a cancel that is in force where a wait would begin. */
export function deliver(scope: Scope, cancel: Cancel): CancelledError {
  scope.task?.cancelReached(cancel);
  if (scope.holdsCancel) scope.holdCancel(false);
  scope.runner.instrument?.emit("cancel.delivered", scope.task, scope, 0, 0);
  return new CancelledError(cancel);
}
