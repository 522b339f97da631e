/**
 * The recording that is open: its overview and tracks, fetched again when a notice says that something changed.
 *
 *     watch ─▶ overview + tracks ─▶ notice ─▶ (a new version) overview + tracks ─▶ …
 *
 * One fetch is on its way at a time; what changed meanwhile is fetched after it and after a pause, so a busy program
 * costs the host a few questions a second. `version` grows with every answer that may differ: tiles and details follow it.
 */
import type { ApiError, Overview, RecordingNotice, TrackTable } from "../../src-main/api/api.ts";
import { toApiError, type Client } from "../client.ts";
import { createClock, type Clock } from "./clock.ts";
import { createStore, type Readable } from "./store.ts";

export interface OpenRecording {
  readonly id: string;
  readonly overview: Overview | undefined;
  readonly tracks: TrackTable | undefined;
  readonly version: number;
  readonly error?: ApiError;
}

export interface OpenRecordingStore extends Readable<OpenRecording> {
  readonly clock: Clock;
  /** Begins to watch it; answers the function that ends it. */
  start(): () => void;
}

const PAUSE_MS = 200;

export function createOpenRecordingStore(client: Client, id: string): OpenRecordingStore {
  const store = createStore<OpenRecording>({ id, overview: undefined, tracks: undefined, version: 0 });
  const clock = createClock(() => performance.now());
  let over = false;
  let fetching = false;
  let stale = false;
  let seen: number | undefined;

  const fetch = async (): Promise<void> => {
    if (fetching) {
      stale = true;
      return;
    }
    fetching = true;
    stale = false;
    try {
      const [overview, tracks] = await Promise.all([client.api.overview(id), client.api.tracks(id)]);
      clock.heard(overview.end, overview.recording.state);
      if (!over) store.set({ id, overview, tracks, version: store.get().version + 1 });
    } catch (reason) {
      if (!over) store.set({ ...store.get(), error: toApiError(reason) });
    } finally {
      fetching = false;
    }
    if (!stale || over) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (!over) await fetch();
  };

  const begin = (): void => {
    seen = undefined;
    // A recording that can't be watched can't be read either, and reading says why.
    client.api.watch(id).then(fetch, fetch);
  };

  const hear = (notice: RecordingNotice): void => {
    if (notice.recording !== id) return;
    clock.heard(notice.end, notice.state);
    const now = store.get();
    if (now.overview !== undefined) store.set({ ...now, overview: withNotice(now.overview, notice) });
    if (notice.version === seen) return;
    seen = notice.version;
    void fetch();
  };

  const start = (): (() => void) => {
    over = false;
    const stops = [
      client.onChanged(hear),
      client.connection.subscribe(() => {
        if (client.connection.get().state === "open") begin();
      }),
    ];
    begin();
    return () => {
      over = true;
      for (const stop of stops) stop();
      client.api.watch("").catch(() => undefined);
    };
  };
  return { get: store.get, subscribe: store.subscribe, clock, start };
}

/** The sentence must not wait for the rows behind it. */
function withNotice(overview: Overview, notice: RecordingNotice): Overview {
  return {
    ...overview,
    end: notice.end,
    sentence: notice.sentence,
    recording: { ...overview.recording, state: notice.state },
  };
}
