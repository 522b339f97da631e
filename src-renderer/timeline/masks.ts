/**
 * The state of a task as pure pixel arithmetic, so that it survives without colour and costs one test a pixel.
 * x counts from the slice's own start (patterns move with it and do not swim while panning), y from the band's top,
 * h is the band's height; all in unscaled pixels.
 *
 *     solid     rail      dotted    hatch     stipple   queued
 *     ########  ........  ........  ###...##  ##..##..  #...#...
 *     ########  ........  ........  ##...###  ##..##..  ........
 *     ########  ########  ##....##  #...###.  ..##..##  ..#...#.
 *     ########  ........  ........  ...###..  ..##..##  ........
 */
export type Mask = (x: number, y: number, h: number) => boolean;

export const MASKS = {
  solid: () => true,
  rail: (_x, y, h) => y === h >> 1,
  dotted: (x, y, h) => y === h >> 1 && x % 6 < 2,
  hatch: (x, y) => (x + y) % 6 < 3,
  stipple: (x, y) => (((x >> 1) + (y >> 1)) & 1) === 0,
  queued: (x, y) => (x % 4 === 0 && y % 4 === 0) || (x % 4 === 2 && y % 4 === 2),
} as const satisfies Readonly<Record<string, Mask>>;
