/**
 * Cancellation requests and what became of them. Pure but for its own state.
 *
 *     cancel ──▶ reached task A ─▶ delivered ─▶ A ends            a row each, settled with its task;
 *            ╰─▶ reached task B ─▶ B returns all the same         of a block of a task: when the block is left
 *
 * A request that reached nobody is a row without a task, which the first task it reaches takes over. Its block is that
 * of one task: to the others it is a cancel of the whole task.
 */
import { EndFlag } from "../../src-runtime/protocol/record.ts";
import type { Nanos } from "../../src-runtime/protocol/time.ts";
import type { Change } from "../store/rows.ts";
import type { KnownTask, KnownTasks } from "./known-tasks.ts";
import type { SessionEvent } from "./session.ts";

/** Requests that are remembered for those they may still reach. */
const KEPT = 10_000;

type Of<K extends SessionEvent["kind"]> = Extract<SessionEvent, { kind: K }>;

interface Request {
  readonly said: Of<"cancel">;
  readonly row: number;
  reached: number;
}

interface Reached {
  readonly cancel: number;
  readonly cancellation: number;
  readonly ignored: boolean;
  /** A part of the task was cancelled: it settles by itself. */
  readonly isBlock: boolean;
  isDelivered: boolean;
}

export interface CancelFold {
  requested(event: Of<"cancel">, out: Change[]): void;
  reached(event: Of<"reached">, out: Change[]): void;
  delivered(event: Of<"delivered">, out: Change[]): void;
  settled(event: Of<"settled">, out: Change[]): void;
  taskEnded(task: KnownTask, event: Of<"end">, out: Change[]): void;
}

export function createCancelFold(tasks: KnownTasks, nextId: () => number): CancelFold {
  const requests = new Map<number, Request>();
  /** By the task they reached, until settled. */
  const unsettled = new Map<number, Reached[]>();

  function rowOf(id: number, task: number, { said }: Request): Change {
    const { cancel, at, source, reason, by, stack } = said;
    const scope = task === 0 || task === said.task ? (said.scope ?? 0) : 0;
    return { do: "cancellation", row: { id, cancel, task, requested: at, source, reason, by, stack, scope } };
  }

  function settle({ cancellation }: Reached, at: Nanos, ignored: boolean, out: Change[]): void {
    out.push({ do: "settleCancellation", cancellation, at, ignored });
  }

  return {
    requested(event, out) {
      const request: Request = { said: event, row: nextId(), reached: 0 };
      requests.set(event.cancel, request);
      if (requests.size > KEPT) requests.delete(requests.keys().next().value as number);
      out.push(rowOf(request.row, 0, request));
    },
    reached(event, out) {
      const request = requests.get(event.cancel);
      if (request === undefined) return;
      const list = unsettled.get(event.task) ?? [];
      if (list.some(({ cancel }) => cancel === event.cancel)) return;
      const { scope, at } = request.said;
      const isFirst = request.reached++ === 0;
      const cancellation = isFirst ? request.row : nextId();
      // Only now: the request itself may have come before the block's own record.
      if (isFirst && scope !== undefined) out.push({ do: "cancelScope", scope, at, cancel: event.cancel });
      out.push(rowOf(cancellation, event.task, request));
      // An abort is a task, from which the arrow starts; else it starts from who asked.
      const from = tasks.any(event.cancel) === undefined ? request.said.by : event.cancel;
      if (from !== 0) out.push({ do: "link", kind: "cancel", from, to: event.task, at: event.at });
      const isBlock = request.said.task === event.task;
      const reached = { cancel: event.cancel, cancellation, ignored: event.ignored, isBlock, isDelivered: false };
      if (tasks.open(event.task) === undefined) return settle(reached, event.at, event.ignored, out);
      list.push(reached);
      unsettled.set(event.task, list);
    },
    delivered(event, out) {
      const reached = unsettled.get(event.task)?.find(({ cancel }) => cancel === event.cancel);
      if (reached === undefined || reached.isDelivered) return;
      reached.isDelivered = true;
      out.push({ do: "deliverCancellation", cancellation: reached.cancellation, at: event.at });
    },
    settled(event, out) {
      const list = unsettled.get(event.task);
      const reached = list?.find(({ cancel }) => cancel === event.cancel);
      if (list === undefined || reached === undefined) return;
      settle(reached, event.at, event.ignored, out);
      if (list.length === 1) unsettled.delete(event.task);
      else list.splice(list.indexOf(reached), 1);
    },
    taskEnded(task, event, out) {
      const list = unsettled.get(task.id);
      if (list === undefined) return;
      unsettled.delete(task.id);
      // The runtime says it; of others only the outcome is known.
      const isIgnored = task.isRuntime ? ((event.flags ?? 0) & EndFlag.ignored) !== 0 : event.outcome === "completed";
      for (const reached of list) settle(reached, event.at, reached.ignored || (isIgnored && !reached.isBlock), out);
    },
  };
}
