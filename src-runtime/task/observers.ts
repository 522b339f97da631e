/**
 * Public observers: objects, made only while one listens, numbered by one counter. An observer that throws is removed
 * and said to be; the program and the other observers go on.
 */
import { describeTarget, isSubject } from "./call-graph.ts";
import { assertFunction, type Cancel } from "./errors.ts";
import type { EventKind, Instrument } from "./instrument.ts";
import type { RunnerState, TaskInfo } from "./runner-state.ts";
import { Scope, Wait } from "./scope.ts";
import { TaskImpl } from "./task.ts";

/** One thing that happened. Besides these fields each kind has its own numbers, by name: docs/runtime.md lists them. */
export interface RuntimeEvent {
  /** One counter for the runner: the only order to trust. */
  readonly seq: number;
  /** Milliseconds of the runner's clock. */
  readonly at: number;
  readonly kind: EventKind;
  /** The task it happened to, or in. */
  readonly taskId?: string;
  readonly taskName?: string;
  readonly scopeId?: string;
  /** What is waited for, held or passed through, and who holds it. */
  readonly target?: EventTarget;
  /** Who asked for a cancel, and why: of what is cancelled. */
  readonly cancel?: Pick<Cancel, "source" | "reason" | "by">;
  readonly error?: unknown;
  readonly [field: string]: unknown;
}

export interface EventTarget {
  readonly kind: string;
  readonly name: string;
  readonly task?: TaskInfo;
  readonly holders?: readonly TaskInfo[];
}

export interface Observer {
  onEvent(event: RuntimeEvent): void;
}

/** Names of the two numbers of each kind, and of a subject that speaks for itself. */
const FIELDS: Readonly<Partial<Record<EventKind, readonly (string | undefined)[]>>> = {
  "signal.received": ["count", undefined, "signal"],
  "shutdown.begin": ["liveTasks"],
  "shutdown.end": ["orphans"],
  "task.completed": ["beforeStart"],
  "task.failed": ["beforeStart"],
  "task.cancelled": ["beforeStart"],
  "task.abandoned": ["beforeStart"],
  "task.attributes": [undefined, undefined, "attributes"],
  "task.chunk": ["size"],
  "cancel.requested": ["repeated"],
  "group.exit": ["errors"],
  "group.child": ["live"],
  "timeout.armed": ["deadline"],
  "timeout.rescheduled": ["deadline"],
  "timeout.fired": ["deadline", "lateMs"],
  "timeout.disarmed": ["deadline"],
  "timeout.raised": ["deadline"],
  "join.begin": ["members"],
  "join.member": ["place"],
  "join.end": ["members", "pending"],
  "sync.wait": ["place", "free"],
  "sync.acquired": ["waitedMs", "holding"],
  "sync.released": ["heldMs", "waiters"],
  "sync.cancelled": ["waitedMs"],
  "sync.limit_changed": ["from", "to"],
  "queue.put": ["depth", "waiters"],
  "queue.get": ["depth", "waiters"],
  "queue.blocked": ["side", "depth"],
  "queue.unblocked": ["side", "waitedMs"],
  "queue.shutdown": ["immediate", "depth"],
  "stream.open": ["buffer"],
  "stream.first": ["afterMs"],
  "stream.chunk": ["chunks", "depth"],
  "stream.paused": ["slowSide", "depth"],
  "stream.resumed": ["slowSide", "pausedMs"],
  "stream.end": ["chunks", "outcome"],
  "stream.break": ["chunks"],
  "retry.attempt": ["attempt", "attempts"],
  "retry.failed": ["attempt", "again"],
  "retry.scheduled": ["delayMs", "budgetMs"],
  "retry.gave_up": ["attempts"],
  "fallback.used": ["from", "to"],
  "breaker.state": ["from", "to"],
  "thread.queued": ["busy", "workers"],
  "thread.started": ["worker", "queuedMs"],
  "thread.ended": ["worker", "sinceQueuedMs"],
  "thread.terminated": ["worker", "sinceQueuedMs"],
  "resource.acquiring": ["order", undefined, "resource"],
  "resource.acquired": ["order", undefined, "resource"],
  "resource.releasing": ["order", "outcome", "resource"],
  "resource.released": ["order", "outcome", "resource"],
  "loop.delay": ["medianMs", "p99Ms", "maxMs"],
  "loop.slow_step": ["ms"],
};

const NO_FIELDS: readonly (string | undefined)[] = [];

/** All who listen to one runner. Keeps `state.instrument` undefined while there is nobody. */
export function createObserverBus(
  state: RunnerState,
  instruments: readonly Instrument[],
): { add(observer: Observer): Disposable } {
  const observers = new Set<Observer>();
  let seq = 0;

  const bus: Instrument = {
    emit(kind, task, subject, a, b) {
      for (const instrument of instruments) instrument.emit(kind, task, subject, a, b);
      if (observers.size > 0) tell(kind, task, subject, a, b);
    },
  };

  function tell(kind: EventKind, task: TaskImpl | undefined, subject: unknown, a: number, b: number): void {
    const event = describe(kind, task, subject, a, b);
    const thrown: unknown[] = [];
    for (const observer of observers) {
      try {
        observer.onEvent(event);
      } catch (error) {
        remove(observer);
        thrown.push(error);
      }
    }
    // After all have heard of the event, so that none hears of a later one first.
    for (const error of thrown) {
      bus.emit("observer.disabled", task, error, 0, 0);
      state.report(error, "An observer threw and was removed.", task);
    }
  }

  function describe(kind: EventKind, task: TaskImpl | undefined, subject: unknown, a: number, b: number): RuntimeEvent {
    const [aName, bName, subjectName] = FIELDS[kind] ?? NO_FIELDS;
    return {
      seq: ++seq,
      at: state.clock.now(),
      kind,
      ...(task === undefined ? {} : { taskId: task.id, taskName: task.name }),
      ...describeSubject(subject, subjectName),
      ...(aName === undefined ? {} : { [aName]: a }),
      ...(bName === undefined ? {} : { [bName]: b }),
    };
  }

  function remove(observer: Observer): void {
    observers.delete(observer);
    listen();
  }

  /** One instrument alone is told directly: it must cost little. */
  function listen(): void {
    state.instrument = observers.size > 0 || instruments.length > 1 ? bus : instruments[0];
  }

  listen();
  return {
    add(observer) {
      assertFunction((observer as Partial<Observer> | null | undefined)?.onEvent, "An observer's onEvent");
      observers.add(observer);
      listen();
      return { [Symbol.dispose]: () => remove(observer) };
    },
  };
}

function describeSubject(subject: unknown, name: string | undefined): Partial<RuntimeEvent> {
  if (subject === undefined) return {};
  if (name !== undefined) return { [name]: subject };
  if (subject instanceof Scope) return describeScope(subject);
  if (subject instanceof Wait) return describeWait(subject as unknown as Wait<never>);
  if (subject instanceof TaskImpl || isSubject(subject)) return { target: targetOf(subject, "") };
  return { error: subject };
}

function describeScope(scope: Scope): Partial<RuntimeEvent> {
  const cancel = scope.cancelled ?? scope.effective;
  if (cancel === undefined) return { scopeId: scope.id, scopeKind: scope.kind };
  const { source, reason, by } = cancel;
  return { scopeId: scope.id, scopeKind: scope.kind, cancel: { source, reason, by } };
}

function describeWait(wait: Wait<never>): Partial<RuntimeEvent> {
  const { kind, target, scope } = wait;
  return { scopeId: scope.id, target: { ...targetOf(target, describeTarget(wait)), kind } };
}

function targetOf(target: unknown, name: string): EventTarget {
  if (target instanceof TaskImpl) return { kind: "task", name: target.name, task: target.info() };
  if (!isSubject(target)) return { kind: "", name };
  const holders = target.holders();
  return {
    kind: target.kind,
    name: target.name,
    ...(holders.length === 0 ? {} : { holders: holders.map((holder) => holder.info()) }),
  };
}
