/**
 * A task of an agent and its span: the same name, attributes and end. The span ends with the task, whatever ends it:
 * a cancel, a deadline, or being given up because it did not react.
 */
import type { Context } from "@opentelemetry/api";
import type { Attributes } from "../protocol/message.ts";
import { CancelledError, TaskCancelledError, TimeoutError } from "../task/errors.ts";
import type { TaskImpl } from "../task/task.ts";
import type { OpenSpan, Telemetry } from "./telemetry.ts";

export interface SpanStart {
  readonly name: string;
  readonly kind: "CLIENT" | "INTERNAL";
  readonly attributes: Attributes;
  readonly parent: Context | undefined;
}

export interface ObservedTask {
  /** Parent for the spans of what it starts. */
  readonly context: Context | undefined;
  /** Facts that are known later. */
  add(attributes: Attributes): void;
}

/** Runs `body` as the span of the running task. */
export function observeTask<T>(
  task: TaskImpl,
  telemetry: Telemetry,
  { name, kind, attributes, parent }: SpanStart,
  body: (observed: ObservedTask) => T,
): T {
  const { runner } = task.scope;
  const span: OpenSpan = telemetry.start(name, kind, { ...attributes, "stallscope.task.id": task.id }, parent);
  runner.instrument?.emit("task.attributes", task, attributes, 0, 0);
  task.onEnd(() => span.end(task.completed() ? undefined : errorTypeOf(task), task.error));
  return span.run(() =>
    body({
      context: span.context,
      add(more) {
        span.set(more);
        runner.instrument?.emit("task.attributes", task, more, 0, 0);
      },
    }),
  );
}

function errorTypeOf(task: TaskImpl): string {
  if (task.failed()) return errorType(task.error);
  return task.scope.effective?.source === "deadline" ? "timeout" : "cancelled";
}

/** `error.type` of the conventions. */
export function errorType(error: unknown): string {
  if (error instanceof TimeoutError) return "timeout";
  if (error instanceof CancelledError || error instanceof TaskCancelledError) return "cancelled";
  if (error instanceof Error) return error.constructor.name;
  return "_OTHER";
}
