/**
 * Cuts the stalls out of a profile as V8 tells it: of each window the stacks that stood in it, and when. Runs on the
 * watchdog's thread. Pure.
 */
import type { ProfileFrame, ProfileMessage, WireFrame } from "../protocol/message.ts";
import type { RawProfile } from "./profile.ts";

/** The part of a .cpuprofile that is read here. Lines and columns of its frames count from 0, those of ticks from 1. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
    readonly children?: readonly number[];
    readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
  }[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const MODULUS = 2 ** 32;
/** A stack that stands for longer than this many intervals between samples does so for want of samples. */
const MAX_INTERVALS = 4;

/** @param ownFile the tracer's own script: its frames are not the program's */
export function profileWindows(raw: RawProfile, ownFile: string, intervalMs: number): readonly ProfileMessage[] {
  const profile = parseProfile(raw.text);
  const { nodes, samples, timeDeltas } = profile;
  const positions = new Map(nodes.map(({ id }, index) => [id, index]));
  const parents = new Int32Array(nodes.length).fill(-1);
  for (const [index, { children = [] }] of nodes.entries())
    for (const child of children) parents[positions.get(child) ?? 0] = index;
  // Stamps of the samples, counted back from the end: both ends are told modulo 2^32.
  const stamps = new Float64Array(samples.length);
  let since = 0;
  for (const [index, delta] of timeDeltas.entries()) {
    since += delta;
    stamps[index] = since;
  }
  const length = (profile.endTime - profile.startTime + MODULUS) % MODULUS;
  for (let index = 0; index < stamps.length; index++) stamps[index] = raw.at + ((stamps[index] ?? 0) - length) / 1000;
  return raw.windows.flatMap(([beat, from, to]) => {
    const message = cut(beat, from, to);
    return message.runs.length === 0 ? [] : [message];
  });

  function cut(beat: number, from: number, to: number): ProfileMessage {
    const frames: ProfileFrame[] = [];
    const frameKeys = new Map<string, number>();
    const kept: [frame: number, parent: number][] = [];
    const keptOf = new Map<number, number>();

    /** Index of the node in the message, -1 for the root and for frames of ours: they stand for their callers. */
    function keep(index: number): number {
      if (index < 0) return -1;
      const known = keptOf.get(index);
      if (known !== undefined) return known;
      const parent = keep(parents[index] ?? -1);
      const node = nodes[index];
      let result = parent;
      if (node !== undefined && node.callFrame.url !== ownFile && node.callFrame.functionName !== "(root)") {
        kept.push([frameOf(node), parent]);
        result = kept.length - 1;
      }
      keptOf.set(index, result);
      return result;
    }

    function frameOf({ callFrame, positionTicks = [] }: CpuProfile["nodes"][number]): number {
      const { functionName, url, lineNumber, columnNumber } = callFrame;
      const hot = positionTicks.reduce((most, tick) => (tick.ticks > most.ticks ? tick : most), { line: 0, ticks: 0 });
      const frame = [functionName, url, lineNumber + 1, columnNumber + 1, hot.line] as const;
      const key = frame.join("\0");
      const known = frameKeys.get(key);
      if (known !== undefined) return known;
      frames.push(frame);
      frameKeys.set(key, frames.length - 1);
      return frames.length - 1;
    }

    const runs: [node: number, from: number, length: number][] = [];
    for (let index = lowerBound(stamps, from) - 1; index < stamps.length; index++) {
      if (index < 0) continue;
      const at = stamps[index] ?? 0;
      const most = MAX_INTERVALS * intervalMs;
      const begin = Math.max(from, (at + Math.max(at - most, stamps[index - 1] ?? at)) / 2);
      const end = Math.min(to, (at + Math.min(at + most, stamps[index + 1] ?? at + intervalMs)) / 2);
      if (begin >= to) break;
      if (end <= begin) continue;
      const node = keep(positions.get(samples[index] ?? 0) ?? -1);
      if (node < 0) continue;
      const last = runs.at(-1);
      if (last !== undefined && last[0] === node && Math.abs(from + last[1] + last[2] - begin) < 1e-3)
        last[2] += end - begin;
      else runs.push([node, begin - from, end - begin]);
    }
    return { t: "profile", beat, at: from, intervalMs, frames, nodes: kept, runs };
  }
}

/**
 * The message with its frames at their places in the sources. The line that took most of a function's own time is one of
 * the transformed code: of a frame that has moved it is not known.
 */
export function withPlaces(message: ProfileMessage, places: readonly WireFrame[]): ProfileMessage {
  const frames = message.frames.map((frame, index): ProfileFrame => {
    const [, file, line, column, hotLine] = frame;
    const place = places[index];
    if (place === undefined) return frame;
    const hasMoved = place[1] !== file || place[2] !== line || place[3] !== column;
    return [...place, hasMoved ? 0 : hotLine];
  });
  return { ...message, frames };
}

/** V8 writes names and paths as they are, with quotes and backslashes (of regular expressions, of Windows). */
export function parseProfile(text: string): CpuProfile {
  const frame =
    /"functionName":"([\s\S]*?)",("lineNumber":-?\d+,"columnNumber":-?\d+,"scriptId":\d+),"url":"([\s\S]*?)"\}(?=[,}])/g;
  const escaped = text.replace(
    frame,
    (_all, name: string, place: string, url: string) =>
      `"functionName":${JSON.stringify(name)},${place},"url":${JSON.stringify(url)}}`,
  );
  return JSON.parse(escaped) as CpuProfile;
}

/** Index of the first value that is not less. */
function lowerBound(values: Float64Array, wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
