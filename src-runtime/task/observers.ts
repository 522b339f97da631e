/**
 * Public observers: objects, made only while one listens, numbered by one counter. An observer that throws is removed
 * and said to be; the program and the other observers go on.
 */
import type { EventKind, Instrument } from "./instrument.ts";
import type { RunnerState } from "./runner-state.ts";
import { Scope, Wait } from "./scope.ts";
import { TaskImpl } from "./task.ts";

/** One thing that happened. `seq` is the only order to trust; `at` milliseconds of the runner's clock. */
export interface RuntimeEvent {
  readonly seq: number;
  readonly at: number;
  readonly kind: EventKind;
  readonly taskId?: string;
  readonly taskName?: string;
  readonly scopeId?: string;
  /** What it is about, by kind: an error, a name, the thing waited for. */
  readonly subject?: unknown;
  readonly a: number;
  readonly b: number;
}

export interface Observer {
  onEvent(event: RuntimeEvent): void;
}

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
  const [first] = instruments;
  if (first?.enter !== undefined) bus.enter = first.enter.bind(first);

  function tell(kind: EventKind, task: TaskImpl | undefined, subject: unknown, a: number, b: number): void {
    const event = describe(kind, task, subject, a, b);
    for (const observer of observers) {
      try {
        observer.onEvent(event);
      } catch (error) {
        remove(observer);
        bus.emit("observer.disabled", task, error, 0, 0);
        state.report(error, "An observer threw and was removed.", task);
      }
    }
  }

  function describe(kind: EventKind, task: TaskImpl | undefined, subject: unknown, a: number, b: number): RuntimeEvent {
    const scope = subject instanceof Scope ? subject : subject instanceof Wait ? subject.scope : undefined;
    const about = subject instanceof Wait ? describeWait(subject) : subject instanceof Scope ? subject.kind : subject;
    return {
      seq: ++seq,
      at: state.clock.now(),
      kind,
      ...(task === undefined ? {} : { taskId: task.id, taskName: task.name }),
      ...(scope === undefined ? {} : { scopeId: scope.id }),
      ...(about === undefined ? {} : { subject: about instanceof TaskImpl ? about.info() : about }),
      a,
      b,
    };
  }

  function remove(observer: Observer): void {
    observers.delete(observer);
    if (observers.size === 0 && instruments.length === 0) state.instrument = undefined;
  }

  if (instruments.length > 0) state.instrument = bus;
  return {
    add(observer) {
      observers.add(observer);
      state.instrument = bus;
      return { [Symbol.dispose]: () => remove(observer) };
    },
  };
}

function describeWait(wait: Wait<unknown>): { readonly kind: string; readonly target?: unknown } {
  const { kind, target } = wait;
  return target instanceof TaskImpl ? { kind, target: target.info() } : { kind, target };
}
