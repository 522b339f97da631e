/**
 * Where one is in a flame graph: the view, what it is zoomed into, the frame that is selected. Frames are remembered by
 * their way down, so that all of it holds when more stacks come in.
 */
import { useState } from "react";
import type { FlameNode, FlameTree } from "./flame-tree.ts";
import { sameNode, pathTo } from "./flame-tree.ts";
import {
  layoutHeaviest,
  layoutInTime,
  rectOfNode,
  type FlameRect,
  type FlameRows,
  type Instants,
} from "./flame-layout.ts";

export type FlameMode = "time" | "heaviest" | "table";

interface Zoom {
  readonly path: readonly string[];
  readonly window: Instants;
}

interface Chosen {
  readonly path: readonly string[];
  /** In time: an instant within it. */
  readonly at: number;
}

export interface FlameState {
  readonly mode: FlameMode;
  readonly rows: FlameRows;
  readonly zoomed: FlameNode | undefined;
  readonly selected: FlameRect | undefined;
  setMode(mode: FlameMode): void;
  select(rect: FlameRect | undefined): void;
  zoomIn(rect: FlameRect): void;
  /** Answers whether there was something to leave. */
  zoomOut(): boolean;
}

/** @param least the narrowest frame drawn, as a fraction of the width. */
export function useFlame(tree: FlameTree, whole: Instants, least: number): FlameState {
  const [mode, setMode] = useState<FlameMode>("heaviest");
  const [zooms, setZooms] = useState<readonly Zoom[]>([]);
  const [chosen, setChosen] = useState<Chosen>();
  const zoom = zooms.at(-1);
  const zoomed = zoom === undefined ? undefined : sameNode(tree, zoom.path);
  const window = mode === "time" && zoom !== undefined ? zoom.window : whole;
  const rows = mode === "time" ? layoutInTime(tree, window, least) : layoutHeaviest(tree, zoomed, least);
  const length = window.to - window.from;
  const node = chosen === undefined ? undefined : sameNode(tree, chosen.path);
  const selected =
    node === undefined || chosen === undefined ? undefined : rectOfNode(rows, node, (chosen.at - window.from) / length);
  return {
    mode,
    rows,
    zoomed,
    selected,
    setMode(next) {
      // A part of time and a part of the tree are not the same zoom.
      if (next !== mode && (next === "time" || mode === "time")) setZooms([]);
      setMode(next);
    },
    select(rect) {
      if (rect === undefined) setChosen(undefined);
      else setChosen({ path: pathTo(rect.node), at: window.from + ((rect.from + rect.to) / 2) * length });
    },
    zoomIn(rect) {
      if (rect.count > 1 || (rect.from <= 0 && rect.to >= 1 && rect.node === zoomed)) return;
      const part = { from: window.from + rect.from * length, to: window.from + rect.to * length };
      setZooms([...zooms, { path: pathTo(rect.node), window: part }]);
    },
    zoomOut() {
      if (zooms.length === 0) return false;
      setZooms(zooms.slice(0, -1));
      return true;
    },
  };
}
