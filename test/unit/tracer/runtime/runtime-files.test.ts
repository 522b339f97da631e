/** Which frames of a stack are the program's, wherever the runtime lies. */
import { describe, expect, test } from "vitest";
import type { WireFrame } from "../../../../src-runtime/protocol/message.ts";
import { createRuntimeFiles } from "../../../../src-runtime/tracer/runtime/runtime-files.ts";

const stack = (...files: readonly string[]): WireFrame[] => files.map((file) => ["f", file, 1, 1]);
const NODE = "node:internal/process/task_queues";

describe.each([
  ["a checkout", "/home/me/stallscope/src-runtime/task/scope.ts", "/home/me/stallscope/src-runtime/stream/stream.ts"],
  ["a checkout, as URLs", "file:///s/src-runtime/task/scope.ts", "file:///s/src-runtime/stream/stream.ts"],
  ["installed", "file:///app/node_modules/stallscope/dist/index.js", "file:///app/node_modules/stallscope/dist/a.js"],
  [
    "installed, on Windows",
    "C:\\app\\node_modules\\stallscope\\dist\\index.js",
    "C:\\app\\node_modules\\stallscope\\dist\\a.js",
  ],
  [
    "a checkout's built parts",
    "/s/node_modules/.cache/stallscope/program-1/index.js",
    "/s/node_modules/.cache/stallscope/program-1/a.js",
  ],
  ["linked, beside the tracer", "file:///opt/stallscope/dist/index.js", "file:///opt/stallscope/dist/a.js"],
])("%s", (_where, inner, other) => {
  const PROGRAM = "file:///app/agent.ts";

  test("the runtime's frames are left out, and its files known from then on", () => {
    const files = createRuntimeFiles("/opt/stallscope/dist/register.cjs");
    expect([files.has(inner), files.has(other)]).toEqual([false, false]);
    expect(files.program(stack(inner, other, PROGRAM, other, NODE))).toEqual(stack(PROGRAM, NODE));
    expect([files.has(inner), files.has(other), files.has(PROGRAM)]).toEqual([true, true, false]);
  });

  test("where only the runtime runs, no frame is the program's", () => {
    const files = createRuntimeFiles("/opt/stallscope/dist/register.cjs");
    expect(files.program(stack(inner, other, NODE))).toEqual(stack(NODE));
  });
});

test("bundled into the program it is not known apart: nothing is left out, nothing taken for the runtime's", () => {
  const files = createRuntimeFiles("/opt/stallscope/dist/register.cjs");
  const BUNDLE = "file:///app/dist/server.js";
  expect(files.program(stack(BUNDLE, BUNDLE, NODE))).toEqual(stack(BUNDLE, BUNDLE, NODE));
  expect(files.has(BUNDLE)).toBe(false);
  const CHUNK = "file:///app/dist/vendor/stallscope.js";
  expect(files.program(stack(CHUNK, BUNDLE))).toEqual(stack(BUNDLE));
  expect(files.program([])).toEqual([]);
});
