/** The minimap's two canvases and its pointer: the picture is painted anew only when it changed, the window each time. */
import { createLayer, element } from "./dom.ts";
import { drawWindow, MINIMAP, paintMinimap, partAt, windowOf, type MinimapPart, type MinimapScene } from "./minimap.ts";
import type { Palette } from "./palette.ts";
import type { Window } from "./tiles.ts";

export interface MinimapView {
  readonly root: HTMLElement;
  width(): number;
  paint(scene: MinimapScene, viewport: Window, palette: Palette, scale: number): void;
  dispose(): void;
}

export interface MinimapActions {
  /** The window was dragged there. */
  move(next: Window): void;
}

interface Drag {
  readonly part: MinimapPart;
  readonly x: number;
  readonly viewport: Window;
}

/** A stretched window stays this wide. */
const LEAST_PIXELS = 2;

export function createMinimapView(actions: MinimapActions): MinimapView {
  const root = element("div", "timeline-minimap", { "aria-hidden": "true" });
  const below = createLayer("", true);
  const above = createLayer("", false);
  root.append(below.canvas, above.canvas);
  const stop = new AbortController();
  const { signal } = stop;
  let painted: readonly unknown[] = [];
  let shown: Window = { from: 0, to: 1 };
  let viewport: Window = shown;
  let drag: Drag | undefined;

  const xOf = (event: PointerEvent): number => event.clientX - root.getBoundingClientRect().left;
  const nanosPerPixel = (): number => (shown.to - shown.from) / Math.max(1, root.clientWidth);

  function moveTo(x: number): void {
    if (drag === undefined) return;
    const by = (x - drag.x) * nanosPerPixel();
    const { from, to } = drag.viewport;
    const least = LEAST_PIXELS * nanosPerPixel();
    if (drag.part === "left") actions.move({ from: Math.max(shown.from, Math.min(from + by, to - least)), to });
    else if (drag.part === "right") actions.move({ from, to: Math.min(shown.to, Math.max(to + by, from + least)) });
    else actions.move({ from: from + by, to: to + by });
  }

  root.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      root.setPointerCapture(event.pointerId);
      const x = xOf(event);
      const part = partAt(windowOf(viewport, shown, root.clientWidth), x);
      drag = { part, x, viewport };
      if (part !== "outside") return;
      const half = (viewport.to - viewport.from) / 2;
      const middle = shown.from + x * nanosPerPixel();
      drag = { part: "inside", x, viewport: { from: middle - half, to: middle + half } };
      moveTo(x);
    },
    { signal },
  );
  root.addEventListener(
    "pointermove",
    (event) => {
      if (drag !== undefined) return moveTo(xOf(event));
      root.dataset["part"] = partAt(windowOf(viewport, shown, root.clientWidth), xOf(event));
    },
    { signal },
  );
  const release = (): void => {
    drag = undefined;
  };
  root.addEventListener("pointerup", release, { signal });
  root.addEventListener("pointercancel", release, { signal });

  function paintBelow(scene: MinimapScene, palette: Palette, scale: number): void {
    const { canvas, pen } = below;
    const image = new ImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    paintMinimap({ pixels, width: canvas.width, height: canvas.height, scale }, scene, palette);
    pen.putImageData(image, 0, 0);
  }

  return {
    root,
    width: () => root.clientWidth,
    paint(scene, nextViewport, palette, scale) {
      const width = root.clientWidth;
      if (width === 0) return;
      shown = scene;
      viewport = nextViewport;
      const resized = below.resize(width, MINIMAP - 1, scale);
      above.resize(width, MINIMAP - 1, scale);
      const column = Math.floor(((scene.end - scene.from) / (scene.to - scene.from)) * width);
      const key: readonly unknown[] = [
        scene.table,
        column,
        scene.from,
        scene.to,
        stallColumns(scene, width),
        palette,
        scale,
        scene.busy,
      ];
      if (resized || key.some((part, index) => part !== painted[index])) {
        painted = key;
        paintBelow(scene, palette, scale);
      }
      drawWindow(above.pen, windowOf(viewport, shown, width), width, palette);
    },
    dispose() {
      stop.abort();
    },
  };
}

/** Changes when a stall moves by a pixel: those that are open grow with the clock. */
function stallColumns({ stalls, from, to }: MinimapScene, width: number): number {
  const columns = stalls.map(({ start, end }) => Math.floor(((start + end - 2 * from) / (to - from)) * width));
  return columns.reduce((sum, column) => sum + column, stalls.length);
}
