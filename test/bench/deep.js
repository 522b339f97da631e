/**
 * Level deep: what recording every promise costs, and how much of it can be taken.
 *
 *     npx node test/bench/deep.js [rounds]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createPromiseIntake } from "../../src-main/store/promise-intake.ts";
import { openRecording } from "../../src-main/store/recording.ts";
import { createRecordingWriter } from "../../src-main/store/writer.ts";
import { createPromiseReader, createPromiseRing } from "../../src-runtime/tracer/promise-ring.ts";
import { startPromiseHooks } from "../../src-runtime/tracer/promises.ts";
import { describe, folder, machine, root, run, stallscope, workload } from "./measure.js";

const rounds = Number(process.argv[2] ?? 7);
const reportFile = join(folder, "report.json");
const recordingFile = join(folder, "deep.stallscope");

/** @param {readonly string[]} words */
async function deep(words) {
  const ended = await run([
    stallscope,
    "run",
    "--quiet",
    "--level",
    "deep",
    "--report",
    reportFile,
    "-o",
    recordingFile,
    ...words,
  ]);
  const { recording, promises } = JSON.parse(readFileSync(reportFile, "utf8"));
  const lost = Object.entries(/** @type {Record<string, number>} */ (recording.dropped.byKind))
    .filter(([kind]) => kind.startsWith("promise"))
    .reduce((sum, [, count]) => sum + count, 0);
  const file = openRecording(recordingFile);
  const chunks = file.rows("SELECT count, length(bytes) AS size FROM promise_chunk");
  file.close();
  const events = chunks.reduce((sum, [count]) => sum + Number(count), 0);
  return { ...ended, promises, lost, events, bytes: chunks.reduce((sum, [, size]) => sum + Number(size), 0) };
}

/** As fast as it goes from the ring to the file, in one process: decoding, packing, SQLite. */
async function sustained() {
  const ring = createPromiseRing(1 << 25);
  const hooks = startPromiseHooks(
    ring,
    () => 0,
    true,
    (error) => {
      throw error;
    },
  );
  const work = async (/** @type {number} */ times) => {
    for (let index = 0; index < times; index++) await (index % 3 === 0 ? new Promise(setImmediate) : index);
  };
  await Promise.all(Array.from({ length: 20 }, () => work(10_000)));
  hooks.stop();
  hooks.publish();
  const reader = createPromiseReader(ring);
  const bytes = new Uint8Array(reader.available() * 4);
  reader.take(bytes.length / 4, bytes, 0);
  const words = new Int32Array(bytes.buffer);
  const probe = createPromiseIntake(0);
  const eventsInWords = [...probe.push(words), ...probe.flush()].reduce((sum, { count }) => sum + count, 0);
  const writer = createRecordingWriter(join(folder, "sustained.stallscope"), {
    id: "bench",
    name: "bench",
    anchorMs: 0,
    level: "deep",
    thresholdMs: 50,
    captureContent: false,
    nodeFrom: "path",
    stallscope: "0",
    recorderPid: process.pid,
    recorderStart: "",
    pinned: false,
  });
  const start = performance.now();
  let events = 0;
  while (performance.now() - start < 10_000) {
    // Each round is another thread's, as far as the store can tell: ids and times begin anew.
    const thread = 1 + events / eventsInWords;
    for (let at = 0; at < words.length; at += 1 << 15)
      writer.promises({ thread, words: words.subarray(at, at + (1 << 15)), offsetNs: 0 });
    events += eventsInWords;
  }
  writer.finish({ state: "closed" });
  return events / (performance.now() - start) / 1000;
}

console.log(machine());
/** @type {Record<string, number[]>} */
const figures = { cpu: [], wall: [], lost: [] };
for (let round = 0; round < rounds; round++) {
  const order = round % 2 === 0 ? ["untraced", "deep"] : ["deep", "untraced"];
  /** @type {Record<string, Record<string, number>>} */
  const results = {};
  let lost = 0;
  for (const name of order) {
    if (name === "untraced") {
      results[name] = (await run([workload("awaits.mjs")])).result;
      continue;
    }
    const ended = await deep([workload("awaits.mjs")]);
    results[name] = ended.result;
    lost = ended.lost / (ended.events + ended.lost);
  }
  figures["cpu"]?.push((results["deep"]?.["cpuMs"] ?? NaN) / (results["untraced"]?.["cpuMs"] ?? NaN));
  figures["wall"]?.push((results["deep"]?.["wallMs"] ?? NaN) / (results["untraced"]?.["wallMs"] ?? NaN));
  figures["lost"]?.push(lost);
}
console.log("2 M awaits at deep over untraced, drained into a file: median [95 % interval]");
for (const [name, values] of Object.entries(figures)) console.log(`  ${name.padEnd(22)} ${describe(values)}`);

console.log(`from the ring to SQLite   ${(await sustained()).toFixed(1)} M events/s over ten seconds`);

const steady = await deep([workload("promises.mjs"), "300000", "10"]);
const rate = steady.events / (steady.result["wallMs"] ?? NaN);
console.log(`at a steady rate          ${rate.toFixed(0)} k events/s for ten seconds, ${steady.lost} lost`);

for (const example of ["research-agent", "patterns/agent-team", "patterns/rate-limited-fan-out"]) {
  const { events, bytes, promises } = await deep([join(root, `examples/${example}.ts`)]);
  const each = (bytes / events).toFixed(2);
  console.log(`${example.padEnd(30)} ${promises.created} promises, ${events} events, ${each} bytes each`);
}
