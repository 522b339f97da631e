/** What the keys do: an active track, a focused slice on it, and the viewport around them. */
import type { Overview, Selection, TrackTable } from "../../src-main/api/api.ts";
import type { TrackLanes } from "./columns.ts";
import type { KeyAction } from "./keys.ts";
import { neighbour, rowOfTrack } from "./navigation.ts";
import type { Layout } from "./rows.ts";
import { findSlice, isSelected, nextSlice, type Slice } from "./slices.ts";
import type { TimelineViewport } from "./viewport-port.ts";

export interface Focus {
  readonly track: number;
  readonly slice: Slice;
}

export interface KeyboardHost {
  input(): {
    readonly tracks: TrackTable;
    readonly overview: Overview;
    readonly selection: Selection | undefined;
    readonly onSelect: (selection: Selection | undefined) => void;
  };
  layout(): Layout;
  /** What is known of a track's slices around the viewport. */
  lanes(track: number | undefined): TrackLanes;
  readonly port: TimelineViewport;
  active(): number | undefined;
  focus(): Focus | undefined;
  clock(): number;
  /** Where the pointer is over the canvas, as a fraction of its width; the middle if it is elsewhere. */
  pointer(): number;
  fold(track: number, on: boolean): void;
  /** Makes a track active, with a slice of it in focus or none. */
  go(track: number, focus: Focus | undefined): void;
}

export interface Keyboard {
  /** Answers whether the key was of use here. */
  act(action: KeyAction): boolean;
}

const ZOOM = 1.35;
const PAN = 0.12;

export function createKeyboard(host: KeyboardHost): Keyboard {
  const { port } = host;

  function moveTrack(step: 1 | -1): boolean {
    const { tracks } = host.input();
    const next = neighbour(host.layout(), tracks, host.active(), step);
    if (next === undefined) return false;
    const at = host.focus()?.slice.start ?? port.viewport.get().from;
    const slice = nextSlice(host.lanes(next), at + 1, -1) ?? nextSlice(host.lanes(next), at, 1);
    host.go(next, slice === undefined ? undefined : { track: next, slice });
    return true;
  }

  function moveSlice(step: 1 | -1): boolean {
    const { tracks } = host.input();
    const track = host.active() ?? neighbour(host.layout(), tracks, undefined, 1);
    if (track === undefined) return false;
    const focus = host.focus();
    const { from, to } = port.viewport.get();
    const at = focus?.track === track ? focus.slice.start : step === 1 ? from - 1 : to;
    const slice = nextSlice(host.lanes(track), at, step);
    if (slice === undefined) return false;
    port.reveal({ from: slice.start, to: Math.min(slice.end, host.clock()) });
    host.go(track, { track, slice });
    return true;
  }

  function setFolded(on: boolean): boolean {
    const { tracks } = host.input();
    const active = host.active();
    const row = rowOfTrack(host.layout(), tracks, active);
    if (row === undefined || active === undefined) return false;
    if (row.hasChildren && row.isFolded !== on) host.fold(active, on);
    else if (on) {
      const parent = tracks.parent[row.index] ?? 0;
      if (parent !== 0) host.go(parent, undefined);
    } else if (row.hasChildren) return moveTrack(1);
    return true;
  }

  function choose(): boolean {
    const { tracks, onSelect } = host.input();
    const focus = host.focus();
    const active = host.active();
    if (focus !== undefined && focus.track === active) {
      if (focus.slice.count > 1) port.fit({ from: focus.slice.start, to: focus.slice.end });
      else onSelect(focus.slice.selection);
      return true;
    }
    const index = active === undefined ? -1 : tracks.id.indexOf(active);
    const task = tracks.task[index] ?? 0;
    if (task === 0) return false;
    const end = tracks.end[index] ?? NaN;
    port.reveal({ from: tracks.start[index] ?? 0, to: Number.isNaN(end) ? host.clock() : end });
    onSelect({ kind: "task", id: task });
    return true;
  }

  /** A span's times are known only here; the rest is the page's to fit. */
  function fitSpan(): boolean {
    const { selection, tracks } = host.input();
    if (selection?.kind !== "span") return false;
    for (const { index } of host.layout().rows) {
      const slice = findSlice(host.lanes(tracks.id[index]), (candidate) => isSelected(candidate, selection));
      if (slice === undefined) continue;
      port.fit({ from: slice.start, to: Math.min(slice.end, host.clock()) });
      return true;
    }
    return false;
  }

  return {
    act(action) {
      switch (action) {
        case "zoomIn":
        case "zoomOut":
          port.zoom(host.pointer(), action === "zoomIn" ? 1 / ZOOM : ZOOM);
          return true;
        case "panLeft":
        case "panRight":
          port.pan(action === "panLeft" ? -PAN : PAN);
          return true;
        case "nextSlice":
          return moveSlice(1);
        case "previousSlice":
          return moveSlice(-1);
        case "nextTrack":
          return moveTrack(1);
        case "previousTrack":
          return moveTrack(-1);
        case "fold":
          return setFolded(true);
        case "unfold":
          return setFolded(false);
        case "choose":
          return choose();
        case "fit":
          return fitSpan();
      }
    },
  };
}
