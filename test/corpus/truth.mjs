/**
 * What every program of the corpus says about itself: when its event loop did not turn, and whose code held it.
 *
 * Written to the file that CORPUS_TRUTH names, one JSON line each, when the thread exits (nothing is written while the
 * program runs, so that writing is no stall of its own):
 *
 *     {kind: "stall", id, start, end, …}  a planted stall: Unix epoch ms with fraction, blamed function, cause
 *     {kind: "warm-up", start, end, …}    finding out how large an input has to be took this long: may be reported
 *     {kind: "gap", start, end, thread}   this log's own heartbeat came late: the loop did not turn, planned or not
 *     {kind: "size", id, size}            what a stall's input was sized to, for CORPUS_SIZES of a later run
 *     {kind: "usage", …}                  CPU of the process; also says that the program came to its end
 *
 * Sizes are found by running the work on doubling inputs, one a turn, until one takes long enough; then scaled. With
 * CORPUS_SIZES (a JSON object of sizes by id) the same inputs are run again, so that runs of different tracers do the
 * same work.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { threadId } from "node:worker_threads";

const HEARTBEAT_MS = 10;
/** A heartbeat later than this is written down. */
const GAP_MS = 20;
/** An input that keeps the thread this long is large enough to scale from. */
const ENOUGH_MS = 8;
/** Calls while sizing that took longer than this are written down: they may be seen as stalls. */
const WARM_UP_MS = 20;

/** @typedef {{ function: string, file?: string, package?: string | null, cause?: string | string[] | null, kind?: string }} About */

const now = () => performance.timeOrigin + performance.now();
/** A turn of the event loop and a little more: neighbours are told apart. */
export const pause = (ms = 60) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {string} program path below this folder, as the truth is to name it */
export function openTruth(program) {
  /** @type {any[]} */
  const lines = [];
  const sizes =
    process.env["CORPUS_SIZES"] === undefined ? {} : JSON.parse(readFileSync(process.env["CORPUS_SIZES"], "utf8"));
  let last = now();
  const heartbeat = setInterval(() => {
    const at = now();
    if (at - last - HEARTBEAT_MS > GAP_MS) lines.push({ kind: "gap", thread: threadId, start: last, end: at });
    last = at;
  }, HEARTBEAT_MS);
  heartbeat.unref();
  process.once("exit", write);

  function write() {
    const at = now();
    if (at - last - HEARTBEAT_MS > GAP_MS) lines.push({ kind: "gap", thread: threadId, start: last, end: at });
    const { user, system } = process.cpuUsage();
    const monotonicUs = Number(process.hrtime.bigint()) / 1000;
    lines.push({ kind: "usage", thread: threadId, cpuMs: (user + system) / 1000, end: at, monotonicUs });
    if (process.env["CORPUS_TRUTH"] === undefined) return;
    const told = lines.map((line) =>
      "function" in line && line.package === null ? { ...line, ranges: rangesOf(line.file, line.function) } : line,
    );
    appendFileSync(process.env["CORPUS_TRUTH"], told.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  /** @param {string} id @param {About} about @param {number} start @param {number} end */
  function add(id, about, start, end) {
    const { function: name, file = program, package: from = null, cause = "own-code", kind = "stall" } = about;
    lines.push({ kind, id, start, end, function: name, file, package: from, cause, thread: threadId });
  }

  return {
    /**
     * The size for `work(prepare(size))` to hold the thread for about so many milliseconds.
     * @template T @param {string} id @param {number} ms
     * @param {(input: T) => unknown} work @param {(size: number) => T} [prepare]
     */
    async size(id, ms, work, prepare) {
      /** @param {number} size */
      async function time(size) {
        const input = prepare === undefined ? /** @type {T} */ (size) : prepare(size);
        await pause(1);
        const start = now();
        work(input);
        const end = now();
        if (end - start > WARM_UP_MS) lines.push({ kind: "warm-up", id, start, end, thread: threadId });
        await pause(1);
        return end - start;
      }
      // The first call also loads and compiles what it needs; and of a size that is enough, the second call counts.
      await time(1);
      for (let size = 1; ; size *= 2) {
        if ((await time(size)) < ENOUGH_MS) continue;
        const found = sizes[id] ?? Math.max(1, Math.round((size * ms) / (await time(size))));
        lines.push({ kind: "size", id, size: found });
        await pause();
        return found;
      }
    },
    /**
     * Runs what blocks and writes down from when to when.
     * @template T @param {string} id @param {About} about @param {() => T} work @returns {T}
     */
    stall(id, about, work) {
      const start = now();
      try {
        return work();
      } finally {
        add(id, about, start, now());
      }
    },
    /**
     * The same for work in many short continuations between which the event loop does not turn.
     * @template T @param {string} id @param {About} about @param {() => Promise<T>} work @returns {Promise<T>}
     */
    async starve(id, about, work) {
      const start = now();
      const value = await work();
      add(id, about, start, now());
      return value;
    },
    /** For what can't be wrapped. @param {string} id @param {About} about @param {number} start @param {number} end */
    add,
    now,
    pause,
  };
}

/**
 * The functions of ours that may be blamed and their lines, by their names and the indentation of their ends; read after
 * the run.
 * @param {string} file @param {string} names separated by "|" where the work is spread over several
 */
function rangesOf(file, names) {
  const source = readFileSync(join(dirname(fileURLToPath(import.meta.url)), file), "utf8").split("\n");
  return names.split("|").map((name) => {
    const head = new RegExp(`(?:function\\*?|const)\\s+${name}\\b|^\\s+(?:async |static |get |\\*)*#?${name}\\s*[(<]`);
    const from = source.findIndex((line) => head.test(line) && /[{(]\s*$/.test(line));
    if (from < 0) throw new Error(`${file} has no function ${name}. Correct the truth that the program states.`);
    const indent = /^\s*/.exec(source[from] ?? "")?.[0] ?? "";
    const length = source.slice(from + 1).findIndex((line) => line.startsWith(`${indent}}`));
    return { function: name, lines: [from + 1, from + 2 + length] };
  });
}
