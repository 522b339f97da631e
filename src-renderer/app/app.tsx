/** The window: the page that the address names. */
import { useEffect, useState, type ReactElement } from "react";
import type { Client } from "../client.ts";
import { createOpenRecordingStore, type OpenRecordingStore } from "../state/open-recording.ts";
import { createRecordingListStore, type RecordingListStore } from "../state/recordings.ts";
import type { RouteStore } from "../state/route.ts";
import { useStore } from "../state/store.ts";
import type { ThemeStore } from "../state/theme.ts";
import { HomePage } from "./home-page.tsx";
import { RecordingPage } from "./recording-page.tsx";

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
  const [list, setList] = useState<RecordingListStore>();
  useEffect(() => {
    const store = createRecordingListStore(client);
    setList(store);
    return store.close;
  }, [client]);
  useEffect(() => {
    document.title = "Stallscope";
  }, []);
  if (list === undefined) return <></>;
  return <HomePage client={client} list={list} route={route} theme={theme} />;
}

function Recording(props: AppProps & { readonly recording: string }): ReactElement {
  const { client, theme, recording } = props;
  const [open, setOpen] = useState<OpenRecordingStore>();
  useEffect(() => {
    const store = createOpenRecordingStore(client, recording);
    setOpen(store);
    return store.close;
  }, [client, recording]);
  if (open === undefined) return <></>;
  return <RecordingPage client={client} open={open} theme={theme} />;
}
