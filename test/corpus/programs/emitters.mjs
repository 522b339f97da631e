/** One event with many listeners, each of which does a little. */
import { EventEmitter } from "node:events";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/emitters.mjs");
const bus = new EventEmitter({ captureRejections: false });
bus.setMaxListeners(0);
const text = words(300);

function updateView(key) {
  return text
    .split(" ")
    .filter((word) => word.includes(key))
    .join(",")
    .toUpperCase().length;
}
for (let index = 0; index < 200; index++) bus.on("token", (key) => updateView(key + (index % 3)));

function publish(count) {
  for (let index = 0; index < count; index++) bus.emit("token", "e");
}

const count = await truth.size("emit", 260, publish);
truth.stall("emit", { function: "updateView" }, () => publish(count));
await truth.pause();
