/**
 * The elements of the timeline and the painting of one frame on them.
 *
 *     +- minimap ---------------------------------+
 *     | 21 tracks  2 folded | axis                |
 *     +---------------------+---------------------+
 *     | tree                | pixel buffer        |  scrolls as one; the canvases stick, the rows in the tree move
 *     |                     | overlay             |
 *     +---------------------+---------------------+
 */
import type { Selection } from "../../src-main/api/api.ts";
import { AXIS, drawAxis } from "./axis.ts";
import { createLayer, element } from "./dom.ts";
import type { Rect } from "./hit-test.ts";
import { drawFocus, drawOverlay, type OverlayView } from "./overlay.ts";
import { paintScene, type Scene } from "./paint.ts";
import type { Palette } from "./palette.ts";

export interface Stage {
  readonly scroller: HTMLElement;
  readonly region: HTMLElement;
  /** Replaces the words above the tree. */
  setCounts(tracks: string, folded: string): void;
  say(words: string): void;
  width(): number;
  height(): number;
  /** For measuring text as it will be drawn. */
  readonly pen: CanvasRenderingContext2D;
  paint(scene: Scene, view: OverlayView, palette: Palette, scale: number, focus: Rect | undefined): void;
}

export function createStage(root: HTMLElement, minimap: HTMLElement, tree: HTMLElement, card: HTMLElement): Stage {
  const head = element("div", "timeline-head");
  const counts = element("div", "timeline-counts");
  const tracks = element("span", "");
  const folded = element("span", "");
  const axis = createLayer("timeline-axis", true);
  const scroller = element("div", "timeline-scroll");
  const region = element("div", "timeline-canvas", {
    tabindex: "0",
    role: "group",
    "aria-label": "Timeline. Up and down choose a track, left and right a slice on it, Enter shows its details.",
  });
  const below = createLayer("", true);
  const above = createLayer("", false);
  const spoken = element("div", "timeline-spoken", { "aria-live": "polite" });
  counts.append(tracks, folded);
  head.append(counts, axis.canvas);
  region.append(below.canvas, above.canvas, spoken);
  scroller.append(tree, region);
  root.append(minimap, head, scroller, card);
  let image: ImageData | undefined;

  function paintPixels(scene: Scene, palette: Palette, scale: number): void {
    const { width, height } = below.canvas;
    if (image?.width !== width || image.height !== height) image = new ImageData(width, height);
    paintScene({ pixels: new Uint32Array(image.data.buffer), width, height, scale }, scene, palette);
    below.pen.putImageData(image, 0, 0);
  }

  return {
    scroller,
    region,
    setCounts(trackWords, foldedWords) {
      tracks.textContent = trackWords;
      folded.textContent = foldedWords;
    },
    say(words) {
      if (spoken.textContent !== words) spoken.textContent = words;
    },
    width: () => region.clientWidth,
    height: () => scroller.clientHeight,
    pen: above.pen,
    paint(scene, view, palette, scale, focus) {
      const { width, height } = view;
      below.resize(width, height, scale);
      above.resize(width, height, scale);
      axis.resize(width, AXIS, scale);
      paintPixels(scene, palette, scale);
      drawOverlay(above.pen, view, palette);
      if (focus !== undefined) drawFocus(above.pen, focus, palette);
      drawAxis(
        axis.pen,
        {
          from: scene.from,
          to: scene.to,
          width,
          selectedStall: selectedStall(scene, view.selection),
          now: view.isLive ? scene.end : undefined,
          isBlocked: scene.stalls.some(({ isNow }) => isNow),
        },
        palette,
      );
    },
  };
}

function selectedStall(scene: Scene, selection: Selection | undefined): Scene["stalls"][number] | undefined {
  return selection?.kind === "stall" ? scene.stalls.find(({ id }) => id === selection.id) : undefined;
}
