/**
 * The stalls of one thread, put together from several tellers that may come in any order: the watchdog's "late" and its
 * stacks while the thread hangs, the thread's own measurement once it turns again, and what is known only afterwards
 * (figures, the profile). Keyed by the heartbeat before the gap. Pure but for its own state.
 *
 *     beat 41          stallOpen   sample   sample        beat 42 + stall {beat 41, duration}      profile {beat 41}
 *     ──●────────────────┴───────────┴────────┴───────────────●────────────────────────────────────────┴──
 */
import { msToNanos, nanos, nanosToMs, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { Flame, Phase, StallEvidence } from "../api/api.ts";
import type { Change, StallChange } from "../store/rows.ts";
import {
  collectingMs,
  isNeutral,
  judgeStall,
  sampleCount,
  SILENT_MS,
  timedCaptures,
  timedProfile,
  type ProfiledStall,
  type StackSample,
  type StallVerdict,
} from "./blame.ts";
import { causeOf, syncCallMs } from "./cause.ts";
import type { SessionEvent } from "./session.ts";
import { judgeStartUp, type StartUp } from "./startup.ts";

/** An event loop less busy than this over a beat's bucket is waiting, not loading. */
const IDLE_SHARE = 0.5;
/** Measured stalls kept for what is said of them afterwards. */
const KEPT = 64;

interface TakenSample extends StackSample {
  readonly tookMs: number;
}

/** What was said of one gap in the heartbeat. */
interface Gap {
  readonly beat: number;
  /** Of the stall, and of the second one where start-up went over into the program's own work. */
  readonly ids: readonly [number, number];
  start: Nanos;
  /** Absent while the thread hangs. */
  end?: Nanos;
  /** The last instant at which it was seen to hang. */
  seen: Nanos;
  samples: readonly TakenSample[];
  evidence: StallEvidence;
  profile?: ProfiledStall;
  /** The program's own work had begun before it, or the event loop had been seen waiting. */
  readonly isLater: boolean;
  /** When the first task began, as far as was known when it ended. */
  workSince: number;
  /** The program had ended, but for its exit handlers. */
  readonly isExit: boolean;
  /** What was put out: the stalls' ids. */
  shown: readonly number[];
}

/** One stall of a gap. */
interface Part {
  readonly id: number;
  readonly start: Nanos;
  readonly end: Nanos | undefined;
  readonly phase: Phase;
}

export interface ThreadStalls {
  apply(event: SessionEvent, out: Change[]): void;
  /**
   * The thread ended: by a goodbye, and then a gap still open had been no stall; then, or without one, by its connection.
   * Without one nobody saw the end of a stall.
   */
  end(at: Nanos, saidBye: boolean, out: Change[]): void;
}

/** @param threshold nanoseconds from which on a gap is a stall */
export function createThreadStalls(thread: number, nextId: () => number, threshold: number): ThreadStalls {
  const measured = new Map<number, Gap>();
  /** Figures that came before their stall was known of. */
  const early = new Map<number, StallEvidence>();
  let open: Gap | undefined;
  /** When the program was first seen at its own work: a task began, or a stack showed its own code after loading. */
  let workSince = Infinity;
  /** The event loop was seen waiting, which it hardly does while it loads. */
  let hasWaited = false;
  let hasEnded = false;

  function begin(beat: number, start: Nanos): Gap {
    const evidence = early.get(beat) ?? {};
    early.delete(beat);
    const ids = [nextId(), nextId()] as const;
    return {
      beat,
      ids,
      start,
      seen: start,
      samples: [],
      evidence,
      isLater: hasWaited,
      workSince,
      isExit: hasEnded,
      shown: [],
    };
  }

  /** The program starts up until it is seen at its own work, as far as stacks tell; without a stack until it waits. */
  function startUpOf(gap: Gap, end: Nanos): StartUp {
    const { start, samples, profile, evidence } = gap;
    if (start >= gap.workSince || gap.isExit) return { until: start };
    const stacks =
      profile === undefined
        ? samples
        : timedProfile(profile)
            .filter(({ frames }) => !isNeutral(frames))
            .map(({ from, length, frames }) => ({ at: nanos(from + length / 2), frames, task: 0 }));
    if (stacks.length === 0 && gap.isLater) return { until: start };
    return judgeStartUp({
      start,
      end,
      samples: stacks,
      cpuRatio: evidence.cpuRatio,
      workSince: gap.workSince,
      isProfiled: profile !== undefined,
    });
  }

  function partsOf(gap: Gap): readonly Part[] {
    const { start, end, ids, seen, isExit } = gap;
    if (isExit) return [{ id: ids[0], start, end, phase: "exit" }];
    const { until, workFrom } = startUpOf(gap, end ?? seen);
    if (end === undefined) return [{ id: ids[0], start, end, phase: until < seen ? "run" : "startup" }];
    if (workFrom !== undefined) workSince = Math.min(workSince, workFrom);
    if (until > start && end - until >= threshold) {
      const run: Part = { id: ids[1], start: until, end, phase: "run" };
      return until - start < threshold ? [run] : [{ id: ids[0], start, end: until, phase: "startup" }, run];
    }
    return [{ id: ids[0], start, end, phase: until > start ? "startup" : "run" }];
  }

  function describe(gap: Gap, part: Part): StallChange {
    const { id, start, end, phase } = part;
    const samples = gap.samples.filter(({ at }) => at >= start && (end === undefined || at <= end));
    const profile = gap.profile === undefined ? undefined : cut(gap.profile, part);
    const prompt = samples.filter(({ tookMs }) => tookMs < SILENT_MS);
    const verdict: StallVerdict = judgeStall(start, samples, profile, end);
    const isProfiled = profile !== undefined;
    const stacks = isProfiled ? timedProfile(profile) : timedCaptures(start, samples, end);
    const waitedMs = stacks.length === 0 ? {} : { syncCallMs: syncCallMs(stacks, isProfiled) };
    const evidence: StallEvidence = {
      ...figuresOf(gap, part),
      ...(isProfiled ? { gcMs: collectingMs(profile) } : {}),
      ...waitedMs,
    };
    return {
      id,
      thread,
      start,
      ...(end === undefined ? {} : { dur: nanos(end - start) }),
      seen: end ?? gap.seen,
      phase,
      cause:
        end === undefined
          ? "unknown"
          : causeOf({
              durMs: nanosToMs(end - start),
              evidence,
              stacks,
              isProfiled,
              captures: prompt.length,
              blame: verdict.blame,
            }),
      evidence,
      task: verdict.task,
      span: verdict.span,
      ...(verdict.blame === undefined ? {} : { blame: verdict.blame }),
      frames: verdict.frames,
      samples: samples.length + (profile === undefined ? 0 : sampleCount(profile)),
      capturedDuring: samples.length > 0,
    };
  }

  /** Of one part of a gap only the ratio is known: the other figures are of the whole. */
  function figuresOf({ start, end, evidence }: Gap, part: Part): StallEvidence {
    if (part.start === start && part.end === end) return evidence;
    return evidence.cpuRatio === undefined ? {} : { cpuRatio: evidence.cpuRatio };
  }

  /** Puts out all that is known of a gap; a later call takes the place of an earlier one. */
  function show(gap: Gap, out: Change[]): void {
    const parts = partsOf(gap);
    const ids = parts.map(({ id }) => id);
    const isDivided = gap.shown.length > 0 && ids.join() !== gap.shown.join();
    if (isDivided) for (const id of gap.shown) out.push({ do: "voidStall", stall: id });
    gap.shown = ids;
    for (const part of parts) {
      out.push({ do: "stall", row: describe(gap, part) });
      if (gap.profile !== undefined) out.push({ do: "profile", stall: part.id, flame: cut(gap.profile, part).flame });
      if (!isDivided) continue;
      const end = part.end ?? Infinity;
      for (const sample of gap.samples)
        if (sample.at >= part.start && sample.at < end) out.push({ do: "sample", row: { stall: part.id, ...sample } });
    }
  }

  function drop(out: Change[]): void {
    for (const id of open?.shown ?? []) out.push({ do: "voidStall", stall: id });
    open = undefined;
  }

  function onMeasured(event: Extract<SessionEvent, { kind: "stall" }>, out: Change[]): void {
    if (open !== undefined && open.beat !== event.beat) drop(out);
    const start = nanos(Math.max(0, event.at - msToNanos(event.duration)));
    const gap = open ?? begin(event.beat, start);
    open = undefined;
    gap.start = start;
    gap.end = event.at;
    gap.workSince = workSince;
    if (event.cpuRatio !== undefined) gap.evidence = { ...gap.evidence, cpuRatio: event.cpuRatio };
    measured.set(gap.beat, gap);
    for (const beat of measured.keys()) {
      if (measured.size <= KEPT) break;
      measured.delete(beat);
    }
    show(gap, out);
  }

  function onEvidence({ beat, figures }: Extract<SessionEvent, { kind: "evidence" }>, out: Change[]): void {
    const gap = open?.beat === beat ? open : measured.get(beat);
    if (gap === undefined) {
      early.set(beat, { ...early.get(beat), ...figures });
      return;
    }
    gap.evidence = { ...gap.evidence, ...figures };
    if (gap.shown.length > 0) show(gap, out);
  }

  return {
    apply(event, out) {
      switch (event.kind) {
        case "stallOpen":
          drop(out);
          open = begin(event.beat, event.at);
          open.seen = nanos(event.at + 1);
          show(open, out);
          return;
        case "sample": {
          const gap = open?.beat === event.beat ? open : measured.get(event.beat);
          if (gap === undefined) return;
          const { at, tookMs, frames, task, span } = event;
          const sample = { at, tookMs, frames, task, span };
          gap.samples = [...gap.samples, sample];
          if (at > gap.seen) gap.seen = at;
          show(gap, out);
          const part = gap.shown.at(-1);
          if (part !== undefined) out.push({ do: "sample", row: { stall: part, ...sample } });
          return;
        }
        case "alive":
          if (open === undefined) return;
          open.evidence = {
            ...open.evidence,
            watchdogLateMs: Math.max(open.evidence.watchdogLateMs ?? 0, event.lateMs),
          };
          if (event.at > open.seen) open.seen = event.at;
          show(open, out);
          return;
        case "stall":
          onMeasured(event, out);
          return;
        case "evidence":
          onEvidence(event, out);
          return;
        case "profile": {
          const gap = measured.get(event.beat);
          if (gap === undefined) return;
          const { intervalMs, frames, nodes, runs, hotLines } = event;
          gap.profile = { flame: { source: "profile", intervalMs, frames, nodes, runs }, hotLines };
          show(gap, out);
          return;
        }
        case "start":
          workSince = Math.min(workSince, event.at);
          return;
        case "beat":
          if (event.length > 0 && event.busy / event.length < IDLE_SHARE) hasWaited = true;
          early.clear();
          // The thread turned again without having measured a stall: the gap was idle time or below the threshold.
          drop(out);
          return;
        default:
          return;
      }
    },
    end(at, saidBye, out) {
      if (saidBye) {
        hasEnded = true;
        return drop(out);
      }
      if (open === undefined) return;
      if (at > open.seen) open.seen = at;
      // Nothing is said any more: exit handlers have ended with the process.
      if (open.isExit) open.end = open.seen;
      show(open, out);
      open = undefined;
    },
  };
}

/** What a profile saw of one part of its gap. */
function cut({ flame, hotLines }: ProfiledStall, { start, end = nanos(Infinity) }: Part): ProfiledStall {
  const runs = flame.runs.flatMap(([node, from, dur]): Flame["runs"][number][] => {
    const first = Math.max(from, start);
    const last = Math.min(from + dur, end);
    return last > first ? [[node, first, last - first]] : [];
  });
  return { flame: { ...flame, runs }, hotLines };
}
