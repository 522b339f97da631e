/** A worker thread that computes in slices, its loop turning, while the main thread waits. */
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { openTruth } from "../truth.mjs";

const truth = openTruth("controls/worker-cpu.mjs");
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  const [sum] = await once(worker, "message");
  if (typeof sum !== "number") throw new Error("The worker answered no number.");
  await truth.pause();
} else {
  let sum = 0;
  for (let slice = 0; slice < 90; slice++) {
    for (const end = performance.now() + 12; performance.now() < end;) sum += Math.sqrt(sum + 1);
    await turn();
  }
  parentPort.postMessage(sum);
}
