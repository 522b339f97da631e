/** The session: bytes of a traced thread into events, whatever the bytes are. */
import { describe, expect, test } from "vitest";
import { createFold } from "../../../src-main/collector/fold.ts";
import { createFrameResolver } from "../../../src-main/collector/frames.ts";
import { createSession, type Session, type SessionEvent } from "../../../src-main/collector/session.ts";
import type { Change } from "../../../src-main/store/rows.ts";
import {
  allocateRecords,
  encodeMessages,
  FRAME_HEADER_BYTES,
  ProtocolError,
} from "../../../src-runtime/protocol/frame.ts";
import { PROTOCOL_VERSION, type Message } from "../../../src-runtime/protocol/message.ts";
import {
  EndFlag,
  isHandleKind,
  OUTCOMES,
  RECORD_BYTES,
  RecordKind,
  RUNTIME_EVENTS,
  SCOPE_KINDS,
  SHIELDED,
  TASK_KINDS,
  WAIT_KINDS,
} from "../../../src-runtime/protocol/record.ts";
import { drawnHello } from "../../fixtures/drawn-timeline.ts";

const T = 2 ** 32;

interface Fields {
  readonly kind: number;
  readonly sub?: number;
  readonly at?: number;
  readonly id?: number;
  readonly a?: number;
  readonly b?: number;
  readonly value?: number;
}

function records(...list: readonly Fields[]): Uint8Array {
  const frame = allocateRecords(list.length);
  const view = new DataView(frame.buffer, FRAME_HEADER_BYTES);
  for (const [index, { kind, sub = 0, at = 1, id = 0, a = 0, b = 0, value = 0 }] of list.entries()) {
    const offset = index * RECORD_BYTES;
    view.setFloat64(offset, at, true);
    view.setUint8(offset + 8, kind);
    view.setUint8(offset + 9, sub);
    view.setUint32(offset + 12, id, true);
    view.setUint32(offset + 16, a, true);
    view.setUint32(offset + 20, b, true);
    view.setFloat64(offset + 24, value, true);
  }
  return frame;
}

function connect(): { readonly session: Session; readonly events: SessionEvent[] } {
  const events: SessionEvent[] = [];
  const session = createSession({
    token: "token",
    originMonoNs: 0,
    admit: () => ({ thread: 1, process: 1, frames: createFrameResolver("/home/me") }),
    events: (said) => void events.push(...said),
    handles: () => undefined,
    promises: () => undefined,
  });
  const drawn = drawnHello();
  if (drawn.kind !== "hello") throw new Error("no hello");
  const strings: Message[] = ["lock", "TypeError"].map((text, index) => ({ t: "string", id: index + 1, text }));
  session.push(encodeMessages([{ ...drawn.hello, protocol: PROTOCOL_VERSION }, ...strings]));
  events.length = 0;
  return { session, events };
}

describe("records of the agent runtime", () => {
  function decode(...list: readonly Fields[]): readonly SessionEvent[] {
    const { session, events } = connect();
    session.push(records(...list));
    return events;
  }

  test("a task, its scope, and how it ended", () => {
    const tool = TASK_KINDS.indexOf("tool");
    expect(
      decode(
        { kind: RecordKind.task, sub: tool, id: 7, a: 3, b: 1, value: 5 },
        { kind: RecordKind.end, sub: OUTCOMES.indexOf("failed"), id: 7, a: 2, b: EndFlag.ignored },
      ),
    ).toMatchObject([
      { kind: "start", task: T + 7, parent: T + 3, taskKind: "tool", name: "lock", origin: "runtime", scope: T + 5 },
      { kind: "end", task: T + 7, outcome: "failed", error: "TypeError", flags: EndFlag.ignored },
    ]);
  });

  test("scopes, shielded or not, and deadlines to come", () => {
    const timeout = SCOPE_KINDS.indexOf("timeout");
    expect(
      decode(
        { kind: RecordKind.scope, sub: timeout | SHIELDED, id: 8, a: 7, b: 0, value: 1 },
        { kind: RecordKind.deadline, id: 8, value: 500 },
        { kind: RecordKind.deadline, id: 8, value: Infinity },
        { kind: RecordKind.scopeEnd, id: 8 },
      ),
    ).toMatchObject([
      { kind: "scope", scope: T + 8, scopeKind: "timeout", shielded: true, task: T + 7, parent: 0, name: "lock" },
      { kind: "deadline", scope: T + 8, when: 500e6 },
      { kind: "deadline", scope: T + 8 },
      { kind: "scopeEnd", scope: T + 8 },
    ]);
  });

  test("waits: who holds a lock, how long a sleep is", () => {
    const [lock, sleep] = [WAIT_KINDS.indexOf("lock"), WAIT_KINDS.indexOf("sleep")];
    const decoded = decode(
      { kind: RecordKind.subject, sub: lock, id: 4, b: 1 },
      { kind: RecordKind.wait, sub: lock, id: 9, a: 7, b: 4, value: 3 },
      { kind: RecordKind.wait, sub: sleep, id: 10, a: 7, value: 2.5 },
      { kind: RecordKind.waitEnd, sub: OUTCOMES.indexOf("cancelled"), id: 9, a: 3 },
      { kind: RecordKind.hold, id: 4, a: 7, value: 1.5 },
      { kind: RecordKind.release, id: 4, a: 7 },
      { kind: RecordKind.depth, id: 4, a: 2, b: 1, value: 60 },
    );
    expect(decoded).toMatchObject([
      { kind: "subject", subject: T + 4, subjectKind: "lock", name: "lock" },
      { kind: "wait", wait: T + 9, waitKind: "lock", task: T + 7, target: T + 4, holder: T + 3 },
      { kind: "wait", wait: T + 10, waitKind: "sleep", target: 0, holder: 0, asked: 2.5 },
      { kind: "waitEnd", wait: T + 9, outcome: "cancelled", by: T + 3 },
      { kind: "hold", subject: T + 4, task: T + 7, waited: 1.5 },
      { kind: "release", subject: T + 4, task: T + 7 },
      { kind: "depth", subject: T + 4, depth: 2, waiters: 1, passed: 60 },
    ]);
    expect(decoded[1]).not.toHaveProperty("asked");
  });

  test("events, with a text or with what they are about", () => {
    const bits = new DataView(new ArrayBuffer(4));
    bits.setFloat32(0, 0.5);
    const [failed, fired] = [RUNTIME_EVENTS.indexOf("retry.failed"), RUNTIME_EVENTS.indexOf("timeout.fired")];
    expect(
      decode(
        { kind: RecordKind.event, sub: failed, id: 7, a: 2, value: 3 },
        { kind: RecordKind.event, sub: fired, id: 7, a: 8, b: bits.getUint32(0), value: NaN },
      ),
    ).toMatchObject([
      { kind: "runtime", event: "retry.failed", task: T + 7, subject: 0, text: "TypeError", a: 3 },
      { kind: "runtime", event: "timeout.fired", task: T + 7, subject: T + 8, a: 0, b: 0.5 },
    ]);
  });

  test("a cancel with its block; what it reached", () => {
    const { session, events } = connect();
    const cancel = { t: "cancel", id: 30, at: 1, source: "deadline", reason: "TimeoutError", by: 0 } as const;
    session.push(encodeMessages([{ ...cancel, scope: 8, task: 7 }]));
    session.push(
      records(
        { kind: RecordKind.reached, id: 30, a: 7 },
        { kind: RecordKind.delivered, id: 30, a: 7 },
        { kind: RecordKind.settled, sub: 1, id: 30, a: 7 },
      ),
    );
    expect(events).toMatchObject([
      { kind: "cancel", cancel: T + 30, source: "deadline", scope: T + 8, task: T + 7 },
      { kind: "reached", cancel: T + 30, task: T + 7, ignored: false },
      { kind: "delivered", cancel: T + 30, task: T + 7 },
      { kind: "settled", cancel: T + 30, task: T + 7, ignored: true },
    ]);
  });

  test.each([
    ["a kind that nobody defined", { kind: 31 }],
    ["a kind of wait that nobody defined", { kind: RecordKind.wait, sub: 200 }],
    ["an event that nobody defined", { kind: RecordKind.event, sub: 255 }],
    ["a stamp that is no time", { kind: RecordKind.scopeEnd, at: NaN }],
  ])("%s is refused", (_, fields) => {
    expect(() => decode(fields)).toThrow(ProtocolError);
  });
});

test("random records are events that fold into rows without a hole, or are refused", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed % below;
  };
  const strange = [NaN, Infinity, -1, 0, 1.5, 2 ** 32, 3];
  const kinds = Object.values(RecordKind).filter((kind) => !isHandleKind(kind));
  let decoded = 0;
  for (let round = 0; round < 3000; round++) {
    const { session, events } = connect();
    const list = Array.from({ length: 8 }, () => ({
      kind: kinds[random(kinds.length)] ?? 0,
      sub: random(12) === 0 ? random(256) : random(4),
      at: random(1000),
      id: random(6),
      a: random(6),
      b: random(6),
      value: strange[random(strange.length)] ?? 0,
    }));
    try {
      session.push(records(...list));
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
      continue;
    }
    decoded++;
    const fold = createFold();
    const out: Change[] = [];
    for (const event of [drawnHello(), ...events]) fold.apply(event, out);
    for (const change of out) expectNoHole(change);
  }
  expect(decoded).toBeGreaterThan(100);
});

/** SQLite takes NaN for NULL, which the tables refuse. */
function expectNoHole(value: unknown): void {
  if (typeof value === "number") expect(value).not.toBeNaN();
  else if (typeof value === "object" && value !== null) Object.values(value).forEach(expectNoHole);
}
