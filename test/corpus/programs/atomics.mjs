/** A synchronous wait, as libraries do that offer a synchronous face to something asynchronous. */
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/atomics.mjs");
const cell = new Int32Array(new SharedArrayBuffer(4));

function sleepSync(ms) {
  Atomics.wait(cell, 0, 0, ms);
}

await truth.pause(120);
truth.stall("wait", { function: "sleepSync", cause: null }, () => sleepSync(220));
await truth.pause();
