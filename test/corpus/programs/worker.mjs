/** A worker thread that blocks, and the main thread that blocks at another time. */
import { once } from "node:events";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/worker.mjs");

function embedChunk(ms) {
  let sum = 0;
  const end = performance.now() + ms;
  while (performance.now() < end) for (let index = 0; index < 500; index++) sum += Math.cos(index * sum);
  return sum;
}
function mergeResults(ms) {
  const found = [];
  const end = performance.now() + ms;
  while (performance.now() < end) (found.push(found.length * 2), found.length > 10_000 && found.splice(0, 9000));
  return found.length;
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, "online");
  await truth.pause(300);
  for (const ms of [120, 300]) {
    worker.postMessage(ms);
    await once(worker, "message");
    await truth.pause();
  }
  truth.stall("main", { function: "mergeResults" }, () => mergeResults(150));
  await truth.pause();
  worker.postMessage("stop");
  await once(worker, "exit");
} else {
  let turn = 0;
  parentPort.on("message", (ms) => {
    if (ms === "stop") return parentPort.close();
    truth.stall(`worker-${turn++}`, { function: "embedChunk" }, () => embedChunk(ms));
    setTimeout(() => parentPort.postMessage("done"), 30);
  });
}
