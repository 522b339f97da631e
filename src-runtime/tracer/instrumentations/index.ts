/**
 * The instrumentations of one thread, hooked in together and taken out together.
 */
import type { Emitter } from "../emitter.ts";

export interface Instrumented {
  stop(): void;
  /** The OpenTelemetry span of this continuation as a local id, 0 none. */
  activeSpan(): number;
}

export function instrument(_emitter: Emitter): Instrumented {
  return { stop: () => undefined, activeSpan: () => 0 };
}
