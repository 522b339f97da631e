/**
 * A cancel reaches every wait at once, also those whose promises nobody has awaited yet:
 *
 *     const a = load("a"), b = load("b");   // both wait
 *     await a;                              // cancelled: throws, and b's rejection is never looked at
 *
 * Node ends the process for that. While a runner runs, rejections that are its cancellations are let pass; every other
 * one is Node's to judge, exactly as without us.
 */
import { CancelledError, isAbortReason } from "./errors.ts";

/** On our listeners, of whatever copy of the runtime. */
const OURS = Symbol.for("stallscope.unhandledRejection");

interface Listener {
  (reason: unknown): void;
  /** Absent: somebody else's. False: no run of that copy is left. */
  [OURS]?: boolean;
}

type Lost = (error: unknown) => void;

/** Of all runs there are now. They share one listener: Node warns of more than ten. */
const runs = new Set<Lost>();

const listener: Listener = (reason) => {
  if (isCancellation(reason)) {
    for (const lost of runs) lost(reason);
    return;
  }
  const listeners = process.listeners("unhandledRejection") as Listener[];
  if (listeners.some((each) => each[OURS] === undefined) || listeners[0] !== listener) return;
  leaveToNode(listeners, reason);
};

/** Until disposed. `lost` hears of each cancellation that nobody looked at. */
export function passCancellations(lost: Lost): Disposable {
  try {
    if (runs.size === 0) process.on("unhandledRejection", listener);
  } catch {
    // As with signals: where no listener can be installed the run goes on without.
  }
  runs.add(lost);
  listener[OURS] = true;
  return {
    [Symbol.dispose]() {
      runs.delete(lost);
      if (runs.size > 0) return;
      listener[OURS] = false;
      process.off("unhandledRejection", listener);
    },
  };
}

function isCancellation(reason: unknown): boolean {
  return reason instanceof CancelledError || isAbortReason((reason as { cause?: unknown } | null | undefined)?.cause);
}

/** With none of ours listening it is rejected once more, for Node to do what it does. */
function leaveToNode(ours: readonly Listener[], reason: unknown): void {
  for (const each of ours) process.off("unhandledRejection", each);
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- The program's own.
  void Promise.reject(reason);
  // Where the program lives on, by a listener for uncaught exceptions, so do we.
  setImmediate(() => {
    const listeners = process.listeners("unhandledRejection") as Listener[];
    for (const each of ours) {
      if (each[OURS] === true && !listeners.includes(each)) process.on("unhandledRejection", each);
    }
  });
}
