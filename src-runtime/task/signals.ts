/** SIGINT and SIGTERM of a run, and the quiet end of a program that they interrupted. */
import { constants } from "node:os";
import { InterruptedError } from "./errors.ts";

export const RUN_SIGNALS = ["SIGINT", "SIGTERM"] as const;
export type RunSignal = (typeof RUN_SIGNALS)[number];

/** Listens until disposed. Where handlers can't be installed (worker threads) the run goes on without. */
export function listenToSignals(signals: readonly RunSignal[], onSignal: (signal: RunSignal) => void): Disposable {
  const installed: RunSignal[] = [];
  for (const signal of signals) {
    try {
      process.on(signal, onSignal);
      installed.push(signal);
    } catch {
      continue;
    }
  }
  return {
    [Symbol.dispose]() {
      for (const signal of installed) process.off(signal, onSignal);
    },
  };
}

/** As a shell says it. */
export function exitCodeOf(signal: RunSignal): number {
  return 128 + constants.signals[signal];
}

/**
 * If nobody catches an interruption the process ends with its exit code and prints no stack. A monitor changes nothing
 * for other errors, so it stays; there is one.
 */
export function endQuietlyIfUncaught(): void {
  if (!process.listeners("uncaughtExceptionMonitor").includes(onUncaught)) {
    process.on("uncaughtExceptionMonitor", onUncaught);
  }
}

function onUncaught(error: unknown): void {
  if (!(error instanceof InterruptedError) || process.listenerCount("uncaughtException") > 0) return;
  process.exit(exitCodeOf(error.signal as RunSignal));
}
