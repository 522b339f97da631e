/**
 * The mark and the status glyph are one drawing: a ring, the event loop, with a part of it thickened, the stall.
 *
 *     mark: the upper right third, vermilion     free: a grey arc that turns     blocked: half the ring, standing still
 */
import type { ReactElement } from "react";

export type RingState = "mark" | "free" | "still" | "blocked";

const CENTRE = 9;
const RADIUS = 6.5;

export function Ring(props: { readonly state: RingState; readonly size?: number }): ReactElement {
  const { state, size = 18 } = props;
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 18 18" fill="none" aria-hidden="true">
      <circle
        className="ring-rest"
        cx={CENTRE}
        cy={CENTRE}
        r={RADIUS}
        strokeWidth={state === "mark" ? 2.5 : 2}
        opacity={state === "mark" || state === "still" ? 1 : 0.45}
      />
      {state === "mark" && <path className="ring-stall" d={arc(0, 1 / 3)} strokeWidth={4} />}
      {state === "free" && <path className="ring-rest ring-turning" d={arc(0, 0.22)} strokeWidth={2} />}
      {state === "blocked" && <path className="ring-rest" d={arc(0, 0.5)} strokeWidth={4.5} />}
    </svg>
  );
}

/** Part of the ring, in turns from the top, clockwise; at most half of it. */
function arc(from: number, to: number): string {
  const at = (turns: number): string => {
    const angle = turns * 2 * Math.PI;
    return `${(CENTRE + RADIUS * Math.sin(angle)).toFixed(2)} ${(CENTRE - RADIUS * Math.cos(angle)).toFixed(2)}`;
  };
  return `M${at(from)}A${RADIUS} ${RADIUS} 0 0 1 ${at(to)}`;
}
