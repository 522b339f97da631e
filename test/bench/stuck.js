/**
 * Wall time of `stallscope stuck`, the whole command: while the event loop it asks about is blocked, and on a recording
 * with many tasks. Beside it Node's own start, which is most of it.
 *
 *     npx node test/bench/stuck.js [rounds] [tasks]
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { openRecording } from "../../src-main/store/recording.ts";
import { createRecordingWriter } from "../../src-main/store/writer.ts";
import { nanos } from "../../src-runtime/protocol/time.ts";
import { describe, folder, machine, root, run, stallscope } from "./measure.js";

const rounds = Number(process.argv[2] ?? 21);
const tasks = Number(process.argv[3] ?? 500_000);
const hangs = join(root, "test/fixtures/programs/real/hangs.mjs");
const live = join(folder, "live.stallscope");
const large = join(folder, "large.stallscope");

/** A finished recording: every thousandth task is open, each waits for a lock of the one before. */
function writeLarge() {
  const writer = createRecordingWriter(large, {
    id: "large",
    name: "large",
    anchorMs: Date.now(),
    level: "tasks",
    thresholdMs: 50,
    captureContent: false,
    nodeFrom: "path",
    stallscope: "0",
    recorderPid: process.pid,
    recorderStart: "",
    pinned: false,
  });
  for (let from = 1; from <= tasks; from += 5000) {
    /** @type {import("../../src-main/store/rows.ts").Change[]} */
    const changes = [];
    for (let id = from; id < from + 5000; id++) {
      const at = nanos(id * 1000);
      const row = { id, thread: 1, parent: 0, kind: "function", name: `task ${id}`, origin: "runtime", scope: 0 };
      changes.push({ do: "task", row: { ...row, kind: "function", created: at } });
      const wait = { id, task: id, kind: "lock", target: 0, holder: Math.max(0, id - 1000), start: at };
      changes.push({ do: "wait", row: { ...wait, kind: "lock" } });
      if (id % 1000 === 0) continue;
      changes.push({ do: "endWait", wait: id, dur: nanos(500), outcome: "completed", by: 0 });
      changes.push({ do: "endTask", task: id, at: nanos(at + 600), outcome: "completed" });
    }
    writer.write(changes, nanos((from + 5000) * 1000));
  }
  writer.finish({ state: "closed", exitCode: 0 });
}

/** Until the recording says that the event loop is blocked. */
async function untilBlocked() {
  for (;;) {
    try {
      const recording = openRecording(live);
      const row = recording.get("SELECT 1 FROM stall WHERE dur IS NULL AND blame IS NOT NULL");
      recording.close();
      if (row !== undefined) return;
    } catch {
      // Not made yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

writeLarge();
const recorder = spawn(process.execPath, [stallscope, "run", "--quiet", "-o", live, hangs], {
  stdio: "ignore",
  detached: true,
});
await untilBlocked();
/** @type {Record<string, () => Promise<{ wallMs: number }>>} */
const variants = {
  "node alone": () => run(["-e", "0"]),
  "stuck, while it is blocked": () => run([stallscope, "stuck", live]),
  "the same as JSON": () => run([stallscope, "stuck", "--json", live]),
  [`stuck, ${tasks} tasks`]: () => run([stallscope, "stuck", large]),
};
/** @type {Record<string, number[]>} */
const walls = {};
for (let round = 0; round < rounds; round++) {
  for (const [name, variant] of Object.entries(variants)) (walls[name] ??= []).push((await variant()).wallMs);
}
if (recorder.pid !== undefined) process.kill(-recorder.pid, "SIGKILL");
console.log(machine());
console.log("wall time, ms: median [95 % interval], longest");
for (const [name, values] of Object.entries(walls))
  console.log(`${name.padEnd(28)} ${describe(values, 1)}  ${Math.max(...values).toFixed(1)}`);
