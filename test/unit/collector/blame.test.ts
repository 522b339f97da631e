import { expect, test } from "vitest";
import {
  collectingMs,
  isLoading,
  judgeStall,
  type ProfiledStall,
  type StackSample,
  type StallVerdict,
} from "../../../src-main/collector/blame.ts";
import type { Frame } from "../../../src-main/api/api.ts";
import { msToNanos, type Nanos } from "../../../src-runtime/protocol/time.ts";

/** "leaf < caller < …", each `name@file`; files that begin with node: are Node's own. */
function sample(atMs: number, stack: string, task = 0): StackSample {
  const frames = stack.split(" < ").map((text): Frame => {
    const [fn = "", file = "app.ts"] = text.split("@");
    const origin = file.startsWith("node:") ? "node" : file.startsWith("node_modules/") ? "dependency" : "own";
    return { function: fn, file, line: 1, column: 1, origin, selfMs: 0 };
  });
  return { at: msToNanos(atMs), frames, task, span: 0 };
}

function judgeSamples(start: Nanos, samples: readonly StackSample[], end?: Nanos): StallVerdict {
  return judgeStall(start, samples, undefined, end);
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

test("loading is told from the frames above the program's own", () => {
  const isLoadingIn = (stack: string): boolean => isLoading(sample(50, stack).frames);
  const entry = "load@node:internal/modules/cjs/loader < runMain@node:internal/modules/run_main";
  expect(isLoadingIn(`compile@node:internal/modules/cjs/loader < main@app.js < ${entry}`)).toBe(true);
  expect(isLoadingIn(`work < main@app.js < ${entry}`)).toBe(false);
  expect(
    isLoadingIn(
      "build@node_modules/big/index.js < top@node_modules/big/index.js < run@node:internal/modules/esm/module_job",
    ),
  ).toBe(true);
  expect(
    isLoadingIn("compile@node:internal/modules/cjs/loader < later@app.js < listOnTimeout@node:internal/timers"),
  ).toBe(false);
});

/** A profile at 5 ms of `[stack, ms]`; stacks as above. */
function profiled(startMs: number, runs: readonly (readonly [stack: string, ms: number])[]): ProfiledStall {
  const frames: Frame[] = [];
  const nodes: [number, number][] = [];
  let at = startMs;
  const timed = runs.map(([stack, ms]) => {
    let parent = -1;
    for (const frame of sample(0, stack).frames.toReversed()) {
      frames.push(
        frame.file === "app.ts" && frame.function.startsWith("(") ? { ...frame, file: "", origin: "node" } : frame,
      );
      nodes.push([frames.length - 1, parent]);
      parent = nodes.length - 1;
    }
    at += ms;
    return [parent, msToNanos(at - ms), msToNanos(ms)] as const;
  });
  return { flame: { source: "profile", intervalMs: 5, frames, nodes, runs: timed }, hotLines: frames.map(() => 88) };
}

test("the profile judges where it covers the stall; captures add the line, the task and what stands above", () => {
  const profile = profiled(0, [
    ["merge < encode < run", 20],
    ["encode < run", 60],
    ["(garbage collector)", 15],
  ]);
  const captured = sample(99, "other@late.ts < run", 7);
  const verdict = judgeStall(msToNanos(0), [captured], profile, msToNanos(100));
  expect(verdict.blame).toMatchObject({ function: "encode", line: 88 });
  expect(verdict.task).toBe(7);
  expect(collectingMs(profile)).toBe(15);
  const seen: StackSample = {
    ...captured,
    frames: sample(0, "Model.encode < run").frames.map((f) => ({ ...f, line: 12 })),
  };
  expect(judgeStall(msToNanos(0), [seen], profile, msToNanos(100)).blame).toMatchObject({
    function: "encode",
    line: 12,
  });
});

test("a profile that saw little of the stall leaves the judgement to the captures", () => {
  const profile = profiled(0, [["early < run", 20]]);
  const captures = [sample(50, "late < run"), sample(90, "late < run")];
  expect(judgeStall(msToNanos(0), captures, profile, msToNanos(100)).blame?.function).toBe("late");
});

test("a frame that stands throughout is blamed even where the longest single stack is another", () => {
  const profile = profiled(0, [
    ["a < work < run", 30],
    ["b < work < run", 28],
    ["c < work < run", 27],
    ["tail < run", 15],
  ]);
  expect(judgeStall(msToNanos(0), [], profile, msToNanos(100)).blame?.function).toBe("work");
});

test("a callee whose frame the sampler lost while it called something native is still blamed", () => {
  const profile = profiled(0, [
    ["now@node:perf < render < handle", 40],
    ["handle", 60],
  ]);
  const captures = [sample(40, "render < handle"), sample(80, "render < handle")];
  const atCall: StackSample[] = captures.map((capture) => ({
    ...capture,
    frames: capture.frames.map((frame) => (frame.function === "handle" ? { ...frame, line: 88 } : frame)),
  }));
  const lost = { ...profile, hotLines: profile.hotLines.map(() => 88) };
  expect(judgeStall(msToNanos(0), atCall, lost, msToNanos(100)).blame?.function).toBe("render");
  // Own time on another line is the caller's own.
  const own = { ...profile, hotLines: profile.hotLines.map(() => 90) };
  expect(judgeStall(msToNanos(0), atCall, own, msToNanos(100)).blame?.function).toBe("handle");
});

test("a profile with the places of transformed code takes those of captures by the function's name, if only one has it", () => {
  const at = (line: number, frame: Frame): Frame => ({ ...frame, line });
  const transformed = (stack: string): ProfiledStall => {
    const profile = profiled(0, [[stack, 100]]);
    const frames = profile.flame.frames.map((frame, index) => at(20 + index, frame));
    return { ...profile, flame: { ...profile.flame, frames } };
  };
  const capture = sample(50, "build < run");
  const captures = [{ ...capture, frames: capture.frames.map((frame) => at(8, frame)) }];
  const blameOf = (stack: string): number | undefined =>
    judgeStall(msToNanos(0), captures, transformed(stack), msToNanos(100)).blame?.line;
  expect(blameOf("build < run")).toBe(8);
  expect(blameOf("build < build < run")).toBe(88);
});
