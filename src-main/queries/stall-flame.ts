/** The flame graph of exactly one stall: as profiled, or while there is no profile (yet), from the stacks taken in it. */
import type { Flame, Frame } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import type { StoredStall } from "./stalls.ts";
import { STALL_FORMAT } from "./victims.ts";

export function flameOf(recording: Recording, stall: StoredStall): Flame | undefined {
  return profileOf(recording, stall.id) ?? capturesOf(recording, stall);
}

function profileOf(recording: Recording, stall: number): Flame | undefined {
  if (recording.format < STALL_FORMAT) return undefined;
  const row = recording.get<{ flame: string }>("SELECT flame FROM profile WHERE stall = ?", stall);
  return row === undefined ? undefined : (JSON.parse(row.flame) as Flame);
}

/** Each stack stands for the time nearer to it than to another. */
function capturesOf(recording: Recording, { id, start, dur }: StoredStall): Flame | undefined {
  const rows = recording.all<{ at: number; frames: string }>(
    "SELECT at, frames FROM sample WHERE stall = ? ORDER BY at",
    id,
  );
  if (rows.length === 0) return undefined;
  const frames: Frame[] = [];
  const nodes: [frame: number, parent: number][] = [];
  const known = new Map<string, number>();
  function nodeOf(frame: Frame, parent: number): number {
    const key = `${parent} ${frame.function} ${frame.file} ${frame.line}:${frame.column}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    frames.push(frame);
    nodes.push([frames.length - 1, parent]);
    known.set(key, nodes.length - 1);
    return nodes.length - 1;
  }
  const runs = rows.map(({ at, frames: json }, index): Flame["runs"][number] => {
    const before = rows[index - 1]?.at;
    const after = rows[index + 1]?.at;
    const from = before === undefined ? start : Math.round((before + at) / 2);
    const to = after === undefined ? Math.max(at, dur === null ? at : start + dur) : Math.round((at + after) / 2);
    const leaf = (JSON.parse(json) as readonly Frame[]).reduceRight((parent, frame) => nodeOf(frame, parent), -1);
    return [leaf, from, to - from];
  });
  return { source: "captures", intervalMs: 0, frames, nodes, runs: runs.filter(([node]) => node >= 0) };
}
