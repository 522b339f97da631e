/**
 * Promise events at rest: some thousands of one thread, readable without those before. Columns of variable-length
 * integers, each what is most often small, then zstd: an event becomes one to three bytes.
 *
 *     head: newest id, task and running ids before the first event; the columns' lengths
 *     kinds   2 bits an event                 times    ticks (100 ns) since the event before
 *     parents of each init                    runs     of each before: id less that of the before before
 *     settled of each settled                 tasks    (events since the last, task) where it changes
 *
 * A parent is 0 none, 1 and 2 the last two that were far, else its distance back and 2; a settled one is 0 the one that
 * runs, else its distance back from the newest and 1.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { PromiseEvent, TICKS_MS } from "../../src-runtime/protocol/promise-words.ts";
import { MAX_VARINT, readVarint, unzigzag, writeVarint, zigzag, type Cursor } from "./varint.ts";

export const CHUNK_EVENTS = 16_384;
/** A parent nearer than this is told by its distance. */
const FAR = 64;
const NS_A_TICK = 1e6 / TICKS_MS;
/** Promises that run inside each other, at most: more is nonsense. */
const MAX_RUNNING = 64;

/** What is known of a thread between two chunks. */
export interface ChunkStart {
  readonly newest: number;
  readonly task: number;
  readonly running: readonly number[];
}

export interface PromiseChunk {
  /** Nanoseconds since the recording started, of the first and the last event. */
  readonly start: number;
  readonly end: number;
  /** Promises created in it have these ids; none when last is before first. */
  readonly firstId: number;
  readonly lastId: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

export interface ChunkBuilder {
  readonly count: number;
  readonly task: number;
  /** The innermost that runs, 0 none. */
  running(): number;
  /** `ticks` since the event before. `id` is the parent's for an init, of no meaning for an after. */
  add(kind: PromiseEvent, ticks: number, id: number): void;
  setTask(task: number): void;
  /** Forgets what runs: some events are missing. Only between chunks. */
  lose(newest: number): void;
  /** What was added since the last call, whose first event was at `start` nanoseconds. Undefined: nothing. */
  take(start: number): PromiseChunk | undefined;
}

export function createChunkBuilder(): ChunkBuilder {
  const kinds = new Uint8Array(CHUNK_EVENTS / 4);
  const times = createColumn();
  const parents = createColumn();
  const runs = createColumn();
  const settled = createColumn();
  const tasks = createColumn();
  const columns = [times, parents, runs, settled, tasks];
  let running: number[] = [];
  let newest = 0;
  let task = 0;
  let begin: ChunkStart = { newest, task, running: [] };
  let count = 0;
  let ticksInAll = 0;
  let far = 0;
  let farther = 0;
  let lastRun = 0;
  let lastTaskAt = 0;

  function addParent(id: number): void {
    const distance = newest - id;
    if (id === 0) parents.push(0);
    else if (distance < FAR) parents.push(distance + 2);
    else if (id === far) parents.push(1);
    else {
      parents.push(id === farther ? 2 : distance + 2);
      farther = far;
      far = id;
    }
  }

  return {
    get count() {
      return count;
    },
    get task() {
      return task;
    },
    running: () => running[running.length - 1] ?? 0,
    add(kind, ticks, id) {
      // The first one's time is the chunk's.
      times.push(count === 0 ? 0 : ticks);
      if (count > 0) ticksInAll += ticks;
      kinds[count >> 2] = (count & 3) === 0 ? kind : (kinds[count >> 2] ?? 0) | (kind << ((count & 3) * 2));
      count++;
      if (kind === PromiseEvent.init) {
        newest++;
        addParent(id);
      } else if (kind === PromiseEvent.before) {
        runs.push(zigzag(id - lastRun));
        lastRun = id;
        if (running.length < MAX_RUNNING) running.push(id);
      } else if (kind === PromiseEvent.after) {
        running.pop();
      } else {
        settled.push(id === running[running.length - 1] ? 0 : newest - id + 1);
      }
    },
    setTask(next) {
      task = next;
      if (count === 0) begin = { ...begin, task };
      else {
        tasks.push(count - lastTaskAt);
        tasks.push(task);
        lastTaskAt = count;
      }
    },
    lose(now) {
      newest = now;
      running = [];
      begin = { newest, task, running: [] };
    },
    take(start) {
      if (count === 0) return undefined;
      const chunk = {
        start,
        end: start + ticksInAll * NS_A_TICK,
        firstId: begin.newest + 1,
        lastId: newest,
        count,
        bytes: pack(begin, [kinds.subarray(0, (count + 3) >> 2), ...columns.map((column) => column.take())]),
      };
      begin = { newest, task, running: [...running] };
      count = 0;
      ticksInAll = 0;
      far = 0;
      farther = 0;
      lastRun = 0;
      lastTaskAt = 0;
      return chunk;
    },
  };
}

interface Column {
  push(value: number): void;
  take(): Uint8Array;
}

function createColumn(): Column {
  let out = new Uint8Array(CHUNK_EVENTS * 2);
  let at = 0;
  return {
    push(value) {
      if (at + MAX_VARINT > out.length) {
        const larger = new Uint8Array(out.length * 2);
        larger.set(out);
        out = larger;
      }
      if (value < 0x80) out[at++] = value;
      else at = writeVarint(out, at, value);
    },
    take() {
      const bytes = out.subarray(0, at);
      at = 0;
      return bytes;
    },
  };
}

function pack(begin: ChunkStart, columns: readonly Uint8Array[]): Uint8Array {
  const numbers = [begin.newest, begin.task, begin.running.length, ...begin.running, ...columns.map((c) => c.length)];
  const head = new Uint8Array(numbers.length * MAX_VARINT);
  let at = 0;
  for (const number of numbers) at = writeVarint(head, at, number);
  const all = Buffer.concat([head.subarray(0, at), ...columns]);
  return zstdCompressSync(all, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

/** `parent` is of an init, 0 none or unknown; `task` of what runs, 0 none. An after of something unknown has id 0. */
export type VisitPromiseEvent = (kind: PromiseEvent, at: number, id: number, parent: number, task: number) => void;

/**
 * Every event of a chunk, in order. Also tells what was running when it begins, as befores at `-Infinity`.
 * @throws RangeError for bytes that are no chunk
 */
export function readPromiseChunk(
  chunk: Pick<PromiseChunk, "start" | "count" | "bytes">,
  visit: VisitPromiseEvent,
): void {
  const data = zstdDecompressSync(chunk.bytes);
  const head: Cursor = { at: 0 };
  let newest = readVarint(data, head);
  let task = readVarint(data, head);
  const running = Array.from({ length: Math.min(MAX_RUNNING, readVarint(data, head)) }, () => readVarint(data, head));
  const lengths = Array.from({ length: 6 }, () => readVarint(data, head));
  let end = head.at;
  const [kinds, times, parents, runs, settled, tasks] = lengths.map((length) => ({ at: (end += length) - length }));
  if (kinds === undefined || times === undefined || parents === undefined) return;
  if (runs === undefined || settled === undefined || tasks === undefined) return;
  for (const id of running) visit(PromiseEvent.before, -Infinity, id, 0, task);
  let at = chunk.start;
  let far = 0;
  let farther = 0;
  let lastRun = 0;
  let nextTask = tasks.at < end ? readVarint(data, tasks) : Infinity;
  for (let index = 0; index < chunk.count; index++) {
    while (index === nextTask) {
      task = readVarint(data, tasks);
      nextTask = tasks.at < end ? nextTask + readVarint(data, tasks) : Infinity;
    }
    const kind = (((data[kinds.at + (index >> 2)] ?? 0) >> ((index & 3) * 2)) & 3) as PromiseEvent;
    at += readVarint(data, times) * NS_A_TICK;
    if (kind === PromiseEvent.init) {
      newest++;
      const code = readVarint(data, parents);
      const parent = code === 0 ? 0 : code === 1 ? far : code === 2 ? farther : newest - (code - 2);
      if (code === 2 || code - 2 >= FAR) {
        farther = far;
        far = parent;
      }
      visit(kind, at, newest, parent, task);
    } else if (kind === PromiseEvent.before) {
      lastRun += unzigzag(readVarint(data, runs));
      if (running.length < MAX_RUNNING) running.push(lastRun);
      visit(kind, at, lastRun, 0, task);
    } else if (kind === PromiseEvent.after) {
      visit(kind, at, running.pop() ?? 0, 0, task);
    } else {
      const code = readVarint(data, settled);
      visit(kind, at, code === 0 ? (running[running.length - 1] ?? 0) : newest - (code - 1), 0, task);
    }
  }
}
