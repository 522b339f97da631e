/** Copies an agent's state with structuredClone, and through v8. */
import { deserialize, serialize } from "node:v8";
import { openTruth } from "../truth.mjs";
import { records } from "./text.mjs";

const truth = openTruth("programs/clone.mjs");

function snapshotState(state) {
  return structuredClone(state);
}
function checkpoint(state) {
  return deserialize(serialize(state));
}

const first = records(await truth.size("clone", 200, snapshotState, records));
const second = records(await truth.size("v8", 120, checkpoint, records));
await truth.pause();
truth.stall("clone", { function: "snapshotState", cause: ["native", "own-code"] }, () => snapshotState(first));
await truth.pause();
truth.stall("v8", { function: "checkpoint", cause: ["native", "own-code"] }, () => checkpoint(second));
await truth.pause();
