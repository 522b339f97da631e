/**
 * The design tokens as the painters need them: packed pixels for the pixel buffer, strings for the overlay. Read from
 * the custom properties at run time, so that tokens.css stays the one place where a colour is written.
 *
 * A packed pixel is 0xAABBGGRR: what a Uint32Array over ImageData holds on a little-endian machine.
 */
import type { SliceKind, TrackKind } from "../../src-main/api/api.ts";

const SOLID = {
  canvas: "--surface-canvas",
  chrome: "--surface-chrome",
  lineSoft: "--line-soft",
  line: "--line",
  selected: "--surface-selected",
  stall: "--stall-fill",
  waiting: "--waiting-fill",
  running: "--running-fill",
  cancel: "--cancel-fill",
  error: "--error-fill",
  ended: "--ended-fill",
  abandoned: "--abandoned-fill",
  step: "--step-fill",
  stepBody: "--step-body",
  model: "--model-fill",
  modelBody: "--model-body",
  tool: "--tool-fill",
  toolBody: "--tool-body",
  task: "--task-fill",
  taskBody: "--task-body",
  busy: "--busy-fill",
  busyLine: "--busy-line",
} as const;

const TEXT = {
  surfaceCanvas: "--surface-canvas",
  surfaceChrome: "--surface-chrome",
  lineText: "--line",
  textStrong: "--text-strong",
  text: "--text",
  textQuiet: "--text-quiet",
  stallFill: "--stall-fill",
  stallOnFill: "--stall-on-fill",
  stallText: "--stall-text",
  selection: "--selection",
  focus: "--focus",
  modelFill: "--model-fill",
} as const;

export interface Tint {
  readonly fill: number;
  readonly body: number;
}

export type Palette = Readonly<Record<keyof typeof SOLID, number>> &
  Readonly<Record<keyof typeof TEXT, string>> & {
    /** Laid over what is there: red, green, blue, and how much of it (0…1). */
    readonly stallWash: Wash;
    readonly stallEdge: Wash;
    readonly fontUi: string;
    readonly fontCode: string;
    readonly tints: Readonly<Record<SliceKind | TrackKind, Tint>>;
  };

export interface Wash {
  readonly pixel: number;
  readonly alpha: number;
}

/**
 * @param property the value of a custom property of the root, as `getPropertyValue` answers it.
 * @param plain another way to write the same colour, that `parseColour` reads: a build may have made `#f00` a name.
 */
export function readPalette(
  property: (name: string) => string,
  plain: (colour: string) => string = (colour) => colour,
): Palette {
  const mapped = <K extends string, V>(names: Readonly<Record<K, string>>, read: (value: string) => V): Record<K, V> =>
    Object.fromEntries(
      Object.entries<string>(names).map(([key, name]) => [key, read(property(name).trim())]),
    ) as Record<K, V>;
  const solid = mapped(SOLID, (value) => parseColour(plain(value)).pixel);
  const neutral: Tint = { fill: solid.step, body: solid.stepBody };
  const task: Tint = { fill: solid.task, body: solid.taskBody };
  const stall: Tint = { fill: solid.stall, body: solid.stall };
  return {
    ...solid,
    ...mapped(TEXT, (value) => value),
    stallWash: parseColour(plain(property("--stall-wash").trim())),
    stallEdge: parseColour(plain(property("--stall-edge").trim())),
    fontUi: property("--font-ui").trim(),
    fontCode: property("--font-code").trim(),
    tints: {
      agent: neutral,
      step: neutral,
      model: { fill: solid.model, body: solid.modelBody },
      tool: { fill: solid.tool, body: solid.toolBody },
      request: task,
      requests: task,
      function: task,
      promise: task,
      span: task,
      spans: task,
      thread: task,
      loop: task,
      stall,
      culprit: stall,
      wait: task,
    },
  };
}

/** `#rgb`, `#rrggbb`, both with alpha, `rgb(1 2 3 / .5)`, `rgb(1, 2, 3)`: what tokens and what a minifier makes of them. */
export function parseColour(text: string): Wash {
  const hex = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.exec(text)?.[1];
  if (hex !== undefined) {
    const full = hex.length <= 4 ? hex.replaceAll(/./g, "$&$&") : hex;
    const part = (place: number): number => Number.parseInt(full.slice(place, place + 2), 16);
    return { pixel: pack(part(0), part(2), part(4)), alpha: full.length === 8 ? part(6) / 255 : 1 };
  }
  const numbers = /^rgba?\(([^)]+)\)$/i
    .exec(text)?.[1]
    ?.split(/[\s,/]+/)
    .filter((part) => part !== "");
  const [red, green, blue] = (numbers ?? []).map(Number);
  if (red === undefined || green === undefined || blue === undefined) {
    throw new Error(`The colour "${text}" is not one the timeline can read. Write it as #rrggbb or rgb(r g b / a).`);
  }
  const last = numbers?.[3];
  const alpha = last === undefined ? 1 : last.endsWith("%") ? Number.parseFloat(last) / 100 : Number(last);
  return { pixel: pack(red, green, blue), alpha };
}

export function pack(red: number, green: number, blue: number): number {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

/** `over` laid on `under`: one opaque pixel. */
export function blend(under: number, over: Wash): number {
  const mix = (shift: number): number => {
    const below = (under >>> shift) & 255;
    return Math.round(below + (((over.pixel >>> shift) & 255) - below) * over.alpha);
  };
  return pack(mix(0), mix(8), mix(16));
}
