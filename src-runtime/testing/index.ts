/**
 * `stallscope/testing`: vitest for code on the agent runtime. Each test has a runner, a clock and a list of errors of
 * its own, and fails when it leaves something behind. The guide is docs/runtime.md.
 */
import { expect } from "vitest";
import { toHaveNoStallOver } from "./stall-matcher.ts";

expect.extend({ toHaveNoStallOver });

export { expect };
export { asyncMock, type AsyncMock } from "./async-mock.ts";
export { barrier, type Barrier } from "./barrier.ts";
export { createTestClock, type TestClock } from "./clock.ts";
export { external } from "./external.ts";
export type { StallMatchers } from "./stall-matcher.ts";
export { test } from "./test.ts";
export type { TestRuntime } from "./test-runtime.ts";
