/**
 * The list of recordings, asked for again whenever the host says that it changed and when the connection comes back.
 * The last answer stays on screen while the next is on its way, and when the next fails.
 */
import type { ApiError, RecordingRow } from "../../src-main/api/api.ts";
import { toApiError, type Client } from "../client.ts";
import { createStore, type Readable } from "./store.ts";

export interface RecordingList {
  /** Undefined until the first answer. */
  readonly rows: readonly RecordingRow[] | undefined;
  readonly error?: ApiError;
}

export interface RecordingListStore extends Readable<RecordingList> {
  refresh(): void;
  /** Begins to keep the list; answers the function that ends it. */
  start(): () => void;
}

export function createRecordingListStore(client: Client): RecordingListStore {
  const store = createStore<RecordingList>({ rows: undefined });
  let asked = 0;
  const refresh = (): void => {
    asked += 1;
    const mine = asked;
    client.api.recordings().then(
      (rows) => {
        if (mine === asked) store.set({ rows });
      },
      (reason: unknown) => {
        if (mine === asked) store.set({ rows: store.get().rows, error: toApiError(reason) });
      },
    );
  };
  const start = (): (() => void) => {
    const stops = [
      client.onListChanged(refresh),
      client.connection.subscribe(() => {
        if (client.connection.get().state === "open") refresh();
      }),
    ];
    refresh();
    return () => stops.forEach((stop) => stop());
  };
  return { get: store.get, subscribe: store.subscribe, refresh, start };
}
