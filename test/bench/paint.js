/**
 * What a frame of the timeline costs: a million slices on 2,000 tracks into one pixel buffer, at several zooms, against
 * the plain way of filling each slice's rectangle. Ratios carry over to other machines, milliseconds do not.
 *
 *     npx node test/bench/paint.js
 */
import { lanesOf } from "../../src-renderer/timeline/columns.ts";
import { paintScene } from "../../src-renderer/timeline/paint.ts";
import { readPalette } from "../../src-renderer/timeline/palette.ts";
import { createSurface, fill } from "../../src-renderer/timeline/surface.ts";

const TRACKS = 2_000;
const SLICES = 500;
const WIDTH = 1_600;
const HEIGHT = 900;
const ROW = 22;
const LENGTH = 60e9;
const ROUNDS = 15;

const surface = createSurface(WIDTH, HEIGHT);
const palette = readPalette((name) =>
  name.startsWith("--stall-") && name.match(/wash|edge/) ? "rgb(255 91 54 / .2)" : "#3a4b5c",
);
const lanes = lanesOf(drawTile(), TRACKS);

/** Even slices with gaps, each track shifted a little; one in fifty failed. */
function drawTile() {
  const count = TRACKS * SLICES;
  const period = LENGTH / SLICES;
  const track = new Uint32Array(count);
  const start = new Float64Array(count);
  const outcome = new Uint8Array(count);
  for (let place = 0; place < count; place++) {
    track[place] = Math.floor(place / SLICES);
    start[place] = (place % SLICES) * period + ((place * 7919) % 1000) * (period / 2500);
    outcome[place] = place % 50 === 0 ? 1 : 0;
  }
  return {
    from: 0,
    to: LENGTH,
    resolution: 1,
    track,
    depth: new Uint16Array(count),
    start,
    dur: new Float64Array(count).fill(period * 0.5),
    kind: new Uint8Array(count).fill(3),
    outcome,
    count: new Uint32Array(count).fill(1),
    id: Float64Array.from({ length: count }, (_, place) => place + 1),
    label: new Uint32Array(count),
    firstChunk: new Float64Array(count).fill(NaN),
    labels: [""],
  };
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} pitch pixels between rows; below a row's height they overlap
 */
function sceneOf(from, to, pitch) {
  const shown = lanes.slice(0, Math.min(TRACKS, Math.ceil((HEIGHT - ROW) / pitch)));
  const rows = shown.map((found, index) => ({
    index,
    y: Math.floor(index * pitch),
    height: ROW,
    thread: 1,
    task: 0,
    lanes: found,
    laneCount: 1,
    stripes: undefined,
    strip: undefined,
    openEnd: LENGTH,
  }));
  return { from, to, end: LENGTH, rows, sticky: [], stalls: [], mainThread: 1, grid: [] };
}

/** Every slice in the window as a rectangle of its own: without edge, pulse and end mark. @param {ReturnType<typeof sceneOf>} scene */
function fillEach(scene) {
  fill(surface, 0, 0, WIDTH, HEIGHT, palette.canvas);
  const pixelsPerNano = WIDTH / (scene.to - scene.from);
  for (const { y, lanes: found } of scene.rows) {
    const lane = found.slices[0];
    if (lane === undefined) continue;
    const { start, end } = lane.columns;
    for (let place = lane.from; place < lane.to; place++) {
      const x = Math.floor(((start[place] ?? 0) - scene.from) * pixelsPerNano);
      const right = Math.floor(((end[place] ?? 0) - scene.from) * pixelsPerNano);
      if (right >= 0 && x < WIDTH) fill(surface, x, y + 2, Math.max(1, right - x), 18, palette.toolBody);
    }
  }
}

/** @param {() => void} act */
function median(act) {
  act();
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    act();
    return performance.now() - start;
  }).toSorted((a, b) => a - b);
  return times[ROUNDS >> 1] ?? 0;
}

const cases = [
  { name: "rows of 22 px, the whole recording", scene: sceneOf(0, LENGTH, ROW) },
  { name: "rows of 22 px, a tenth of it", scene: sceneOf(LENGTH * 0.4, LENGTH * 0.5, ROW) },
  { name: "2,000 tracks over one another, the whole recording", scene: sceneOf(0, LENGTH, (HEIGHT - ROW) / TRACKS) },
  {
    name: "2,000 tracks over one another, a tenth of it",
    scene: sceneOf(LENGTH * 0.4, LENGTH * 0.5, (HEIGHT - ROW) / TRACKS),
  },
];

console.log(`${TRACKS * SLICES} slices on ${TRACKS} tracks, ${WIDTH} x ${HEIGHT}, median of ${ROUNDS}`);
for (const { name, scene } of cases) {
  const runs = median(() => paintScene(surface, scene, palette));
  const each = median(() => fillEach(scene));
  const ratio = (runs / each).toFixed(2);
  console.log(`${name}: ${runs.toFixed(1)} ms a frame, filling each slice ${each.toFixed(1)} ms, ratio ${ratio}`);
}
