/**
 * Deadlines between the chunks of an answer: `first` until the first one, `next` between two. Only time spent waiting
 * for the model counts, not time in which the consumer holds the answer up.
 *
 * A timer per chunk would cost more than the chunk: the deadline is looked at when it fires, and set again when chunks
 * have come meanwhile.
 */
import { currentScope, enterScope } from "../task/current.ts";
import { TimeoutError } from "../task/errors.ts";
import { leaveScope } from "../task/leave.ts";
import { Scope } from "../task/scope.ts";
import type { Deadline } from "../task/timers.ts";

export interface ChunkClock {
  /** A chunk is here: the time until the next is not counted before `waiting`. */
  arrived(): void;
  waiting(): void;
}

/** Milliseconds. @throws TimeoutError */
export async function withChunkDeadlines<T>(
  what: string,
  first: number | undefined,
  next: number | undefined,
  body: (clock: ChunkClock) => Promise<T>,
): Promise<T> {
  if (first === undefined && next === undefined) return body({ arrived() {}, waiting() {} });
  const outer = currentScope("agent()");
  const { runner } = outer;
  const { timers, instrument } = runner;
  const scope = new Scope("timeout", runner, outer, outer.task, outer.context);
  let limit = first;
  let isFirst = true;
  let since: number | undefined = timers.now();
  let deadline: Deadline | undefined;

  function arm(when: number): void {
    deadline = timers.add(when, (late) => {
      deadline = undefined;
      if (since === undefined || limit === undefined) return;
      if (since + limit > when) return arm(since + limit);
      instrument?.emit("timeout.fired", scope.task, scope, when, late);
      scope.cancel(runner.cancelOf(scope, "deadline", undefined, undefined));
    });
  }

  const clock: ChunkClock = {
    arrived() {
      since = undefined;
      isFirst = false;
      limit = next;
    },
    waiting() {
      since = timers.now();
      if (limit === undefined || scope.cancelled !== undefined) return;
      if (deadline !== undefined && deadline.when <= since + limit) return;
      if (deadline !== undefined) timers.remove(deadline);
      arm(since + limit);
    },
  };
  if (first !== undefined) arm(since + Math.max(0, first));
  try {
    return await enterScope(scope, () => body(clock));
  } catch (error) {
    const leaving = leaveScope(scope, error);
    if (!leaving.absorbed) throw leaving.error;
    const ms = limit ?? 0;
    const gap = isFirst ? "no chunk" : "no further chunk";
    throw new TimeoutError(`${what} sent ${gap} within ${ms} ms.`, { cause: leaving.cancelled, ms });
  } finally {
    if (deadline !== undefined) timers.remove(deadline);
    scope.close();
  }
}
