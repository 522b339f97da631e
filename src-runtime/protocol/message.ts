/**
 * The rich messages that travel beside the ring (main thread to watchdog by `postMessage`, then as JSON in a frame):
 * everything that is not a fixed-size number.
 *
 * A tuple-free union with a `t` tag; all stamps are the thread's `performance.now()` in milliseconds.
 */
import type { ClockAnchor } from "./time.ts";

export const PROTOCOL_VERSION = 3;

/** Texts a thread may refer to at a time: it defines again what it needs after so many. */
export const STRINGS_KEPT = 8192;

export type Level = "light" | "tasks" | "deep";

/** Attribute values: what SQLite and JSON both hold. Contents (prompts, bodies) only when opted in. */
export type AttributeValue = string | number | boolean | readonly string[] | readonly number[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** One call site: function, file (URL or path as V8 gives it), line and column, 1-based. `""` and 0 are unknown. */
export type WireFrame = readonly [fn: string, file: string, line: number, column: number];

export interface HelloMessage {
  readonly t: "hello";
  readonly protocol: number;
  readonly token: string;
  readonly clock: ClockAnchor;
  readonly pid: number;
  readonly ppid: number;
  /** worker_threads' threadId; 0 is the main thread. */
  readonly thread: number;
  readonly level: Level;
  /** From which on the event loop's not turning is a stall. */
  readonly thresholdMs: number;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  readonly execPath: string;
  readonly cwd: string;
  /** The entry program, undefined for a REPL or `-e`. */
  readonly program?: string;
  /** Arguments after the program: their count, and with content capture themselves. */
  readonly argCount: number;
  readonly args?: readonly string[];
  readonly title?: string;
  /** What this thread cannot see, a sentence fragment each ("promises (level tasks)"). */
  readonly notSeen: readonly string[];
}

export interface StringMessage {
  readonly t: "string";
  readonly id: number;
  readonly text: string;
}

export interface AttributesMessage {
  readonly t: "attributes";
  readonly task: number;
  readonly attributes: Attributes;
}

export type CancelSource =
  | "explicit"
  | "deadline"
  | "group"
  | "parent"
  | "signal"
  | "shutdown"
  | "abortSignal"
  | "limit";

/**
 * Someone asked for a cancellation. An abort is itself a task and `id` is its id; a request to the agent runtime has an
 * id of its own.
 */
export interface CancelMessage {
  readonly t: "cancel";
  readonly id: number;
  readonly at: number;
  readonly source: CancelSource;
  /** Type and code of the reason; its text only with content capture. */
  readonly reason: string;
  /** Task that asked, 0 none. */
  readonly by: number;
  readonly site?: readonly WireFrame[];
  /** The block that was cancelled, where it was not a whole task, and the task it is a part of. */
  readonly scope?: number;
  readonly task?: number;
  /** Of an `AbortSignal.timeout`: when it should have aborted. */
  readonly due?: number;
}

/** Where a task was created. Only of the first of each name. */
export interface SiteMessage {
  readonly t: "site";
  readonly task: number;
  readonly frames: readonly WireFrame[];
}

/** The watchdog finds the event loop late (`at`: last sign of life). Closed by a stall record or `stallEnd`. */
export interface StallOpenMessage {
  readonly t: "stallOpen";
  readonly beat: number;
  readonly at: number;
}

/** One stack of the blocked thread, taken during the stall. */
export interface SampleMessage {
  readonly t: "sample";
  readonly beat: number;
  readonly at: number;
  /** How long the capture took, milliseconds. */
  readonly tookMs: number;
  /** Innermost first. */
  readonly frames: readonly WireFrame[];
  /** Task of exactly that continuation, 0 none. */
  readonly task: number;
  /** Span of exactly that continuation, 0 none. */
  readonly span: number;
}

/** Function, file, line and column of its start, and the line that took most of its own time (0 unknown). */
export type ProfileFrame = readonly [fn: string, file: string, line: number, column: number, hotLine: number];

/** What the continuous profile saw of one stall that is over. */
export interface ProfileMessage {
  readonly t: "profile";
  readonly beat: number;
  readonly at: number;
  /** Milliseconds between samples. */
  readonly intervalMs: number;
  readonly frames: readonly ProfileFrame[];
  /** Index of the frame, index of the parent node or -1; parents come first. */
  readonly nodes: readonly (readonly [frame: number, parent: number])[];
  /** Index of the innermost node, milliseconds after `at`, milliseconds long. */
  readonly runs: readonly (readonly [node: number, from: number, length: number])[];
}

/** Figures about a stall, by the names of StallEvidence; later ones add to or replace earlier ones. */
export interface EvidenceMessage {
  readonly t: "evidence";
  readonly beat: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** The thread was held by the tracer itself: not the program's doing. */
export interface OwnMessage {
  readonly t: "own";
  readonly what: "start" | "profile";
  readonly at: number;
  /** Milliseconds. */
  readonly ms: number;
}

/** Source map of a script that only exists in the traced process (a loader such as tsx made it). */
export interface SourceMapMessage {
  readonly t: "sourceMap";
  readonly file: string;
  /** The map, as JSON text. */
  readonly map: string;
}

/** Losses since the last such message, by kind. */
export interface DroppedMessage {
  readonly t: "dropped";
  readonly byKind: Readonly<Record<string, number>>;
}

/** The tracer gave up a part of itself inside the traced process. */
export interface TroubleMessage {
  readonly t: "trouble";
  readonly part: string;
  readonly error: string;
}

/** Something this thread cannot see, a sentence fragment. */
export interface NotSeenMessage {
  readonly t: "notSeen";
  readonly what: string;
}

/** A sign of life from the watchdog, also while the event loop hangs: how late it woke itself (ms). */
export interface AliveMessage {
  readonly t: "alive";
  readonly at: number;
  readonly lateMs: number;
}

/** The end handshake. */
export interface ByeMessage {
  readonly t: "bye";
  readonly at: number;
  readonly exitCode: number;
}

export type Message =
  | HelloMessage
  | StringMessage
  | AttributesMessage
  | CancelMessage
  | SiteMessage
  | StallOpenMessage
  | SampleMessage
  | ProfileMessage
  | EvidenceMessage
  | OwnMessage
  | SourceMapMessage
  | DroppedMessage
  | TroubleMessage
  | NotSeenMessage
  | AliveMessage
  | ByeMessage;
