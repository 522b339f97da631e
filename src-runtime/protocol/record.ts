/**
 * The fixed-size record: what the hooks of a traced thread write into the shared ring, and what travels unchanged
 * down the socket. 32 bytes, little endian:
 *
 *     0        8        12       16       20       24       32
 *     | at f64 | kind   | id     | a      | b      | value f64 |
 *              | u8|u8  | u32    | u32    | u32    |
 *                \   \__ sub
 *                 \_____ RecordKind
 *
 * `at` is the thread's `performance.now()` in milliseconds. Strings are ids of texts that were posted beside the ring
 * before the record was written.
 */

export const RECORD_BYTES = 32;

export const RecordKind = {
  /** sub TaskKind, id task, a parent task (0 none), b name (string id), value: origin (string id, 0 none). */
  start: 1,
  /** sub ProgressKind, id task, a and value as the ProgressKind says. */
  progress: 2,
  /** sub Outcome, id task, a error (string id, 0 none), b EndFlag, added up. */
  end: 3,
  /** sub LinkKind, id from task, a to task. */
  link: 4,
  /** id task, a attributes as JSON text (string id): the sets that repeat. Rare or long ones are messages. */
  attributes: 5,
  /** A task of the agent runtime: as start, but value is the scope it belongs to (0 its runner's). */
  task: 6,
  /** sub ScopeKind (and SHIELDED), id scope, a task whose code runs in it, b scope around it in that task (0 none),
   *  value name (string id, 0 none). */
  scope: 7,
  /** id beat number, a late by (µs), b event-loop busy since the last beat (µs), value since the last beat (ms). */
  beat: 8,
  /** A stall the thread itself measured once it turned again: id beat number before it, a CPU over wall (millionths,
   *  0xffffffff unknown), b task current in the blocking callback (0 none), value duration (ms); `at` is its end. */
  stall: 9,
  /** id scope. */
  scopeEnd: 10,
  /** sub 1: ignored; id cancel, a task in which it came into force. */
  reached: 11,
  /** id cancel, a task it was thrown into, or whose signal it aborted. */
  delivered: 12,
  /** The block of the task that was cancelled is left, or the cancel was taken back. sub 1: the block ended otherwise;
   *  id cancel, a task. */
  settled: 13,
  /** Something tasks wait for or hold, before it is first named. sub WaitKind, id subject, b name (string id). */
  subject: 14,
  /** id scope, value when it will be cancelled (a stamp, Infinity never). */
  deadline: 15,
  /** id async id, a type (string id), b trigger async id, value task. */
  handleInit: 16,
  /** id async id. Where the event loop had been held up, sub LateFlag: of a timer a late by (µs), b the time it was set
   *  for (ms), value task it was set in; of io a LATE_IO, value task. */
  handleBefore: 17,
  handleAfter: 18,
  handleDestroy: 19,
  /** sub WaitKind, id wait, a task, b task or subject waited for (0 neither), value the task that holds it; of a sleep
   *  how long (ms). */
  wait: 20,
  /** sub Outcome, id wait, a task that let it go on (0 unknown). Not told of a wait for a task that ends with it. */
  waitEnd: 21,
  /** id subject, a task that has it now, value how long it had waited (ms). */
  hold: 22,
  /** id subject, a task that gives it back. */
  release: 23,
  /** How full a queue or stream is, now and then. id subject, a depth, b waiters, value items passed since the last. */
  depth: 24,
  /** sub RuntimeEventKind, id task, a subject, task or scope it is about (of TEXT_EVENTS: a string id),
   *  value and b (a float32) as the runtime's event table says. */
  event: 25,
  /** Never written as records: promise events have a ring and an encoding of their own (promise-words.ts), and these
   *  kinds so that what was dropped is counted like the rest. */
  promiseInit: 26,
  promiseBefore: 27,
  promiseAfter: 28,
  promiseSettled: 29,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** Records of these kinds and above are dropped first when the ring fills: its reserved part is for the rest. */
export const FIRST_DROPPED_KIND = RecordKind.handleInit;

export function isHandleKind(kind: number): boolean {
  return kind >= RecordKind.handleInit && kind <= RecordKind.handleDestroy;
}

/** What a callback says of itself that begins after the event loop was held up, added up. */
export const LateFlag = {
  timer: 1,
  repeats: 2,
  /** It does not keep the process alive. */
  unrefed: 4,
  io: 8,
  /** The first after the event loop waited again: what it says was not there before. */
  waited: 16,
} as const;
/** What waited in the kernel, for how long nobody knows. */
export const LATE_IO = ["child process", "pipe", "socket", "terminal"] as const;
export type LateIo = (typeof LATE_IO)[number];

export const EndFlag = {
  /** It was cancelled before it started. */
  beforeStart: 1,
  /** It was thrown a cancel and returned all the same. */
  ignored: 2,
  /** It returned before the cancel could be thrown. */
  unobserved: 4,
} as const;

export const TASK_KINDS = ["agent", "step", "model", "tool", "request", "function", "promise", "span"] as const;
/** `span` marks the start and end of an OpenTelemetry span, which is stored as a span and not as a task. */
export type WireTaskKind = (typeof TASK_KINDS)[number];
export type TaskKind = Exclude<WireTaskKind, "span">;

export const OUTCOMES = ["completed", "failed", "cancelled", "abandoned", "open"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const PROGRESS_KINDS = ["headers", "chunk", "consumed", "sent", "started"] as const;
/** headers: response headers are in (a status) · chunk: bytes or a token batch arrived (value size) ·
 *  consumed: the program took a chunk · sent: the request body is out ·
 *  started: the task had waited to be started, for at least a millisecond. */
export type ProgressKind = (typeof PROGRESS_KINDS)[number];

export const LINK_KINDS = ["create", "wake", "await", "cancel", "handoff", "victim"] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

export const SCOPE_KINDS = ["group", "scope", "timeout", "shield"] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];
/** Added to a scope's kind. */
export const SHIELDED = 0x80;

export const WAIT_KINDS = [
  "task",
  "sleep",
  "checkpoint",
  "gather",
  "wait",
  "group",
  "lock",
  "event",
  "condition",
  "semaphore",
  "limiter",
  "rate",
  "queue",
  "stream",
  "pool",
  "thread",
  "timer",
  "external",
] as const;
export type WaitKind = (typeof WAIT_KINDS)[number];

/** What else the runtime tells, by its own names. Tasks, scopes, cancels, waits and holds have records of their own. */
export const RUNTIME_EVENTS = [
  "run.start",
  "run.end",
  "signal.received",
  "shutdown.begin",
  "shutdown.end",
  "task.late_outcome",
  "cancel.unresponsive",
  "uncancel",
  "group.first_failure",
  "timeout.rescheduled",
  "timeout.fired",
  "timeout.raised",
  "shield.enter",
  "shield.exit",
  "shield.held_cancel",
  "join.begin",
  "join.member",
  "join.end",
  "sync.wait",
  "sync.limit_changed",
  "queue.blocked",
  "queue.unblocked",
  "queue.shutdown",
  "queue.undelivered",
  "stream.open",
  "stream.first",
  "stream.paused",
  "stream.resumed",
  "stream.end",
  "stream.break",
  "retry.attempt",
  "retry.failed",
  "retry.scheduled",
  "retry.gave_up",
  "fallback.used",
  "breaker.state",
  "thread.queued",
  "thread.started",
  "thread.ended",
  "thread.terminated",
  "resource.acquiring",
  "resource.acquired",
  "resource.releasing",
  "resource.released",
  "loop.slow_step",
  "error.unretrieved",
  "error.unhandled",
  "error.suppressed",
  "observer.disabled",
] as const;
export type RuntimeEventKind = (typeof RUNTIME_EVENTS)[number];

/** Events about an error (its type), a signal or a resource (its name). */
export const TEXT_EVENTS: ReadonlySet<RuntimeEventKind> = new Set<RuntimeEventKind>([
  "signal.received",
  "group.first_failure",
  "retry.failed",
  "retry.gave_up",
  "fallback.used",
  "resource.acquiring",
  "resource.acquired",
  "resource.releasing",
  "resource.released",
  "error.unretrieved",
  "error.unhandled",
  "error.suppressed",
  "observer.disabled",
]);
