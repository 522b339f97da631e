/**
 * The stalls of one thread, put together from three tellers that may come in any order: the watchdog's "late" and its
 * stacks while the thread hangs, and the thread's own measurement once it turns again. Keyed by the heartbeat before
 * the gap. Pure but for its own state.
 *
 *     beat 41          stallOpen   sample   sample        beat 42 + stall {beat 41, duration}
 *     ──●────────────────┴───────────┴────────┴───────────────●──
 */
import { msToNanos, nanos, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { Phase } from "../api/api.ts";
import type { Change, StallChange } from "../store/rows.ts";
import { causeOf, isLoading, judgeSamples, type StackSample } from "./blame.ts";
import type { SessionEvent } from "./session.ts";

/** An event loop less busy than this over a beat's bucket is waiting, not loading. */
const IDLE_SHARE = 0.5;

interface OpenStall {
  readonly id: number;
  readonly beat: number;
  readonly start: Nanos;
  readonly samples: StackSample[];
  watchdogLateMs: number | undefined;
}

export interface ThreadStalls {
  apply(event: SessionEvent, out: Change[]): void;
  /** The thread said goodbye: a gap still open had been no stall. (Cut, it stays open: nobody saw its end.) */
  end(out: Change[]): void;
}

export function createThreadStalls(thread: number, nextId: () => number): ThreadStalls {
  let open: OpenStall | undefined;
  /** When the program was first seen at its own work: a task began, or a stack showed its own code. */
  let workSince = Infinity;
  /** The event loop was seen waiting, which it hardly does while it loads. */
  let hasWaited = false;

  function begin(beat: number, start: Nanos): OpenStall {
    return { id: nextId(), beat, start, samples: [], watchdogLateMs: undefined };
  }

  function describe(
    stall: OpenStall,
    start: Nanos,
    phase: Phase,
    dur: number | undefined,
    cpuRatio: number | undefined,
  ): StallChange {
    const verdict = judgeSamples(start, stall.samples);
    return {
      id: stall.id,
      thread,
      start,
      ...(dur === undefined ? {} : { dur }),
      phase,
      cause: dur === undefined ? "unknown" : causeOf(verdict, cpuRatio),
      ...(cpuRatio === undefined ? {} : { cpuRatio }),
      ...(stall.watchdogLateMs === undefined ? {} : { watchdogLateMs: stall.watchdogLateMs }),
      task: verdict.task,
      span: verdict.span,
      ...(verdict.blame === undefined ? {} : { blame: verdict.blame }),
      frames: verdict.frames,
      samples: stall.samples.length,
      capturedDuring: stall.samples.length > 0,
    };
  }

  /** The program starts up until it is seen at its own work, as far as stacks tell; without a stack until it waits. */
  function phaseOf(stall: OpenStall): Phase {
    if (stall.start >= workSince || (stall.samples.length === 0 && hasWaited)) return "run";
    return isLoading(stall.samples) ? "startup" : "run";
  }

  function drop(out: Change[]): void {
    if (open === undefined) return;
    out.push({ do: "voidStall", stall: open.id });
    open = undefined;
  }

  function measured(event: Extract<SessionEvent, { kind: "stall" }>, out: Change[]): void {
    const dur = msToNanos(event.duration);
    const start = nanos(Math.max(0, event.at - dur));
    if (open !== undefined && open.beat !== event.beat) drop(out);
    const stall = open ?? begin(event.beat, start);
    open = undefined;
    const phase = phaseOf(stall);
    if (stall.samples.length > 0 && phase === "run") workSince = Math.min(workSince, start);
    out.push({ do: "stall", row: describe(stall, start, phase, dur, event.cpuRatio) });
  }

  return {
    apply(event, out) {
      switch (event.kind) {
        case "stallOpen":
          drop(out);
          open = begin(event.beat, event.at);
          out.push({ do: "stall", row: describe(open, open.start, phaseOf(open), undefined, undefined) });
          return;
        case "sample": {
          if (open === undefined || open.beat !== event.beat) return;
          const { at, tookMs, frames, task, span } = event;
          open.samples.push({ at, frames, task, span });
          out.push({ do: "sample", row: { stall: open.id, at, tookMs, task, span, frames } });
          out.push({ do: "stall", row: describe(open, open.start, phaseOf(open), undefined, undefined) });
          return;
        }
        case "alive":
          if (open !== undefined) open.watchdogLateMs = Math.max(open.watchdogLateMs ?? 0, event.lateMs);
          return;
        case "stall":
          measured(event, out);
          return;
        case "start":
          workSince = Math.min(workSince, event.at);
          return;
        case "beat":
          if (event.length > 0 && event.busy / event.length < IDLE_SHARE) hasWaited = true;
          // The thread turned again without having measured a stall: the gap was idle time or below the threshold.
          drop(out);
          return;
        default:
          return;
      }
    },
    end: drop,
  };
}
