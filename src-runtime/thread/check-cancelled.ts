/** A thread's own checkpoint: code that computes has no wait a cancel could be thrown at. */
import { CancelledError, UsageError } from "../task/errors.ts";
import { readCancelFlag, threadCall } from "../task/thread-call.ts";

/**
 * In a thread of `toThread`: throws if the task that waits for it is cancelled. Cheap enough for a loop.
 * @throws CancelledError, whose `reason` stays with the task; UsageError outside such a thread
 */
export function checkCancelled(): void {
  const call = threadCall();
  if (call === undefined) {
    throw new UsageError("checkCancelled() was called outside a thread of toThread(). In a task await checkpoint().");
  }
  const cancel = readCancelFlag(call.flag);
  if (cancel === undefined) return;
  const unknown = { reason: undefined, by: undefined, byName: undefined, byTag: 0 };
  throw new CancelledError({ ...cancel, ...unknown, scopeId: call.scopeId });
}
