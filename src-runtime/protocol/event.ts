/**
 * TraceEvent: what a traced thread said, decoded: one fact at one instant, on the recording's axis, with ids that are
 * unique in the recording. What the session makes of frames, and all the fold ever sees.
 *
 * Handle records (timers, sockets …) are a flood of their own and never become events.
 */
import type { Attributes, CancelSource, HelloMessage, OwnMessage } from "./message.ts";
import type {
  LateIo,
  LinkKind,
  Outcome,
  ProgressKind,
  RuntimeEventKind,
  ScopeKind,
  WaitKind,
  WireTaskKind,
} from "./record.ts";
import type { Nanos } from "./time.ts";

/** Everything of one thread: `thread` is its number in the recording, from 1. */
interface Said {
  readonly thread: number;
}

interface SaidAt extends Said {
  readonly at: Nanos;
}

export type TraceEvent<Frame = unknown> =
  | (SaidAt & { readonly kind: "hello"; readonly process: number; readonly hello: HelloMessage })
  | (SaidAt & {
      readonly kind: "start";
      readonly task: number;
      readonly parent: number;
      readonly taskKind: WireTaskKind;
      readonly name: string;
      readonly origin: string;
      /** The scope of the agent runtime that it belongs to, 0 none we know. */
      readonly scope?: number;
    })
  | (SaidAt & {
      readonly kind: "progress";
      readonly task: number;
      readonly progress: ProgressKind;
      readonly a: number;
      readonly value: number;
    })
  | (SaidAt & {
      readonly kind: "end";
      readonly task: number;
      readonly outcome: Outcome;
      readonly error?: string;
      /** Added up from EndFlag. */
      readonly flags?: number;
    })
  | (Said & { readonly kind: "site"; readonly task: number; readonly frames: readonly Frame[] })
  | (Said & { readonly kind: "attributes"; readonly task: number; readonly attributes: Attributes })
  | (SaidAt & { readonly kind: "link"; readonly link: LinkKind; readonly from: number; readonly to: number })
  | (SaidAt & {
      readonly kind: "cancel";
      readonly cancel: number;
      readonly source: CancelSource;
      readonly reason: string;
      readonly by: number;
      readonly stack: readonly Frame[];
      readonly scope?: number;
      readonly task?: number;
      /** Of a deadline: when it should have passed, where its scope does not say so. */
      readonly due?: Nanos;
    })
  | (SaidAt & { readonly kind: "reached"; readonly cancel: number; readonly task: number; readonly ignored: boolean })
  | (SaidAt & { readonly kind: "delivered"; readonly cancel: number; readonly task: number })
  | (SaidAt & { readonly kind: "settled"; readonly cancel: number; readonly task: number; readonly ignored: boolean })
  | (SaidAt & {
      readonly kind: "scope";
      readonly scope: number;
      readonly scopeKind: ScopeKind;
      readonly shielded: boolean;
      readonly task: number;
      readonly parent: number;
      readonly name: string;
    })
  | (SaidAt & { readonly kind: "scopeEnd"; readonly scope: number })
  /** `when`: undefined never. */
  | (SaidAt & { readonly kind: "deadline"; readonly scope: number; readonly when?: Nanos })
  | (Said & {
      readonly kind: "subject";
      readonly subject: number;
      readonly subjectKind: WaitKind;
      readonly name: string;
    })
  /** `holder` and `target` 0 where there is none; `asked` in milliseconds, of a sleep. */
  | (SaidAt & {
      readonly kind: "wait";
      readonly wait: number;
      readonly waitKind: WaitKind;
      readonly task: number;
      readonly target: number;
      readonly holder: number;
      readonly asked?: number;
    })
  | (SaidAt & { readonly kind: "waitEnd"; readonly wait: number; readonly outcome: Outcome; readonly by: number })
  /** `waited` in milliseconds. */
  | (SaidAt & { readonly kind: "hold"; readonly subject: number; readonly task: number; readonly waited: number })
  | (SaidAt & { readonly kind: "release"; readonly subject: number; readonly task: number })
  | (SaidAt & {
      readonly kind: "depth";
      readonly subject: number;
      readonly depth: number;
      readonly waiters: number;
      readonly passed: number;
    })
  | (SaidAt & {
      readonly kind: "runtime";
      readonly event: RuntimeEventKind;
      readonly task: number;
      readonly subject: number;
      readonly text?: string;
      readonly a: number;
      readonly b: number;
    })
  /** A timer begins late; `delay` in milliseconds. */
  | (SaidAt & {
      readonly kind: "lateTimer";
      readonly due: Nanos;
      readonly delay: number;
      readonly repeats: boolean;
      /** It keeps the process alive. */
      readonly isRefed: boolean;
      readonly task: number;
    })
  /** After the event loop was held up, something that waits for the outside is taken care of. */
  | (SaidAt & { readonly kind: "lateIo"; readonly io: LateIo; readonly handle: number; readonly task: number })
  /** A callback begins, the first after the event loop had been held up and waited again. */
  | (SaidAt & { readonly kind: "waited" })
  /** `delay`, `busy` and `length` in milliseconds, over the time up to `at`. */
  | (SaidAt & { readonly kind: "beat"; readonly delay: number; readonly busy: number; readonly length: number })
  /** `at` is the end; `duration` in milliseconds. */
  | (SaidAt & {
      readonly kind: "stall";
      readonly beat: number;
      readonly duration: number;
      readonly cpuRatio?: number;
    })
  | (SaidAt & { readonly kind: "stallOpen"; readonly beat: number })
  | (SaidAt & {
      readonly kind: "sample";
      readonly beat: number;
      readonly tookMs: number;
      readonly frames: readonly Frame[];
      readonly task: number;
      readonly span: number;
    })
  | (SaidAt & { readonly kind: "alive"; readonly lateMs: number })
  | (Said & { readonly kind: "evidence"; readonly beat: number; readonly figures: Readonly<Record<string, number>> })
  /** The tracer itself held the thread, for `length` milliseconds. */
  | (SaidAt & { readonly kind: "own"; readonly what: OwnMessage["what"]; readonly length: number })
  /** What the continuous profile saw of a stall that is over; runs as [innermost node, start, duration]. */
  | (SaidAt & {
      readonly kind: "profile";
      readonly beat: number;
      readonly intervalMs: number;
      readonly frames: readonly Frame[];
      /** Line that took most of a frame's own time, 0 unknown. */
      readonly hotLines: readonly number[];
      readonly nodes: readonly (readonly [frame: number, parent: number])[];
      readonly runs: readonly (readonly [node: number, start: Nanos, dur: number])[];
    })
  | (Said & { readonly kind: "dropped"; readonly byKind: Readonly<Record<string, number>> })
  | (Said & { readonly kind: "notSeen"; readonly what: string })
  | (SaidAt & { readonly kind: "bye"; readonly exitCode: number })
  /** The connection ended; without a bye before it the thread was cut. */
  | (SaidAt & { readonly kind: "gone" });
