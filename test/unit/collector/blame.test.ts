import { expect, test } from "vitest";
import { causeOf, isLoading, judgeSamples, type StackSample } from "../../../src-main/collector/blame.ts";
import type { Frame } from "../../../src-main/api/api.ts";
import { msToNanos } from "../../../src-runtime/protocol/time.ts";

/** "leaf < caller < …", each `name@file`; files that begin with node: are Node's own. */
function sample(atMs: number, stack: string, task = 0): StackSample {
  const frames = stack.split(" < ").map((text): Frame => {
    const [fn = "", file = "app.ts"] = text.split("@");
    const origin = file.startsWith("node:") ? "node" : file.startsWith("node_modules/") ? "dependency" : "own";
    return { function: fn, file, line: 1, column: 1, origin, selfMs: 0 };
  });
  return { at: msToNanos(atMs), frames, task, span: 0 };
}

test("the helper that one sample happened to hit is not blamed", () => {
  const verdict = judgeSamples(msToNanos(0), [
    sample(50, "merge < encode < run"),
    sample(100, "encode < run"),
    sample(150, "lookup < encode < run"),
    sample(200, "merge < encode < run"),
  ]);
  expect(verdict.blame?.function).toBe("encode");
});

test("samples count by the time they stand for", () => {
  const verdict = judgeSamples(msToNanos(0), [
    sample(900, "deep < outer"),
    sample(950, "outer"),
    sample(1000, "outer"),
  ]);
  expect(verdict.blame?.function).toBe("deep");
});

test("what ran for the last moment of a stall is not blamed for the time before it", () => {
  const samples = [sample(58, "grind < tick"), sample(87, "grind < tick"), sample(136, "grind < tick")];
  const last = sample(201, "log@node:internal/console/constructor < tick");
  expect(judgeSamples(msToNanos(0), [...samples, last], msToNanos(202)).blame?.function).toBe("grind");
});

test("Node's own frames are never blamed", () => {
  const verdict = judgeSamples(msToNanos(0), [sample(50, "gzipSync@node:zlib < compress < main")]);
  expect(verdict.blame?.function).toBe("compress");
  expect(
    judgeSamples(msToNanos(0), [sample(50, "processTicksAndRejections@node:internal/process/task_queues")]).blame,
  ).toBeUndefined();
});

test("the task is that of most of the time, else none", () => {
  expect(judgeSamples(msToNanos(0), [sample(50, "f", 7), sample(100, "f", 7), sample(140, "f", 8)]).task).toBe(7);
  expect(judgeSamples(msToNanos(0), [sample(25, "f", 7), sample(75, "f", 8)], msToNanos(100)).task).toBe(0);
});

test("self time goes to the innermost frame, once", () => {
  const verdict = judgeSamples(msToNanos(0), [sample(50, "f < g"), sample(100, "f < f < g")]);
  expect(verdict.frames.reduce((sum, frame) => sum + frame.selfMs, 0)).toBe(100);
});

test("own code needs a thread that was computing in it", () => {
  const verdict = judgeSamples(msToNanos(0), [sample(50, "f")]);
  expect(causeOf(verdict, 0.95)).toBe("own-code");
  expect(causeOf(verdict, 0.1)).toBe("unknown");
  expect(causeOf(verdict, undefined)).toBe("unknown");
  expect(causeOf(judgeSamples(msToNanos(0), []), 0.95)).toBe("unknown");
});

test("loading is told from the frames above the program's own", () => {
  const loading = sample(50, "compile@node:internal/modules/cjs/loader < main");
  expect(isLoading([loading])).toBe(true);
  expect(
    isLoading([sample(50, "wrapSafe@node:internal/modules/cjs/loader < load@node:internal/modules/cjs/loader < main")]),
  ).toBe(true);
  expect(isLoading([sample(50, "work < main@app.js < load@node:internal/modules/cjs/loader")])).toBe(false);
  const evaluated =
    "build@node_modules/big/index.js < top@node_modules/big/index.js < run@node:internal/modules/esm/module_job";
  expect(isLoading([sample(50, evaluated)])).toBe(true);
  expect(
    isLoading([sample(50, evaluated), sample(80, "work < main@app.js < run@node:internal/modules/esm/module_job")]),
  ).toBe(false);
});
