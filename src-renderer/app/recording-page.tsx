/**
 * One open recording: the sentence, the timeline, the details, the footer.
 *
 *     title · sentence · toolbar · [ timeline | details ] · footer
 *
 * The frame is drawn from the overview and the tracks; the timeline asks for its own tiles. What was read stays on
 * screen when the connection is lost.
 */
import type { ReactElement } from "react";
import type { RecordingRow } from "../../src-main/api/api.ts";
import type { Client } from "../client.ts";
import type { OpenRecordingStore } from "../state/open-recording.ts";
import { useStore } from "../state/store.ts";
import type { ThemeStore } from "../state/theme.ts";
import { ErrorNotice, Notice } from "../ui/notice.tsx";
import { formatDate } from "../../src-main/api/format.ts";
import { LostBar } from "./lost-bar.tsx";
import { RecordingFrame } from "./recording-frame.tsx";
import { TitleBar } from "./title-bar.tsx";
import { useTitle } from "./use-title.ts";

export function RecordingPage(props: {
  readonly client: Client;
  readonly open: OpenRecordingStore;
  readonly theme: ThemeStore;
}): ReactElement {
  const { client, theme } = props;
  const open = useStore(props.open);
  const connection = useStore(client.connection);
  const name = open.overview?.recording.name ?? open.id;
  useTitle(`${name} · Stallscope`);
  return (
    <div className="page">
      <TitleBar theme={theme}>
        <a href="#/">Recordings</a>
        <span aria-hidden="true">/</span>
        <h1 className="subject">{name}</h1>
        {open.overview !== undefined && <span>{whenOf(open.overview.recording)}</span>}
      </TitleBar>
      {open.overview === undefined || open.tracks === undefined ? (
        <>
          {connection.state === "lost" && <LostBar client={client} connection={connection} />}
          <main className="state-page">
            {open.error === undefined || connection.state === "lost" ? (
              <Notice title="Reading the recording">
                <p>Waiting for Stallscope to answer with the overview of {open.id}.</p>
              </Notice>
            ) : (
              <ErrorNotice
                title={`${open.id} cannot be read`}
                error={open.error}
                actions={<a href="#/">Back to the recordings</a>}
              />
            )}
          </main>
        </>
      ) : (
        <RecordingFrame
          client={client}
          recording={open.id}
          overview={open.overview}
          tracks={open.tracks}
          version={open.version}
          clock={props.open.clock}
          theme={theme}
        />
      )}
    </div>
  );
}

function whenOf(recording: RecordingRow): string {
  return recording.state === "live" ? `live, pid ${recording.pid}` : formatDate(recording.startedAtMs);
}
