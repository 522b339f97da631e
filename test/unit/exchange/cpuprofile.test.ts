/** A stall's flame graph as a .cpuprofile, held to V8's format and to what the time adds up to. */
import { expect, test } from "vitest";
import { z } from "zod";
import type { Flame, Frame } from "../../../src-main/api/api.ts";
import { toCpuProfile, type CpuProfile } from "../../../src-main/exchange/cpuprofile.ts";

/** Profiler.Profile of the DevTools protocol. */
const PROFILE = z
  .strictObject({
    nodes: z
      .array(
        z.strictObject({
          id: z.int().positive(),
          callFrame: z.strictObject({
            functionName: z.string(),
            scriptId: z.string().regex(/^\d+$/),
            url: z.string(),
            lineNumber: z.int().min(-1),
            columnNumber: z.int().min(-1),
          }),
          hitCount: z.int().nonnegative(),
          children: z.array(z.int().positive()),
        }),
      )
      .nonempty(),
    startTime: z.int().nonnegative(),
    endTime: z.int().nonnegative(),
    samples: z.array(z.int().positive()),
    timeDeltas: z.array(z.int().nonnegative()),
  })
  .refine(({ samples, timeDeltas }) => samples.length === timeDeltas.length, "a delta for each sample")
  .refine(({ nodes, samples }) => {
    const ids = new Set(nodes.map(({ id }) => id));
    const children = nodes.flatMap((node) => node.children);
    const isTree = children.length === nodes.length - 1 && new Set(children).size === children.length;
    return ids.size === nodes.length && isTree && [...samples, ...children].every((id) => ids.has(id));
  }, "one tree, and samples in it");

const frame = (fn: string, path: string | undefined, line: number): Frame => ({
  function: fn,
  file: path === undefined ? "node:fs" : path.slice(1),
  ...(path === undefined ? {} : { path }),
  line,
  column: 3,
  origin: path === undefined ? "node" : "own",
  selfMs: 0,
});
/** main ▸ parse for 30 ms, nothing known for 10 ms, main ▸ readSync for 20 ms. */
const FLAME: Flame = {
  source: "profile",
  intervalMs: 5,
  frames: [frame("main", "/home/me/a b.ts", 1), frame("parse", "/home/me/a b.ts", 20), frame("readSync", undefined, 0)],
  nodes: [
    [0, -1],
    [1, 0],
    [2, 0],
  ],
  runs: [
    [1, 1_000e6, 30e6],
    [2, 1_040e6, 20e6],
  ],
};
const WINDOW = { start: 1_000e6, end: 1_060e6 };

/** Microseconds by function, as a reader adds them up: a sample's node ran until the next sample. */
function selfTimes({ nodes, samples, timeDeltas, startTime, endTime }: CpuProfile): Readonly<Record<string, number>> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  const times: Record<string, number> = {};
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    const length = timeDeltas[index + 1] ?? endTime - at;
    times[names.get(id) ?? "?"] = (times[names.get(id) ?? "?"] ?? 0) + length;
  }
  return times;
}

test("it is V8's format, and says what the flame graph says", () => {
  const profile = toCpuProfile(FLAME, WINDOW);
  expect(PROFILE.parse(JSON.parse(JSON.stringify(profile)))).toEqual(profile);
  expect(profile).toMatchObject({ startTime: 1_000_000, endTime: 1_060_000 });
  expect(selfTimes(profile)).toEqual({ parse: 30_000, readSync: 20_000, "(program)": 10_000 });
});

test("samples are as many as the time they stand for, lines and columns count from 0, files are addresses", () => {
  const { nodes } = toCpuProfile(FLAME, WINDOW);
  const named = (name: string): CpuProfile["nodes"][number] | undefined =>
    nodes.find(({ callFrame }) => callFrame.functionName === name);
  expect(named("parse")).toMatchObject({
    hitCount: 6,
    callFrame: { url: "file:///home/me/a%20b.ts", lineNumber: 19, columnNumber: 2 },
  });
  expect(named("readSync")).toMatchObject({ hitCount: 4, callFrame: { url: "node:fs", lineNumber: -1 } });
  expect(named("main")).toMatchObject({ hitCount: 0, children: [named("parse")?.id, named("readSync")?.id] });
  expect(named("main")?.callFrame.scriptId).toBe(named("parse")?.callFrame.scriptId);
});

test("captured stacks, which have no interval, fill their window too", () => {
  const profile = toCpuProfile({ ...FLAME, source: "captures", intervalMs: 0, runs: [[1, 1_000e6, 60e6]] }, WINDOW);
  expect(selfTimes(profile)).toEqual({ parse: 60_000, "(program)": 0 });
});

test("a stall of hours is thinned out, not written in gigabytes", () => {
  const hours = 3 * 3600e9;
  const profile = toCpuProfile({ ...FLAME, runs: [[1, 0, hours]] }, { start: 0, end: hours });
  expect(profile.samples.length).toBeLessThanOrEqual(100_002);
  expect(selfTimes(profile)["parse"]).toBe(hours / 1000);
});

test("a flame graph without stacks is a profile of nothing known", () => {
  const profile = toCpuProfile({ ...FLAME, frames: [], nodes: [], runs: [] }, WINDOW);
  expect(PROFILE.safeParse(profile).success).toBe(true);
  expect(selfTimes(profile)).toEqual({ "(program)": 60_000 });
});
