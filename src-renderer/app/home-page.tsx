/**
 * The recordings: what is live now, the table of the others, and the selected one in more detail.
 *
 *     Recordings                                    filter · Run the example agent
 *     ( live ) a line each, with its sentence
 *     table
 *     preview of the selected one
 */
import { ListFilter } from "lucide-react";
import { useRef, useState, type ReactElement } from "react";
import type { ApiError, RecordingRow } from "../../src-main/api/api.ts";
import { toApiError, type Client } from "../client.ts";
import type { RecordingListStore } from "../state/recordings.ts";
import type { RouteStore } from "../state/route.ts";
import { useStore } from "../state/store.ts";
import type { ThemeStore } from "../state/theme.ts";
import { Button } from "../ui/button.tsx";
import { FilterField } from "../ui/filter-field.tsx";
import { ErrorNotice, Notice } from "../ui/notice.tsx";
import { formatBytes, formatCountOf } from "../../src-main/api/format.ts";
import { DeleteDialog } from "./delete-dialog.tsx";
import { LiveLine } from "./live-line.tsx";
import { LostBar } from "./lost-bar.tsx";
import { NoRecordings } from "./no-recordings.tsx";
import { RecordingPreview } from "./recording-preview.tsx";
import { RecordingsTable } from "./recordings-table.tsx";
import { TitleBar } from "./title-bar.tsx";
import { useSlashKey } from "./use-slash-key.ts";

export interface HomePageProps {
  readonly client: Client;
  readonly list: RecordingListStore;
  readonly route: RouteStore;
  readonly theme: ThemeStore;
}

export function HomePage(props: HomePageProps): ReactElement {
  const { client, list, route, theme } = props;
  const { rows, error } = useStore(list);
  const connection = useStore(client.connection);
  const [filter, setFilter] = useState("");
  const [selected, setSelected] = useState<string>();
  const [doomed, setDoomed] = useState<RecordingRow>();
  const [starting, setStarting] = useState(false);
  const [failure, setFailure] = useState<ApiError>();
  const filterRef = useRef<HTMLInputElement>(null);
  useSlashKey(filterRef);

  const shown = (rows ?? []).filter((row) => matches(row, filter));
  const live = shown.filter(({ state }) => state === "live");
  const past = shown.filter(({ state }) => state !== "live");
  const preview = past.find(({ id }) => id === selected) ?? past[0];

  const open = (recording: string): void => route.go({ page: "recording", recording });
  const runDemo = (): void => {
    setStarting(true);
    setFailure(undefined);
    client.api
      .runDemo()
      .then(open, (reason: unknown) => setFailure(toApiError(reason)))
      .finally(() => setStarting(false));
  };
  const remove = (row: RecordingRow): void => {
    setDoomed(undefined);
    client.api.remove(row.id).then(list.refresh, (reason: unknown) => setFailure(toApiError(reason)));
  };

  return (
    <div className="page">
      <TitleBar theme={theme} />
      {connection.state === "lost" && <LostBar client={client} connection={connection} />}
      <main className="home">
        {failure !== undefined && (
          <ErrorNotice
            title="That did not work"
            error={failure}
            actions={<Button onPress={() => setFailure(undefined)}>Close</Button>}
          />
        )}
        {rows === undefined && connection.state !== "lost" && (
          <div className="home-loading">
            {error === undefined ? (
              <Notice title="Reading the recordings">
                <p>Waiting for Stallscope to list them.</p>
              </Notice>
            ) : (
              <ErrorNotice title="The recordings cannot be listed" error={error} />
            )}
          </div>
        )}
        {rows !== undefined && rows.length === 0 && <NoRecordings isStarting={starting} onRunDemo={runDemo} />}
        {rows !== undefined && rows.length > 0 && (
          <>
            <header className="home-head">
              <h1 className="home-title">Recordings</h1>
              <span className="spring" />
              <FilterField label="Filter" value={filter} onChange={setFilter} inputRef={filterRef}>
                <ListFilter size={14} aria-hidden="true" />
              </FilterField>
              <Button kind="edged" disabled={starting} onPress={runDemo}>
                {starting ? "Starting the example agent" : "Run the example agent"}
              </Button>
            </header>
            {live.map((row) => (
              <LiveLine key={row.id} row={row} onOpen={() => open(row.id)} />
            ))}
            {shown.length === 0 && (
              <Notice
                title={`No recording matches “${filter}”`}
                actions={
                  <Button kind="edged" onPress={() => setFilter("")}>
                    Clear filter
                  </Button>
                }
              >
                <p>{formatCountOf(rows.length, "recording is hidden.", "recordings are hidden.")}</p>
              </Notice>
            )}
            {past.length > 0 && (
              <RecordingsTable
                rows={past}
                selected={preview?.id}
                onSelect={setSelected}
                onOpen={open}
                onDelete={setDoomed}
              />
            )}
            {preview !== undefined && (
              <RecordingPreview row={preview} onOpen={() => open(preview.id)} onDelete={() => setDoomed(preview)} />
            )}
          </>
        )}
      </main>
      {rows !== undefined && (
        <footer className="footer">
          <span>
            <strong>{rows.length}</strong> {rows.length === 1 ? "recording" : "recordings"}
            {rows.length > 0 && `, ${formatBytes(rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))}`}
          </span>
          <span className="spring" />
          <span>stays on this machine</span>
        </footer>
      )}
      {doomed !== undefined && (
        <DeleteDialog row={doomed} onCancel={() => setDoomed(undefined)} onDelete={() => remove(doomed)} />
      )}
    </div>
  );
}

function matches(row: RecordingRow, filter: string): boolean {
  const wanted = filter.trim().toLowerCase();
  const blame = row.worstStall?.blame;
  return [row.name, row.id, row.state, row.level, blame?.function ?? "", blame?.file ?? ""].some((text) =>
    text.toLowerCase().includes(wanted),
  );
}
