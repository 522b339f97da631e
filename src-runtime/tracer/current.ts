/**
 * Which task the running code belongs to: the innermost of the one our own storage knows (requests, AI SDK calls) and
 * the one the program's agent runtime says is running.
 *
 *     runtime task 5 ─▶ AI SDK tool 7 ─▶ runtime task 9        inside all three it is 9; between, 7; outside, 5
 *
 * Ids grow with time, and a task runs in the context it was created in. So of two that are both current the later one
 * is the inner one, and nothing has to be entered or left when a runtime task starts.
 */
import type { AsyncLocalStorage } from "node:async_hooks";

export interface CurrentTask {
  /** 0 none. */
  current(): number;
  /** Asks this copy of the agent runtime too. Again changes nothing. */
  add(runtime: () => { readonly tag: number } | undefined): void;
}

export function createCurrentTask(context: AsyncLocalStorage<number>): CurrentTask {
  const runtimes: (() => { readonly tag: number } | undefined)[] = [];
  const store = context.getStore.bind(context);
  return {
    current() {
      let task = store() ?? 0;
      for (let index = 0; index < runtimes.length; index++) {
        const tag = runtimes[index]?.()?.tag ?? 0;
        if (tag > task) task = tag;
      }
      return task;
    },
    add(runtime) {
      if (!runtimes.includes(runtime)) runtimes.push(runtime);
    },
  };
}
