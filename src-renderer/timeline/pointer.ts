/**
 * Pointer and wheel on the canvas: wheel scrolls rows (the browser does that), with Ctrl it zooms at the pointer, with
 * Shift or sideways it pans; a drag moves the picture, a press that stays in place is a click.
 */
export interface PointerActions {
  /** At a fraction of the width; a factor below 1 goes in. */
  zoom(x01: number, factor: number): void;
  /** By fractions of the width: positive shows later time. */
  pan(by01: number): void;
  scroll(pixels: number): void;
  hover(place: { readonly x: number; readonly y: number } | undefined): void;
  click(x: number, y: number): void;
  doubleClick(x: number, y: number): void;
}

/** Further than this a press is a drag. */
const STILL = 3;
const LINE = 16;
const ZOOM_PER_PIXEL = 0.0022;

/** Answers how to let go of the element. */
export function listenToPointer(region: HTMLElement, actions: PointerActions): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  let drag: { x: number; y: number; isMoving: boolean } | undefined;
  const at = (event: MouseEvent): { readonly x: number; readonly y: number } => {
    const box = region.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const width = (): number => Math.max(1, region.clientWidth);

  region.addEventListener(
    "wheel",
    (event) => {
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
      const { deltaX, deltaY } = event;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        actions.zoom(at(event).x / width(), Math.exp(deltaY * unit * ZOOM_PER_PIXEL));
      } else if (event.shiftKey || Math.abs(deltaX) > Math.abs(deltaY)) {
        event.preventDefault();
        const by = Math.abs(deltaX) > Math.abs(deltaY) ? deltaX : deltaY;
        actions.pan((by * unit) / width());
      }
    },
    { signal, passive: false },
  );
  region.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      drag = { ...at(event), isMoving: false };
      region.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  region.addEventListener(
    "pointermove",
    (event) => {
      const place = at(event);
      if (drag === undefined) return actions.hover(place);
      if (!drag.isMoving && Math.hypot(place.x - drag.x, place.y - drag.y) <= STILL) return;
      drag.isMoving = true;
      region.dataset["dragging"] = "";
      actions.hover(undefined);
      actions.pan((drag.x - place.x) / width());
      actions.scroll(drag.y - place.y);
      drag.x = place.x;
      drag.y = place.y;
    },
    { signal },
  );
  const release = (event: PointerEvent): void => {
    const ended = drag;
    drag = undefined;
    delete region.dataset["dragging"];
    if (ended === undefined || ended.isMoving || event.type === "pointercancel") return;
    const place = at(event);
    actions.click(place.x, place.y);
  };
  region.addEventListener("pointerup", release, { signal });
  region.addEventListener("pointercancel", release, { signal });
  region.addEventListener("pointerleave", () => actions.hover(undefined), { signal });
  region.addEventListener(
    "dblclick",
    (event) => {
      const place = at(event);
      actions.doubleClick(place.x, place.y);
    },
    { signal },
  );
  return () => stop.abort();
}
