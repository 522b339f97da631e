/**
 * What is pending: now in a live recording, at the end of another. First whether the event loops turn, then the work
 * that has not ended, the oldest first, with what it waits for; and who waits for each other in a circle.
 *
 *     agent ▸ step ▸ tool ▸ request      listed is the request; the tasks around it are its chain
 *                    tool ▸ (lock)       listed is the tool, with who has the lock
 */
import type { TaskKind, WaitKind } from "../../src-runtime/protocol/record.ts";
import { msToNanos, nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { Frame, PendingTask, PendingWait, RecordingState, Stuck, StuckLoop, TaskRef } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { threads } from "./overview.ts";
import { cyclesIn } from "./stuck-cycles.ts";
import { evidenceOf, toStallRow, type StoredStall } from "./stalls.ts";
import { siteOf } from "./task-details.ts";
import { RUNTIME_FORMAT } from "./task-waits.ts";
import { ancestorsOf, taskRef } from "./tasks.ts";

/** Tasks listed, and open ones looked at: a flood of them would take longer than anyone waits. */
const MOST_LISTED = 50;
const MOST_OPEN = 10_000;
/** Waits for tasks: who waits so is explained by the task it waits for, where that is below it. */
const FOR_TASKS: ReadonlySet<WaitKind> = new Set(["task", "gather", "wait", "group"]);
/** Of these an own task waits for what other tasks, which are not listed for it, wait for. */
const FOR_CHILDREN: ReadonlySet<WaitKind> = new Set(["gather", "wait", "group"]);

interface OpenTask {
  readonly id: number;
  readonly name: string;
  readonly kind: TaskKind;
  readonly parent: number;
  readonly created: number;
  readonly first_chunk: number | null;
  readonly site?: string | null;
}

interface OpenWait {
  readonly task: number;
  readonly kind: WaitKind;
  readonly target: number;
  readonly holder: number;
  readonly asked_ms: number | null;
  readonly start: number;
  readonly name: string | null;
}

/** @param nowMs the wall clock, epoch milliseconds. */
export function stuck(recording: Recording, nowMs: number): Stuck {
  return recording.snapshot(() => {
    const { state, end, anchorMs } = recording.meta();
    const open = new Map(openTasks(recording, state).map((task) => [task.id, task]));
    const waits = openWaits(recording, open);
    const parents = new Set([...open.values()].map(({ parent }) => parent));
    const listed = [...open.values()].filter(
      ({ id }) => !parents.has(id) || (waits.get(id) ?? []).some((wait) => !isExplained(wait, open)),
    );
    return {
      state,
      at: end,
      ...(state === "live" ? { heardAgoMs: Math.max(0, nowMs - anchorMs - nanosToMs(end)) } : {}),
      loops: loops(recording, state),
      pending: listed.slice(0, MOST_LISTED).map((task) => describe(recording, task, waits.get(task.id) ?? [], open)),
      pendingCount: listed.length,
      cycles: cyclesIn(edges(recording, open, waits)).map((cycle) =>
        cycle.flatMap((id) => refIn(open, id) ?? taskRef(recording, id) ?? []),
      ),
    };
  });
}

/** Of threads that are there: what a thread left open when it ended is over with it, unless all has ended. */
function openTasks(recording: Recording, state: RecordingState): readonly OpenTask[] {
  const ofThreads = state === "live" ? "AND thread IN (SELECT id FROM thread WHERE end IS NULL)" : "";
  return recording.all<OpenTask>(
    `SELECT * FROM task WHERE outcome = 'open' ${ofThreads} ORDER BY created, id LIMIT ${MOST_OPEN}`,
  );
}

function openWaits(
  recording: Recording,
  open: ReadonlyMap<number, OpenTask>,
): ReadonlyMap<number, readonly OpenWait[]> {
  const byTask = new Map<number, OpenWait[]>();
  if (recording.format < RUNTIME_FORMAT) return byTask;
  const rows = recording.all<OpenWait>(
    `SELECT wait.*, subject.name FROM wait LEFT JOIN subject ON subject.id = wait.target
     WHERE outcome = 'open' ORDER BY start LIMIT ${MOST_OPEN}`,
  );
  for (const row of rows) {
    if (!open.has(row.task)) continue;
    const list = byTask.get(row.task);
    if (list === undefined) byTask.set(row.task, [row]);
    else list.push(row);
  }
  return byTask;
}

/** What it waits for is listed itself, as work below it. */
function isExplained(wait: OpenWait, open: ReadonlyMap<number, OpenTask>): boolean {
  if (!FOR_TASKS.has(wait.kind)) return wait.kind === "external" || wait.kind === "checkpoint";
  if (wait.kind !== "task") return true;
  for (let id = wait.target; id !== 0; id = open.get(id)?.parent ?? 0) if (id === wait.task) return true;
  return false;
}

function describe(
  recording: Recording,
  task: OpenTask,
  waits: readonly OpenWait[],
  open: ReadonlyMap<number, OpenTask>,
): PendingTask {
  const site = siteOf(JSON.parse(task.site ?? "[]") as readonly Frame[]);
  return {
    task: { id: task.id, name: task.name, kind: task.kind },
    since: task.created,
    ...(site === undefined ? {} : { site }),
    ...(task.first_chunk === null ? {} : { firstChunk: task.first_chunk }),
    waits: waits.map((wait) => toWait(recording, wait, open)),
    chain: chainOf(recording, task.id),
  };
}

function toWait(recording: Recording, wait: OpenWait, open: ReadonlyMap<number, OpenTask>): PendingWait {
  const target = wait.kind === "task" ? taskRef(recording, wait.target) : undefined;
  return {
    kind: wait.kind,
    ...(wait.name === null ? {} : { name: wait.name }),
    ...(target === undefined ? {} : { target }),
    holders: holdersOf(recording, wait, open).flatMap((id) => taskRef(recording, id) ?? []),
    since: wait.start,
    ...(wait.asked_ms === null ? {} : { asked: msToNanos(wait.asked_ms) }),
  };
}

/** Who has it now; where that is not recorded, who had it when the wait began and has not ended. */
function holdersOf(
  recording: Recording,
  { kind, target, holder }: OpenWait,
  open: ReadonlyMap<number, OpenTask>,
): readonly number[] {
  if (kind === "task" || target === 0) return [];
  const rows = recording.all<{ task: number }>(
    "SELECT DISTINCT task FROM hold WHERE subject = ? AND dur IS NULL AND task != 0 ORDER BY acquired LIMIT 20",
    target,
  );
  if (rows.length > 0) return rows.map(({ task }) => task);
  return open.has(holder) ? [holder] : [];
}

/** Innermost first, up to the agent whose step it belongs to; to the root where it belongs to none. */
function chainOf(recording: Recording, task: number): readonly TaskRef[] {
  const chain = ancestorsOf(recording, task).toReversed();
  const step = chain.findIndex(({ kind }) => kind === "step");
  if (step < 0) return chain;
  return chain.slice(0, chain[step + 1]?.kind === "agent" ? step + 2 : step + 1);
}

/** Which task can't go on before which: the wait-for graph. */
function edges(
  recording: Recording,
  open: ReadonlyMap<number, OpenTask>,
  waits: ReadonlyMap<number, readonly OpenWait[]>,
): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const { id, parent } of open.values()) {
    const list = children.get(parent);
    if (list === undefined) children.set(parent, [id]);
    else list.push(id);
  }
  const forTasks = new Map<number, readonly number[]>();
  for (const [task, list] of waits) {
    const targets = list.flatMap((wait) => {
      if (FOR_CHILDREN.has(wait.kind)) return children.get(task) ?? [];
      return wait.kind === "task" ? [wait.target] : holdersOf(recording, wait, open);
    });
    forTasks.set(
      task,
      targets.filter((id) => open.has(id)),
    );
  }
  return forTasks;
}

function refIn(open: ReadonlyMap<number, OpenTask>, id: number): TaskRef | undefined {
  const task = open.get(id);
  return task === undefined ? undefined : { id, name: task.name, kind: task.kind };
}

/** Of the threads that are there; of a recording that ended, of all. */
function loops(recording: Recording, state: RecordingState): readonly StuckLoop[] {
  return threads(recording)
    .filter(({ end }) => state !== "live" || end === undefined)
    .map((thread) => {
      const stored = recording.get<StoredStall>(
        "SELECT * FROM stall WHERE thread = ? AND dur IS NULL ORDER BY start DESC LIMIT 1",
        thread.id,
      );
      return stored === undefined ? { thread } : { thread, blocked: blocked(recording, stored) };
    });
}

function blocked(recording: Recording, stored: StoredStall): NonNullable<StuckLoop["blocked"]> {
  const span = recording.get<{ name: string }>("SELECT name FROM span WHERE id = ?", stored.span);
  return {
    stall: toStallRow(recording, stored),
    evidence: evidenceOf(stored),
    ancestors: stored.task === 0 ? [] : ancestorsOf(recording, stored.task),
    ...(span === undefined ? {} : { span: span.name }),
    frames: JSON.parse(stored.frames) as readonly Frame[],
  };
}
