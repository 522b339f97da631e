/**
 * The timeline as a component: the one place where React and the timeline's own engine meet. React gives it a box and
 * tells it of new data; what is in the box is the engine's.
 */
import { useEffect, useLayoutEffect, useRef, type ReactElement } from "react";
import type { Overview, RecordingApi, Selection, TrackTable, Victim } from "../../src-main/api/api.ts";
import { fit, followed, panBy, reveal, zoomAt, xAt, type ViewportStore } from "../state/viewport.ts";
import { createTimelineController, type TimelineController, type TimelineInput } from "./controller.ts";
import "./timeline.css";
import type { TimelineViewport } from "./viewport-port.ts";

export interface TimelineProps {
  readonly api: Pick<RecordingApi, "tile" | "strip">;
  readonly recording: string;
  readonly overview: Overview;
  readonly tracks: TrackTable;
  /** Another number: the data changed; it is asked for again while the old stays on screen. */
  readonly version: number;
  readonly viewport: ViewportStore;
  readonly selection: Selection | undefined;
  readonly onSelect: (selection: Selection | undefined) => void;
  readonly theme: "dark" | "light";
  /** The live end in Nanos; moves while the recording is live. */
  readonly now: () => number;
  readonly filter: string;
  /** Of the selected stall, as soon as they are known. */
  readonly victims: readonly Victim[];
}

export function Timeline(props: TimelineProps): ReactElement {
  const { api, recording, viewport } = props;
  const box = useRef<HTMLDivElement>(null);
  const controller = useRef<TimelineController>(undefined);
  const input = useRef<TimelineInput>(props);

  useLayoutEffect(() => {
    if (box.current === null) return undefined;
    const made = createTimelineController(box.current, api, recording, portOf(viewport), input.current);
    controller.current = made;
    return () => {
      controller.current = undefined;
      made.dispose();
    };
  }, [api, recording, viewport]);

  useEffect(() => {
    input.current = props;
    controller.current?.update(props);
  }, [props]);

  return <div className="timeline" ref={box} />;
}

function portOf(viewport: ViewportStore): TimelineViewport {
  const leave = (): void => viewport.follow(false);
  const isStill = window.matchMedia("(prefers-reduced-motion: reduce)");
  return {
    viewport,
    zoom(x01, factor) {
      const seen = viewport.get();
      if (viewport.following()) {
        // The live end stays where it is on screen; the window may lead the bounds.
        const bounds = { from: viewport.bounds().from, to: Math.max(viewport.bounds().to, seen.to) };
        viewport.set(zoomAt(seen, xAt(seen, viewport.bounds().to), factor, bounds));
      } else viewport.set(zoomAt(seen, x01, factor, viewport.bounds()));
    },
    pan(by01) {
      leave();
      const seen = viewport.get();
      viewport.set(panBy(seen, by01 * (seen.to - seen.from), viewport.bounds()));
    },
    fit(interval) {
      leave();
      viewport.set(fit(interval, viewport.bounds()));
    },
    reveal(interval) {
      const next = reveal(viewport.get(), interval, viewport.bounds());
      if (next === viewport.get()) return;
      leave();
      viewport.set(next);
    },
    followTo(now) {
      // Without motion it moves on once a second.
      const end = isStill.matches ? Math.ceil(now / 1e9) * 1e9 : now;
      viewport.set(followed(viewport.get(), end, viewport.bounds()));
    },
  };
}
