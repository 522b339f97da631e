/** The selected recording in more detail: its sentence, its run at full width, its counts. */
import type { ReactElement } from "react";
import type { RecordingRow } from "../../src-main/api/api.ts";
import { formatCount, formatCountOf, formatDate, formatDuration } from "../../src-main/api/format.ts";
import { BusyPicture } from "../ui/busy-picture.tsx";
import { Button } from "../ui/button.tsx";
import { ErrorNotice } from "../ui/notice.tsx";
import { SentenceText } from "../ui/sentence-text.tsx";

export interface RecordingPreviewProps {
  readonly row: RecordingRow;
  readonly onOpen: () => void;
  readonly onDelete: () => void;
}

export function RecordingPreview(props: RecordingPreviewProps): ReactElement {
  const { row, onOpen, onDelete } = props;
  const isReadable = row.error === undefined;
  return (
    <section className="preview" aria-label={`Preview of ${row.name}`}>
      <div className="preview-head">
        <div className="preview-words">
          {row.error === undefined ? (
            <>
              <p className="preview-sentence sentence-inline">
                <SentenceText parts={row.sentence.parts} />
              </p>
              <p className="quiet">{metaOf(row).join("  ·  ")}</p>
            </>
          ) : (
            <ErrorNotice title={`${row.name} cannot be read`} error={row.error} />
          )}
        </div>
        <Button kind="bare" onPress={onDelete}>
          Delete
        </Button>
        {isReadable && (
          <Button kind="edged" onPress={onOpen}>
            Open
          </Button>
        )}
      </div>
      {isReadable && (
        <>
          <div className="preview-picture">
            <BusyPicture recording={row} width={1240} height={48} />
          </div>
          <dl className="facts">
            {factsOf(row).map(({ name, value, aside }) => (
              <div key={name} className="fact">
                <dt>{name}</dt>
                <dd>
                  <strong className="fact-value">{value}</strong>
                  <span className="fact-aside">{aside}</span>
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}

function metaOf(row: RecordingRow): readonly string[] {
  return [
    `${row.name}, ${formatDate(row.startedAtMs)}`,
    row.signal === undefined ? `exit code ${row.exitCode ?? "unknown"}` : `killed by ${row.signal}`,
    `${formatCount(row.dropped)} dropped`,
    `level ${row.level}`,
  ];
}

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly aside: string;
}

function factsOf(row: RecordingRow): readonly Fact[] {
  return [
    { name: "Stalls", value: formatCount(row.stalls), aside: `${formatDuration(row.blockedMs * 1e6)} blocked` },
    { name: "Tasks", value: formatCount(row.tasks), aside: `${formatCount(row.failed)} ended by an error` },
    { name: "Cancellations", value: formatCount(row.cancellations), aside: "asked for" },
    { name: "Model calls", value: formatCount(row.modelCalls), aside: formatCountOf(row.tokens, "token") },
    { name: "Tool calls", value: formatCount(row.tools), aside: "" },
    { name: "Length", value: formatDuration(row.durationMs * 1e6), aside: row.state },
  ];
}
