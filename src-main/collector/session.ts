/**
 * One live connection of a traced thread: handshake, clock, strings; frames in, TraceEvents out.
 *
 * Invariant: nothing leaves before a valid hello, and every stamp leaves on the recording's axis. Handle records are
 * handed on as raw bytes with their counts, promise events as raw words: they are never objects.
 */
import { createFrameDecoder, ProtocolError } from "../../src-runtime/protocol/frame.ts";
import type { TraceEvent } from "../../src-runtime/protocol/event.ts";
import {
  PROTOCOL_VERSION,
  STRINGS_KEPT,
  type Attributes,
  type HelloMessage,
  type Message,
  type ProfileMessage,
} from "../../src-runtime/protocol/message.ts";
import {
  isHandleKind,
  LATE_IO,
  LateFlag,
  LINK_KINDS,
  OUTCOMES,
  PROGRESS_KINDS,
  RECORD_BYTES,
  RecordKind,
  TASK_KINDS,
} from "../../src-runtime/protocol/record.ts";
import { msToNanos, nanos, rebase, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { Frame } from "../api/api.ts";
import type { FrameResolver } from "./frames.ts";
import { isAttributes, parseMessage } from "./message-schema.ts";
import { decodeRuntimeRecord, finite, pick } from "./runtime-records.ts";

const THREAD_IDS = 2 ** 32;
const UNKNOWN_RATIO = 0xffff_ffff;

export type SessionEvent = TraceEvent<Frame>;

export interface HandleBatch {
  readonly thread: number;
  readonly from: Nanos;
  readonly to: Nanos;
  readonly count: number;
  /** The raw records, 32 bytes each. A stamp (ms) of theirs is `stamp * 1e6 + offsetNs` on the recording's axis. */
  readonly bytes: Buffer;
  readonly offsetNs: number;
  /** Handles created, by type. */
  readonly created: ReadonlyMap<string, number>;
}

export interface PromiseBatch {
  readonly thread: number;
  /** As they lay in the thread's ring (promise-words.ts); the first and the last event may be cut. */
  readonly words: Int32Array;
  /** A stamp (ms) of theirs is `stamp * 1e6 + offsetNs` on the recording's axis. */
  readonly offsetNs: number;
}

export interface SessionHost {
  readonly token: string;
  readonly originMonoNs: number;
  /** Numbers for a thread that said a valid hello. */
  admit(hello: HelloMessage): { readonly thread: number; readonly process: number; readonly frames: FrameResolver };
  events(events: readonly SessionEvent[]): void;
  handles(batch: HandleBatch): void;
  promises(batch: PromiseBatch): void;
}

export interface Session {
  push(bytes: Uint8Array): void;
  /** The connection ended. */
  end(): void;
}

interface Admitted {
  readonly hello: HelloMessage;
  readonly thread: number;
  readonly frames: FrameResolver;
}

export function createSession(host: SessionHost): Session {
  const decoder = createFrameDecoder();
  const strings = new Map<number, string>();
  const sets = new Map<number, Attributes>();
  let admitted: Admitted | undefined;
  let lastAt = nanos(0);

  /** An instant that may still be to come. */
  function instant(stamp: number): Nanos {
    const time = rebase(stamp, admitted!.hello.clock, host.originMonoNs);
    if (!Number.isFinite(time)) throw new ProtocolError("a stamp that is no time");
    return nanos(Math.max(0, time));
  }

  function at(stamp: number): Nanos {
    const value = instant(stamp);
    if (value > lastAt) lastAt = value;
    return value;
  }

  function globalId(local: number): number {
    return local === 0 ? 0 : admitted!.thread * THREAD_IDS + local;
  }

  /** A thread starts over after STRINGS_KEPT texts; those of before may still be named by records under way. */
  function define(id: number, words: string): void {
    strings.set(id, words);
    sets.delete(id);
    if (strings.size <= 2 * STRINGS_KEPT) return;
    for (const old of strings.keys()) {
      if (strings.size <= STRINGS_KEPT) break;
      strings.delete(old);
      sets.delete(old);
    }
  }

  /** The attribute set that a text holds. */
  function attributesOf(id: number): Attributes {
    let set = sets.get(id);
    if (set === undefined) {
      set = parseAttributes(text(id));
      sets.set(id, set);
    }
    return set;
  }

  function text(id: number): string {
    return strings.get(id) ?? "";
  }

  function hello(message: Message): SessionEvent {
    if (message.t !== "hello") throw new ProtocolError("first message is not a hello");
    if (message.token !== host.token) throw new ProtocolError("hello with a wrong token");
    if (message.protocol !== PROTOCOL_VERSION)
      throw new ProtocolError(`protocol ${message.protocol}, expected ${PROTOCOL_VERSION}`);
    const { thread, process, frames } = host.admit(message);
    admitted = { hello: message, thread, frames };
    return { kind: "hello", thread, process, at: at(message.clock.now), hello: message };
  }

  function decodeMessage(message: Message, events: SessionEvent[]): void {
    if (admitted === undefined) {
      events.push(hello(message));
      return;
    }
    const { thread, frames } = admitted;
    switch (message.t) {
      case "string":
        define(message.id, message.text);
        return;
      case "attributes":
        events.push({ kind: "attributes", thread, task: globalId(message.task), attributes: message.attributes });
        return;
      case "cancel":
        events.push({
          kind: "cancel",
          thread,
          at: at(message.at),
          cancel: globalId(message.id),
          source: message.source,
          reason: message.reason,
          by: globalId(message.by),
          stack: frames.resolve(message.site ?? []),
          ...(message.scope === undefined ? {} : { scope: globalId(message.scope) }),
          ...(message.task === undefined ? {} : { task: globalId(message.task) }),
          ...(message.due === undefined ? {} : { due: instant(message.due) }),
        });
        return;
      case "site":
        events.push({ kind: "site", thread, task: globalId(message.task), frames: frames.resolve(message.frames) });
        return;
      case "stallOpen":
        events.push({ kind: "stallOpen", thread, at: at(message.at), beat: message.beat });
        return;
      case "sample":
        events.push({
          kind: "sample",
          thread,
          at: at(message.at),
          beat: message.beat,
          tookMs: message.tookMs,
          frames: frames.resolve(message.frames),
          task: globalId(message.task),
          span: globalId(message.span),
        });
        return;
      case "profile":
        events.push({ kind: "profile", thread, ...profileOf(message, frames) });
        return;
      case "own":
        events.push({ kind: "own", thread, at: at(message.at), what: message.what, length: message.ms });
        return;
      case "evidence":
        events.push({ kind: "evidence", thread, beat: message.beat, figures: message.figures });
        return;
      case "sourceMap":
        frames.addMap(message.file, message.map);
        return;
      case "alive":
        events.push({ kind: "alive", thread, at: at(message.at), lateMs: message.lateMs });
        return;
      case "dropped":
        events.push({ kind: "dropped", thread, byKind: message.byKind });
        return;
      case "trouble":
        events.push({ kind: "notSeen", thread, what: `${message.part} (unhooked: ${message.error})` });
        return;
      case "notSeen":
        events.push({ kind: "notSeen", thread, what: message.what });
        return;
      case "bye":
        events.push({ kind: "bye", thread, at: at(message.at), exitCode: message.exitCode });
        return;
      case "hello":
        throw new ProtocolError("second hello");
    }
  }

  function profileOf(message: ProfileMessage, resolver: FrameResolver) {
    const { frames, nodes } = message;
    const isTree = nodes.every(([frame, parent], index) => frame < frames.length && parent < index);
    if (!isTree || message.runs.some(([node]) => node >= nodes.length))
      throw new ProtocolError("a profile that is no tree");
    const functions = frames.map((frame) => resolver.resolveFunction(frame));
    return {
      at: at(message.at),
      beat: message.beat,
      intervalMs: message.intervalMs,
      frames: functions.map(({ frame }) => frame),
      hotLines: functions.map(({ hotLine }) => hotLine),
      nodes,
      runs: message.runs.map(([node, from, length]) => [node, instant(message.at + from), msToNanos(length)] as const),
    };
  }

  function decodeRecords(view: DataView, count: number, events: SessionEvent[]): void {
    if (admitted === undefined) throw new ProtocolError("records before the hello");
    const { thread } = admitted;
    const created = new Map<string, number>();
    let handles = 0;
    let from = Infinity;
    let to = 0;
    const raw = Buffer.allocUnsafe(count * RECORD_BYTES);
    const source = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    for (let offset = 0; offset < view.byteLength; offset += RECORD_BYTES) {
      const kind = view.getUint8(offset + 8);
      if (isHandleKind(kind)) {
        if (kind === RecordKind.handleBefore && view.getUint8(offset + 9) !== 0) {
          events.push(decodeLate(view, offset, thread));
        }
        if (kind === RecordKind.handleInit) {
          const type = text(view.getUint32(offset + 16, true));
          created.set(type, (created.get(type) ?? 0) + 1);
        }
        const stamp = view.getFloat64(offset, true);
        if (stamp < from) from = stamp;
        if (stamp > to) to = stamp;
        source.copy(raw, handles * RECORD_BYTES, offset, offset + RECORD_BYTES);
        handles++;
      } else {
        events.push(decodeRecord(view, offset, kind, thread));
      }
    }
    if (handles > 0) {
      const bytes = raw.subarray(0, handles * RECORD_BYTES);
      host.handles({ thread, from: at(from), to: at(to), count: handles, bytes, offsetNs: offsetNs(), created });
    }
  }

  /** A callback that says of itself that it came late. */
  function decodeLate(view: DataView, offset: number, thread: number): SessionEvent {
    const flags = view.getUint8(offset + 9);
    const stamp = view.getFloat64(offset, true);
    if ((flags & LateFlag.waited) !== 0) return { kind: "waited", thread, at: at(stamp) };
    const a = view.getUint32(offset + 16, true);
    const task = globalId(finite(view.getFloat64(offset + 24, true)));
    if ((flags & LateFlag.timer) === 0) {
      const handle = view.getUint32(offset + 12, true);
      return { kind: "lateIo", thread, at: at(stamp), io: pick(LATE_IO, a), handle, task };
    }
    return {
      kind: "lateTimer",
      thread,
      at: at(stamp),
      due: instant(stamp - a / 1000),
      delay: view.getUint32(offset + 20, true),
      repeats: (flags & LateFlag.repeats) !== 0,
      isRefed: (flags & LateFlag.unrefed) === 0,
      task,
    };
  }

  function offsetNs(): number {
    const { clock } = admitted!.hello;
    return clock.monoNs - host.originMonoNs - clock.now * 1e6;
  }

  function takePromises(words: Int32Array): void {
    if (admitted === undefined) throw new ProtocolError("promises before the hello");
    host.promises({ thread: admitted.thread, words, offsetNs: offsetNs() });
  }

  function decodeRecord(view: DataView, offset: number, kind: number, thread: number): SessionEvent {
    const stamp = view.getFloat64(offset, true);
    const sub = view.getUint8(offset + 9);
    const id = view.getUint32(offset + 12, true);
    const a = view.getUint32(offset + 16, true);
    const b = view.getUint32(offset + 20, true);
    const value = view.getFloat64(offset + 24, true);
    switch (kind) {
      case RecordKind.start:
        return {
          kind: "start",
          thread,
          at: at(stamp),
          task: globalId(id),
          parent: globalId(a),
          taskKind: pick(TASK_KINDS, sub),
          name: text(b),
          origin: text(value),
        };
      case RecordKind.progress:
        return {
          kind: "progress",
          thread,
          at: at(stamp),
          task: globalId(id),
          progress: pick(PROGRESS_KINDS, sub),
          a,
          value: finite(value),
        };
      case RecordKind.end: {
        const error = text(a);
        return {
          kind: "end",
          thread,
          at: at(stamp),
          task: globalId(id),
          outcome: pick(OUTCOMES, sub),
          ...(error === "" ? {} : { error }),
          ...(b === 0 ? {} : { flags: b }),
        };
      }
      case RecordKind.attributes:
        return { kind: "attributes", thread, task: globalId(id), attributes: attributesOf(a) };
      case RecordKind.link:
        return {
          kind: "link",
          thread,
          at: at(stamp),
          link: pick(LINK_KINDS, sub),
          from: globalId(id),
          to: globalId(a),
        };
      case RecordKind.beat:
        return { kind: "beat", thread, at: at(stamp), delay: a / 1000, busy: b / 1000, length: finite(value) };
      case RecordKind.stall:
        return {
          kind: "stall",
          thread,
          at: at(stamp),
          beat: id,
          duration: finite(value),
          ...(a === UNKNOWN_RATIO ? {} : { cpuRatio: a / 1e6 }),
        };
      default:
        return decodeRuntimeRecord({ kind, sub, at: at(stamp), id, a, b, value }, thread, { globalId, text, instant });
    }
  }

  /** One message that makes no sense is counted as lost; before the hello it ends the connection. */
  function take(value: unknown, events: SessionEvent[]): void {
    const result = parseMessage(value);
    if ("message" in result) decodeMessage(result.message, events);
    else if (admitted === undefined) throw new ProtocolError(result.problem);
    else events.push({ kind: "dropped", thread: admitted.thread, byKind: { "unreadable message": 1 } });
  }

  return {
    push(bytes) {
      for (const frame of decoder.push(bytes)) {
        const events: SessionEvent[] = [];
        if (frame.type === "records") decodeRecords(frame.records, frame.count, events);
        else if (frame.type === "promises") takePromises(frame.words);
        else for (const message of frame.messages) take(message, events);
        if (events.length > 0) host.events(events);
      }
    },
    end() {
      if (admitted === undefined) return;
      host.events([{ kind: "gone", thread: admitted.thread, at: lastAt }]);
    },
  };
}

function parseAttributes(json: string): Attributes {
  let set: unknown;
  try {
    set = JSON.parse(json);
  } catch {
    throw new ProtocolError("attributes that are not JSON");
  }
  if (!isAttributes(set)) throw new ProtocolError("attributes of a wrong shape");
  return set;
}
