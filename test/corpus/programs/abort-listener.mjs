/** The listener of an abort that clears up synchronously, started by a timeout signal. */
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/abort-listener.mjs");

function releaseEverything(count) {
  const open = new Set(Array.from({ length: count * 100 }, (_, index) => `handle ${index}`));
  for (const name of open) if (name.endsWith("7")) open.delete(name);
  return open.size;
}

const count = await truth.size("release", 130, releaseEverything);
const signal = AbortSignal.timeout(50);
signal.addEventListener("abort", () =>
  truth.stall("release", { function: "releaseEverything" }, () => releaseEverything(count)),
);
await truth.pause(300);
