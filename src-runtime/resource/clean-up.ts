/**
 * How the runtime calls cleanup: cut off from cancels, and bounded. What takes longer than the runner's
 * `cleanupTimeout` is cancelled, abandoned and reported, so that a hanging disposer never hangs its owner.
 */
import { Context } from "../task/context.ts";
import { currentScopeOrNone } from "../task/current.ts";
import { TimeoutError } from "../task/errors.ts";
import { drain } from "../task/grace.ts";
import type { RunnerState } from "../task/runner-state.ts";
import { Scope } from "../task/scope.ts";
import { protect } from "../task/shield.ts";
import { TaskImpl, type TaskOwner } from "../task/task.ts";

const CLEANER: TaskOwner = { looks: true, taskEnded() {} };

/**
 * Runs one piece of cleanup to its end; its own error is thrown. `what` names it in reports. Outside a task it runs in
 * a task of `runner`; with no runner at all there is no bound.
 */
export async function cleanUp(what: string, body: () => unknown, runner?: RunnerState): Promise<void> {
  const scope = currentScopeOrNone();
  if (scope?.task !== undefined && !scope.closed) await cleanUpHere(scope, what, body);
  else if (runner !== undefined && !runner.closed) await cleanUpInTask(runner, what, body);
  else await body();
}

async function cleanUpHere(scope: Scope, what: string, body: () => unknown): Promise<void> {
  const { runner } = scope;
  const own = new Set<unknown>();
  try {
    await protect(
      async () => {
        try {
          await body();
        } catch (error) {
          own.add(error);
          throw error;
        }
      },
      { timeout: runner.settings.cleanupTimeout },
    );
  } catch (error) {
    if (!(error instanceof TimeoutError) || own.has(error)) throw error;
    reportAbandoned(runner, what, scope.task);
  }
}

async function cleanUpInTask(runner: RunnerState, what: string, body: () => unknown): Promise<void> {
  const shield = new Scope("shield", runner, runner.root, undefined, new Context(), true);
  const task = new TaskImpl<unknown>(runner, shield, CLEANER, body, undefined, shield.context, what);
  task.start();
  await drain(runner.root, [task], runner.settings.cleanupTimeout);
  if (task.abandoned()) shield.cancel(runner.cancelOf(shield, "deadline", undefined, undefined));
  shield.close();
  if (task.abandoned()) reportAbandoned(runner, what, undefined);
  else if (!task.completed()) throw task.error;
}

function reportAbandoned(runner: RunnerState, what: string, task: TaskImpl | undefined): void {
  const ms = runner.settings.cleanupTimeout;
  const message = `${what} did not end within ${ms} ms (cleanupTimeout) and was abandoned.`;
  runner.report(new TimeoutError(message, { ms }), message, task);
}
