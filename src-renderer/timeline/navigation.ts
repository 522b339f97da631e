/** Moving among tracks without a pointer, and bringing into view what was selected elsewhere. */
import type { Overview, Selection, TrackTable } from "../../src-main/api/api.ts";
import type { Layout, Row } from "./rows.ts";

/** The track above (-1) or below (1) the active one, among what has a row; the first if none is active. */
export function neighbour(
  layout: Layout,
  table: TrackTable,
  active: number | undefined,
  step: 1 | -1,
): number | undefined {
  const rows = [...layout.sticky, ...layout.rows];
  const place = rows.findIndex(({ index }) => table.id[index] === active);
  const next = rows[place < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, place + step))];
  return next === undefined ? undefined : table.id[next.index];
}

export function rowOfTrack(layout: Layout, table: TrackTable, track: number | undefined): Row | undefined {
  if (track === undefined) return undefined;
  const isIt = ({ index }: Row): boolean => table.id[index] === track;
  return layout.sticky.find(isIt) ?? layout.rows.find(isIt);
}

/** Where to scroll so that the row is seen, with a row's air around it; unchanged if it is. */
export function scrollFor(row: Row, scrollTop: number, height: number): number {
  const air = row.height;
  if (row.y - air < scrollTop) return Math.max(0, row.y - air);
  return row.y + row.height + air > scrollTop + height ? Math.max(0, row.y + row.height + air - height) : scrollTop;
}

/** The track a selection is drawn on: a task's own, or that of the task that held the event loop. */
export function trackOfSelection(
  selection: Selection | undefined,
  table: TrackTable,
  overview: Pick<Overview, "stalls">,
): number | undefined {
  const task =
    selection?.kind === "task"
      ? selection.id
      : selection?.kind === "stall"
        ? overview.stalls.find(({ id }) => id === selection.id)?.task?.id
        : undefined;
  if (task === undefined || task === 0) return undefined;
  const index = table.task.indexOf(task);
  return index < 0 ? undefined : table.id[index];
}

export function ancestorsOf(table: TrackTable, track: number): readonly number[] {
  const found: number[] = [];
  let index = table.id.indexOf(track);
  while (index >= 0) {
    const parent = table.parent[index] ?? 0;
    if (parent === 0) break;
    found.push(parent);
    index = table.id.indexOf(parent);
  }
  return found;
}
