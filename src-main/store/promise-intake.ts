/**
 * Promise events on their way in: the words of one thread's ring (promise-words.ts) become chunks. In bulk: at tens
 * of millions a second nothing may be an object. Whatever the words are, they mean something: foreign bytes cost the
 * picture, and never the recording.
 */
import {
  DISTANCE_MASK,
  DISTANCE_SHIFT,
  FAR,
  FAR_WORDS,
  ID_MASK,
  LONG,
  LONG_WORDS,
  LOST,
  PROMISE_KIND_MASK,
  PromiseEvent,
  TASK,
  TASK_WORDS,
  TICKS_MS,
  TICKS_SHIFT,
} from "../../src-runtime/protocol/promise-words.ts";
import { CHUNK_EVENTS, createChunkBuilder, type PromiseChunk } from "./promise-chunk.ts";
import { createSettledSet } from "./settled-set.ts";

const NS_A_TICK = 1e6 / TICKS_MS;
const HALF = 2 ** 32;
const MAX_TICKS_EVER = 2 ** 50;

export interface PromiseIntake {
  /** Answers the chunks that are full now. */
  push(words: Int32Array): readonly PromiseChunk[];
  /** What there is, though it fills no chunk. */
  flush(): readonly PromiseChunk[];
  readonly pending: number;
  /** Nanoseconds since the recording started, of the last event. */
  readonly end: number;
  readonly created: number;
  /** Promises that settled, each once. */
  readonly settled: number;
}

/** @param offsetNs a tick of the thread's is `ticks * 100 + offsetNs` on the recording's axis */
export function createPromiseIntake(offsetNs: number): PromiseIntake {
  const builder = createChunkBuilder();
  const settledIds = createSettledSet();
  let chunks: PromiseChunk[] = [];
  let newest = 0;
  let ticks = 0;
  let chunkStart = 0;
  let created = 0;
  let settled = 0;
  /** The beginning of an event that is cut. */
  let rest = new Int32Array(0);

  const nsOf = (at: number): number => Math.max(0, Math.round(at * NS_A_TICK + offsetNs));

  function close(): void {
    const chunk = builder.take(chunkStart);
    if (chunk !== undefined) chunks.push(chunk);
  }

  function add(kind: PromiseEvent, since: number, distance: number): void {
    if (builder.count === CHUNK_EVENTS) close();
    ticks += since;
    if (builder.count === 0) chunkStart = nsOf(ticks);
    if (kind === PromiseEvent.init) {
      newest++;
      created++;
      builder.add(kind, since, distance === 0 ? 0 : Math.max(0, newest - distance));
    } else {
      const id = Math.max(0, newest - distance);
      if (kind === PromiseEvent.settled && settledIds.add(id)) settled++;
      builder.add(kind, since, id);
    }
  }

  /** An event with an absolute time, after which the ids go on from what it says. */
  function addWhole(words: Int32Array, at: number): void {
    const flags = words[at] ?? 0;
    const kind = (flags & PROMISE_KIND_MASK) as PromiseEvent;
    const said = ((words[at + 3] ?? 0) >>> 0) + (words[at + 4] ?? 0) * HALF;
    const since = said > ticks && said < MAX_TICKS_EVER ? said - ticks : 0;
    // Of the newest only 31 bits are told.
    const isInit = kind === PromiseEvent.init;
    const expected = isInit ? newest + 1 : newest;
    const missed = (((words[at + 1] ?? 0) & ID_MASK) - (expected % (ID_MASK + 1))) & ID_MASK;
    if ((flags & LOST) !== 0 || missed > 0) {
      close();
      newest += missed;
      builder.lose(newest);
    }
    add(kind, since, (words[at + 2] ?? 0) & ID_MASK);
  }

  function read(words: Int32Array): void {
    let at = 0;
    while (at < words.length) {
      const word = words[at] ?? 0;
      if ((word & LONG) === 0) {
        const kind = (word & PROMISE_KIND_MASK) as PromiseEvent;
        add(kind, word >>> TICKS_SHIFT, (word >>> DISTANCE_SHIFT) & DISTANCE_MASK);
        at++;
        continue;
      }
      const length = (word & TASK) !== 0 ? TASK_WORDS : (word & FAR) !== 0 ? FAR_WORDS : LONG_WORDS;
      if (at + length > words.length) break;
      if (length === LONG_WORDS) addWhole(words, at);
      else if ((word & TASK) !== 0) builder.setTask((words[at + 1] ?? 0) >>> 0);
      else add((word & PROMISE_KIND_MASK) as PromiseEvent, word >>> TICKS_SHIFT, (words[at + 1] ?? 0) & ID_MASK);
      at += length;
    }
    rest = words.slice(at);
  }

  function takeChunks(): readonly PromiseChunk[] {
    const taken = chunks;
    chunks = [];
    return taken;
  }

  return {
    push(words) {
      if (rest.length === 0) read(words);
      else {
        const joined = new Int32Array(rest.length + words.length);
        joined.set(rest);
        joined.set(words, rest.length);
        read(joined);
      }
      return takeChunks();
    },
    flush() {
      close();
      return takeChunks();
    },
    get pending() {
      return builder.count;
    },
    get end() {
      return nsOf(ticks);
    },
    get created() {
      return created;
    },
    get settled() {
      return settled;
    },
  };
}
