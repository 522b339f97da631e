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
  /** sub Outcome, id task, a error (string id, 0 none). */
  end: 3,
  /** sub LinkKind, id from task, a to task. */
  link: 4,
  /** id task, a attributes as JSON text (string id): the sets that repeat. Rare or long ones are messages. */
  attributes: 5,
  /** id beat number, a late by (µs), b event-loop busy since the last beat (µs), value since the last beat (ms). */
  beat: 8,
  /** A stall the thread itself measured once it turned again: id beat number before it, a CPU over wall (millionths,
   *  0xffffffff unknown), b task current in the blocking callback (0 none), value duration (ms); `at` is its end. */
  stall: 9,
  /** id async id, a type (string id), b trigger async id, value task. */
  handleInit: 16,
  handleBefore: 17,
  handleAfter: 18,
  handleDestroy: 19,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** Records of these kinds and above are dropped first when the ring fills: its reserved part is for the rest. */
export const FIRST_DROPPED_KIND = RecordKind.handleInit;

export const TASK_KINDS = ["agent", "step", "model", "tool", "request", "function", "promise", "span"] as const;
/** `span` marks the start and end of an OpenTelemetry span, which is stored as a span and not as a task. */
export type WireTaskKind = (typeof TASK_KINDS)[number];
export type TaskKind = Exclude<WireTaskKind, "span">;

export const OUTCOMES = ["completed", "failed", "cancelled", "abandoned", "open"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const PROGRESS_KINDS = ["headers", "chunk", "consumed", "sent"] as const;
/** headers: response headers are in (a status) · chunk: bytes or a token batch arrived (value size) ·
 *  consumed: the program took a chunk · sent: the request body is out. */
export type ProgressKind = (typeof PROGRESS_KINDS)[number];

export const LINK_KINDS = ["create", "wake", "await", "cancel", "handoff", "victim"] as const;
export type LinkKind = (typeof LINK_KINDS)[number];
