/** A run with a clock that is pushed, whose reports are kept. */
import { Runner, checkpoint, type ErrorReport, type Observer } from "../../../../src-runtime/index.ts";
import { createTestClock, type TestClock } from "../../../../src-runtime/testing/clock.ts";

export interface Run {
  readonly clock: TestClock;
  readonly reports: ErrorReport[];
}

export interface RunSettings {
  readonly debug?: boolean;
  readonly observers?: readonly Observer[];
}

/** Runs `main` to the end of all its tasks. */
export async function inRun<T>(main: (run: Run) => Promise<T>, settings: RunSettings = {}): Promise<T> {
  const clock = createTestClock();
  const reports: ErrorReport[] = [];
  const runner = new Runner({ clock, signals: [], onError: (report) => void reports.push(report), ...settings });
  try {
    return await runner.run(() => main({ clock, reports }));
  } finally {
    await runner.close();
  }
}

/** Lets every task that can go on do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await checkpoint();
}

export function dispose(guard: Disposable | undefined): void {
  guard?.[Symbol.dispose]();
}
