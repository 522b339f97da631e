/**
 * The records of the agent runtime, decoded: tasks, scopes, waits, holds and what else it tells.
 */
import { ProtocolError } from "../../src-runtime/protocol/frame.ts";
import {
  OUTCOMES,
  RecordKind,
  RUNTIME_EVENTS,
  SCOPE_KINDS,
  SHIELDED,
  TASK_KINDS,
  TEXT_EVENTS,
  WAIT_KINDS,
} from "../../src-runtime/protocol/record.ts";
import type { Nanos } from "../../src-runtime/protocol/time.ts";
import type { SessionEvent } from "./session.ts";

/** A record's fields, its stamp on the recording's axis. */
export interface RecordFields {
  readonly kind: number;
  readonly sub: number;
  readonly at: Nanos;
  readonly id: number;
  readonly a: number;
  readonly b: number;
  readonly value: number;
}

/** What only the session knows. */
export interface RecordContext {
  globalId(local: number): number;
  text(id: number): string;
  /** An instant, which may still be to come. */
  instant(stamp: number): Nanos;
}

const float = new DataView(new ArrayBuffer(4));

/** @throws ProtocolError for a kind or code that nobody defined */
export function decodeRuntimeRecord(record: RecordFields, thread: number, context: RecordContext): SessionEvent {
  const { kind, sub, at, id, a, b, value } = record;
  const { globalId, text } = context;
  switch (kind) {
    case RecordKind.task: {
      const name = text(b);
      const task = { task: globalId(id), parent: globalId(a), taskKind: pick(TASK_KINDS, sub), name };
      return { kind: "start", thread, at, ...task, origin: "runtime", scope: globalId(local(value)) };
    }
    case RecordKind.scope: {
      const about = { scope: globalId(id), task: globalId(a), parent: globalId(b), name: text(value) };
      const scopeKind = pick(SCOPE_KINDS, sub & ~SHIELDED);
      return { kind: "scope", thread, at, ...about, scopeKind, shielded: (sub & SHIELDED) !== 0 };
    }
    case RecordKind.scopeEnd:
      return { kind: "scopeEnd", thread, at, scope: globalId(id) };
    case RecordKind.deadline: {
      const when = Number.isFinite(value) ? { when: context.instant(value) } : {};
      return { kind: "deadline", thread, at, scope: globalId(id), ...when };
    }
    case RecordKind.reached:
    case RecordKind.settled: {
      const about = { cancel: globalId(id), task: globalId(a), ignored: sub === 1 };
      return { kind: kind === RecordKind.reached ? "reached" : "settled", thread, at, ...about };
    }
    case RecordKind.delivered:
      return { kind: "delivered", thread, at, cancel: globalId(id), task: globalId(a) };
    case RecordKind.subject:
      return { kind: "subject", thread, subject: globalId(id), subjectKind: pick(WAIT_KINDS, sub), name: text(b) };
    case RecordKind.wait: {
      const waitKind = pick(WAIT_KINDS, sub);
      const isSleep = waitKind === "sleep";
      return {
        kind: "wait",
        thread,
        at,
        wait: globalId(id),
        waitKind,
        task: globalId(a),
        target: globalId(b),
        holder: isSleep ? 0 : globalId(local(value)),
        ...(isSleep && Number.isFinite(value) ? { asked: value } : {}),
      };
    }
    case RecordKind.waitEnd:
      return { kind: "waitEnd", thread, at, wait: globalId(id), outcome: pick(OUTCOMES, sub), by: globalId(a) };
    case RecordKind.hold:
      return { kind: "hold", thread, at, subject: globalId(id), task: globalId(a), waited: finite(value) };
    case RecordKind.release:
      return { kind: "release", thread, at, subject: globalId(id), task: globalId(a) };
    case RecordKind.depth:
      return { kind: "depth", thread, at, subject: globalId(id), depth: a, waiters: b, passed: finite(value) };
    case RecordKind.event: {
      const event = pick(RUNTIME_EVENTS, sub);
      float.setUint32(0, b);
      const about = TEXT_EVENTS.has(event) ? { subject: 0, text: text(a) } : { subject: globalId(a) };
      return {
        kind: "runtime",
        thread,
        at,
        event,
        task: globalId(id),
        ...about,
        a: number(value),
        b: number(float.getFloat32(0)),
      };
    }
    default:
      throw new ProtocolError(`unknown record kind ${kind}`);
  }
}

/** A thread's id that travelled as a float. */
function local(value: number): number {
  return Number.isInteger(value) && value > 0 && value < 2 ** 32 ? value : 0;
}

/** What should be a length or a count. */
export function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function number(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

export function pick<T>(names: readonly T[], code: number): T {
  const name = names[code];
  if (name === undefined) throw new ProtocolError(`unknown code ${code}`);
  return name;
}
