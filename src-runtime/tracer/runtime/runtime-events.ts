/**
 * What the runtime tells besides tasks, waits and cancels: who holds a lock, how full a queue is, retries, deadlines
 * that passed. Locks, queues and streams are described once, before they are first named.
 */
import type { EventKind, Subject } from "../../task/instrument.ts";
import type { Scope } from "../../task/scope.ts";
import type { TaskImpl } from "../../task/task.ts";
import { RecordKind, RUNTIME_EVENTS, TEXT_EVENTS, WAIT_KINDS, type RuntimeEventKind } from "../../protocol/record.ts";
import type { Emitter, Records } from "../emitter.ts";
import { labelOf } from "../instrumentations/outcome.ts";

/** How full a queue is, is told this often at most, milliseconds. */
const DEPTH_MS = 5;
/** Queues and streams whose items are counted, at most. */
const MAX_COUNTED = 1000;
const MAX_NAME = 200;

interface Flow {
  last: number;
  passed: number;
  depth: number;
  waiters: number;
}

export interface RuntimeEvents {
  tell(kind: EventKind, task: TaskImpl | undefined, subject: unknown, a: number, b: number): void;
  subjectId(subject: Subject): number;
  /** The block a scope stands for, 0 when it is a whole task or the runner. */
  scopeId(scope: Scope | undefined): number;
}

export function createRuntimeEvents(records: Records, emitter: Emitter): RuntimeEvents {
  const { now, write, string, id } = records;
  const codes = new Map<string, number>(RUNTIME_EVENTS.map((name, code) => [name, code]));
  const flows = new Map<number, Flow>();
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);

  function subjectId(subject: Subject): number {
    if (subject.tag === 0) {
      subject.tag = id();
      const kind = Math.max(0, (WAIT_KINDS as readonly string[]).indexOf(subject.kind));
      write(RecordKind.subject, kind, now(), subject.tag, 0, string(subject.name.slice(0, MAX_NAME)), 0);
    }
    return subject.tag;
  }

  function scopeId(scope: Scope | undefined): number {
    let at = scope;
    while (at?.kind === "context") at = at.parent;
    return at?.tag ?? 0;
  }

  /** Tasks, scopes and what is waited for carry their number with them. */
  function numberOf(subject: unknown): number {
    if (typeof subject !== "object" || subject === null) return 0;
    const { holders, tag } = subject as Partial<Subject>;
    if (typeof holders === "function") return subjectId(subject as Subject);
    return typeof tag === "number" ? tag : 0;
  }

  function textOf(subject: unknown): string {
    return (typeof subject === "string" ? subject : labelOf(subject, emitter)).slice(0, MAX_NAME);
  }

  function flowed(subject: Subject, passed: number, depth: number, waiters: number): void {
    const number = subjectId(subject);
    let flow = flows.get(number);
    if (flow === undefined) {
      if (flows.size >= MAX_COUNTED) flushFlows();
      flow = { last: 0, passed: 0, depth: 0, waiters: 0 };
      flows.set(number, flow);
    }
    flow.passed += passed;
    flow.depth = depth;
    flow.waiters = waiters;
    const at = now();
    if (at - flow.last >= DEPTH_MS) flush(number, flow, at);
  }

  function flush(subject: number, flow: Flow, at: number): void {
    write(RecordKind.depth, 0, at, subject, flow.depth, flow.waiters, flow.passed);
    flow.last = at;
    flow.passed = 0;
  }

  function flushFlows(): void {
    const at = now();
    for (const [subject, flow] of flows) if (flow.passed > 0) flush(subject, flow, at);
    flows.clear();
  }

  function flowEnds(subject: Subject): void {
    const flow = flows.get(subject.tag);
    if (flow === undefined) return;
    if (flow.passed > 0) flush(subject.tag, flow, now());
    flows.delete(subject.tag);
  }

  return {
    subjectId,
    scopeId,
    tell(kind, task, subject, a, b) {
      switch (kind) {
        case "sync.acquired":
          // What a rate limiter gives is used up, not held.
          if ((subject as Subject).kind === "rate") return;
          return write(RecordKind.hold, 0, now(), subjectId(subject as Subject), task?.tag ?? 0, 0, a);
        case "sync.released":
          return write(RecordKind.release, 0, now(), subjectId(subject as Subject), task?.tag ?? 0, 0, 0);
        case "queue.put":
          return flowed(subject as Subject, 0, a, b);
        case "queue.get":
          return flowed(subject as Subject, 1, a, b);
        case "stream.chunk":
          return flowed(subject as Subject, a, b, 0);
        case "queue.shutdown":
        case "stream.end":
          flowEnds(subject as Subject);
          break;
        case "shutdown.end":
          flushFlows();
          break;
        case "shield.enter":
        case "shield.exit":
          // A block of its own: it has a scope.
          if ((subject as Scope).kind === "shield") return;
          break;
        default:
      }
      const code = codes.get(kind);
      if (code === undefined) return;
      const isText = TEXT_EVENTS.has(kind as RuntimeEventKind);
      const about = isText ? string(textOf(subject)) : numberOf(subject);
      float[0] = b;
      write(RecordKind.event, code, now(), task?.tag ?? 0, about, bits[0] ?? 0, a);
    },
  };
}
