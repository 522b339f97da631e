/** Which promises were alive in a window, and when did they run? Of recordings of level deep. */
import { PromiseEvent } from "../../src-runtime/protocol/promise-words.ts";
import type { PromiseQuery, PromiseTask, PromiseTasks } from "../api/api.ts";
import { readPromiseChunk } from "../store/promise-chunk.ts";
import { chunkOfPromise, promiseThreads, readPromises } from "../store/promise-reader.ts";
import type { Recording } from "../store/recording.ts";

/** Events unpacked for one answer, about a tenth of a second's work. */
const MAX_EVENTS = 200_000;
/** Chunks before the window that are looked into for where its promises were created. */
const MAX_ORIGINS = 32;
const THREAD_IDS = 2 ** 32;

interface Alive {
  readonly thread: number;
  readonly id: number;
  parent: number;
  task: number;
  created: number | undefined;
  settled: number | undefined;
  runs: { readonly start: number; end?: number }[];
  first: number;
  last: number;
}

export function promiseTasks(recording: Recording, { from, to, limit }: PromiseQuery): PromiseTasks {
  return recording.snapshot(() => {
    const alive: Alive[] = [];
    let complete = Infinity;
    for (const thread of promiseThreads(recording)) {
      const found = promisesOf(recording, thread, from, to);
      complete = Math.min(complete, found.complete);
      for (const row of found.rows) alive.push(row);
    }
    const total = alive.length;
    // A timeline can show the longest anyhow.
    if (total > limit) alive.sort((a, b) => b.last - b.first - (a.last - a.first));
    const chosen = alive.slice(0, limit);
    findOrigins(recording, chosen);
    const tasks = chosen.map(toTask).sort((a, b) => startOf(a) - startOf(b) || a.thread - b.thread || a.id - b.id);
    return { tasks, total, ...(complete < to ? { completeTo: complete } : {}) };
  });
}

function promisesOf(
  recording: Recording,
  thread: number,
  from: number,
  to: number,
): { readonly rows: readonly Alive[]; readonly complete: number } {
  const rows = new Map<number, Alive>();
  const open = new Map<number, { readonly start: number; end?: number }>();

  function rowOf(id: number, at: number): Alive {
    let row = rows.get(id);
    if (row === undefined) {
      row = { thread, id, parent: 0, task: 0, created: undefined, settled: undefined, runs: [], first: at, last: at };
      rows.set(id, row);
    }
    if (at > row.last) row.last = at;
    return row;
  }

  const complete = readPromises(recording, thread, { from, to }, MAX_EVENTS, (kind, at, id, parent, task) => {
    if (kind === PromiseEvent.init) {
      const row = rowOf(id, at);
      row.created = at;
      row.parent = parent;
    } else if (kind === PromiseEvent.before) {
      // What runs when a chunk begins is told again: only of the first one it is news, and not since when.
      if (open.has(id) || at === -Infinity) return;
      const row = rowOf(id, at);
      const run = { start: at };
      row.task = task;
      row.runs.push(run);
      open.set(id, run);
    } else if (kind === PromiseEvent.after) {
      const run = open.get(id);
      if (run === undefined) return;
      run.end = at;
      open.delete(id);
      rowOf(id, at);
    } else {
      rowOf(id, at).settled = at;
    }
  });
  return { rows: [...rows.values()].filter(({ first, last }) => first <= to && last >= from), complete };
}

/** Promises from before the chunks that were read: when they were created, and of what. */
function findOrigins(recording: Recording, rows: readonly Alive[]): void {
  const wanted = rows.filter(({ created }) => created === undefined).sort((a, b) => b.id - a.id);
  const isKnown = new Set<Alive>();
  let left = MAX_ORIGINS;
  for (const row of wanted) {
    if (isKnown.has(row)) continue;
    if (left-- === 0) return;
    const chunk = chunkOfPromise(recording, row.thread, row.id);
    if (chunk === undefined) continue;
    const { thread } = row;
    const here = wanted.filter((one) => one.thread === thread && one.id >= chunk.firstId && one.id <= chunk.lastId);
    const byId = new Map(here.map((one) => [one.id, one]));
    for (const one of here) isKnown.add(one);
    readPromiseChunk(chunk, (kind, at, id, parent) => {
      const one = kind === PromiseEvent.init ? byId.get(id) : undefined;
      if (one === undefined) return;
      one.created = at;
      one.parent = parent;
    });
  }
}

function toTask({ thread, id, parent, task, created, settled, runs }: Alive): PromiseTask {
  return {
    thread,
    id,
    parent,
    runs,
    task: task === 0 ? 0 : thread * THREAD_IDS + task,
    ...(created === undefined ? {} : { created }),
    ...(settled === undefined ? {} : { settled }),
  };
}

function startOf(task: PromiseTask): number {
  return task.created ?? task.runs[0]?.start ?? task.settled ?? 0;
}
