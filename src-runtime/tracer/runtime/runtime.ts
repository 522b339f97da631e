/**
 * The agent runtime's events into the ring. The runtime is another copy of its code (the program's own `stallscope`),
 * so it is met on a diagnostics channel: each runner asks there who wants to listen.
 *
 *     created ── record         the usual task, created, awaited, started at once, ended, is three records of numbers:
 *     await.begin ── record     nothing allocated, no text, no stack
 *     started ── only when it had waited to be started
 *     completed ── record, which is the end of the waits for it too
 *
 * Invariant: nothing here throws into the program. The first event that fails takes all of it out.
 */
import type { Instrument, Subject } from "../../task/instrument.ts";
import type { RunnerOpening } from "../../task/runner.ts";
import type { Scope, ScopeKind, Wait, WaitKind } from "../../task/scope.ts";
import type { TaskImpl } from "../../task/task.ts";
import {
  EndFlag,
  OUTCOMES,
  PROGRESS_KINDS,
  RecordKind,
  SCOPE_KINDS,
  SHIELDED,
  TASK_KINDS,
  WAIT_KINDS,
  type Outcome,
} from "../../protocol/record.ts";
import type { Attributes, WireFrame } from "../../protocol/message.ts";
import type { CurrentTask } from "../current.ts";
import type { Emitter, Records } from "../emitter.ts";
import { createCallSites } from "../instrumentations/call-sites.ts";
import type { Cancels } from "../instrumentations/cancels.ts";
import { labelOf } from "../instrumentations/outcome.ts";
import type { Part } from "../instrumentations/part.ts";
import { createRuntimeCancels } from "./runtime-cancels.ts";
import { createRuntimeEvents } from "./runtime-events.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import { withoutContents } from "./runtime-attributes.ts";

/** As task/runner.ts calls it; importing it would put the runtime into the tracer. */
const CHANNEL = "stallscope:runner";

/** A start that waited this long is told, milliseconds. */
const QUEUED_MS = 1;
/** Sites are taken of so many tasks of each name, and of so many in all. */
const SITES_A_NAME = 3;
const MAX_SITES = 500;
/** Tasks whose creation is remembered, by their last bits. A power of two. */
const REMEMBERED = 1 << 16;

const KIND_CODES = codesOf(TASK_KINDS);
const OUTCOME_CODES = codesOf(OUTCOMES);
const WAIT_CODES: Partial<Record<WaitKind, number>> = codesOf(WAIT_KINDS);
const SCOPE_CODES: Partial<Record<ScopeKind, number>> = codesOf(SCOPE_KINDS);
const EXTERNAL = WAIT_KINDS.indexOf("external");
const STARTED = PROGRESS_KINDS.indexOf("started");
const CHUNK = PROGRESS_KINDS.indexOf("chunk");
/** By what await.end says. */
const WAIT_OUTCOMES = [OUTCOME_CODES.completed, OUTCOME_CODES.failed, OUTCOME_CODES.cancelled];
/** Waits that end because somebody hands over or wakes: who runs then is who did it. */
const WOKEN: ReadonlySet<WaitKind> = new Set<WaitKind>([
  "lock",
  "event",
  "condition",
  "semaphore",
  "limiter",
  "queue",
  "stream",
  "pool",
]);

export interface RuntimeTracing {
  /** The task has not ended (of the latest tens of thousands; of older ones it is not known: false). */
  isOpen(task: number): boolean;
  /** A model call of the runtime is what runs: what libraries say of the same call is not told again. */
  isInModelCall(): boolean;
}

export function instrumentRuntime(
  part: Part,
  emitter: Emitter,
  records: Records,
  tasks: CurrentTask,
  cancels: Cancels,
  files: RuntimeFiles,
): RuntimeTracing {
  const { now, write, string, id } = records;
  const sitesBelow = createCallSites();
  const events = createRuntimeEvents(records, emitter);
  const requests = createRuntimeCancels(part, records, emitter, cancels, programSites);
  const { subjectId, scopeId } = events;
  const store = emitter.context.getStore.bind(emitter.context);
  /** The task whose last bits these are, and when it was created; 0 once it ended. */
  const known = new Uint32Array(REMEMBERED);
  const createdAt = new Float64Array(REMEMBERED);
  const sitesOf = new Map<string, number>();
  let sitesLeft = MAX_SITES;
  /** The name of the latest task, and how many more of its sites to take. */
  let siteName: string | undefined;
  let siteLeft = 0;
  let currentOf: (() => TaskImpl | undefined) | undefined;
  let stopped = false;

  function programSites(): readonly WireFrame[] {
    return files.program(sitesBelow(emit));
  }

  function created(task: TaskImpl, owner: Scope): void {
    const at = now();
    const tag = id();
    task.tag = tag;
    const slot = tag & (REMEMBERED - 1);
    known[slot] = tag;
    createdAt[slot] = at;
    const name = task.givenName;
    write(
      RecordKind.task,
      KIND_CODES[task.kind],
      at,
      tag,
      // What runs now is the parent, unless a library's own task lies between.
      Math.max(task.parent?.tag ?? 0, store() ?? 0),
      string(name === "" ? "task" : name),
      owner.tag,
    );
    if (name !== siteName) {
      siteName = name;
      siteLeft = sitesLeft === 0 ? 0 : SITES_A_NAME - (sitesOf.get(name) ?? 0);
    }
    if (siteLeft > 0) takeSite(tag, name);
  }

  function takeSite(tag: number, name: string): void {
    sitesOf.set(name, SITES_A_NAME - --siteLeft);
    if (--sitesLeft === 0) siteLeft = 0;
    emitter.site(tag, programSites());
  }

  function started(tag: number): void {
    const slot = tag & (REMEMBERED - 1);
    if (known[slot] !== tag) return;
    const at = now();
    if (at - (createdAt[slot] ?? at) >= QUEUED_MS) write(RecordKind.progress, STARTED, at, tag, 0, 0, 0);
  }

  function end(task: TaskImpl, outcome: Outcome, error: unknown, beforeStart: number): void {
    const { tag } = task;
    const slot = tag & (REMEMBERED - 1);
    if (known[slot] === tag) known[slot] = 0;
    let flags = beforeStart === 0 ? 0 : EndFlag.beforeStart;
    if (task.cancelIgnored) flags |= EndFlag.ignored;
    if (task.cancelUnobserved) flags |= EndFlag.unobserved;
    const label = error === undefined ? 0 : string(labelOf(error, emitter));
    write(RecordKind.end, OUTCOME_CODES[outcome], now(), tag, label, flags, 0);
  }

  function waitBegins(wait: Wait<unknown>, task: TaskImpl | undefined): void {
    const { kind, target } = wait;
    let about = 0;
    let value = 0;
    if (kind === "task") about = (target as TaskImpl).tag;
    else if (kind === "sleep") value = Number(target);
    else if (isSubject(target)) {
      about = subjectId(target);
      value = target.holders()[0]?.tag ?? 0;
    }
    wait.tag = id();
    write(RecordKind.wait, WAIT_CODES[kind] ?? EXTERNAL, now(), wait.tag, task?.tag ?? 0, about, value);
  }

  function waitEnds(wait: Wait<unknown>, task: TaskImpl | undefined, outcome: number): void {
    if (wait.tag === 0) return;
    const { kind, target } = wait;
    // The end of the awaited task says it.
    if (kind === "task" && outcome !== 2 && (target as TaskImpl).done()) return;
    let by = WOKEN.has(kind) && outcome === 0 ? tasks.current() : 0;
    if (by === task?.tag) by = 0;
    write(RecordKind.waitEnd, WAIT_OUTCOMES[outcome] ?? 0, now(), wait.tag, by, 0, 0);
  }

  function blockBegins(scope: Scope, task: TaskImpl | undefined): void {
    scope.tag = id();
    const kind = (SCOPE_CODES[scope.kind] ?? 0) | (scope.shield ? SHIELDED : 0);
    const name = scope.name === undefined ? 0 : string(scope.name);
    write(RecordKind.scope, kind, now(), scope.tag, task?.tag ?? 0, scopeId(scope.parent), name);
  }

  /** `when` is of the runner's clock, which a test may push. */
  function deadline(scope: Scope, when: number): void {
    if (scope.tag === 0) return;
    const at = now();
    write(RecordKind.deadline, 0, at, scope.tag, 0, 0, at + when - scope.runner.clock.now());
  }

  const emit: Instrument["emit"] = (kind, task, subject, a, b) => {
    if (stopped) return;
    try {
      switch (kind) {
        case "task.suspended":
        case "task.resumed":
          return;
        case "task.created":
          return created(task!, subject as Scope);
        case "await.begin":
          return waitBegins(subject as Wait<unknown>, task);
        case "task.started":
          return started(task!.tag);
        case "task.completed":
          return end(task!, "completed", undefined, a);
        case "await.end":
          return waitEnds(subject as Wait<unknown>, task, a);
        case "task.failed":
          return end(task!, "failed", subject, a);
        case "task.cancelled":
          return end(task!, "cancelled", subject, a);
        case "task.abandoned":
          return end(task!, "abandoned", undefined, a);
        case "task.attributes":
          return emitter.attributes(
            task!.tag,
            emitter.captureContent ? (subject as Attributes) : withoutContents(subject as Attributes),
          );
        case "task.chunk":
          return write(RecordKind.progress, CHUNK, now(), task!.tag, 0, 0, a);
        case "scope.enter":
          return blockBegins(subject as Scope, task);
        case "scope.exit":
          requests.closed(subject as Scope);
          return write(RecordKind.scopeEnd, 0, now(), (subject as Scope).tag, 0, 0, 0);
        case "timeout.armed":
          return deadline(subject as Scope, a);
        case "timeout.rescheduled":
          deadline(subject as Scope, a);
          return events.tell(kind, task, subject, a, b);
        case "cancel.requested":
          return requests.requested(subject as Scope, task, a === 1);
        case "cancel.propagated":
          return requests.propagated(subject as Scope, task!);
        case "cancel.delivered":
          return requests.delivered(isWait(subject) ? subject.scope : (subject as Scope), task);
        case "abort.sent":
          return requests.delivered(subject as Scope, task);
        case "cancel.absorbed":
          return requests.absorbed(subject as Scope);
        case "cancel.ignored":
          return requests.ignored(subject as Scope);
        case "uncancel":
          requests.takenBack(subject as Scope);
          return events.tell(kind, task, subject, a, b);
        default:
          return events.tell(kind, task, subject, a, b);
      }
    } catch (error) {
      part.fail(error);
    }
  };

  part.onStop(() => void (stopped = true));
  part.subscribe(CHANNEL, (message) => {
    const { instruments, current } = message as RunnerOpening;
    currentOf = current;
    tasks.add(current);
    instruments.push({ emit });
  });

  return {
    isOpen: (task) => known[task & (REMEMBERED - 1)] === task,
    isInModelCall() {
      for (let task = currentOf?.(); task !== undefined; task = task.parent) {
        if (task.kind === "model") return true;
        if (task.kind !== "function") return false;
      }
      return false;
    },
  };
}

function isSubject(target: unknown): target is Subject {
  return typeof (target as Partial<Subject> | null | undefined)?.holders === "function";
}

function isWait(subject: unknown): subject is Wait<unknown> {
  return (subject as Partial<Wait<unknown>>).scope !== undefined;
}

function codesOf<T extends string>(names: readonly T[]): Readonly<Record<T, number>> {
  return Object.fromEntries(names.map((name, code) => [name, code])) as Record<T, number>;
}
