/**
 * The timeline at work: holds what is folded, active and focused, answers keys and pointer, and draws a frame when
 * something changed. It knows the app only by what it is given, and React not at all.
 */
import type { Overview, RecordingApi, Selection, TrackTable, Victim } from "../../src-main/api/api.ts";
import { NO_LANES } from "./columns.ts";
import { createFrameLoop } from "./frame.ts";
import { rectOf, type Rect } from "./hit-test.ts";
import { createHoverCard } from "./hover-card.ts";
import { focusPlace, keyAction } from "./keys.ts";
import { createStripCache, stripWindow } from "./loop-strips.ts";
import { createMinimapView } from "./minimap-view.ts";
import { ancestorsOf, rowOfTrack, scrollFor, trackOfSelection } from "./navigation.ts";
import { createKeyboard, type Focus } from "./keyboard.ts";
import type { Scene } from "./paint.ts";
import { readPalette, type Palette } from "./palette.ts";
import { createPointing } from "./pointing.ts";
import { layoutRows, type Layout } from "./rows.ts";
import { buildScene, createStripesMemo, mainThreadOf } from "./scene.ts";
import { createStage } from "./stage.ts";
import { createTileCache } from "./tiles.ts";
import { createTree } from "./tree.ts";
import type { TimelineViewport } from "./viewport-port.ts";
import { sliceWords } from "./words.ts";

export interface TimelineInput {
  readonly overview: Overview;
  readonly tracks: TrackTable;
  readonly version: number;
  readonly selection: Selection | undefined;
  readonly onSelect: (selection: Selection | undefined) => void;
  readonly theme: "dark" | "light";
  readonly now: () => number;
  readonly filter: string;
  /** Of the selected stall, as soon as they are known. */
  readonly victims: readonly Victim[];
}

export interface TimelineController {
  update(input: TimelineInput): void;
  dispose(): void;
}

export function createTimelineController(
  root: HTMLElement,
  api: Pick<RecordingApi, "tile" | "strip">,
  recording: string,
  port: TimelineViewport,
  first: TimelineInput,
): TimelineController {
  const { viewport } = port;
  let input = first;
  let layout: Layout = layoutRows(first.tracks, new Set(), first.filter);
  let palette: Palette | undefined;
  let scene: Scene | undefined;
  let folded: ReadonlySet<number> = new Set();
  let active: number | undefined;
  let focus: Focus | undefined;
  /** What the live end was drawn as: in pixels, and in tenths of a second for the numbers that count. */
  let drawnClock = "";
  const stop = new AbortController();
  const later = (act: () => void, ms: number): (() => void) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  };
  /** While a frame moves the window after the clock, that is no reason for another. */
  let isMoving = false;
  const invalidate = (): void => {
    if (!isMoving) frames.invalidate();
  };
  const tiles = createTileCache(api, recording, invalidate, later);
  const strips = createStripCache(api, recording, invalidate, later);
  const stripes = createStripesMemo();
  const card = createHoverCard();
  const tree = createTree({
    press(track) {
      active = track;
      focus = undefined;
      const index = input.tracks.id.indexOf(track);
      const task = input.tracks.task[index] ?? 0;
      if (task !== 0) {
        const end = input.tracks.end[index] ?? NaN;
        port.reveal({ from: input.tracks.start[index] ?? 0, to: Number.isNaN(end) ? clock() : end });
        input.onSelect({ kind: "task", id: task });
      }
      invalidate();
    },
    toggle: (track) => fold(track, !folded.has(track)),
  });
  const minimap = createMinimapView({
    move(next) {
      viewport.follow(false);
      viewport.set(next);
    },
  });
  const stage = createStage(root, minimap.root, tree.root, card.root);
  const frames = createFrameLoop(draw, () => clockKey() !== drawnClock);
  const keyboard = createKeyboard({
    input: () => input,
    layout: () => layout,
    lanes: (track) => {
      const { from, to } = viewport.get();
      return track === undefined
        ? NO_LANES
        : tiles.lanes(track, { from, to }, (to - from) / Math.max(1, stage.width()));
    },
    port,
    active: () => active,
    focus: () => focus,
    clock: () => clock(),
    pointer: () => pointing.x01(),
    fold,
    go(track, next) {
      active = track;
      focus = next;
      showRow(track);
      stage.say(spokenOf(track, next));
      invalidate();
    },
  });

  function isLive(): boolean {
    return input.overview.recording.state === "live";
  }

  function clock(): number {
    return isLive() ? Math.max(input.overview.end, input.now()) : input.overview.end;
  }

  function clockKey(): string {
    const { from, to } = viewport.get();
    const now = clock();
    return `${Math.floor((now / (to - from)) * stage.width())} ${Math.floor(now / 1e8)}`;
  }

  function fold(track: number, on: boolean): void {
    const next = new Set(folded);
    if (on) next.add(track);
    else next.delete(track);
    folded = next;
    layout = layoutRows(input.tracks, folded, input.filter);
    invalidate();
  }

  function showRow(track: number): void {
    const row = rowOfTrack(layout, input.tracks, track);
    if (row === undefined || layout.sticky.includes(row)) return;
    const { scroller } = stage;
    scroller.scrollTop = scrollFor(row, scroller.scrollTop, stage.height() - layout.stickyHeight);
  }

  function spokenOf(track: number, next: Focus | undefined): string {
    const name = input.tracks.label[input.tracks.id.indexOf(track)] ?? "";
    if (next === undefined) return name;
    const words = sliceWords(next.slice, clock());
    return [words.name === name ? name : `${name}: ${words.name}`, ...words.lines].join(", ");
  }

  function draw(): void {
    const width = stage.width();
    const height = stage.height();
    if (width === 0 || height === 0) return;
    palette ??= readPalette(
      (name) => getComputedStyle(document.documentElement).getPropertyValue(name),
      (colour) => {
        stage.pen.fillStyle = colour;
        return String(stage.pen.fillStyle);
      },
    );
    const now = clock();
    if (isLive() && viewport.following()) {
      isMoving = true;
      port.followTo(now);
      isMoving = false;
    }
    drawnClock = clockKey();
    const scale = window.devicePixelRatio || 1;
    const { overview, tracks, selection, filter, victims } = input;
    const shown = viewport.get();
    const { scrollTop } = stage.scroller;
    const places = { table: tracks, layout, overview, selection, width, height, scrollTop, now };
    scene = buildScene({ ...places, victims, tiles, strips, stripes, window: shown });
    stage.paint(scene, { ...places, scene, isLive: isLive() }, palette, scale, focusRect(scene, width));
    tree.update({ ...places, active });
    const whole = { from: viewport.bounds().from, to: Math.max(viewport.bounds().to, shown.to) };
    const strip = stripWindow(whole, minimap.width());
    const main = mainThreadOf(overview);
    const busy = strips.strip("minimap", main, strip.window, strip.buckets);
    const stalls = scene.stalls.filter(({ thread }) => thread === main);
    minimap.paint({ ...whole, end: now, table: tracks, busy, stalls }, shown, palette, scale);
    const total = tracks.id.length;
    const words = total === 1 ? "1 track" : `${total.toLocaleString("en")} tracks`;
    const rows = layout.rows.length + layout.sticky.length;
    pointing.refresh();
    stage.setCounts(
      filter.trim() === "" ? words : `${rows} of ${words}`,
      layout.foldedCount === 0 ? "" : `${layout.foldedCount} folded`,
    );
    frames.keepGoing(isLive());
  }

  function focusRect(drawn: Scene, width: number): Rect | undefined {
    if (focus === undefined || document.activeElement !== stage.region) return undefined;
    const row = drawn.rows.find(({ index }) => input.tracks.id[index] === focus?.track);
    return row === undefined
      ? undefined
      : rectOf(drawn, width, row, focus.slice.depth, focus.slice.start, focus.slice.end);
  }

  const pointing = createPointing({
    root,
    stage,
    card,
    port,
    scene: () => scene,
    palette: () => palette,
    table: () => input.tracks,
    clock,
    select: (selection) => input.onSelect(selection),
    press(track, next) {
      active = track;
      focus = next;
      invalidate();
    },
  });

  const { signal } = stop;
  stage.scroller.addEventListener("scroll", invalidate, { signal, passive: true });
  for (const event of ["focus", "blur"]) stage.region.addEventListener(event, invalidate, { signal });
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.defaultPrevented) return;
      const action = keyAction(event, focusPlace(event.target, tree.root, stage.region));
      if (action !== undefined && keyboard.act(action)) event.preventDefault();
    },
    { signal },
  );
  const unsubscribe = viewport.subscribe(invalidate);
  const sizes = new ResizeObserver(invalidate);
  sizes.observe(root);
  sizes.observe(stage.region);
  tiles.setVersion(first.version);
  strips.setVersion(first.version);
  invalidate();

  return {
    update(next) {
      const before = input;
      const foldedBefore = folded;
      input = next;
      if (next.theme !== before.theme) palette = undefined;
      if (next.version !== before.version) {
        tiles.setVersion(next.version);
        strips.setVersion(next.version);
      }
      const isElsewhere = next.selection !== before.selection;
      const track = isElsewhere ? trackOfSelection(next.selection, next.tracks, next.overview) : undefined;
      if (track !== undefined) {
        const inTheWay = ancestorsOf(next.tracks, track).filter((id) => folded.has(id));
        if (inTheWay.length > 0) folded = new Set([...folded].filter((id) => !inTheWay.includes(id)));
      }
      if (next.tracks !== before.tracks || next.filter !== before.filter || folded !== foldedBefore) {
        layout = layoutRows(next.tracks, folded, next.filter);
      }
      invalidate();
      if (track !== undefined) {
        active = track;
        showRow(track);
      }
    },
    dispose() {
      stop.abort();
      pointing.dispose();
      unsubscribe();
      sizes.disconnect();
      frames.dispose();
      minimap.dispose();
      tiles.dispose();
      strips.dispose();
      root.replaceChildren();
    },
  };
}
