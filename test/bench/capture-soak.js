/**
 * Stacks taken back to back on a busy thread, by the way the watchdog takes them: V8 runs our function on top of
 * whatever JavaScript is running, which is undocumented for this use, so it is soaked.
 *
 *     npx node test/bench/capture-soak.js [captures, default 50000]
 *
 * The thread goes through loops, regular expressions, sorts, promise storms, JSON, recursion, vm contexts and garbage,
 * saying in shared memory what it is in. A capture is wrong when its stack lacks that function though the thread was
 * in it before and after. Ends with 1 when any was wrong.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { runInNewContext } from "node:vm";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Session } from "node:inspector";
import { CAPTURE_PROPERTY, installCapture } from "../../src-runtime/tracer/capture.ts";

const wanted = Number(process.argv[2] ?? 50_000);
/** Innermost functions of a thread that is about to begin a load, or has just ended it. */
const BETWEEN = new Set(["enter", "inside"]);
const LOADS = ["spinLoad", "regexLoad", "sortLoad", "recurseLoad", "vmLoad", "garbageLoad", "asyncLoad"];

/** @typedef {{ state: SharedArrayBuffer, wanted: number }} SoakData */

if (isMainThread) soakMain();
else soakWorker(/** @type {SoakData} */ (workerData));

function soakMain() {
  const state = new SharedArrayBuffer(64);
  const words = new Int32Array(state);
  /** @type {AsyncLocalStorage<number>} */
  const context = new AsyncLocalStorage();
  installCapture({
    currentTask: () => context.getStore() ?? 0,
    activeSpan: () => 0,
    beat: () => Atomics.load(words, 0),
    probe: () => {},
    ownFile: "",
  });
  const worker = new Worker(new URL(import.meta.url), { workerData: { state, wanted }, execArgv: process.execArgv });
  let ended = false;
  worker.once(
    "message",
    (
      /** @type {{ right: number, wrong: number, between: number, refused: number, worstMs: number, seconds: number }} */ result,
    ) => {
      ended = true;
      console.log(`Node ${process.versions.node}: ${wanted} captures in ${result.seconds.toFixed(1)} s`);
      console.log(
        `right ${result.right}, between two loads ${result.between}, refused ${result.refused}, wrong ${result.wrong}`,
      );
      console.log(`slowest answer ${result.worstMs.toFixed(1)} ms`);
      process.exitCode = result.wrong > 0 ? 1 : 0;
    },
  );
  function enter(/** @type {number} */ load) {
    Atomics.store(words, 1, load);
  }
  function inside(/** @type {number} */ load, /** @type {() => unknown} */ work) {
    enter(load);
    work();
    enter(0);
  }
  const rows = Array.from({ length: 2000 }, (_, index) => (index * 7919) % 2003);

  function spinLoad() {
    const end = performance.now() + 2;
    let sum = 0;
    while (performance.now() < end) sum++;
    return sum;
  }
  function regexLoad() {
    return /^(a+)+$/.test(`${"a".repeat(16)}!`);
  }
  function sortLoad() {
    return rows.toSorted((a, b) => a - b).length;
  }
  function recurseLoad(depth = 90) {
    if (depth > 0) recurseLoad(depth - 1);
    else spinLoad();
  }
  function vmLoad() {
    runInNewContext("let x = 0; for (let i = 0; i < 200000; i++) x += i; x");
  }
  function garbageLoad() {
    return Array.from({ length: 20_000 }, (_, index) => ({ index, text: `row ${index}` })).length;
  }
  async function asyncLoad() {
    for (let turn = 0; turn < 50; turn++) {
      await Promise.resolve();
      for (let index = 0; index < 5000; index++) Math.sqrt(index);
    }
  }
  const loads = [spinLoad, regexLoad, sortLoad, recurseLoad, vmLoad, garbageLoad];
  async function round() {
    for (const [index, load] of loads.entries()) {
      context.run(index + 1, inside, index + 1, load);
    }
    await asyncLoad();
    if (!ended) setImmediate(() => void round());
  }
  void round();
}

/** @param {SoakData} data */
function soakWorker({ state, wanted: total }) {
  const words = new Int32Array(state);
  const session = new Session();
  session.connectToMainThread();
  const result = { right: 0, wrong: 0, between: 0, refused: 0, worstMs: 0, seconds: 0 };
  const start = performance.now();
  let left = total;
  // A session alone does not keep its worker alive.
  const alive = setInterval(() => undefined, 1000);
  function next() {
    if (left-- === 0) {
      clearInterval(alive);
      session.disconnect();
      result.seconds = (performance.now() - start) / 1000;
      parentPort?.postMessage(result);
      return;
    }
    const before = Atomics.load(words, 1);
    const asked = performance.now();
    session.post(
      "Runtime.evaluate",
      { expression: `this[${JSON.stringify(CAPTURE_PROPERTY)}]()`, returnByValue: true, silent: true },
      (error, answer) => {
        result.worstMs = Math.max(result.worstMs, performance.now() - asked);
        const after = Atomics.load(words, 1);
        const text = error === null ? answer.result.value : "";
        if (typeof text !== "string" || text === "") result.refused++;
        else judge(before, after, JSON.parse(text));
        setImmediate(next);
      },
    );
  }
  /**
   * @param {number} before
   * @param {number} after
   * @param {import("../../src-runtime/tracer/capture.ts").CaptureAnswer} answer
   */
  function judge(before, after, answer) {
    if (before === 0 || before !== after) result.between++;
    else if (answer.task === before && answer.frames.some(([name]) => name === LOADS[before - 1])) result.right++;
    else if (answer.task !== before || BETWEEN.has(answer.frames[0]?.[0] ?? "")) result.between++;
    else result.wrong++;
  }
  next();
}
