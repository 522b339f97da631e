/** References to tasks: the task itself, and the chain above it. */
import type { TaskRef } from "../api/api.ts";
import type { TaskKind } from "../../src-runtime/protocol/record.ts";
import type { Recording } from "../store/recording.ts";

const MAX_ANCESTORS = 100;

interface Row {
  readonly id: number;
  readonly parent: number;
  readonly name: string;
  readonly kind: TaskKind;
}

function rowOf(recording: Recording, id: number): Row | undefined {
  return id === 0 ? undefined : recording.get<Row>("SELECT id, parent, name, kind FROM task WHERE id = ?", id);
}

export function taskRef(recording: Recording, id: number): TaskRef | undefined {
  const row = rowOf(recording, id);
  return row === undefined ? undefined : { id: row.id, name: row.name, kind: row.kind };
}

/** From the root down, without the task itself. */
export function ancestorsOf(recording: Recording, id: number): readonly TaskRef[] {
  const chain: TaskRef[] = [];
  let row = rowOf(recording, rowOf(recording, id)?.parent ?? 0);
  while (row !== undefined && chain.length < MAX_ANCESTORS) {
    chain.unshift({ id: row.id, name: row.name, kind: row.kind });
    row = rowOf(recording, row.parent);
  }
  return chain;
}
