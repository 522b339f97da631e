/** SIGINT and SIGTERM of a run, and the quiet end of a program that they interrupted. */
import { constants } from "node:os";
import { InterruptedError } from "./errors.ts";

export const RUN_SIGNALS = ["SIGINT", "SIGTERM"] as const;
export type RunSignal = (typeof RUN_SIGNALS)[number];

type OnSignal = (signal: RunSignal) => void;

/** Of all runs there are now, by signal. They share one listener each: Node warns of more than ten. */
const runs: Readonly<Record<RunSignal, Set<OnSignal>>> = { SIGINT: new Set(), SIGTERM: new Set() };

function onProcessSignal(signal: NodeJS.Signals): void {
  // Of those there are now: who is told may begin to close, and listen anew.
  for (const onSignal of Array.from(runs[signal as RunSignal])) onSignal(signal as RunSignal);
}

/** Listens until disposed. Where handlers can't be installed (worker threads) the run goes on without. */
export function listenToSignals(signals: readonly RunSignal[], onSignal: OnSignal): Disposable {
  // A run may listen twice: while main runs, and while it is closed.
  const own: OnSignal = (signal) => onSignal(signal);
  for (const signal of signals) {
    try {
      if (runs[signal].size === 0) process.on(signal, onProcessSignal);
      runs[signal].add(own);
    } catch {
      continue;
    }
  }
  return {
    [Symbol.dispose]() {
      for (const signal of signals) {
        if (runs[signal].delete(own) && runs[signal].size === 0) process.off(signal, onProcessSignal);
      }
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
