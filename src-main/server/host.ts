/**
 * The RecordingApi over the store, without any transport: one host a process, one guest a viewer. Notices are made by
 * watching the files, so that a recording made by any process is as live as one made by this.
 */
import type { RecordingApi, RecordingNotice, ViewerNotices } from "../api/api.ts";
import { toCpuProfile } from "../exchange/cpuprofile.ts";
import { details } from "../queries/details.ts";
import { overview } from "../queries/overview.ts";
import { sentenceOf } from "../queries/sentence.ts";
import { stallRows } from "../queries/stalls.ts";
import { stallProfile } from "../queries/stall-profile.ts";
import { promiseTasks } from "../queries/promises.ts";
import { strip } from "../queries/strip.ts";
import { stuck } from "../queries/stuck.ts";
import { tile } from "../queries/tile.ts";
import { tracks } from "../queries/tracks.ts";
import { deleteRecording } from "../store/folder.ts";
import { Refusal, toRefusal } from "./refusal.ts";
import type { Catalog } from "./catalog.ts";
import { parseArguments } from "./arguments.ts";

/** A change shows in the viewer within this and the writer's batch. Milliseconds. */
const WATCH_MS = 100;
const LIST_MS = 1000;

export interface Guest {
  readonly api: RecordingApi;
  leave(): void;
}

export interface Host {
  admit(notices: ViewerNotices): Guest;
  close(): void;
}

interface Watching {
  readonly notices: ViewerNotices;
  recording: string;
  version: number;
  state: string;
}

/** @param runDemo starts the bundled example under tracing; answers the path of its live recording. */
export function createHost(catalog: Catalog, runDemo: () => Promise<string>): Host {
  const guests = new Set<Watching>();
  let listStamp = catalog.stamp();
  let sinceList = 0;

  function look(guest: Watching): void {
    if (guest.recording === "") return;
    const recording = catalog.open(guest.recording);
    const notice = recording.snapshot((): RecordingNotice | undefined => {
      const meta = recording.meta();
      if (meta.version === guest.version && meta.state === guest.state) return undefined;
      guest.version = meta.version;
      guest.state = meta.state;
      const sentence = sentenceOf(recording, meta, stallRows(recording));
      return { recording: guest.recording, state: meta.state, end: meta.end, version: meta.version, sentence };
    });
    if (notice !== undefined) guest.notices.changed(notice);
  }

  const timer = setInterval(() => {
    for (const guest of guests) {
      try {
        look(guest);
      } catch {
        // Deleted or damaged while watched: the list tells, and the next question is refused with the reason.
        guest.recording = "";
        guest.notices.listChanged();
      }
    }
    sinceList += WATCH_MS;
    if (sinceList < LIST_MS || guests.size === 0) return;
    sinceList = 0;
    const stamp = catalog.stamp();
    if (stamp === listStamp) return;
    listStamp = stamp;
    for (const { notices } of guests) notices.listChanged();
  }, WATCH_MS);

  function apiFor(guest: Watching): RecordingApi {
    return {
      recordings: async () => catalog.rows(),
      remove: async (id) => {
        const path = catalog.pathOf(id);
        catalog.release(id);
        deleteRecording(path);
        for (const { notices } of guests) notices.listChanged();
      },
      overview: async (id) => {
        const answer = overview(catalog.open(id));
        return { ...answer, recording: { ...answer.recording, id } };
      },
      tracks: async (id) => tracks(catalog.open(id)),
      tile: async (id, query) => tile(catalog.open(id), query),
      strip: async (id, thread, from, to, buckets) => strip(catalog.open(id), thread, from, to, buckets),
      details: async (id, selection) => {
        const found = details(catalog.open(id), selection);
        if (found === undefined)
          throw new Refusal({
            code: "not-found",
            message: `There is no such ${selection.kind} in this recording.`,
            hint: "Clear the selection.",
          });
        return found;
      },
      stuck: async (id) => stuck(catalog.open(id), Date.now()),
      exportStall: async (id, stall) => {
        const { start, end, flame } = stallProfile(catalog.open(id), stall);
        if (flame === undefined)
          throw new Refusal({
            code: "not-found",
            message: "No stack was seen of this stall, or there is no such stall.",
            hint: "Choose another stall.",
          });
        return JSON.stringify(toCpuProfile(flame, { start, end }));
      },
      promiseTasks: async (id, query) => promiseTasks(catalog.open(id), query),
      runDemo: async () => catalog.idOf(await runDemo()),
      watch: async (id) => {
        guest.recording = id;
        guest.version = -1;
        guest.state = "";
      },
    };
  }

  return {
    admit(notices) {
      const guest: Watching = { notices, recording: "", version: -1, state: "" };
      guests.add(guest);
      return { api: guarded(apiFor(guest)), leave: () => void guests.delete(guest) };
    },
    close() {
      clearInterval(timer);
      guests.clear();
      catalog.close();
    },
  };
}

/** Checks every argument, and turns whatever goes wrong into a refusal. */
function guarded(api: RecordingApi): RecordingApi {
  const entries = Object.entries(api).map(([name, method]: [string, (...args: never[]) => Promise<unknown>]) => [
    name,
    async (...args: readonly unknown[]) => {
      try {
        return await method(...(parseArguments(name as keyof RecordingApi, args) as never[]));
      } catch (error) {
        throw toRefusal(error);
      }
    },
  ]);
  return Object.fromEntries(entries) as RecordingApi;
}
