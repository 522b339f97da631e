/**
 * Who was hurt by a stall? What was found while recording, and at level deep the reactions of promises, which are found
 * only now: they would be too many to keep.
 *
 * Its arrows on the timeline are these rows. None is written as a link, since a stall may be judged anew.
 */
import type { Victim } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { lateReactions } from "./late-reactions.ts";
import type { StoredStall } from "./stalls.ts";
import { taskRef } from "./tasks.ts";

const MOST = 20;
/** Reactions that are counted of one stall. */
const MOST_REACTIONS = 200;
/** Recordings before it have no victims, profiles or evidence beyond two figures. */
export const STALL_FORMAT = 3;

interface StoredVictim {
  readonly kind: Victim["kind"];
  readonly name: string;
  readonly task: number;
  readonly due: number;
  readonly ran: number;
  readonly exact: number;
  readonly cancelled: number;
}

export interface Victims {
  /** The latest first. */
  readonly victims: readonly Victim[];
  readonly victimCount: number;
}

/** @param withReactions reads the promises around the stall: not for every stall of a list */
export function victimsOf(recording: Recording, stall: StoredStall, withReactions: boolean): Victims {
  if (recording.format < STALL_FORMAT) return { victims: [], victimCount: 0 };
  const rows = recording.all<StoredVictim>(
    `SELECT * FROM victim WHERE stall = ? ORDER BY ran - due DESC, due LIMIT ${MOST}`,
    stall.id,
  );
  const count =
    recording.get<{ count: number }>("SELECT count FROM victim_count WHERE stall = ?", stall.id)?.count ?? 0;
  const reactions = withReactions ? reactionsOf(recording, stall) : [];
  const latest = [...rows, ...reactions].toSorted((a, b) => b.ran - b.due - (a.ran - a.due)).slice(0, MOST);
  return { victims: latest.map((row) => toVictim(recording, row)), victimCount: count + reactions.length };
}

function reactionsOf(recording: Recording, { thread, start, dur, phase }: StoredStall): readonly StoredVictim[] {
  if (dur === null || phase !== "run") return [];
  return lateReactions(recording, { thread, start, end: start + dur }, MOST_REACTIONS).map(
    ({ readyAt: due, ranAt: ran, task }) => ({
      kind: "promise",
      name: "await or then",
      task,
      due,
      ran,
      exact: 1,
      cancelled: 0,
    }),
  );
}

function toVictim(recording: Recording, row: StoredVictim): Victim {
  const { kind, name, due, ran } = row;
  const task = taskRef(recording, row.task);
  const cancelled = taskRef(recording, row.cancelled);
  return {
    kind,
    name,
    ...(task === undefined ? {} : { task }),
    due,
    ran,
    exact: row.exact === 1,
    ...(cancelled === undefined ? {} : { cancelled }),
  };
}
