/**
 * A whole run in one line: event-loop utilisation as an area, stalls as full blocks over it.
 *
 * Stalls of the start-up are hatched: known, not blamed. A stall is never narrower than 2 px, and unknown utilisation
 * is no zero: it is dotted. A run that was cut off ends in a torn edge.
 */
import { useId, type ReactElement } from "react";
import type { RecordingRow } from "../../src-main/api/api.ts";

const LEAST_STALL_PX = 2;

export function BusyPicture(props: {
  readonly recording: Pick<RecordingRow, "busy" | "stallMarks" | "state">;
  readonly width: number;
  readonly height: number;
}): ReactElement {
  const { recording, width, height } = props;
  const hatch = useId();
  const { area, edge, unknown } = busyPaths(recording.busy, width, height);
  return (
    <svg
      className="busy-picture"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <defs>
        <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect className="busy-stall" width="3" height="6" />
        </pattern>
      </defs>
      <path className="busy-unknown" d={unknown} />
      <path className="busy-area" d={area} />
      <path className="busy-edge" d={edge} />
      {recording.stallMarks.map((mark) => {
        const x = mark.from * width;
        const wide = Math.max(LEAST_STALL_PX, (mark.to - mark.from) * width);
        const isStartup = mark.phase === "startup";
        return (
          <rect
            key={`${mark.from} ${mark.to}`}
            className={isStartup ? undefined : "busy-stall"}
            fill={isStartup ? `url(#${hatch})` : undefined}
            x={Math.min(x, width - wide)}
            y={1}
            width={wide}
            height={height - 1}
          />
        );
      })}
      {recording.state === "cut" && <path className="busy-torn" d={tornEdge(width, height)} />}
    </svg>
  );
}

export interface BusyPaths {
  readonly area: string;
  readonly edge: string;
  readonly unknown: string;
}

/** Steps, not slopes: a bucket is a mean over its time. */
export function busyPaths(busy: readonly number[], width: number, height: number): BusyPaths {
  const step = width / Math.max(1, busy.length);
  const foot = height - 0.5;
  let area = "";
  let edge = "";
  let unknown = "";
  let isDown = true;
  busy.forEach((share, place) => {
    const from = (place * step).toFixed(2);
    const to = ((place + 1) * step).toFixed(2);
    if (Number.isNaN(share)) {
      unknown += `M${from} ${foot}H${to}`;
      isDown = true;
      return;
    }
    const top = (foot - Math.min(1, Math.max(0, share)) * (height - 2)).toFixed(2);
    area += `M${from} ${height}V${top}H${to}V${height}z`;
    edge += isDown ? `M${from} ${top}H${to}` : `V${top}H${to}`;
    isDown = false;
  });
  return { area, edge, unknown };
}

function tornEdge(width: number, height: number): string {
  const tooth = height / 5;
  return [0, 2, 4].map((place) => `M${width - 3} ${place * tooth}h3v${tooth}h-3z`).join("");
}
