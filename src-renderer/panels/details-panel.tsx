/** What is selected, in full; with nothing selected, the recording. The last answer stays until the next is here. */
import { X } from "lucide-react";
import { useEffect, useState, type ReactElement } from "react";
import type { ApiError, Details, Overview, RecordingApi, Selection, TrackTable } from "../../src-main/api/api.ts";
import { toApiError } from "../client.ts";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { OverviewPanel } from "./overview-panel.tsx";
import { Section } from "./section.tsx";
import { SpanDetails } from "./span-details.tsx";
import { StallDetails } from "./stall-details.tsx";
import { TaskDetails } from "./task-details.tsx";

export interface DetailsPanelProps {
  readonly api: Pick<RecordingApi, "details">;
  readonly recording: string;
  readonly overview: Overview;
  readonly tracks: TrackTable;
  readonly version: number;
  readonly selection: Selection | undefined;
  readonly onSelect: (selection: Selection | undefined) => void;
  readonly now: () => number;
}

export function DetailsPanel(props: DetailsPanelProps): ReactElement {
  const { overview, tracks, selection, onSelect, now } = props;
  const answer = useDetails(props);
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
      {answer?.details !== undefined && shown(answer.details, props)}
    </div>
  );
}

function shown(details: Details, props: DetailsPanelProps): ReactElement {
  const isLive = props.overview.recording.state === "live";
  const { now, onSelect } = props;
  switch (details.kind) {
    case "stall":
      return <StallDetails details={details} isLive={isLive} now={now} onSelect={onSelect} />;
    case "task":
      return <TaskDetails details={details} isLive={isLive} now={now} onSelect={onSelect} />;
    case "span":
      return <SpanDetails details={details} now={now} onSelect={onSelect} />;
  }
}

interface Answer {
  readonly details?: Details;
  readonly error?: ApiError;
}

/** The newest question wins; an answer to an older one is thrown away. */
function useDetails(props: DetailsPanelProps): Answer | undefined {
  const { api, recording, selection, version } = props;
  const [answer, setAnswer] = useState<Answer>();
  const key = selection === undefined ? undefined : `${selection.kind} ${selection.id}`;
  useEffect(() => {
    if (selection === undefined) {
      setAnswer(undefined);
      return undefined;
    }
    let isLatest = true;
    api.details(recording, selection).then(
      (details) => isLatest && setAnswer({ details }),
      (reason: unknown) => isLatest && setAnswer({ error: toApiError(reason) }),
    );
    return () => {
      isLatest = false;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` is the selection by value
  }, [api, recording, key, version]);
  return answer;
}
