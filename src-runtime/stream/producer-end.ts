/** Waiting for a producer that was told to stop: protected from cancels, and bounded. */
import { currentScopeOrNone } from "../task/current.ts";
import { UsageError } from "../task/errors.ts";
import { Scope, Wait } from "../task/scope.ts";
import type { TaskImpl } from "../task/task.ts";

/** Waits for its cleanup, at most `grace` milliseconds; then it is abandoned, and reported. */
export async function untilProducerEnded(task: TaskImpl, streamName: string, grace: number): Promise<void> {
  const here = currentScopeOrNone();
  // A producer that closes its own stream would wait for itself.
  if (task.done() || here?.task === task) return;
  const { runner } = task.scope;
  const { context } = here ?? task.scope;
  const scope = new Scope("shield", runner, here ?? runner.root, here?.task, context, true);
  const wait = new Wait<void>(scope, "task", task, () => undefined);
  task.onEnd(() => wait.resolve());
  const abandon = (): void => {
    const message = `The producer of stream ${streamName} did not end within ${grace} ms of its cancel (grace) and was abandoned.`;
    task.abandon();
    runner.report(new UsageError(message), message, task);
  };
  const deadline =
    grace === Infinity ? undefined : runner.timers.add(runner.timers.now() + Math.max(0, grace), abandon);
  await wait.promise;
  if (deadline !== undefined) runner.timers.remove(deadline);
  scope.close();
}
