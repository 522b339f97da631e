/**
 * The one pixel buffer and the few ways to fill it. Everything clips to the buffer and to [top, bottom); coordinates
 * are device pixels. Runs in Node: a surface is a plain Uint32Array.
 */
import type { Mask } from "./masks.ts";
import { blend, type Wash } from "./palette.ts";

export interface Surface {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
  /** Device pixels in one pixel of the design; at least 1. Lines and patterns are whole multiples of its whole part. */
  readonly scale: number;
}

export function createSurface(width: number, height: number, scale = 1): Surface {
  return { pixels: new Uint32Array(width * height), width, height, scale };
}

export function fill(surface: Surface, x: number, y: number, width: number, height: number, pixel: number): void {
  const { pixels, width: stride } = surface;
  const left = Math.max(0, x);
  const right = Math.min(stride, x + width);
  const bottom = Math.min(surface.height, y + height);
  if (right <= left) return;
  for (let row = Math.max(0, y); row < bottom; row++) pixels.fill(pixel, row * stride + left, row * stride + right);
}

/** Fills where the mask says so. `originX` is where x is 0: the slice's start, which may lie far off the buffer. */
export function fillMask(
  surface: Surface,
  x: number,
  y: number,
  width: number,
  height: number,
  pixel: number,
  mask: Mask,
  originX = x,
): void {
  const { pixels, width: stride } = surface;
  const unit = unitOf(surface);
  const h = Math.max(1, Math.floor(height / unit));
  const right = Math.min(stride, x + width);
  const bottom = Math.min(surface.height, y + height);
  for (let row = Math.max(0, y); row < bottom; row++) {
    const maskY = Math.floor((row - y) / unit);
    for (let column = Math.max(0, x); column < right; column++) {
      if (mask(Math.floor((column - originX) / unit), maskY, h)) pixels[row * stride + column] = pixel;
    }
  }
}

/** Lays a translucent colour over what is there; the few distinct colours of a picture are mixed once each. */
export function wash(surface: Surface, x: number, y: number, width: number, height: number, over: Wash): void {
  const { pixels, width: stride } = surface;
  const left = Math.max(0, x);
  const right = Math.min(stride, x + width);
  const bottom = Math.min(surface.height, y + height);
  let under = -1;
  let mixed = 0;
  for (let row = Math.max(0, y); row < bottom; row++) {
    for (let place = row * stride + left; place < row * stride + right; place++) {
      const pixel = pixels[place] ?? 0;
      if (pixel !== under) {
        under = pixel;
        mixed = blend(pixel, over);
      }
      pixels[place] = mixed;
    }
  }
}

/** The size of a pattern's pixel, a hairline's width: a whole number of device pixels. */
export function unitOf(surface: Surface): number {
  return Math.max(1, Math.round(surface.scale));
}
