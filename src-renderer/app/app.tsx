/** The window: the page that the address names. */
import { useEffect, useState, type ReactElement } from "react";
import type { Client } from "../client.ts";
import { createOpenRecordingStore } from "../state/open-recording.ts";
import { createRecordingListStore } from "../state/recordings.ts";
import type { RouteStore } from "../state/route.ts";
import { useStore } from "../state/store.ts";
import type { ThemeStore } from "../state/theme.ts";
import { HomePage } from "./home-page.tsx";
import { RecordingPage } from "./recording-page.tsx";
import { useTitle } from "./use-title.ts";

export interface AppProps {
  readonly client: Client;
  readonly route: RouteStore;
  readonly theme: ThemeStore;
}

export function App(props: AppProps): ReactElement {
  const route = useStore(props.route);
  if (route.page === "home") return <Home {...props} />;
  return <Recording key={route.recording} {...props} recording={route.recording} />;
}

function Home(props: AppProps): ReactElement {
  const { client, route, theme } = props;
  const [list] = useState(() => createRecordingListStore(client));
  useEffect(() => list.start(), [list]);
  useTitle("Stallscope");
  return <HomePage client={client} list={list} route={route} theme={theme} />;
}

function Recording(props: AppProps & { readonly recording: string }): ReactElement {
  const { client, theme, recording } = props;
  const [open] = useState(() => createOpenRecordingStore(client, recording));
  useEffect(() => open.start(), [open]);
  return <RecordingPage client={client} open={open} theme={theme} />;
}
