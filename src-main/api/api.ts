/**
 * Door 2: what a viewer may ask. Types only. A host (src-main/server) answers it over a store; the renderer holds a
 * client of the same shape over a WebSocket or a MessagePort.
 *
 * Times are Nanos since the recording started (numbers, see protocol/time.ts) unless a name ends in `Ms` (epoch or
 * duration, milliseconds). Ids are opaque numbers of the recording; 0 is "none". Big answers are columns.
 */
import type { Level } from "../../src-runtime/protocol/message.ts";
import type { Outcome, ScopeKind, TaskKind, WaitKind } from "../../src-runtime/protocol/record.ts";

export type RecordingState = "live" | "closed" | "cut";

/** A position in code. `file` is relative to the working directory where possible. */
export interface Site {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly package?: string;
}

export interface Frame extends Site {
  /** Absolute path, for "open in editor"; absent for Node's own code. */
  readonly path?: string;
  /** own: the program's code · dependency: under node_modules · node: internals and native. */
  readonly origin: "own" | "dependency" | "node";
  readonly selfMs: number;
}

/** One line of the recordings list. A file that can't be read is listed with its `error`. */
export interface RecordingRow {
  readonly id: string;
  readonly name: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly state: RecordingState;
  readonly level: Level;
  readonly pid: number;
  readonly sizeBytes: number;
  readonly stalls: number;
  readonly blockedMs: number;
  readonly cancellations: number;
  readonly tasks: number;
  readonly failed: number;
  readonly modelCalls: number;
  readonly tools: number;
  readonly tokens: number;
  readonly dropped: number;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly worstStall?: { readonly durationMs: number; readonly phase: Phase; readonly blame?: Site };
  /** Event-loop utilisation over the whole run in equal buckets, 0…1, NaN where unknown. */
  readonly busy: readonly number[];
  /** Stalls as fractions of the run, for the same little picture. */
  readonly stallMarks: readonly { readonly from: number; readonly to: number; readonly phase: Phase }[];
  readonly sentence: Sentence;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

export type Phase = "startup" | "run" | "exit";
export type Cause = "own-code" | "native" | "sync-io" | "gc" | "starvation" | "host" | "sleep" | "unknown";

/** The sentence at the top, in parts. `stall`: the measured number of a stall; `name`: function, tool, task. */
export interface Sentence {
  /** blocked: the event loop is blocked right now (the bar fills). */
  readonly tone: "calm" | "blocked";
  readonly parts: readonly { readonly text: string; readonly role: "plain" | "stall" | "number" | "name" | "code" }[];
  /** While blocked or waiting: when that began; the number in the sentence counts from here. */
  readonly since?: number;
}

export interface TaskRef {
  readonly id: number;
  readonly name: string;
  readonly kind: TaskKind;
}

export interface StallRow {
  readonly id: number;
  readonly thread: number;
  readonly start: number;
  /** Absent while the event loop is still blocked, or where nobody saw the end. */
  readonly dur?: number;
  /** Without `dur`: the last instant at which it was seen to last. */
  readonly seen?: number;
  readonly phase: Phase;
  readonly cause: Cause;
  readonly blame?: Site;
  readonly task?: TaskRef;
  readonly samples: number;
}

export interface ThreadRow {
  readonly id: number;
  readonly pid: number;
  /** 0: main thread. */
  readonly threadId: number;
  readonly program: string;
  readonly node: string;
  readonly platform: string;
  readonly start: number;
  readonly end?: number;
  readonly exitCode?: number;
}

/** Everything the frame of the window needs about one recording. */
export interface Overview {
  readonly recording: RecordingRow;
  /** Wall clock at time 0, epoch ms. */
  readonly anchorMs: number;
  /** The last instant anything is known of. Moves while live. */
  readonly end: number;
  readonly thresholdMs: number;
  readonly nodeChosen: string;
  readonly threads: readonly ThreadRow[];
  readonly stalls: readonly StallRow[];
  readonly dropped: Readonly<Record<string, number>>;
  readonly notSeen: readonly string[];
  readonly events: number;
  /** How long the tracer itself held the first thread, milliseconds. Part of no stall. */
  readonly ownMs: number;
  readonly sentence: Sentence;
}

export const TRACK_KINDS = [
  "loop",
  "agent",
  "step",
  "model",
  "tool",
  "request",
  "function",
  "promise",
  "spans",
  "requests",
  "thread",
] as const;
/** requests and spans pack many slices in depth lanes; loop is the strip; the rest is one task a track. */
export type TrackKind = (typeof TRACK_KINDS)[number];

/** The tree on the left, in display order, as columns (row i is track `id[i]`). */
export interface TrackTable {
  readonly id: Float64Array;
  /** 0 at the root. Parents come before their children. */
  readonly parent: Float64Array;
  /** Index into TRACK_KINDS. */
  readonly kind: Uint8Array;
  readonly thread: Float64Array;
  /** 0 for tracks that are not one task. */
  readonly task: Float64Array;
  readonly start: Float64Array;
  /** NaN while open. */
  readonly end: Float64Array;
  /** Index into OUTCOMES; 255 for tracks that are not one task. */
  readonly outcome: Uint8Array;
  /** Number of depth lanes, at least 1. */
  readonly depths: Uint16Array;
  readonly label: readonly string[];
}

export interface TileQuery {
  readonly tracks: readonly number[];
  readonly from: number;
  readonly to: number;
  /** Nanos a pixel; slices closer than this may come merged. */
  readonly resolution: number;
}

export const SLICE_KINDS = [
  "agent",
  "step",
  "model",
  "tool",
  "request",
  "function",
  "promise",
  "span",
  "stall",
  "culprit",
  "wait",
] as const;
/** culprit: the part of a task's row during which this task held the event loop. wait: during which it waited. */
export type SliceKind = (typeof SLICE_KINDS)[number];

/** Slices as columns, ordered by track (in the query's order), depth and start. */
export interface Tile {
  readonly from: number;
  readonly to: number;
  readonly resolution: number;
  /** Index into the query's tracks. */
  readonly track: Uint32Array;
  readonly depth: Uint16Array;
  readonly start: Float64Array;
  /** NaN: still open. */
  readonly dur: Float64Array;
  /** Index into SLICE_KINDS. */
  readonly kind: Uint8Array;
  /** Index into OUTCOMES. */
  readonly outcome: Uint8Array;
  /** 1: a slice; more: that many merged, and `id` is one of them. */
  readonly count: Uint32Array;
  /** Task id, span id or stall id by kind. */
  readonly id: Float64Array;
  /** Index into `labels`. */
  readonly label: Uint32Array;
  /** First chunk of a model call or response, NaN where none. */
  readonly firstChunk: Float64Array;
  readonly labels: readonly string[];
}

/** Event-loop utilisation of one thread in equal buckets over [from, to). */
export interface LoopStrip {
  readonly thread: number;
  readonly from: number;
  readonly to: number;
  /** Mean share of time the event loop was busy, 0…1; NaN where nothing is known. */
  readonly busy: Float32Array;
  /** Longest delay of the event loop, milliseconds; NaN where nothing is known. */
  readonly delay: Float32Array;
}

export type Selection =
  | { readonly kind: "task"; readonly id: number }
  | { readonly kind: "span"; readonly id: number }
  | { readonly kind: "stall"; readonly id: number };

export interface TaskDetails {
  readonly kind: "task";
  readonly task: TaskRef;
  readonly ancestors: readonly TaskRef[];
  readonly origin?: string;
  readonly start: number;
  readonly end?: number;
  readonly outcome: Outcome;
  readonly error?: string;
  readonly firstChunk?: number;
  readonly chunks: number;
  readonly children: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The first, and the others in time. */
  readonly cancellation?: CancellationDetails;
  readonly laterCancellations?: readonly CancellationDetails[];
  /** Stalls during which exactly this task held the event loop. */
  readonly stalls: readonly StallRow[];
  /** Where it was created. */
  readonly site?: Site;
  /** How long it waited to be started, where that was a millisecond and more. */
  readonly queued?: number;
  /** What tasks of the agent runtime waited for, held and opened; absent where there is nothing. */
  readonly waits?: WaitSummary;
  readonly holds?: readonly HoldDetails[];
  readonly scopes?: readonly ScopeDetails[];
}

export interface WaitSummary {
  readonly count: number;
  /** Open waits count up to the end of the recording. Waits at the same time each count. */
  readonly total: number;
  readonly byKind: readonly { readonly kind: WaitKind; readonly count: number; readonly total: number }[];
  /** Open ones first, then the longest. */
  readonly longest: readonly WaitDetails[];
}

export interface WaitDetails {
  readonly id: number;
  readonly kind: WaitKind;
  /** Of the lock, queue, stream … waited for. */
  readonly name?: string;
  readonly target?: TaskRef;
  /** Who held it when the wait began. */
  readonly holder?: TaskRef;
  /** Who let it go on. */
  readonly by?: TaskRef;
  /** How long a sleep was to be. */
  readonly asked?: number;
  readonly start: number;
  /** Absent: it waits still. */
  readonly dur?: number;
  readonly outcome: Outcome;
}

export interface HoldDetails {
  readonly id: number;
  readonly kind: WaitKind;
  readonly name: string;
  readonly acquired: number;
  readonly waited: number;
  /** Absent: it was not given back. */
  readonly dur?: number;
}

/** A block of the task: a group, a timeout, a shield, a cancel scope. */
export interface ScopeDetails {
  readonly id: number;
  readonly kind: ScopeKind;
  readonly name: string;
  readonly opened: number;
  readonly closed?: number;
  readonly deadline?: number;
  readonly shielded: boolean;
  readonly cancelledAt?: number;
}

export interface CancellationDetails {
  readonly id: number;
  readonly requestedAt: number;
  readonly settledAt?: number;
  readonly reason: string;
  readonly source: string;
  readonly by?: TaskRef;
  readonly site?: Site;
  readonly stack: readonly Frame[];
  readonly ignored: boolean;
  /** When it was thrown into the task, or aborted a signal of its. Absent: not seen. */
  readonly deliveredAt?: number;
  /** The block of the task that was cancelled, where it was not the whole task. */
  readonly scope?: ScopeDetails;
}

export interface SpanDetails {
  readonly kind: "span";
  readonly id: number;
  readonly name: string;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly start: number;
  readonly end?: number;
  readonly outcome: Outcome;
  readonly error?: string;
  readonly task?: TaskRef;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface StallSample {
  readonly at: number;
  readonly tookMs: number;
  /** Innermost first. */
  readonly frames: readonly Frame[];
  /** The blamed frame stands in it. */
  readonly agrees: boolean;
}

/** What speaks for a stall's cause. Milliseconds within the stall where not said otherwise; absent: not measured. */
export interface StallEvidence {
  /** CPU time of the thread over wall time. */
  readonly cpuRatio?: number;
  /** Collecting garbage. */
  readonly gcMs?: number;
  /** Ready to run, without a CPU: the host ran something else. */
  readonly runDelayMs?: number;
  /** Asleep in the kernel, as sampled: waiting for a file, a lock, a child process. */
  readonly parkedMs?: number;
  /** Stopped by a signal or a debugger, as sampled. */
  readonly stoppedMs?: number;
  /** Longest the watchdog itself woke late. */
  readonly watchdogLateMs?: number;
  /** The machine slept. */
  readonly sleptMs?: number;
  /** Longest time for which V8 did not answer: it was inside one native call. */
  readonly unansweredMs?: number;
  /** Callbacks of timers, immediates and I/O that ran in it (not of promises), and the longest of them. */
  readonly callbacks?: number;
  readonly longestCallbackMs?: number;
  /** The longest time in which none of them began. */
  readonly longestStretchMs?: number;
  /** How often a microtask queued during the stall came round before its end, and the longest that one took. */
  readonly gaveWay?: number;
  readonly longestTurnMs?: number;
  /** Time of the innermost frames in synchronous calls of Node that wait (files, child processes). */
  readonly syncCallMs?: number;
}

/** A flame graph of exactly one window: which stack stood when. */
export interface Flame {
  /** profile: sampled throughout · captures: a few stacks, each standing for the time around it. */
  readonly source: "profile" | "captures";
  /** Milliseconds between samples; 0 where they are irregular. */
  readonly intervalMs: number;
  readonly frames: readonly Frame[];
  /** [index of the frame, index of the parent node or -1]; parents come first. */
  readonly nodes: readonly (readonly [frame: number, parent: number])[];
  /** [index of the innermost node, start, duration], in time. */
  readonly runs: readonly (readonly [node: number, start: number, dur: number])[];
}

/** Work that was ready during a stall and ran late because of it. */
export interface Victim {
  readonly kind: "timer" | "sleep" | "deadline" | "promise" | "request" | "stream" | "child";
  /** What it is called, where the task does not say it: `setTimeout 100 ms`. */
  readonly name: string;
  readonly task?: TaskRef;
  /** When it was ready and when it ran. */
  readonly due: number;
  readonly ran: number;
  /** False: `due` is an estimate, at the earliest. */
  readonly exact: boolean;
  /** A deadline that cancelled work: the stall took the time that it had. */
  readonly cancelled?: TaskRef;
}

export interface StallDetails {
  readonly kind: "stall";
  readonly stall: StallRow;
  /** 1-based place among the recording's stalls in time, and their number. */
  readonly place: number;
  readonly of: number;
  readonly evidence: StallEvidence;
  /** Absent: no stack was seen. */
  readonly flame?: Flame;
  /** The latest first, and how many there were in all. */
  readonly victims: readonly Victim[];
  readonly victimCount: number;
  readonly span?: { readonly id: number; readonly name: string };
  readonly ancestors: readonly TaskRef[];
  /** Innermost first; selfMs by the time each sample stands for. */
  readonly frames: readonly Frame[];
  readonly samples: readonly StallSample[];
  /** Tasks open during the stall. Evidence, not blame. */
  readonly open: readonly TaskRef[];
}

export type Details = TaskDetails | SpanDetails | StallDetails;

/** What is pending: now in a live recording, at the end of another. */
export interface Stuck {
  readonly state: RecordingState;
  /** What it is judged at: the last instant anything is known of. */
  readonly at: number;
  /** Of a live recording: how long ago that was, milliseconds. Much more than 100: the whole process stands still. */
  readonly heardAgoMs?: number;
  readonly loops: readonly StuckLoop[];
  /** The oldest first, and how many there are in all. */
  readonly pending: readonly PendingTask[];
  readonly pendingCount: number;
  /** Tasks that wait for each other: each for the next, the last for the first. */
  readonly cycles: readonly (readonly TaskRef[])[];
}

export interface StuckLoop {
  readonly thread: ThreadRow;
  /** Absent: it turns. */
  readonly blocked?: {
    readonly stall: StallRow;
    readonly evidence: StallEvidence;
    /** Of the task that holds it, from the root down. */
    readonly ancestors: readonly TaskRef[];
    readonly span?: string;
    /** Innermost first. */
    readonly frames: readonly Frame[];
  };
}

export interface PendingTask {
  readonly task: TaskRef;
  readonly since: number;
  /** Where it was created. */
  readonly site?: Site;
  /** Of a model call or a response that has begun to come. */
  readonly firstChunk?: number;
  readonly waits: readonly PendingWait[];
  /** The tasks around it, innermost first, up to the agent whose step it belongs to. */
  readonly chain: readonly TaskRef[];
}

export interface PendingWait {
  readonly kind: WaitKind;
  /** Of the lock, queue, stream … waited for. */
  readonly name?: string;
  readonly target?: TaskRef;
  /** Who has it now. */
  readonly holders: readonly TaskRef[];
  readonly since: number;
  /** How long a sleep was to be. */
  readonly asked?: number;
}

/** Pushed to the viewer while a recording is open in it. */
export interface RecordingNotice {
  readonly recording: string;
  readonly state: RecordingState;
  readonly end: number;
  /** Changes whenever tracks, stalls or slices did: fetch again. */
  readonly version: number;
  readonly sentence: Sentence;
}

export interface PromiseQuery {
  readonly from: number;
  readonly to: number;
  /** The most promises to answer: of more, the longest. */
  readonly limit: number;
}

/** One promise (level deep). Its id is of its thread. */
export interface PromiseTask {
  readonly thread: number;
  readonly id: number;
  /** The promise it waits for or was made in, 0 none or unknown. */
  readonly parent: number;
  /** The task its code ran in, 0 none or unknown. */
  readonly task: number;
  /** Absent: before we looked, or too far back to be looked up. */
  readonly created?: number;
  /** When its reaction ran, mostly once. Without `end`: past what was looked at. */
  readonly runs: readonly { readonly start: number; readonly end?: number }[];
  /** Absent: not in what was looked at. */
  readonly settled?: number;
}

export interface PromiseTasks {
  /** By time of creation. */
  readonly tasks: readonly PromiseTask[];
  /** Promises with something in the window. */
  readonly total: number;
  /** There was too much in the window: what came later was not looked at. Zoom in. */
  readonly completeTo?: number;
}

export interface RecordingApi {
  recordings(): Promise<readonly RecordingRow[]>;
  remove(recording: string): Promise<void>;
  overview(recording: string): Promise<Overview>;
  tracks(recording: string): Promise<TrackTable>;
  tile(recording: string, query: TileQuery): Promise<Tile>;
  strip(recording: string, thread: number, from: number, to: number, buckets: number): Promise<LoopStrip>;
  details(recording: string, selection: Selection): Promise<Details>;
  /** None below level deep. */
  promiseTasks(recording: string, query: PromiseQuery): Promise<PromiseTasks>;
  /** What is pending, and whether the event loops turn. */
  stuck(recording: string): Promise<Stuck>;
  /** The text of a `.cpuprofile` of one stall. Refused where no stack of it was seen. */
  exportStall(recording: string, stall: number): Promise<string>;
  /** Runs the bundled example agent under tracing; answers the id of its live recording. */
  runDemo(): Promise<string>;
  /** Notices for this recording go to this client until it watches another (or "" for the list alone). */
  watch(recording: string): Promise<void>;
}

/** What the host may call on the viewer. */
export interface ViewerNotices {
  changed(notice: RecordingNotice): void;
  /** The list of recordings changed. */
  listChanged(): void;
}

/** How a refused question travels: `code` is stable, `message` a sentence, `hint` what to do next. */
export interface ApiError {
  readonly code: "not-found" | "unreadable" | "format-too-new" | "foreign" | "bad-request" | "failed";
  readonly message: string;
  readonly hint: string;
}
