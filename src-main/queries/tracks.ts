/** Which tracks are there, as the tree on the left? */
import { OUTCOMES } from "../../src-runtime/protocol/record.ts";
import { TRACK_KINDS, type TrackKind, type TrackTable } from "../api/api.ts";
import type { Recording } from "../store/recording.ts";

interface Row {
  readonly id: number;
  readonly parent: number;
  readonly kind: TrackKind;
  readonly thread: number;
  readonly task: number;
  readonly start: number;
  readonly depths: number;
  readonly label: string;
  readonly settled: number | null;
  readonly outcome: (typeof OUTCOMES)[number] | null;
}

/** Order among siblings: the event loop first, then work in time, then what is packed. */
const RANK: Readonly<Partial<Record<TrackKind, number>>> = { loop: 0, requests: 2, function: 3, spans: 4, thread: 5 };
const NO_OUTCOME = 255;

export function tracks(recording: Recording): TrackTable {
  const rows = recording.all<Row>(
    `SELECT track.id, track.parent, track.kind, track.thread, track.task, track.start, track.depths, track.label,
            task.settled, task.outcome
     FROM track LEFT JOIN task ON task.id = track.task AND track.task != 0`,
  );
  const ordered = inDisplayOrder(rows);
  const column = (value: (row: Row) => number): Float64Array => Float64Array.from(ordered, value);
  return {
    id: column((row) => row.id),
    parent: column((row) => row.parent),
    kind: Uint8Array.from(ordered, (row) => TRACK_KINDS.indexOf(row.kind)),
    thread: column((row) => row.thread),
    task: column((row) => row.task),
    start: column((row) => row.start),
    end: column((row) => row.settled ?? NaN),
    outcome: Uint8Array.from(ordered, (row) => (row.outcome === null ? NO_OUTCOME : OUTCOMES.indexOf(row.outcome))),
    depths: Uint16Array.from(ordered, (row) => row.depths),
    label: ordered.map((row) => row.label),
  };
}

/** One task a track is work, whatever its kind. */
function rankOf({ kind, task }: Row): number {
  return task === 0 ? (RANK[kind] ?? 1) : 1;
}

function inDisplayOrder(rows: readonly Row[]): readonly Row[] {
  const children = new Map<number, Row[]>();
  for (const row of rows) {
    const siblings = children.get(row.parent);
    if (siblings === undefined) children.set(row.parent, [row]);
    else siblings.push(row);
  }
  for (const siblings of children.values()) {
    siblings.sort((a, b) => rankOf(a) - rankOf(b) || a.start - b.start || a.id - b.id);
  }
  const ordered: Row[] = [];
  const stack = [...(children.get(0) ?? [])].reverse();
  for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
    ordered.push(row);
    for (const child of [...(children.get(row.id) ?? [])].reverse()) stack.push(child);
  }
  return ordered;
}
