/** Runs a program on a clock that goes to the next deadline whenever nothing else can go on, and keeps what it told. */
import { Runner, now, type ErrorReport, type RunnerOptions, type RuntimeEvent } from "../../../src-runtime/index.ts";
import { createTestClock, rest, type TestClock } from "../../../src-runtime/testing/clock.ts";

export interface JumpingRun {
  readonly clock: TestClock;
  readonly reports: ErrorReport[];
  readonly events: RuntimeEvent[];
}

export async function runJumping<T>(main: (run: JumpingRun) => Promise<T>, options: RunnerOptions = {}): Promise<T> {
  const clock = createTestClock();
  const run: JumpingRun = { clock, reports: [], events: [] };
  const runner = new Runner({
    clock,
    signals: [],
    onError: (report) => run.reports.push(report),
    observers: [{ onEvent: (event) => run.events.push(event) }],
    ...options,
  });
  async function jump<R>(work: Promise<R>): Promise<R> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    work.then(over, over);
    while (!isOver) {
      await rest();
      // Web streams and lazy modules take their own turns: what is still moving must not be jumped over.
      await rest();
      if (!isOver && clock.next() !== Infinity) await clock.advance(Math.max(0, clock.next() - clock.now()));
    }
    return work;
  }
  try {
    return await jump(runner.run(() => main(run)));
  } finally {
    await jump(runner.close());
  }
}

/** Names of tasks to which something happened, in order. */
export function tasksThat(kind: string, { events }: JumpingRun): readonly (string | undefined)[] {
  return events.filter((event) => event.kind === kind).map(({ taskName }) => taskName);
}

/** Tells what happens when, in milliseconds of the clock. */
export function createLog(): { readonly lines: string[]; add(what: string): void } {
  const lines: string[] = [];
  return { lines, add: (what) => void lines.push(`${now()} ${what}`) };
}
