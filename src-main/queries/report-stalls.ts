/** The stalls of the report. */
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { Cause, Frame, Phase, StallEvidence, TaskRef, Victim } from "../api/api.ts";
import type { RecordingMeta } from "../store/meta.ts";
import type { Recording } from "../store/recording.ts";
import { epochMs, reportSite, type Ref, type ReportSite } from "./report-parts.ts";
import { spanDetails } from "./span-details.ts";
import { selfTimesOf, type SelfTime } from "./self-times.ts";
import { flameOf } from "./stall-flame.ts";
import { blameOf, evidenceOf, storedStalls, type StoredStall } from "./stalls.ts";
import { ancestorsOf, taskRef } from "./tasks.ts";
import { victimsOf } from "./victims.ts";

/** The longest stalls, of which late reactions of promises are looked for. */
const WITH_REACTIONS = 20;

export interface ReportStall {
  readonly id: string;
  readonly pid: number;
  readonly thread: number;
  readonly start: number;
  /** Null: the event loop was still blocked at the last instant anything is known of. */
  readonly durationMs: number | null;
  /** How long it was seen to last, where nobody saw its end: it lasted at least so long. */
  readonly seenMs?: number;
  readonly phase: Phase;
  readonly cause: Cause;
  /** Figures that were not measured are absent, but for the first three. */
  readonly evidence: {
    readonly cpuRatio: number | null;
    readonly gcMs: number | null;
    readonly watchdogLateMs: number | null;
  } & Omit<StallEvidence, "cpuRatio" | "gcMs" | "watchdogLateMs">;
  readonly task: Ref | null;
  readonly span: { readonly name: string | null; readonly tool: string | null; readonly spanId: string | null } | null;
  /** The agent's step it happened in, and the agent. */
  readonly step: string | null;
  readonly agent: string | null;
  readonly blame: ReportSite | null;
  /** In which functions the time went, by themselves and without what they called: the 10 with the most. */
  readonly selfTimes: readonly SelfTime[];
  readonly frames: readonly (ReportSite & { readonly selfMs: number })[];
  readonly samples: number;
  readonly capturedDuring: boolean;
  /** The latest first, 20 at most; `victimCount` is of all. */
  readonly victims: readonly ReportVictim[];
  readonly victimCount: number;
}

export interface ReportVictim {
  readonly kind: Victim["kind"];
  readonly name: string;
  readonly task: Ref | null;
  readonly lateMs: number;
  readonly exact: boolean;
  /** The task that was cancelled by a deadline which had run out only because of the stall. */
  readonly cancelled: Ref | null;
}

export function reportStalls(recording: Recording, meta: RecordingMeta): readonly ReportStall[] {
  const threads = new Map(
    recording
      .all<{ id: number; pid: number; thread_id: number }>(
        "SELECT thread.id, pid, thread_id FROM thread JOIN process ON process.id = process",
      )
      .map((row) => [row.id, row]),
  );
  const stalls = storedStalls(recording);
  const longest = new Set(stalls.toSorted((a, b) => (b.dur ?? 0) - (a.dur ?? 0)).slice(0, WITH_REACTIONS));
  return stalls.map((stall) => {
    const { victims, victimCount } = victimsOf(recording, stall, longest.has(stall));
    const task = taskRef(recording, stall.task);
    const blame = blameOf(stall);
    const thread = threads.get(stall.thread);
    return {
      id: String(stall.id),
      pid: thread?.pid ?? 0,
      thread: thread?.thread_id ?? 0,
      start: epochMs(meta, stall.start),
      durationMs: stall.dur === null ? null : nanosToMs(stall.dur),
      ...(stall.dur === null && stall.seen !== undefined ? { seenMs: nanosToMs(stall.seen - stall.start) } : {}),
      phase: stall.phase,
      cause: stall.cause,
      evidence: { cpuRatio: null, gcMs: null, watchdogLateMs: null, ...evidenceOf(stall) },
      task: refOf(task),
      ...spanOf(recording, stall),
      blame: blame === undefined ? null : reportSite(blame),
      selfTimes: selfTimesOf(flameOf(recording, stall)),
      frames: (JSON.parse(stall.frames) as readonly Frame[]).map((frame) => ({
        ...reportSite(frame),
        selfMs: frame.selfMs,
      })),
      samples: stall.samples,
      capturedDuring: stall.captured_during === 1,
      victims: victims.map(({ kind, name, task: late, due, ran, exact, cancelled }) => ({
        kind,
        name,
        task: refOf(late),
        lateMs: nanosToMs(ran - due),
        exact,
        cancelled: refOf(cancelled),
      })),
      victimCount,
    };
  });
}

function refOf(task: TaskRef | undefined): Ref | null {
  return task === undefined ? null : { id: String(task.id), name: task.name };
}

/** The OpenTelemetry span, the tool, the step and the agent in which the event loop was held, as far as each is known. */
function spanOf(recording: Recording, { task, span }: StoredStall): Pick<ReportStall, "span" | "step" | "agent"> {
  const details = span === 0 ? undefined : spanDetails(recording, span);
  const self = taskRef(recording, task);
  const around = [...ancestorsOf(recording, task), ...(self === undefined ? [] : [self])];
  const nearest = (wanted: TaskRef["kind"]): string | null =>
    around.findLast(({ kind }) => kind === wanted)?.name ?? null;
  const tool = nearest("tool");
  return {
    span:
      details === undefined && tool === null
        ? null
        : { name: details?.name ?? null, tool, spanId: details?.spanId ?? null },
    step: nearest("step"),
    agent: nearest("agent"),
  };
}
