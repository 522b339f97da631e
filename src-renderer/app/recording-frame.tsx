/** The working window of a recording that could be read: everything under the title bar. */
import { useCallback, useEffect, useMemo, useRef, useState, type CSSProperties, type ReactElement } from "react";
import type { Overview, Selection, TrackTable, Victim } from "../../src-main/api/api.ts";
import type { Client } from "../client.ts";
import { DetailsPanel } from "../panels/details-panel.tsx";
import type { Clock } from "../state/clock.ts";
import { intervalOf } from "../state/interval-of.ts";
import { createSelectionStore } from "../state/selection.ts";
import { useStore } from "../state/store.ts";
import { useDetails, type DetailsAnswer } from "../state/use-details.ts";
import type { ThemeStore } from "../state/theme.ts";
import { createViewportStore, fit, reveal } from "../state/viewport.ts";
import { Timeline } from "../timeline/timeline.tsx";
import { DetailsEdge } from "./details-edge.tsx";
import { Footer } from "./footer.tsx";
import { LostBar } from "./lost-bar.tsx";
import { closestLabel, matchingTracks, NothingMatches } from "./nothing-matches.tsx";
import { SentenceBar } from "./sentence-bar.tsx";
import { Toolbar } from "./toolbar.tsx";
import { useDetailsWidth } from "./use-details-width.ts";
import { useRecordingKeys } from "./use-recording-keys.ts";

export interface RecordingFrameProps {
  readonly client: Client;
  readonly recording: string;
  readonly overview: Overview;
  readonly tracks: TrackTable;
  readonly version: number;
  readonly clock: Clock;
  readonly theme: ThemeStore;
}

export function RecordingFrame(props: RecordingFrameProps): ReactElement {
  const { client, recording, overview, tracks, version, clock } = props;
  const isLive = overview.recording.state === "live";
  const theme = useStore(props.theme);
  const connection = useStore(client.connection);
  const [selections] = useState(createSelectionStore);
  const selection = useStore(selections);
  const answer = useDetails(client.api, recording, selection, version);
  const victims = victimsOf(answer, selection);
  const [viewport] = useState(() => createViewportStore({ from: 0, to: Math.max(1, overview.end) }));
  const [filter, setFilter] = useState("");
  const [isOverviewOpen, setOverviewOpen] = useState(false);
  const filterRef = useRef<HTMLInputElement>(null);
  const width = useDetailsWidth(localStorage);
  const now = useCallback(() => clock.now(), [clock]);

  useEffect(() => viewport.setBounds({ from: 0, to: Math.max(1, overview.end) }), [viewport, overview.end]);
  useEffect(() => {
    viewport.follow(isLive);
    // A window that followed led the end a little; once that stands still there is nothing to lead to.
    if (!isLive) viewport.set(viewport.get());
  }, [viewport, isLive]);

  const show = (next: Selection | undefined): void => {
    selections.set(next);
    const interval = next === undefined ? undefined : intervalOf(next, overview, tracks, now());
    if (interval === undefined) return;
    // What is still open runs with the live end, and so does a window that follows it.
    if (viewport.following() && interval.to >= now() && interval.from >= viewport.get().from) return;
    const revealed = reveal(viewport.get(), interval, viewport.bounds());
    if (revealed === viewport.get()) return;
    viewport.follow(false);
    viewport.set(revealed);
  };
  const showStall = (step: 1 | -1): void => {
    const place = overview.stalls.findIndex(({ id }) => selection?.kind === "stall" && selection.id === id);
    const next = place < 0 ? (step === 1 ? 0 : overview.stalls.length - 1) : place + step;
    const stall = overview.stalls[next];
    if (stall !== undefined) show({ kind: "stall", id: stall.id });
  };
  const fitAll = (): void => {
    viewport.follow(false);
    viewport.set(viewport.bounds());
  };
  useRecordingKeys({
    nextStall: () => showStall(1),
    previousStall: () => showStall(-1),
    back: selections.back,
    forward: selections.forward,
    fitAll,
    fitSelection: () => {
      const interval = selection === undefined ? undefined : intervalOf(selection, overview, tracks, now());
      if (interval === undefined) return fitAll();
      viewport.follow(false);
      viewport.set(fit(interval, viewport.bounds()));
    },
    follow: () => viewport.follow(isLive && !viewport.following()),
    filter: () => filterRef.current?.focus(),
    clear: () => {
      if (selection === undefined) setOverviewOpen(false);
      selections.set(undefined);
    },
  });

  const matching = useMemo(() => matchingTracks(tracks.label, filter), [tracks, filter]);
  const style: CSSProperties & { readonly "--details"?: string } =
    width.width === undefined ? {} : { "--details": `${width.width}px` };
  return (
    <>
      {connection.state === "lost" ? (
        <LostBar client={client} connection={connection} />
      ) : (
        <SentenceBar sentence={overview.sentence} isLive={isLive} stalls={overview.stalls} now={now} />
      )}
      <Toolbar
        viewport={viewport}
        isLive={isLive}
        filter={filter}
        onFilter={setFilter}
        filterRef={filterRef}
        onFit={fitAll}
        isOverviewOpen={isOverviewOpen}
        onOverview={setOverviewOpen}
      />
      <main className="frame" style={style}>
        <div className="timeline-region">
          {matching === 0 ? (
            <NothingMatches
              filter={filter}
              hidden={tracks.label.length}
              closest={closestLabel(tracks.label, filter)}
              onFilter={setFilter}
            />
          ) : (
            <Timeline
              api={client.api}
              recording={recording}
              overview={overview}
              tracks={tracks}
              version={version}
              viewport={viewport}
              selection={selection}
              onSelect={selections.set}
              theme={theme}
              now={now}
              filter={filter}
              victims={victims}
            />
          )}
        </div>
        <aside
          className="details region"
          data-open={selection !== undefined || isOverviewOpen ? "" : undefined}
          aria-label="Details"
        >
          <DetailsEdge width={width} />
          <DetailsPanel
            api={client.api}
            recording={recording}
            overview={overview}
            tracks={tracks}
            answer={answer}
            selection={selection}
            onSelect={show}
            now={now}
          />
        </aside>
      </main>
      <Footer overview={overview} connection={connection} viewport={viewport} now={now} />
    </>
  );
}

const NONE: readonly Victim[] = [];

/** The last answer may still be of what was selected before. */
function victimsOf(answer: DetailsAnswer | undefined, selection: Selection | undefined): readonly Victim[] {
  const details = answer?.details;
  if (details?.kind !== "stall" || selection?.kind !== "stall") return NONE;
  return details.stall.id === selection.id ? details.victims : NONE;
}
