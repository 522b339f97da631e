/**
 * What the fold hands to the writer: changes to rows, in order. Pure data, no SQLite.
 *
 * The fold allocates every id. A thread's local ids (tasks, spans, aborts) become recording-wide as
 * `thread * 2^32 + local`, which float64 and SQLite both hold exactly.
 */
import type { Nanos } from "../../src-runtime/protocol/time.ts";
import type { Attributes, CancelSource, Level, OwnMessage } from "../../src-runtime/protocol/message.ts";
import type {
  LinkKind,
  Outcome,
  RuntimeEventKind,
  ScopeKind,
  TaskKind,
  WaitKind,
} from "../../src-runtime/protocol/record.ts";
import type { Cause, Flame, Frame, Phase, Site, SliceKind, StallEvidence, TrackKind, Victim } from "../api/api.ts";

export interface ProcessRow {
  readonly id: number;
  readonly pid: number;
  readonly ppid: number;
  readonly program?: string;
  readonly argCount: number;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly execPath: string;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  readonly start: Nanos;
}

export interface ThreadRow {
  readonly id: number;
  readonly process: number;
  /** worker_threads' threadId; 0 main. */
  readonly threadId: number;
  readonly title?: string;
  readonly level: Level;
  readonly start: Nanos;
}

export interface TrackRow {
  readonly id: number;
  readonly parent: number;
  readonly thread: number;
  readonly kind: TrackKind;
  /** 0 when the track is not one task. */
  readonly task: number;
  readonly label: string;
  readonly start: Nanos;
}

export interface TaskRow {
  readonly id: number;
  readonly thread: number;
  readonly parent: number;
  readonly kind: TaskKind;
  readonly name: string;
  readonly origin: string;
  readonly created: Nanos;
  /** The runtime's scope it belongs to, 0 none. */
  readonly scope: number;
}

export interface ScopeRow {
  readonly id: number;
  /** The task whose block it is. */
  readonly task: number;
  /** The block around it in that task, 0 none. */
  readonly parent: number;
  readonly kind: ScopeKind;
  readonly name: string;
  readonly opened: Nanos;
  readonly shielded: boolean;
}

/** A lock, queue, stream, pool: what tasks wait for or hold. */
export interface SubjectRow {
  readonly id: number;
  readonly thread: number;
  readonly kind: WaitKind;
  readonly name: string;
}

export interface WaitRow {
  readonly id: number;
  readonly task: number;
  readonly kind: WaitKind;
  /** A task or a subject, 0 neither. */
  readonly target: number;
  /** The task that held it when the wait began, 0 none. */
  readonly holder: number;
  /** Of a sleep, milliseconds. */
  readonly asked?: number;
  readonly start: Nanos;
}

export interface HoldRow {
  readonly id: number;
  readonly task: number;
  readonly subject: number;
  readonly acquired: Nanos;
  /** How long it had waited for it, nanoseconds. */
  readonly waited: Nanos;
}

export interface DepthRow {
  readonly subject: number;
  readonly at: Nanos;
  readonly depth: number;
  readonly waiters: number;
  /** Items since the row before. */
  readonly passed: number;
}

export interface RuntimeEventRow {
  readonly at: Nanos;
  readonly thread: number;
  readonly kind: RuntimeEventKind;
  readonly task: number;
  readonly subject: number;
  readonly text?: string;
  readonly a: number;
  readonly b: number;
}

export interface SliceRow {
  readonly id: number;
  readonly track: number;
  readonly depth: number;
  readonly kind: SliceKind;
  /** The task, span or stall it draws. */
  readonly subject: number;
  readonly start: Nanos;
  readonly label: string;
}

export interface SpanRow {
  readonly id: number;
  readonly thread: number;
  /** The task it ran in, 0 none. */
  readonly task: number;
  readonly name: string;
  readonly start: Nanos;
}

export interface StallChange {
  readonly id: number;
  readonly thread: number;
  readonly start: Nanos;
  /** Absent while the event loop is still blocked, or in a recording cut during it. */
  readonly dur?: number;
  /** The last instant at which it was seen to last. */
  readonly seen: Nanos;
  readonly phase: Phase;
  readonly cause: Cause;
  readonly evidence: StallEvidence;
  readonly task: number;
  readonly span: number;
  readonly blame?: Site;
  /** Innermost first, selfMs summed over the samples. */
  readonly frames: readonly Frame[];
  readonly samples: number;
  readonly capturedDuring: boolean;
}

export interface VictimRow {
  readonly kind: Victim["kind"];
  readonly name: string;
  /** 0 none known. */
  readonly task: number;
  readonly due: Nanos;
  readonly ran: Nanos;
  readonly exact: boolean;
  /** The task that a late deadline cancelled, 0 none. */
  readonly cancelled: number;
}

export interface SampleRow {
  readonly stall: number;
  readonly at: Nanos;
  readonly tookMs: number;
  readonly task: number;
  readonly span: number;
  readonly frames: readonly Frame[];
}

export interface CancellationRow {
  readonly id: number;
  /** The abort: a task of its own, shared by all the cancellations it caused. */
  readonly cancel: number;
  /** The task it reached, 0 none that we see. */
  readonly task: number;
  readonly requested: Nanos;
  readonly source: CancelSource;
  readonly reason: string;
  readonly by: number;
  /** The block of the task that was cancelled, 0 the whole task. */
  readonly scope: number;
  /** Innermost first; the site is the first that is not Node's own. */
  readonly stack: readonly Frame[];
}

export type Change =
  | { readonly do: "process"; readonly row: ProcessRow }
  | { readonly do: "thread"; readonly row: ThreadRow }
  | { readonly do: "endThread"; readonly thread: number; readonly at: Nanos; readonly exitCode?: number }
  | { readonly do: "track"; readonly row: TrackRow }
  | { readonly do: "trackDepths"; readonly track: number; readonly depths: number }
  | { readonly do: "trackLabel"; readonly track: number; readonly label: string }
  | { readonly do: "scope"; readonly row: ScopeRow }
  | { readonly do: "closeScope"; readonly scope: number; readonly at: Nanos }
  /** `when` undefined: never. */
  | { readonly do: "scopeDeadline"; readonly scope: number; readonly when?: Nanos }
  | { readonly do: "cancelScope"; readonly scope: number; readonly at: Nanos; readonly cancel: number }
  | { readonly do: "subject"; readonly row: SubjectRow }
  | { readonly do: "wait"; readonly row: WaitRow }
  | {
      readonly do: "endWait";
      readonly wait: number;
      readonly dur: Nanos;
      readonly outcome: Outcome;
      /** The task that let it go on, 0 unknown. */
      readonly by: number;
    }
  | { readonly do: "hold"; readonly row: HoldRow }
  | { readonly do: "endHold"; readonly hold: number; readonly dur: Nanos }
  | { readonly do: "depth"; readonly row: DepthRow }
  | { readonly do: "runtimeEvent"; readonly row: RuntimeEventRow }
  | { readonly do: "task"; readonly row: TaskRow }
  | {
      readonly do: "endTask";
      readonly task: number;
      readonly at: Nanos;
      readonly outcome: Outcome;
      readonly error?: string;
    }
  /** It had waited to be started. */
  | { readonly do: "taskStarted"; readonly task: number; readonly at: Nanos }
  | { readonly do: "taskSite"; readonly task: number; readonly stack: readonly Frame[] }
  | { readonly do: "taskAttributes"; readonly task: number; readonly attributes: Attributes }
  | { readonly do: "taskChunks"; readonly task: number; readonly firstChunk: Nanos; readonly chunks: number }
  | { readonly do: "slice"; readonly row: SliceRow }
  | {
      readonly do: "endSlice";
      readonly slice: number;
      readonly end: Nanos;
      readonly outcome: Outcome;
      readonly firstChunk?: Nanos;
    }
  /** Of a closed slice of a kind that is never merged into levels. */
  | { readonly do: "voidSlice"; readonly slice: number }
  | { readonly do: "span"; readonly row: SpanRow }
  | {
      readonly do: "endSpan";
      readonly span: number;
      readonly at: Nanos;
      readonly outcome: Outcome;
      readonly error?: string;
    }
  | { readonly do: "spanAttributes"; readonly span: number; readonly attributes: Attributes }
  /** Inserts the stall or replaces all that was said of it. */
  | { readonly do: "stall"; readonly row: StallChange }
  /** The gap was no stall: forget it and its samples. */
  | { readonly do: "voidStall"; readonly stall: number }
  /** The tracer itself held the thread. */
  | {
      readonly do: "own";
      readonly thread: number;
      readonly what: OwnMessage["what"];
      readonly at: Nanos;
      readonly dur: Nanos;
    }
  | { readonly do: "sample"; readonly row: SampleRow }
  /** What the continuous profile saw of the stall. */
  | { readonly do: "profile"; readonly stall: number; readonly flame: Flame }
  /** Victims of the stall known so far, the latest, and how many there are: takes the place of those said before. */
  | { readonly do: "victims"; readonly stall: number; readonly rows: readonly VictimRow[]; readonly count: number }
  | { readonly do: "cancellation"; readonly row: CancellationRow }
  | { readonly do: "deliverCancellation"; readonly cancellation: number; readonly at: Nanos }
  | { readonly do: "settleCancellation"; readonly cancellation: number; readonly at: Nanos; readonly ignored: boolean }
  | { readonly do: "link"; readonly kind: LinkKind; readonly from: number; readonly to: number; readonly at: Nanos }
  /** One bucket of event-loop utilisation: busy and delay in milliseconds. */
  | {
      readonly do: "loop";
      readonly thread: number;
      readonly at: Nanos;
      readonly dur: number;
      readonly busyMs: number;
      readonly delayMs: number;
    }
  | { readonly do: "handles"; readonly thread: number; readonly type: string; readonly count: number }
  | { readonly do: "dropped"; readonly kind: string; readonly count: number }
  | { readonly do: "notSeen"; readonly what: string };
