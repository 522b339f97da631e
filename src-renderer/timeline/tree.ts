/**
 * The tree of tracks beside the canvas. Only the rows on screen exist as elements; they are made anew when what they
 * show changed and are otherwise left alone.
 *
 *     v (o) research              12.5 s
 *       > [>] Step 1               2.41 s
 *         <> model weigh  3.2 s  ====        a task that held the event loop says for how long
 *
 * One stop for Tab: the tree has the focus, the active row is its `aria-activedescendant`.
 */
import type { Overview, Selection, TrackTable } from "../../src-main/api/api.ts";
import type { Outcome } from "../../src-runtime/protocol/record.ts";
import { element, icon } from "./dom.ts";
import { outcomeOf } from "./end-marks.ts";
import { formatDuration } from "../../src-main/api/format.ts";
import { CARET, KIND_ICONS, OUTCOME_ICONS, STALL_ICON } from "./icons.ts";
import { rowsBetween, type Layout, type Row } from "./rows.ts";
import { trackKind } from "./words.ts";

export interface TreeView {
  readonly layout: Layout;
  readonly table: TrackTable;
  readonly overview: Overview;
  readonly selection: Selection | undefined;
  /** Id of the active track. */
  readonly active: number | undefined;
  readonly scrollTop: number;
  readonly height: number;
  readonly now: number;
}

export interface Tree {
  readonly root: HTMLElement;
  update(view: TreeView): void;
}

export interface TreeActions {
  press(track: number): void;
  toggle(track: number): void;
}

const INDENT = 12;
/** Rows kept ready above and below what is seen. */
const SPARE = 220;

export function createTree(actions: TreeActions): Tree {
  const root = element("div", "timeline-tree", { role: "tree", tabindex: "0", "aria-label": "Tracks" });
  const sticky = element("div", "timeline-tree-sticky", { role: "presentation" });
  const space = element("div", "timeline-tree-space", { role: "presentation" });
  root.append(sticky, space);
  const made = new Map<number, { readonly key: string; readonly row: HTMLElement }>();

  root.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : undefined;
    const track = Number(target?.closest<HTMLElement>(".timeline-tree-row")?.dataset["track"]);
    if (Number.isNaN(track)) return;
    if (target?.closest(".timeline-caret") === null) actions.press(track);
    else actions.toggle(track);
  });

  function place(row: Row, view: TreeView, parent: HTMLElement, seen: Set<number>): void {
    const track = view.table.id[row.index] ?? 0;
    seen.add(track);
    const facts = factsOf(row, view);
    const key = JSON.stringify([facts, row.y, row.height, row.indent, row.isFolded, row.hasChildren]);
    const old = made.get(track);
    if (old?.key === key && old.row.parentElement === parent) return;
    const drawn = drawRow(row, track, facts);
    if (old === undefined) parent.append(drawn);
    else {
      old.row.remove();
      parent.append(drawn);
    }
    made.set(track, { key, row: drawn });
  }

  return {
    root,
    update(view) {
      const { layout } = view;
      sticky.style.height = `${layout.stickyHeight}px`;
      space.style.height = `${layout.height}px`;
      const seen = new Set<number>();
      for (const row of layout.sticky) place(row, view, sticky, seen);
      const bottom = view.scrollTop + view.height + SPARE;
      for (const row of rowsBetween(layout.rows, view.scrollTop - SPARE, bottom)) place(row, view, space, seen);
      for (const [track, { row }] of made) {
        if (seen.has(track)) continue;
        row.remove();
        made.delete(track);
      }
      if (view.active !== undefined && seen.has(view.active))
        root.setAttribute("aria-activedescendant", rowId(view.active));
      else root.removeAttribute("aria-activedescendant");
    },
  };
}

/** All a row shows, as data. */
interface Facts {
  readonly name: string;
  readonly kind: ReturnType<typeof trackKind>;
  readonly meta: string;
  readonly isStall: boolean;
  readonly outcome: Outcome | undefined;
  readonly isEnded: boolean;
  readonly isSelected: boolean;
  readonly isActive: boolean;
}

function factsOf(row: Row, view: TreeView): Facts {
  const { table, overview, selection, now } = view;
  const { index } = row;
  const kind = trackKind(table, index);
  const task = table.task[index] ?? 0;
  const thread = table.thread[index] ?? 0;
  const stalls = overview.stalls.filter((stall) =>
    row.isStrip ? stall.thread === thread : task !== 0 && stall.task?.id === task,
  );
  const open = stalls.find(({ dur }) => dur === undefined);
  const isLive = overview.recording.state === "live";
  // Twice a second is enough for a number in the margin.
  const clock = isLive ? Math.floor(now / 5e8) * 5e8 : overview.end;
  const blocked = stalls.reduce(
    (sum, { start, dur, seen, phase }) =>
      phase === "startup" ? sum : sum + (dur ?? Math.max(0, (isLive ? clock : (seen ?? clock)) - start)),
    0,
  );
  const start = table.start[index] ?? 0;
  const end = table.end[index] ?? NaN;
  const isOpen = Number.isNaN(end);
  const lasted = task === 0 ? "" : formatDuration(isOpen ? Math.max(0, clock - start) : end - start);
  const isStall = blocked > 0 || open !== undefined;
  const stallText = row.isStrip
    ? open !== undefined && isLive
      ? "blocked now"
      : `${formatDuration(blocked)} blocked`
    : formatDuration(blocked);
  const outcome = task === 0 ? undefined : outcomeOf(table.outcome[index] ?? 0);
  return {
    name: table.label[index] ?? "",
    kind,
    meta: isStall ? stallText : lasted,
    isStall,
    outcome: outcome === "completed" || (outcome === "open" && isLive) ? undefined : outcome,
    isEnded: task !== 0 && !isOpen,
    isSelected:
      (task !== 0 && selection?.kind === "task" && selection.id === task) ||
      (row.isStrip && selection?.kind === "stall" && stalls.some(({ id }) => id === selection.id)),
    isActive: view.active === table.id[index],
  };
}

function drawRow(row: Row, track: number, facts: Facts): HTMLElement {
  const drawn = element("div", "timeline-tree-row", {
    id: rowId(track),
    role: "treeitem",
    "aria-level": String(row.indent + 1),
    "aria-selected": String(facts.isSelected),
    "data-track": String(track),
    "data-kind": facts.kind,
  });
  if (row.hasChildren) drawn.setAttribute("aria-expanded", String(!row.isFolded));
  if (facts.isActive) drawn.dataset["active"] = "";
  if (row.lanes > 1) drawn.dataset["lanes"] = String(row.lanes);
  if (facts.isEnded) drawn.dataset["ended"] = "";
  drawn.style.top = `${row.y}px`;
  drawn.style.height = `${row.height}px`;
  drawn.style.paddingLeft = `${6 + row.indent * INDENT}px`;
  const caret = element("span", row.hasChildren ? "timeline-caret" : "timeline-no-caret", { "aria-hidden": "true" });
  if (row.hasChildren) caret.append(icon(CARET, ""));
  const name = element("span", "timeline-name", { title: facts.name });
  name.textContent = facts.name;
  drawn.append(caret, icon(KIND_ICONS[facts.kind], "timeline-kind"), name);
  if (facts.meta !== "") {
    const meta = element("span", facts.isStall ? "timeline-meta stall-number" : "timeline-meta");
    meta.textContent = facts.meta;
    drawn.append(meta);
  }
  if (facts.outcome !== undefined) {
    const mark = icon(OUTCOME_ICONS[facts.outcome], "mark");
    mark.dataset["outcome"] = facts.outcome;
    drawn.append(mark);
  } else if (facts.isStall && !row.isStrip) drawn.append(icon(STALL_ICON, "timeline-stall-mark"));
  return drawn;
}

function rowId(track: number): string {
  return `track-${track}`;
}
