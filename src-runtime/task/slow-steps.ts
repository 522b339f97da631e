/**
 * Debug mode's watch over the event loop: steps of tasks that hold it for too long, and how late it was in all.
 *
 * A step is one stretch of a task between two awaits. The first is timed where the task starts, the others by promise
 * hooks, which cost every promise of the process some time: hence only in debug mode.
 */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { promiseHooks } from "node:v8";
import { currentScopeOrNone } from "./current.ts";
import type { RunnerState } from "./runner-state.ts";
import type { TaskImpl } from "./task.ts";

/** How long a step may take, milliseconds. */
export const SLOW_STEP_MS = 100;
/** Of the delay's histogram, milliseconds. */
const RESOLUTION_MS = 10;

/** Until disposed; then says how late the event loop was. */
export function watchSteps(state: RunnerState): Disposable {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const unhook = promiseHooks.createHook({
    before() {
      state.stepBegan = performance.now();
    },
    after() {
      const ms = performance.now() - state.stepBegan;
      if (ms < state.settings.slowStep) return;
      const scope = currentScopeOrNone();
      if (scope?.runner === state && scope.task !== undefined) reportSlowStep(scope.task, ms, "A step");
    },
  });
  return {
    [Symbol.dispose]() {
      unhook();
      delay.disable();
      const max = Math.max(0, delay.max / 1e6);
      state.instrument?.emit("loop.delay", undefined, max, delay.percentile(50) / 1e6, delay.percentile(99) / 1e6);
    },
  };
}

/** Calls `step` for a task; in debug mode says when it held the event loop for too long. */
export function timeStep<T>(task: TaskImpl, what: string, step: () => T): T {
  const { runner } = task.scope;
  if (!runner.settings.debug) return step();
  const began = performance.now();
  try {
    return step();
  } finally {
    const now = performance.now();
    // It lies inside a step of the hooks', which is not slow for its sake.
    runner.stepBegan = now;
    const ms = now - began;
    if (ms >= runner.settings.slowStep) reportSlowStep(task, ms, what);
  }
}

function reportSlowStep(task: TaskImpl, ms: number, what: string): void {
  const { runner } = task.scope;
  runner.instrument?.emit("loop.slow_step", task, undefined, ms, 0);
  runner.warn(
    `${what} of ${task.mention} held the event loop for ${ms.toFixed(0)} ms. Use toThread(), or checkpoint() now and then.`,
    task,
  );
}
