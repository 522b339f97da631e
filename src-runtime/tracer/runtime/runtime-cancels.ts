/**
 * Cancels of the agent runtime: one request, the tasks it came into force in, where it was thrown, and how it was left.
 *
 *     requested ─▶ propagated to each task ─▶ delivered (thrown, or a signal aborted) ─▶ the task ends
 *              ╰─▶ of a block only: absorbed, or the block is left otherwise
 *
 * The AbortControllers that the runtime itself aborts belong to its cancel: what ends by them was reached by that one.
 * An owner that is cancelled passes it on to what it owns: that is the same cancel, which reaches more.
 *
 * A request that stands for nobody's wish (the end of a run, of a scope) is told only when it reaches somebody. So is
 * that of a failing group, whose own block was reached only if it waited for something.
 */
import type { Cancel } from "../../task/errors.ts";
import type { Scope } from "../../task/scope.ts";
import type { TaskImpl } from "../../task/task.ts";
import type { WireFrame } from "../../protocol/message.ts";
import { RecordKind } from "../../protocol/record.ts";
import type { Emitter, Records } from "../emitter.ts";
import type { Cancels } from "../instrumentations/cancels.ts";
import { labelOf } from "../instrumentations/outcome.ts";
import type { Part } from "../instrumentations/part.ts";

/** Cancels whose errors are recognised, the latest. */
const MAX_KNOWN = 1000;

export interface RuntimeCancels {
  requested(scope: Scope, task: TaskImpl | undefined, isRepeated: boolean): void;
  propagated(origin: Scope, task: TaskImpl): void;
  delivered(scope: Scope, task: TaskImpl | undefined): void;
  absorbed(scope: Scope): void;
  ignored(scope: Scope): void;
  closed(scope: Scope): void;
  takenBack(scope: Scope): void;
}

interface Told {
  readonly id: number;
  /** The cancelled block is a part of this task, 0 when it was a whole task or the runner. */
  readonly block: number;
  /** That task was reached. */
  hasBlock: boolean;
  isSettled: boolean;
}

export function createRuntimeCancels(
  part: Part,
  records: Records,
  emitter: Emitter,
  cancels: Cancels,
  site: () => readonly WireFrame[],
): RuntimeCancels {
  const { now, write, id } = records;
  const told = new WeakMap<Cancel, Told>();
  /** By what a CancelledError carries of its cancel. */
  const byKey = new Map<string, number>();
  /** The cancel that last came into force in a task, and the last thrown into it. */
  const reachedBy = new WeakMap<TaskImpl, number>();
  const deliveredOf = new WeakMap<TaskImpl, number>();
  /** The last cancel taken back from a scope: it is no more to be seen on it. */
  const lastOf = new WeakMap<Scope, Cancel>();

  cancels.onForeign(
    part.ask((reason: object) => {
      const { name, scopeId, at } = reason as {
        readonly name?: unknown;
        readonly scopeId?: unknown;
        readonly at?: unknown;
      };
      if (name !== "CancelledError" || typeof scopeId !== "string" || typeof at !== "number") return 0;
      return byKey.get(keyOf(scopeId, at)) ?? 0;
    }, 0),
  );

  function say(cancel: Cancel, scope: Scope, task: TaskImpl | undefined): Told {
    const { source, reason } = cancel;
    const number = id();
    const isBlock = scope.tag !== 0 && task !== undefined;
    const entry: Told = { id: number, block: isBlock ? task.tag : 0, hasBlock: false, isSettled: false };
    know(cancel, entry);
    let by = cancel.byTag;
    if (source === "abortSignal") {
      const abort = cancels.of(reason);
      if (abort !== 0) {
        emitter.reached(abort, number, false);
        by = abort;
      }
    } else if (by === 0 && source === "explicit") by = emitter.current();
    const label = reason === undefined ? unnamed(source) : labelOf(reason, emitter);
    const frames = source === "explicit" ? site() : undefined;
    emitter.cancel(number, source, label, by, frames, isBlock ? { scope: scope.tag, task: task.tag } : undefined);
    return entry;
  }

  function know(cancel: Cancel, entry: Told): void {
    told.set(cancel, entry);
    byKey.set(keyOf(cancel.scopeId, cancel.at), entry.id);
    if (byKey.size > MAX_KNOWN) byKey.delete(byKey.keys().next().value as string);
  }

  /** A cancel told only now, because it came into force in `scope`. */
  function sayOf(cancel: Cancel, scope: Scope): Told | undefined {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
      if (at.cancelled === cancel) return say(cancel, at, at.task);
    }
    return undefined;
  }

  /** Nothing new where a cancel is in force already; else the owner's cancel reaches one more. */
  function isPassedOn(cancel: Cancel, scope: Scope, task: TaskImpl | undefined, isRepeated: boolean): boolean {
    const inForce = isRepeated ? (scope.effective ?? scope.cancelled) : scope.effective;
    if (inForce !== undefined && told.has(inForce)) return true;
    const entry = cancel.origin === undefined ? undefined : told.get(cancel.origin);
    if (entry === undefined || task === undefined) return false;
    know(cancel, entry);
    reach(entry, task);
    return true;
  }

  function reach(entry: Told, task: TaskImpl): void {
    if (task.tag === entry.block) entry.hasBlock = true;
    if (reachedBy.get(task) === entry.id) return;
    reachedBy.set(task, entry.id);
    emitter.reached(entry.id, task.tag, false);
  }

  function settle(cancel: Cancel, ignored: boolean, task: number): void {
    const entry = told.get(cancel);
    if (entry === undefined || entry.isSettled || (entry.block !== 0 && !entry.hasBlock)) return;
    entry.isSettled = true;
    write(RecordKind.settled, ignored ? 1 : 0, now(), entry.id, task, 0, 0);
  }

  return {
    requested(scope, task, isRepeated) {
      const cancel = isRepeated ? (task?.cancelRequests.at(-1) as Cancel | undefined) : scope.cancelled;
      if (cancel === undefined) return;
      lastOf.set(scope, cancel);
      const { source } = cancel;
      // Of a block that is being left its task asks itself; of one that fails it hears when it waits.
      if (source === "shutdown" || source === "parent" || source === "group") {
        if (scope.tag !== 0 || task === undefined) return;
      }
      if (source === "parent" && isPassedOn(cancel, scope, task, isRepeated)) return;
      const entry = told.get(cancel) ?? say(cancel, scope, task);
      if (task !== undefined) reach(entry, task);
    },
    propagated(origin, task) {
      const { cancelled } = origin;
      if (cancelled === undefined) return;
      reach(told.get(cancelled) ?? say(cancelled, origin, origin.task), task);
    },
    delivered(scope, task) {
      const { effective } = scope;
      if (effective === undefined || task === undefined) return;
      const entry = told.get(effective) ?? sayOf(effective, scope);
      if (entry === undefined || deliveredOf.get(task) === entry.id) return;
      deliveredOf.set(task, entry.id);
      if (task.tag === entry.block && !entry.hasBlock) reach(entry, task);
      write(RecordKind.delivered, 0, now(), entry.id, task.tag, 0, 0);
    },
    absorbed(scope) {
      if (scope.cancelled !== undefined && scope.tag !== 0) settle(scope.cancelled, false, scope.task?.tag ?? 0);
    },
    ignored(scope) {
      if (scope.cancelled !== undefined && scope.tag !== 0) settle(scope.cancelled, true, scope.task?.tag ?? 0);
    },
    closed(scope) {
      if (scope.cancelled !== undefined && scope.tag !== 0) settle(scope.cancelled, false, scope.task?.tag ?? 0);
    },
    takenBack(scope) {
      const cancel = lastOf.get(scope);
      if (cancel === undefined) return;
      settle(cancel, false, scope.task?.tag ?? 0);
      if (scope.task !== undefined) reachedBy.delete(scope.task);
    },
  };
}

/** A cancel without a reason is called by what it is thrown as. */
function unnamed(source: Cancel["source"]): string {
  return source === "deadline" ? "TimeoutError" : "CancelledError";
}

function keyOf(scopeId: string, at: number): string {
  return `${scopeId} ${at}`;
}
