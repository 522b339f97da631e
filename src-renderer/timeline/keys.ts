/**
 * What a key means in the timeline. Letters hold wherever the focus is, as long as it is in no field; arrows and Enter
 * only in the tree and on the canvas. Stalls, fit, follow and Escape belong to the page, which has them for all panels.
 */
export type KeyAction =
  | "zoomIn"
  | "zoomOut"
  | "panLeft"
  | "panRight"
  | "nextSlice"
  | "previousSlice"
  | "nextTrack"
  | "previousTrack"
  | "fold"
  | "unfold"
  | "choose"
  | "fit";

export type FocusPlace = "tree" | "canvas" | "elsewhere" | "field";

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

const LETTERS: Readonly<Record<string, KeyAction>> = {
  w: "zoomIn",
  s: "zoomOut",
  a: "panLeft",
  d: "panRight",
  ".": "nextSlice",
  ",": "previousSlice",
  f: "fit",
};
const IN_BOTH: Readonly<Record<string, KeyAction>> = {
  ArrowDown: "nextTrack",
  ArrowUp: "previousTrack",
  Enter: "choose",
};
const IN_TREE: Readonly<Record<string, KeyAction>> = {
  ...IN_BOTH,
  ArrowLeft: "fold",
  ArrowRight: "unfold",
  " ": "choose",
};
const ON_CANVAS: Readonly<Record<string, KeyAction>> = {
  ...IN_BOTH,
  ArrowLeft: "previousSlice",
  ArrowRight: "nextSlice",
};

export function keyAction(press: KeyPress, place: FocusPlace): KeyAction | undefined {
  if (place === "field" || press.ctrlKey || press.metaKey || press.altKey || press.shiftKey) return undefined;
  const letter = LETTERS[press.key];
  if (letter !== undefined) return letter;
  if (place === "tree") return IN_TREE[press.key];
  return place === "canvas" ? ON_CANVAS[press.key] : undefined;
}

export function focusPlace(target: EventTarget | null, tree: Element, canvas: Element): FocusPlace {
  if (!(target instanceof HTMLElement)) return "elsewhere";
  if (target.isContentEditable || target.closest("input, textarea, select, [role=dialog]") !== null) return "field";
  if (tree.contains(target)) return "tree";
  return canvas.contains(target) ? "canvas" : "elsewhere";
}
