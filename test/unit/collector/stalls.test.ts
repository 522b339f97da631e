/** Stacks as recorded of examples/patterns, shortened in the middle: start-up and the program's own are told apart. */
import { expect, test } from "vitest";
import type { Frame } from "../../../src-main/api/api.ts";
import type { SessionEvent } from "../../../src-main/collector/session.ts";
import { createThreadStalls } from "../../../src-main/collector/stalls.ts";
import type { Change, StallChange } from "../../../src-main/store/rows.ts";
import { msToNanos } from "../../../src-runtime/protocol/time.ts";

const ENTRY =
  "runEntryPointWithESMLoader@node:internal/modules/run_main < executeUserEntryPoint@node:internal/modules/run_main < (anonymous)@node:internal/main/run_main_module";
const EVALUATED =
  "run@node:internal/modules/esm/module_job < (anonymous)@node:internal/modules/esm/loader < asyncRunEntryPointWithESMLoader@node:internal/modules/run_main";
const RESOLVING = `get href@node:internal/url < parse@node:internal/url < defaultResolve@node:internal/modules/esm/resolve < #resolve@node:internal/modules/esm/loader < ${ENTRY}`;
const STRIPPING = `(anonymous)@wasm://wasm/00ad0bc6 < module2.exports.transformSync@node:internal/deps/amaro/dist/index < parseTypeScript@node:internal/modules/typescript < ${ENTRY}`;
const STRIPPING_DEEP = Array.from({ length: 128 }, () => "(anonymous)@wasm://wasm/00ad0bc6").join(" < ");
const DEPENDENCY = `$ZodString@node_modules/zod/src/v4/core/schemas.ts < (anonymous)@node_modules/ai/src/prompt/message.ts < ${EVALUATED}`;
const OWN_TOP_LEVEL = `string@node_modules/zod/src/v4/classic/schemas.ts < (anonymous)@examples/patterns/tools.ts < ${EVALUATED}`;
const FIRST_TASK =
  "DefaultStreamTextResult@node_modules/ai/src/generate-text/stream-text.ts < start@src-runtime/agent/attempt.ts < (anonymous)@src-runtime/task/task.ts";
const STREAM =
  "[kPull]@node:internal/webstreams/readablestream < pump@node:internal/webstreams/readablestream < controller.<computed>.writeFulfilled@node:internal/webstreams/writablestream";
const FIRST_LINE = `hashAll@examples/app.ts < (anonymous)@examples/app.ts < ${EVALUATED}`;

function frames(stack: string): readonly Frame[] {
  return stack.split(" < ").map((text) => {
    const [fn = "", file = ""] = text.split("@");
    const isNode = file.startsWith("node:") || file.startsWith("wasm:");
    const origin = isNode ? "node" : file.startsWith("node_modules/") ? "dependency" : "own";
    return { function: fn, file, line: 1, column: 1, origin, selfMs: 0 };
  });
}

interface Drawn {
  readonly startMs: number;
  readonly endMs: number;
  readonly cpuRatio?: number;
  readonly samples: readonly (readonly [atMs: number, stack: string, task?: number])[];
  readonly firstTaskMs?: number;
}

function record({ startMs, endMs, cpuRatio, samples, firstTaskMs }: Drawn): { rows: StallChange[]; out: Change[] } {
  let id = 0;
  const stalls = createThreadStalls(1, () => ++id, msToNanos(50));
  const out: Change[] = [];
  const events: (SessionEvent & { readonly at: number })[] = samples.map(([atMs, stack, task = 0]) => ({
    kind: "sample",
    thread: 1,
    at: msToNanos(atMs),
    beat: 1,
    tookMs: 1,
    frames: frames(stack),
    task,
    span: 0,
  }));
  if (firstTaskMs !== undefined) {
    const at = msToNanos(firstTaskMs);
    events.push({ kind: "start", thread: 1, at, task: 7, parent: 0, taskKind: "function", name: "main", origin: "" });
  }
  stalls.apply({ kind: "stallOpen", thread: 1, at: msToNanos(startMs), beat: 1 }, out);
  for (const event of events.toSorted((a, b) => a.at - b.at)) stalls.apply(event, out);
  stalls.apply(
    {
      kind: "stall",
      thread: 1,
      at: msToNanos(endMs),
      beat: 1,
      duration: endMs - startMs,
      ...(cpuRatio === undefined ? {} : { cpuRatio }),
    },
    out,
  );
  const rows = new Map<number, StallChange>();
  for (const change of out) {
    if (change.do === "stall") rows.set(change.row.id, change.row);
    if (change.do === "voidStall") rows.delete(change.stall);
  }
  return { rows: [...rows.values()], out };
}

function told(drawn: Drawn): readonly string[] {
  return record(drawn).rows.map(
    ({ phase, start, dur, blame }) =>
      `${phase} ${Math.round(start / 1e6)}–${Math.round((start + (dur ?? 0)) / 1e6)}${blame === undefined ? "" : ` ${blame.function}`}`,
  );
}

test("loading that goes over into the first steps of the program is start-up", () => {
  expect(
    told({
      startMs: 27,
      endMs: 384,
      cpuRatio: 0.54,
      firstTaskMs: 329,
      samples: [
        [93, STRIPPING],
        [128, STRIPPING],
        [172, RESOLVING],
        [232, RESOLVING],
        [332, FIRST_TASK, 7],
      ],
    }),
  ).toEqual(["startup 27–384"]);
});

test("a busy machine makes the first steps long, not the program", () => {
  const samples = [
    [131, STRIPPING],
    [498, RESOLVING],
    [787, DEPENDENCY],
    [1005, FIRST_TASK, 7],
  ] as const;
  expect(told({ startMs: 32, endMs: 1120, cpuRatio: 0.2, firstTaskMs: 862, samples })).toEqual(["startup 32–1120"]);
  expect(told({ startMs: 32, endMs: 1120, cpuRatio: 0.98, firstTaskMs: 862, samples })[1]).toMatch(/^run 862–1120/);
});

test("the streams of the first task are Node's own code, and the program's work", () => {
  const samples = [
    [233, STRIPPING],
    [630, RESOLVING],
    [826, STREAM, 7],
    [1200, STREAM, 7],
  ] as const;
  expect(told({ startMs: 136, endMs: 1300, cpuRatio: 0.9, firstTaskMs: 728, samples })).toEqual([
    "startup 136–728",
    "run 728–1300",
  ]);
});

test("types stripped so deep that no frame of the loader is left are loading, before the work began", () => {
  const samples = [
    [90, STRIPPING_DEEP],
    [130, STRIPPING_DEEP],
  ] as const;
  expect(told({ startMs: 30, endMs: 150, cpuRatio: 0.9, samples })).toEqual(["startup 30–150"]);
  expect(told({ startMs: 30, endMs: 150, cpuRatio: 0.9, firstTaskMs: 20, samples })).toEqual(["run 30–150"]);
});

test("the top level of a module of the program's own, between others, is no stall", () => {
  const samples = [
    [90, RESOLVING],
    [130, DEPENDENCY],
    [190, OWN_TOP_LEVEL],
    [270, DEPENDENCY],
  ] as const;
  expect(told({ startMs: 30, endMs: 320, cpuRatio: 0.9, samples })).toEqual(["startup 30–320"]);
});

test("a program that blocks in its own first line is blamed from the end of its start-up", () => {
  const samples = [
    [90, STRIPPING],
    [130, RESOLVING],
    [190, FIRST_LINE],
    [270, FIRST_LINE],
    [390, FIRST_LINE],
  ] as const;
  const drawn = { startMs: 30, endMs: 430, cpuRatio: 0.9, samples };
  expect(told(drawn)).toEqual(["startup 30–160", "run 160–430 hashAll"]);
  const { rows, out } = record(drawn);
  const last = out.findLastIndex((change) => change.do === "voidStall");
  const kept = out.slice(last).flatMap((change) => (change.do === "sample" ? [change.row] : []));
  expect(kept.map(({ stall, at }) => [stall, at / 1e6])).toEqual([
    [rows[0]?.id, 90],
    [rows[0]?.id, 130],
    [rows[1]?.id, 190],
    [rows[1]?.id, 270],
    [rows[1]?.id, 390],
  ]);
  expect(rows.map((row) => row.samples)).toEqual([2, 3]);
});

test("start-up that is next to nothing is not split from a long first line", () => {
  const samples = [
    [45, RESOLVING],
    [100, FIRST_LINE],
    [900, FIRST_LINE],
  ] as const;
  expect(told({ startMs: 30, endMs: 1030, cpuRatio: 0.99, samples })).toEqual(["run 30–1030 hashAll"]);
});

test("a program that waits for another in its first line needs no CPU to block", () => {
  const samples = [
    [60, RESOLVING],
    [120, RESOLVING],
    [200, FIRST_LINE],
    [500, FIRST_LINE],
  ] as const;
  expect(told({ startMs: 30, endMs: 900, cpuRatio: 0.1, samples })).toEqual(["run 30–900 hashAll"]);
});

test("what blocks before modules are loaded later is the program's stall", () => {
  const samples = [
    [60, FIRST_LINE],
    [120, FIRST_LINE],
    [200, FIRST_LINE],
    [290, RESOLVING],
  ] as const;
  expect(told({ startMs: 30, endMs: 300, cpuRatio: 0.9, samples })[0]).toMatch(/^run 30–300/);
});

test("a gap that is open shows itself as what its stacks say so far", () => {
  const { out } = record({
    startMs: 30,
    endMs: 900,
    cpuRatio: 0.9,
    samples: [
      [60, RESOLVING],
      [400, FIRST_LINE],
      [800, FIRST_LINE],
    ],
  });
  const phases = out.flatMap((change) => (change.do === "stall" ? [change.row.phase] : []));
  expect(phases.slice(0, 4)).toEqual(["startup", "startup", "run", "run"]);
});
