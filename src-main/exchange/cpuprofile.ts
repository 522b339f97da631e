/**
 * A flame graph as a `.cpuprofile`, the format of V8's profiler, which DevTools, VS Code and speedscope open
 * (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile). Pure.
 *
 *     runs      ├── a ──────────┤      ├─ b ─┤          one stack for a while
 *     samples   a    a    a    a  (pr) b    b  (pr)     one at each run's start, then one an interval, one at the end
 *
 * A sample's node ran until the next sample. Times are microseconds since the recording started.
 */
import { pathToFileURL } from "node:url";
import type { Flame, Frame } from "../api/api.ts";

export interface CpuProfile {
  readonly nodes: readonly CpuProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Microseconds since the sample before; the first since `startTime`. */
  readonly timeDeltas: readonly number[];
}

export interface CpuProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    /** From 0; -1 unknown. */
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly hitCount: number;
  readonly children: readonly number[];
}

const ROOT = 1;
/** What V8 calls time outside of JavaScript; here also time that no stack stands for. */
const PROGRAM = 2;
const FIRST = 3;
/** Between stacks that stand for irregular stretches. Nanoseconds. */
const DEFAULT_INTERVAL = 1e6;
/** A flame of hours must not become a file of gigabytes. */
const MOST_SAMPLES = 100_000;

/** @param window the stall, Nanos. */
export function toCpuProfile(flame: Flame, window: { readonly start: number; readonly end: number }): CpuProfile {
  const { start, end } = window;
  const interval = Math.max(
    flame.intervalMs > 0 ? flame.intervalMs * 1e6 : DEFAULT_INTERVAL,
    (end - start) / MOST_SAMPLES,
  );
  const samples: number[] = [];
  const deltas: number[] = [];
  const hits = new Map<number, number>();
  let last = Math.round(start / 1000);

  function sample(node: number, at: number): void {
    const micros = Math.max(last, Math.round(at / 1000));
    samples.push(node);
    deltas.push(micros - last);
    hits.set(node, (hits.get(node) ?? 0) + 1);
    last = micros;
  }

  let covered = start;
  for (const [node, from, dur] of flame.runs) {
    if (from - covered >= 1000) sample(PROGRAM, covered);
    for (let at = from; at < from + dur; at += interval) sample(node + FIRST, at);
    covered = Math.max(covered, from + dur);
  }
  sample(PROGRAM, Math.max(covered, start));
  const scripts = new Map<string, string>();
  const children = childrenOf(flame);
  const nodes = [
    named(ROOT, "(root)", [PROGRAM, ...(children.get(-1) ?? [])], 0),
    named(PROGRAM, "(program)", [], hits.get(PROGRAM) ?? 0),
    ...flame.nodes.map(([frame, _parent], index) => ({
      id: index + FIRST,
      callFrame: callFrame(flame.frames[frame], scripts),
      hitCount: hits.get(index + FIRST) ?? 0,
      children: children.get(index) ?? [],
    })),
  ];
  return {
    nodes,
    startTime: Math.round(start / 1000),
    endTime: Math.max(last, Math.round(end / 1000)),
    samples,
    timeDeltas: deltas,
  };
}

function childrenOf({ nodes }: Flame): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const [index, [, parent]] of nodes.entries()) {
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [index + FIRST]);
    else siblings.push(index + FIRST);
  }
  return children;
}

function callFrame(frame: Frame | undefined, scripts: Map<string, string>): CpuProfileNode["callFrame"] {
  if (frame === undefined) return { functionName: "", scriptId: "0", url: "", lineNumber: -1, columnNumber: -1 };
  const url = frame.path === undefined ? frame.file : pathToFileURL(frame.path).href;
  let scriptId = url === "" ? "0" : scripts.get(url);
  if (scriptId === undefined) {
    scriptId = String(scripts.size + 1);
    scripts.set(url, scriptId);
  }
  return {
    functionName: frame.function,
    scriptId,
    url,
    lineNumber: Math.max(0, frame.line) - 1,
    columnNumber: Math.max(0, frame.column) - 1,
  };
}

function named(id: number, functionName: string, children: readonly number[], hitCount: number): CpuProfileNode {
  return {
    id,
    callFrame: { functionName, scriptId: "0", url: "", lineNumber: -1, columnNumber: -1 },
    hitCount,
    children,
  };
}
