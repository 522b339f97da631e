/** A frame of a flame in words: for what stands under the graph and what is read aloud. */
import type { Flame, Frame } from "../../src-main/api/api.ts";
import { formatCountOf, formatDuration, formatMs } from "../../src-main/api/format.ts";
import type { FlameRect } from "./flame-layout.ts";
import type { FlameTree } from "./flame-tree.ts";
import { flameName, flamePlace } from "./flame-paint.ts";

export const ORIGIN_WORDS: Readonly<Record<Frame["origin"], string>> = {
  own: "own code",
  dependency: "dependency",
  node: "Node and native",
};

/** No time is no nanoseconds: nothing sampled is so fine. */
export function sampledWords(nanos: number): string {
  return nanos === 0 ? "0 ms" : formatDuration(nanos);
}

/** `540 ms · 84 %`, of all that was sampled. */
export function timeWords(nanos: number, whole: number): string {
  return `${sampledWords(nanos)} · ${shareWords(nanos, whole)}`;
}

export function shareWords(nanos: number, whole: number): string {
  const share = whole <= 0 ? 0 : (100 * nanos) / whole;
  return `${share > 0 && share < 1 ? "< 1" : Math.round(share)} %`;
}

/** What a frame says that is not drawn as one. */
export function narrowWords(rect: FlameRect, whole: number): string {
  return `${formatCountOf(rect.count, "frame")} too narrow to draw, ${timeWords(rect.total, whole)}`;
}

export function spokenFrame(rect: FlameRect, tree: FlameTree): string {
  const { node, depth } = rect;
  if (rect.count > 1) return narrowWords(rect, tree.total);
  const { frame } = node;
  return [
    [flameName(frame), flamePlace(frame)].filter((part) => part !== "").join(" "),
    ...(node.isBlamed ? ["blamed"] : []),
    ORIGIN_WORDS[frame.origin],
    `self ${timeWords(node.self, tree.total)}`,
    `total ${timeWords(node.total, tree.total)}`,
    `row ${depth + 1} of ${tree.depth}`,
  ].join(", ");
}

/** How dense the graph's truth is. */
export function sourceWords(flame: Flame): string {
  if (flame.source === "captures") return formatCountOf(flame.runs.length, "capture");
  return flame.intervalMs > 0 ? `sampled every ${formatMs(flame.intervalMs)}` : "sampled throughout";
}
