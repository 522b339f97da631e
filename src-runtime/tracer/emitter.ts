/**
 * What an instrumentation may say, and the only thing it knows of the tracer. One per traced thread.
 *
 * Every method is safe on the hot path: it writes numbers into the ring, or posts a small message beside it, never
 * blocks and never throws. Task ids count from 1 per thread; 0 is "none".
 */
import type { AsyncLocalStorage } from "node:async_hooks";
import type { Attributes, CancelSource, WireFrame } from "../protocol/message.ts";
import type { LinkKind, Outcome, ProgressKind, RecordKind, WireTaskKind } from "../protocol/record.ts";

export interface Emitter {
  /** Contents (prompts, arguments, bodies, messages of errors and reasons) may be recorded. */
  readonly captureContent: boolean;
  /** The task of each continuation: what a stall inside it is blamed on, and the parent of what it starts. */
  readonly context: AsyncLocalStorage<number>;
  /** The task of this continuation, 0 none. */
  current(): number;
  /** A task (or span) begins now. Returns its id. `origin` says who saw it ("ai-sdk", "fetch", "http", "otel"). */
  start(kind: WireTaskKind, name: string, parent: number, origin: string, attributes?: Attributes): number;
  progress(task: number, kind: ProgressKind, a?: number, value?: number): void;
  /** `error` is a type or code (`TypeError`, `ECONNRESET`), with content capture also its message. */
  end(task: number, outcome: Outcome, error?: string): void;
  attributes(task: number, attributes: Attributes): void;
  link(kind: LinkKind, from: number, to: number): void;
  /** `id` is that of the abort's own task, from `start("function", "abort", …)`, or a fresh one. */
  cancel(
    id: number,
    source: CancelSource,
    reason: string,
    by: number,
    site: readonly WireFrame[] | undefined,
    more?: CancelledBlock | PassedDeadline,
  ): void;
  /** Cancel `cancel` arrived at `task`; `ignored` when the task ended otherwise. */
  reached(cancel: number, task: number, ignored: boolean): void;
  /** Where a task was created. */
  site(task: number, frames: readonly WireFrame[]): void;
  /** A hook threw: say so in the recording, once a part. */
  trouble(part: string, error: unknown): void;
  /** Something this thread cannot see, as a fragment ("spans of a bundled OpenTelemetry API"). */
  notSeen(what: string): void;
}

/** A part of a task that was cancelled by itself: a group, a timeout. */
export interface CancelledBlock {
  readonly scope: number;
  readonly task: number;
}

/** Of an `AbortSignal.timeout`. */
export interface PassedDeadline {
  /** When it should have aborted, a stamp. */
  readonly due: number;
}

/** The ring itself, for what is told too often to go by names. Safe on the hot path as the emitter is. */
export interface Records {
  /** A stamp: milliseconds of the thread's clock. */
  now(): number;
  /** A fresh id: tasks, scopes, waits and what they wait for share one count, which only grows. */
  id(): number;
  /** The id of a text, which is sent before it. */
  string(text: string): number;
  write(kind: RecordKind, sub: number, at: number, id: number, a: number, b: number, value: number): void;
}

export interface OwnTimers {
  /** Runs `create`; the timers it makes are ours and are not recorded. */
  own(create: () => void): void;
}
