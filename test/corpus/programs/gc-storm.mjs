/** Keeps so much alive that most of the time goes into collecting garbage. */
import { setFlagsFromString } from "node:v8";
import { openTruth } from "../truth.mjs";

setFlagsFromString("--expose-gc");
const { runInNewContext } = await import("node:vm");
const gc = runInNewContext("gc");
const truth = openTruth("programs/gc-storm.mjs");
const kept = Array.from({ length: 300_000 }, (_, index) => ({ index, text: `message ${index}` }));

function collectOften(rounds) {
  let size = 0;
  for (let round = 0; round < rounds; round++) {
    size += kept.length;
    gc();
  }
  return size;
}

const rounds = await truth.size("collect", 300, collectOften);
truth.stall("collect", { function: "collectOften", cause: "gc" }, () => collectOften(rounds));
await truth.pause();
