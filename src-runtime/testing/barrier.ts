/** A meeting point of tasks, to fix an interleaving in a test: nobody passes before all are there. */
import { currentScope } from "../task/current.ts";
import { describeValue } from "../task/errors.ts";
import type { Subject } from "../task/instrument.ts";
import { Wait, refuse } from "../task/scope.ts";

export interface Barrier {
  /** Blocks until `n` tasks wait here. The next `n` meet again. @throws CancelledError; who is cancelled is not counted */
  wait(): Promise<void>;
  /** Tasks that wait here now. */
  readonly waiting: number;
}

/** @param n how many have to meet. @throws RangeError */
export function barrier(n: number): Barrier {
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(`barrier() needs a whole number of tasks, at least 1, not ${describeValue(n)}.`);
  }
  const waiters = new Set<Wait<void>>();
  const subject: Subject = { kind: "event", name: `barrier of ${n}`, tag: 0, holders: () => [] };
  return {
    get waiting() {
      return waiters.size;
    },
    async wait() {
      const scope = currentScope("barrier's wait()");
      if (scope.refusesWaits) await refuse(scope);
      const wait = new Wait<void>(scope, "event", subject, () => void waiters.delete(wait));
      waiters.add(wait);
      if (waiters.size === n) {
        const all = [...waiters];
        waiters.clear();
        for (const one of all) one.resolve();
      }
      return wait.promise;
    },
  };
}
