/** In which functions a stall's time went, by themselves: its flame graph without the depth. Pure. */
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { Flame, Frame } from "../api/api.ts";

const MOST = 10;

export interface SelfTime {
  readonly function: string;
  readonly file: string;
  /** Where it begins, in a profile; of captured stacks the line that stood in most of them. 0 unknown. */
  readonly line: number;
  readonly package: string | null;
  readonly selfMs: number;
}

/** The most first. Nothing where no stack was seen. */
export function selfTimesOf(flame: Flame | undefined): readonly SelfTime[] {
  if (flame === undefined) return [];
  const byFunction = new Map<string, Map<Frame, number>>();
  for (const [node, , dur] of flame.runs) {
    const frame = flame.frames[flame.nodes[node]?.[0] ?? -1];
    if (frame === undefined) continue;
    const key = `${frame.file} ${frame.function}`;
    const places = byFunction.get(key) ?? new Map<Frame, number>();
    places.set(frame, (places.get(frame) ?? 0) + dur);
    byFunction.set(key, places);
  }
  return [...byFunction.values()]
    .flatMap((places) => {
      const [hottest] = [...places].sort(([, a], [, b]) => b - a);
      if (hottest === undefined) return [];
      const [{ function: fn, file, line, package: from }] = hottest;
      const self = [...places.values()].reduce((sum, dur) => sum + dur, 0);
      return [{ function: fn, file, line, package: from ?? null, selfMs: nanosToMs(self) }];
    })
    .sort((a, b) => b.selfMs - a.selfMs)
    .slice(0, MOST);
}
