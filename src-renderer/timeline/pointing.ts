/** What the pointer means on the canvas: the card of what is under it, what a click selects, where a hint leads. */
import type { Selection, TrackTable } from "../../src-main/api/api.ts";
import { hitTest, type Hit } from "./hit-test.ts";
import type { HoverCard } from "./hover-card.ts";
import type { Focus } from "./keyboard.ts";
import { hintOf, hintRect } from "./overlay.ts";
import type { Scene, SceneRow } from "./paint.ts";
import type { Palette } from "./palette.ts";
import { listenToPointer } from "./pointer.ts";
import type { Stage } from "./stage.ts";
import type { TimelineViewport } from "./viewport-port.ts";
import { sliceWords, stallWords, type Words } from "./words.ts";

export interface PointingHost {
  readonly root: HTMLElement;
  readonly stage: Stage;
  readonly card: HoverCard;
  readonly port: TimelineViewport;
  /** What was drawn last. */
  scene(): Scene | undefined;
  palette(): Palette | undefined;
  table(): TrackTable;
  clock(): number;
  select(selection: Selection | undefined): void;
  /** A track was pressed, with a slice of it or none. */
  press(track: number | undefined, focus: Focus | undefined): void;
}

export interface Pointing {
  /** The pointer as a fraction of the canvas's width; the middle if it is elsewhere. */
  x01(): number;
  /** The picture changed under the pointer. */
  refresh(): void;
  dispose(): void;
}

export function createPointing(host: PointingHost): Pointing {
  const { stage, card, port } = host;
  let pointer: { readonly x: number; readonly y: number } | undefined;

  function hitAt(x: number, y: number): Hit | undefined {
    const scene = host.scene();
    return scene === undefined ? undefined : hitTest(scene, stage.width(), x, y);
  }

  function showCard(): void {
    const hit = pointer === undefined ? undefined : hitAt(pointer.x, pointer.y);
    const words = hit === undefined ? undefined : wordsOf(hit);
    stage.region.dataset["over"] = words === undefined ? "" : "slice";
    if (pointer === undefined) return card.show(undefined);
    const region = stage.region.getBoundingClientRect();
    const box = host.root.getBoundingClientRect();
    card.show(words, pointer.x + region.left - box.left, pointer.y + region.top - box.top);
  }

  function goToHint(row: SceneRow, x: number): boolean {
    const scene = host.scene();
    const palette = host.palette();
    const table = host.table();
    const hint = scene === undefined ? undefined : hintOf(scene, table, row);
    if (hint === undefined || palette === undefined) return false;
    const rect = hintRect(stage.pen, hint, row, stage.width(), palette);
    if (x < rect.x || x > rect.x + rect.width) return false;
    const end = table.end[row.index] ?? NaN;
    port.reveal({ from: table.start[row.index] ?? 0, to: Number.isNaN(end) ? host.clock() : end });
    return true;
  }

  const letGo = listenToPointer(stage.region, {
    zoom: port.zoom,
    pan: port.pan,
    scroll(pixels) {
      stage.scroller.scrollTop += pixels;
    },
    hover(place) {
      pointer = place;
      showCard();
    },
    click(x, y) {
      const hit = hitAt(x, y);
      if (hit === undefined) return host.select(undefined);
      const track = host.table().id[hit.row.index];
      host.press(track, hit.on === "slice" && track !== undefined ? { track, slice: hit.slice } : undefined);
      if (hit.on === "row") {
        if (!goToHint(hit.row, x)) host.select(undefined);
      } else if (hit.on === "stall") host.select({ kind: "stall", id: hit.stall.id });
      else if (hit.slice.count > 1) port.fit({ from: hit.slice.start, to: hit.slice.end });
      else host.select(hit.slice.selection);
    },
    doubleClick(x, y) {
      const hit = hitAt(x, y);
      if (hit?.on === "slice") port.fit({ from: hit.slice.start, to: Math.min(hit.slice.end, host.clock()) });
      else if (hit?.on === "stall") port.fit({ from: hit.stall.start, to: hit.stall.end });
    },
  });

  return {
    x01: () => (pointer === undefined ? 0.5 : pointer.x / stage.width()),
    refresh() {
      if (pointer !== undefined) showCard();
    },
    dispose: letGo,
  };
}

function wordsOf(hit: Hit): Words | undefined {
  if (hit.on === "stall") return stallWords(hit.stall);
  return hit.on === "slice" ? sliceWords(hit.slice, hit.row.openEnd) : undefined;
}
