/**
 * Where a task or span is drawn: on a row of its own below its nearest ancestor that has one, or packed in lanes with
 * its like.
 *
 *     main                  a run's main task, agents, steps, model calls and tools: a row each
 *       Tasks  ▬▬ ▬▬▬ ▬      other tasks of the runtime, in lanes, so many at a time
 *       researcher
 *         Requests  ▬▬▬
 */
import type { Nanos } from "../../src-runtime/protocol/time.ts";
import type { TrackKind } from "../api/api.ts";
import type { Change } from "../store/rows.ts";
import type { Pack } from "./known-tasks.ts";
import { createLanes } from "./lanes.ts";
import type { SessionEvent } from "./session.ts";

const OWN_TRACK: ReadonlySet<string> = new Set(["agent", "step", "model", "tool", "promise"]);
/** Main tasks of runs that have a row, in each thread: a server may run one a request. */
const MAX_MAINS = 100;
/** A fan-out of thousands must not push all else from the screen. */
const MAX_TASK_LANES = 48;

type Start = Extract<SessionEvent, { kind: "start" }>;

export interface Place {
  readonly track: number;
  /** The row its children belong under. */
  readonly home: number;
  /** -1: it is not drawn, there are too many at a time. */
  readonly depth: number;
  readonly pack: Pack | undefined;
}

export interface Places {
  track(
    thread: number,
    parent: number,
    kind: TrackKind,
    task: number,
    label: string,
    start: Nanos,
    out: Change[],
  ): number;
  /** `home` is the row it belongs under, `group` its thread's. */
  of(event: Start, home: number, slice: number, group: number, out: Change[]): Place;
}

export function createPlaces(nextId: () => number): Places {
  const packs = new Map<string, Pack>();
  const mains = new Map<number, number>();

  const track: Places["track"] = (thread, parent, kind, task, label, start, out) => {
    const id = nextId();
    out.push({ do: "track", row: { id, parent, thread, kind, task, label, start } });
    return id;
  };

  function packOf(event: Start, parent: number, kind: TrackKind, label: string, out: Change[]): Pack {
    const { thread, at } = event;
    const key = `${thread} ${parent} ${label}`;
    let pack = packs.get(key);
    if (pack === undefined) {
      pack = { track: track(thread, parent, kind, 0, label, at, out), lanes: createLanes(), isOverfull: false };
      packs.set(key, pack);
    }
    return pack;
  }

  function packFor(event: Start, home: number, group: number, out: Change[]): Pack {
    const { taskKind, origin } = event;
    if (taskKind === "span") return packOf(event, group, "spans", "Spans", out);
    if (taskKind === "request") return packOf(event, home, "requests", "Requests", out);
    return packOf(event, home, "function", origin === "runtime" ? "Tasks" : "Aborts", out);
  }

  function isOwn({ taskKind, origin, parent, thread }: Start): boolean {
    if (OWN_TRACK.has(taskKind)) return true;
    if (taskKind !== "function" || origin !== "runtime" || parent !== 0) return false;
    const count = (mains.get(thread) ?? 0) + 1;
    mains.set(thread, count);
    return count <= MAX_MAINS;
  }

  return {
    track,
    of(event, home, slice, group, out) {
      const { thread, taskKind, task, name, at } = event;
      if (isOwn(event)) {
        const own = track(thread, home, taskKind as TrackKind, task, name, at, out);
        return { track: own, home: own, depth: 0, pack: undefined };
      }
      const pack = packFor(event, home, group, out);
      const { lanes } = pack;
      const { depths } = lanes;
      const depth = lanes.open(slice, 0, event.origin === "runtime" ? MAX_TASK_LANES : Infinity);
      if (lanes.depths > depths) out.push({ do: "trackDepths", track: pack.track, depths: lanes.depths });
      if (depth < 0 && !pack.isOverfull) {
        pack.isOverfull = true;
        out.push({ do: "trackLabel", track: pack.track, label: `Tasks, ${MAX_TASK_LANES} at a time` });
      }
      return { track: pack.track, home, depth, pack };
    },
  };
}
