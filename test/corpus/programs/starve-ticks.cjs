/** process.nextTick callbacks that schedule the next one. */
const { openTruth } = require("../truth.mjs");

const truth = openTruth("programs/starve-ticks.cjs");

function hashLine(line) {
  let hash = 0;
  for (let index = 0; index < 2000; index++) hash = Math.imul(hash ^ line.charCodeAt(index % line.length), 16777619);
  return hash;
}
function drainQueue(ms) {
  return new Promise((resolve) => {
    const end = performance.now() + ms;
    function takeNext() {
      hashLine("a line of the queue");
      if (performance.now() < end) process.nextTick(takeNext);
      else resolve(undefined);
    }
    process.nextTick(takeNext);
  });
}

async function main() {
  await truth.pause(120);
  await truth.starve("ticks", { function: "hashLine|takeNext", cause: "starvation" }, () => drainQueue(250));
  await truth.pause();
}
main();
