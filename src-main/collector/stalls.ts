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
import { causeOf, judgeSamples, type StackSample } from "./blame.ts";
import type { SessionEvent } from "./session.ts";
import { judgeStartUp, type StartUp } from "./startup.ts";

/** An event loop less busy than this over a beat's bucket is waiting, not loading. */
const IDLE_SHARE = 0.5;

interface TakenSample extends StackSample {
  readonly tookMs: number;
}

interface OpenStall {
  readonly id: number;
  readonly beat: number;
  readonly start: Nanos;
  readonly samples: readonly TakenSample[];
  watchdogLateMs: number | undefined;
}

export interface ThreadStalls {
  apply(event: SessionEvent, out: Change[]): void;
  /** The thread said goodbye: a gap still open had been no stall. (Cut, it stays open: nobody saw its end.) */
  end(out: Change[]): void;
}

export function createThreadStalls(thread: number, nextId: () => number): ThreadStalls {
  let open: OpenStall | undefined;
  /** When the program was first seen at its own work: a task began, or a stack showed its own code after loading. */
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
    const end = dur === undefined ? undefined : nanos(start + dur);
    const verdict = judgeSamples(start, stall.samples, end);
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
  function startUpOf(stall: OpenStall, end: Nanos, cpuRatio: number | undefined): StartUp {
    const { start, samples } = stall;
    if (start >= workSince || (samples.length === 0 && hasWaited)) return { until: start };
    return judgeStartUp({ start, end, samples, cpuRatio, workSince });
  }

  function showOpen(stall: OpenStall, out: Change[]): void {
    const end = stall.samples.at(-1)?.at ?? nanos(stall.start + 1);
    const phase = startUpOf(stall, end, undefined).until < end ? "run" : "startup";
    out.push({ do: "stall", row: describe(stall, stall.start, phase, undefined, undefined) });
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
    const stall = { ...(open ?? begin(event.beat, start)), start };
    open = undefined;
    const { until, workFrom } = startUpOf(stall, event.at, event.cpuRatio);
    if (workFrom !== undefined) workSince = Math.min(workSince, workFrom);
    if (until > start && until < event.at) {
      split(stall, until, event.at, event.cpuRatio, out);
      return;
    }
    out.push({ do: "stall", row: describe(stall, start, until > start ? "startup" : "run", dur, event.cpuRatio) });
  }

  /** Start-up went over into the program's own work without a turn of the event loop: two stalls, each with its stacks. */
  function split(stall: OpenStall, at: Nanos, end: Nanos, cpuRatio: number | undefined, out: Change[]): void {
    out.push({ do: "voidStall", stall: stall.id });
    const before = { ...stall, samples: stall.samples.filter((sample) => sample.at < at) };
    const after = { ...stall, id: nextId(), start: at, samples: stall.samples.filter((sample) => sample.at >= at) };
    for (const [part, until, phase] of [
      [before, at, "startup"],
      [after, end, "run"],
    ] as const) {
      const dur = nanos(until - part.start);
      out.push({ do: "stall", row: describe(part, part.start, phase, dur, cpuRatio) });
      for (const sample of part.samples) out.push({ do: "sample", row: { stall: part.id, ...sample } });
    }
  }

  return {
    apply(event, out) {
      switch (event.kind) {
        case "stallOpen":
          drop(out);
          open = begin(event.beat, event.at);
          showOpen(open, out);
          return;
        case "sample": {
          if (open === undefined || open.beat !== event.beat) return;
          const { at, tookMs, frames, task, span } = event;
          const sample = { at, tookMs, frames, task, span };
          open = { ...open, samples: [...open.samples, sample] };
          out.push({ do: "sample", row: { stall: open.id, ...sample } });
          showOpen(open, out);
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
