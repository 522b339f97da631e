/**
 * `test`: vitest's, with a runtime for each test. The body runs as the main task of a runner of its own, whether it asks
 * for `rt` or not.
 */
import { TestRunner, type TestAPI } from "vitest";
import { createTestRun, testRunOf, type TestRuntime } from "./test-runtime.ts";

type Handler = (context: { readonly rt?: unknown }) => unknown;

const collector = TestRunner.createTaskCollector(function collect(this: object, name: unknown, ...rest: unknown[]) {
  const suite: { readonly test: unknown } = TestRunner.getCurrentSuite();
  const { fn } = suite.test as { readonly fn: (this: object, ...parts: unknown[]) => void };
  fn.call(this, name, ...rest.map((part) => (typeof part === "function" ? asMainTask(part as Handler) : part)));
});

/**
 * As vitest's `test`. The test fails when it leaves behind a task, an error nobody looked at, a guard, a stream or a
 * timer. Time is the test's own: it stands still while something runs, and goes on at once to the next timer when
 * everything waits.
 *
 *     test("gives up after a minute", async ({ rt }) => {
 *       await expect(timeout(60_000, () => new Event().wait())).rejects.toThrow(TimeoutError);
 *       expect(rt.clock.now()).toBe(60_000);
 *     });
 */
export const test: TestAPI<{ rt: TestRuntime }> = collector.extend<{ rt: TestRuntime }>({
  rt: [
    async ({ signal }: { readonly signal: AbortSignal }, use: (rt: TestRuntime) => Promise<void>) => {
      const run = await createTestRun();
      const onAbort = (): void => {
        const reason: unknown = signal.reason;
        if (reason instanceof Error && reason.name.endsWith("TimeoutError")) run.timedOut(reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        await use(run.runtime);
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
      const error = await run.end();
      if (error !== undefined) throw error;
    },
    { auto: true },
  ],
});

/** vitest reads from a test's text which fixtures it uses, so the wrapper has to look like what it wraps. */
function asMainTask(handler: Handler): Handler {
  async function main(context: { readonly rt?: unknown }): Promise<unknown> {
    const run = testRunOf(context.rt);
    return run === undefined ? handler(context) : run.run(async () => handler(context));
  }
  main.toString = () => handler.toString();
  for (const key of Object.getOwnPropertySymbols(handler)) {
    Object.defineProperty(main, key, Object.getOwnPropertyDescriptor(handler, key) ?? {});
  }
  return main;
}
