/**
 * Who aborted, why, and where: `AbortController.prototype.abort` and the statics `AbortSignal.timeout` and `.abort`,
 * wrapped so that the program cannot tell (same descriptor, name, length, receiver and result).
 *
 * Each abort is a task, as long as its listeners run. What it reached is said by whoever sees work end for its reason:
 * that goes by identity through `AbortSignal.any`, listeners and rejections, so no listener of ours is needed (one
 * would show in `getEventListeners` and keep timeout signals alive). Aborts of Node's own machinery are left out, fetch
 * and streams make controllers of their own; and so are those of the agent runtime's.
 */
import type { CancelSource, WireFrame } from "../../protocol/message.ts";
import type { Emitter, OwnTimers, PassedDeadline, Records } from "../emitter.ts";
import { createCallSites } from "./call-sites.ts";
import type { Cancels } from "./cancels.ts";
import { createDeadlines, type Deadline } from "./deadlines.ts";
import { labelOf } from "./outcome.ts";
import type { Part } from "./part.ts";

/** Callers whose aborts are part of how they work. */
const MACHINERY = /^node:internal\/(deps\/undici|webstreams|streams)\/|[\\/]node_modules[\\/]undici[\\/]/;

interface Abort {
  readonly task: number;
  readonly signal: AbortSignal;
}

export function instrumentAbort(
  part: Part,
  emitter: Emitter,
  records: Pick<Records, "now"> & OwnTimers,
  cancels: Cancels,
  isOpen: (task: number) => boolean,
  isRuntime: (file: string) => boolean,
): void {
  const sitesBelow = createCallSites();
  const { apply } = Reflect;
  const isAborted = getterOf(AbortSignal.prototype, "aborted");
  const reasonOf = getterOf(AbortSignal.prototype, "reason");
  const signalOf = getterOf(AbortController.prototype, "signal");
  /** Aborts whose listeners are running, innermost last. */
  const running: Abort[] = [];
  /** The latest deadline that passed: what follows it does so in the same turn. */
  let passed = 0;

  function request(
    source: CancelSource,
    reason: string,
    by: number,
    site: readonly WireFrame[],
    passedAt?: PassedDeadline,
  ): number {
    const task = emitter.start("function", "abort", by, "abort");
    emitter.cancel(task, source, reason, by, site, passedAt);
    return task;
  }

  function onPassed({ by, site, due }: Deadline, reason: unknown): number {
    const task = request("deadline", labelOf(reason, emitter), by, site, { due });
    emitter.end(task, "completed");
    cancels.remember(reason, task);
    passed = task;
    return task;
  }

  const deadlines = createDeadlines(part, records, isOpen, onPassed);

  cancels.onUnknown(
    part.ask((reason: object) => {
      // An abort without a reason makes one only now.
      for (const { signal, task } of running) {
        if (apply(reasonOf, signal, []) !== reason) continue;
        cancels.remember(reason, task);
        return task;
      }
      if ((reason as { readonly name?: unknown }).name !== "TimeoutError") return 0;
      const deadline = deadlines.find(reason);
      return deadline === undefined ? 0 : onPassed(deadline, reason);
    }, 0),
  );

  /** The abort that this one hands on: it is called by a listener of that one, or with its reason in the same turn. */
  function leaderOf(reason: unknown): number {
    const known = reason === undefined ? 0 : cancels.of(reason);
    if (known !== 0 && (known === passed || running.some(({ task }) => task === known))) return known;
    return running.at(-1)?.task ?? 0;
  }

  const before = part.ask((controller: AbortController, args: readonly unknown[]): Abort | undefined => {
    const signal = apply(signalOf, controller, []) as AbortSignal;
    if (apply(isAborted, signal, []) === true) return undefined;
    const [reason] = args;
    // A signal of the agent runtime: its cancel is told by itself.
    if (cancels.foreign(reason) !== 0) return undefined;
    const site = sitesBelow(abort);
    const caller = site[0]?.[1] ?? "";
    if (MACHINERY.test(caller) || isRuntime(caller)) return undefined;
    const leader = leaderOf(reason);
    const label = reason === undefined ? "AbortError" : labelOf(reason, emitter);
    const task = request(
      leader === 0 ? "explicit" : "abortSignal",
      label,
      leader === 0 ? emitter.current() : leader,
      site,
    );
    if (leader !== 0) emitter.reached(leader, task, false);
    if (reason !== undefined && cancels.of(reason) === 0) cancels.remember(reason, task);
    const begun = { task, signal };
    running.push(begun);
    return begun;
  }, undefined);

  const after = part.guard((begun: Abort) => {
    const at = running.lastIndexOf(begun);
    if (at >= 0) running.splice(at, 1);
    const reason: unknown = apply(reasonOf, begun.signal, []);
    if (cancels.of(reason) === 0) cancels.remember(reason, begun.task);
    emitter.end(begun.task, "completed");
  });

  const abort = replace(
    part,
    AbortController.prototype,
    "abort",
    (original) =>
      // A method, like the original: neither a constructor nor with a prototype of its own.
      ({
        abort(this: AbortController, ...args: unknown[]): unknown {
          const begun = isController(this) ? before(this, args) : undefined;
          try {
            return apply(original, this, args);
          } finally {
            if (begun !== undefined) after(begun);
          }
        },
      }).abort,
  );

  const watch = part.guard((signal: AbortSignal, delay: unknown) => {
    deadlines.watch(signal, Number(delay), {
      by: emitter.current(),
      site: sitesBelow(timeout),
      due: records.now() + Number(delay),
    });
  });

  const timeout = replace(
    part,
    AbortSignal,
    "timeout",
    (original) =>
      ({
        timeout(...args: unknown[]): unknown {
          const signal = apply(original, this, args) as AbortSignal;
          watch(signal, args[0]);
          return signal;
        },
      }).timeout,
  );

  const born = part.guard((signal: AbortSignal) => {
    const reason: unknown = apply(reasonOf, signal, []);
    if (cancels.of(reason) !== 0) return;
    const task = request("explicit", labelOf(reason, emitter), emitter.current(), sitesBelow(bornAborted));
    emitter.end(task, "completed");
    cancels.remember(reason, task);
  });

  const bornAborted = replace(
    part,
    AbortSignal,
    "abort",
    (original) =>
      ({
        abort(...args: unknown[]): unknown {
          const signal = apply(original, this, args) as AbortSignal;
          born(signal);
          return signal;
        },
      }).abort,
  );

  /** The getter throws for anything else; the original says so in its own words. */
  function isController(value: unknown): value is AbortController {
    try {
      apply(signalOf, value, []);
      return true;
    } catch {
      return false;
    }
  }
}

type AnyFunction = (...args: unknown[]) => unknown;

function replace(part: Part, owner: object, name: string, wrap: (original: AnyFunction) => AnyFunction): AnyFunction {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  const original: unknown = descriptor?.value;
  if (descriptor === undefined || typeof original !== "function") throw new TypeError(`${name} is not a function here`);
  const wrapper = wrap(original as AnyFunction);
  Object.defineProperty(wrapper, "length", { value: original.length, configurable: true });
  Object.defineProperty(owner, name, { ...descriptor, value: wrapper });
  part.onStop(() => {
    // Somebody else may have wrapped it after us: then ours stays below theirs and does nothing.
    if (Object.getOwnPropertyDescriptor(owner, name)?.value === wrapper) Object.defineProperty(owner, name, descriptor);
  });
  return wrapper;
}

function getterOf(prototype: object, name: string): AnyFunction {
  const getter: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  if (typeof getter !== "function") throw new TypeError(`${name} has no getter here`);
  return getter as AnyFunction;
}
