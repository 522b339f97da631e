/**
 * blocked-at, preloaded with `--require`: async_hooks' stamps around each callback, and the stack of who created it. It
 * knows durations, no cause, and of the stack only where the callback was made.
 */
const { isMainThread } = require("node:worker_threads");
const { report } = require("./output.cjs");

// It says of itself that it is for one thread.
if (isMainThread && process.env["PEER_REPORTS"] !== undefined) {
  /** @type {(callback: (ms: number, stack: string[]) => void, options: { threshold: number, trimFalsePositives?: boolean }) => void} */
  const blockedAt = require("blocked-at");
  const threshold = Number(process.env["PEER_THRESHOLD"] ?? 50);
  blockedAt(
    (ms, stack) => {
      const end = performance.timeOrigin + performance.now();
      report({ at: end - ms, durationMs: ms, thread: 0, stack });
    },
    { threshold },
  );
}
