/** SIGINT and SIGTERM of a run, and the quiet end of a program that they interrupted. */
import { constants } from "node:os";
import type { InterruptedError } from "./errors.ts";

export type RunSignal = "SIGINT" | "SIGTERM";

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
 * If nobody catches the interruption the process ends with its exit code and prints no stack. Looks for one turn of the
 * event loop: an uncaught error shows within it.
 */
export function endQuietly(interrupted: InterruptedError, code: number): void {
  function onUncaught(error: unknown): void {
    if (error === interrupted) process.exit(code);
    process.off("uncaughtException", onUncaught);
    if (process.listenerCount("uncaughtException") === 0) throw error;
  }
  process.on("uncaughtException", onUncaught);
  setImmediate(() => setImmediate(() => process.off("uncaughtException", onUncaught)));
}
