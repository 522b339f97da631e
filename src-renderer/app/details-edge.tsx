/** The edge between timeline and details: drag, arrows, double click. */
import { useRef, type ReactElement } from "react";
import { LEAST_DETAILS_PX, MOST_DETAILS_PX, type DetailsWidth } from "./use-details-width.ts";

const STEP_PX = 16;

export function DetailsEdge(props: { readonly width: DetailsWidth }): ReactElement {
  const { width } = props;
  const edge = useRef<HTMLDivElement>(null);
  const current = (): number => edge.current?.parentElement?.getBoundingClientRect().width ?? LEAST_DETAILS_PX;
  return (
    <div
      ref={edge}
      className="details-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the details"
      aria-valuenow={width.width ?? LEAST_DETAILS_PX}
      aria-valuemin={LEAST_DETAILS_PX}
      aria-valuemax={MOST_DETAILS_PX}
      tabIndex={0}
      onDoubleClick={width.reset}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const right = event.currentTarget.parentElement?.getBoundingClientRect().right;
        if (right !== undefined) width.set(right - event.clientX);
      }}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") width.set(current() + STEP_PX);
        else if (event.key === "ArrowRight") width.set(current() - STEP_PX);
        else if (event.key === "Home") width.reset();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
