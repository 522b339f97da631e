/**
 * The instrumentations of one thread, hooked in together and taken out together. Each is a part of its own: one that
 * cannot be installed, or throws later, takes nothing else with it.
 */
import type { CurrentTask } from "../current.ts";
import type { Emitter, OwnTimers, Records } from "../emitter.ts";
import { createRuntimeFiles } from "../runtime/runtime-files.ts";
import { instrumentRuntime, type RuntimeTracing } from "../runtime/runtime.ts";
import { instrumentAbort } from "./abort.ts";
import { createCalls } from "./ai-sdk-calls.ts";
import { instrumentAiSdk } from "./ai-sdk.ts";
import { createCancels } from "./cancels.ts";
import { instrumentFetch } from "./fetch.ts";
import { instrumentHttpClient } from "./http-client.ts";
import { instrumentHttpServer } from "./http-server.ts";
import { trackOpenTasks } from "./open-tasks.ts";
import { instrumentOtel } from "./otel.ts";
import { createPart, type Part } from "./part.ts";

export interface Instrumented {
  stop(): void;
  /** The OpenTelemetry span of this continuation as a local id, 0 none. */
  activeSpan(): number;
}

export function instrument(
  given: Emitter,
  records: Records & OwnTimers,
  tasks: CurrentTask,
  ownFile: string,
): Instrumented {
  const { emitter, isOpen } = trackOpenTasks(given);
  const parts: Part[] = [];
  const cancels = createCancels(emitter);
  let activeSpan = (): number => 0;
  let runtime: RuntimeTracing = { isOpen: () => false, isInModelCall: () => false };
  const calls = createCalls(emitter, cancels);
  const files = createRuntimeFiles(ownFile);

  function install(name: string, hook: (part: Part) => void): void {
    const part = createPart(emitter, name);
    parts.push(part);
    part.guard(hook)(part);
  }

  install("runtime", (part) => {
    runtime = instrumentRuntime(part, emitter, records, tasks, cancels, files);
  });
  install("abort", (part) =>
    instrumentAbort(part, emitter, records, cancels, (task) => isOpen(task) || runtime.isOpen(task), files.has),
  );
  install("fetch", (part) => instrumentFetch(part, emitter, cancels, calls.watcher));
  install("http", (part) => instrumentHttpClient(part, emitter, cancels, calls.watcher));
  install("http-server", (part) => instrumentHttpServer(part, emitter));
  install("ai-sdk", (part) => instrumentAiSdk(part, emitter, calls, runtime.isInModelCall));
  install("otel", (part) => {
    activeSpan = instrumentOtel(part, emitter);
  });

  return {
    stop() {
      for (const part of parts) part.stop();
    },
    activeSpan: () => activeSpan(),
  };
}
