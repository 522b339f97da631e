/** Who was hurt by a stall? */
import type { Victim } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";
import { taskRef } from "./tasks.ts";

const MOST = 20;
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

/** The latest first. */
export function victimsOf(recording: Recording, stall: number): readonly Victim[] {
  if (recording.format < STALL_FORMAT) return [];
  const rows = recording.all<StoredVictim>(
    `SELECT * FROM victim WHERE stall = ? ORDER BY ran - due DESC, due LIMIT ${MOST}`,
    stall,
  );
  return rows.map(({ kind, name, task: taskId, due, ran, exact, cancelled: cancelledId }) => {
    const task = taskRef(recording, taskId);
    const cancelled = taskRef(recording, cancelledId);
    return {
      kind,
      name,
      ...(task === undefined ? {} : { task }),
      due,
      ran,
      exact: exact === 1,
      ...(cancelled === undefined ? {} : { cancelled }),
    };
  });
}

export function victimCount(recording: Recording, stall: number): number {
  if (recording.format < STALL_FORMAT) return 0;
  return recording.get<{ count: number }>("SELECT count FROM victim_count WHERE stall = ?", stall)?.count ?? 0;
}
