/**
 * The test suites, in the order they get slower: unit (pure, and the rules of the sources), system (real processes and
 * real recordings), e2e (real Chromium). The last two share two cores with what they start, so they run few at a time.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const runtime = fileURLToPath(new URL("../src-runtime/", import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  // The sources, so that a test's runtime and the one of `stallscope/testing` are one.
  resolve: {
    alias: [
      { find: /^stallscope$/, replacement: `${runtime}index.ts` },
      { find: /^stallscope\/testing$/, replacement: `${runtime}testing/index.ts` },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.{ts,tsx}", "test/rules/**/*.test.ts"],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["test/system/**/*.test.ts"],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
