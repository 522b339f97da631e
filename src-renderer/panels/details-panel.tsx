/** What is selected, in full; with nothing selected, the recording. The last answer stays until the next is here. */
import { X } from "lucide-react";
import { useState, type ReactElement } from "react";
import type { Details, Overview, RecordingApi, Selection, TrackTable } from "../../src-main/api/api.ts";
import { createEditorStore, type EditorStore } from "../state/editor.ts";
import type { DetailsAnswer } from "../state/use-details.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { OverviewPanel } from "./overview-panel.tsx";
import { Section } from "./section.tsx";
import { SpanDetails } from "./span-details.tsx";
import { StallDetails } from "./stall-details.tsx";
import { TaskDetails } from "./task-details.tsx";

export interface DetailsPanelProps {
  readonly api: Pick<RecordingApi, "exportStall">;
  readonly recording: string;
  readonly overview: Overview;
  readonly tracks: TrackTable;
  readonly answer: DetailsAnswer | undefined;
  readonly selection: Selection | undefined;
  readonly onSelect: (selection: Selection | undefined) => void;
  readonly now: () => number;
}

export function DetailsPanel(props: DetailsPanelProps): ReactElement {
  const { overview, tracks, selection, onSelect, now } = props;
  const { answer } = props;
  const [editor] = useState(() => createEditorStore(localStorage));
  if (selection === undefined) {
    return (
      <div className="panel">
        <OverviewPanel overview={overview} tracks={tracks} now={now} onSelect={onSelect} />
      </div>
    );
  }
  return (
    <div className="panel">
      <div className="panel-close">
        <Button square label="Close the details" hint="Close the details (Esc)" onPress={() => onSelect(undefined)}>
          <X size={14} aria-hidden="true" />
        </Button>
      </div>
      {answer?.error !== undefined && (
        <Section>
          <ErrorNotice title={`This ${selection.kind} cannot be shown`} error={answer.error} />
        </Section>
      )}
      {answer?.details !== undefined && shown(answer.details, props, editor)}
    </div>
  );
}

function shown(details: Details, props: DetailsPanelProps, editor: EditorStore): ReactElement {
  const { overview } = props;
  const isLive = overview.recording.state === "live";
  const hasEnded = (thread: number): boolean => overview.threads.find(({ id }) => id === thread)?.end !== undefined;
  const { api, recording, now, onSelect } = props;
  switch (details.kind) {
    case "stall":
      return (
        <StallDetails
          api={api}
          recording={recording}
          details={details}
          // A thread that ended never turns again, though others go on.
          isLive={isLive && !hasEnded(details.stall.thread)}
          now={now}
          editor={editor}
          onSelect={onSelect}
        />
      );
    case "task":
      return <TaskDetails details={details} isLive={isLive} now={now} onSelect={onSelect} />;
    case "span":
      return <SpanDetails details={details} now={now} onSelect={onSelect} />;
  }
}
