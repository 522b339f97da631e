/**
 * Door 2 as the window holds it: a RecordingApi over the WebSocket of the page's own origin, and what the host pushes.
 *
 * The socket comes back by itself, with a growing pause. While it is lost a question is refused at once with an
 * ApiError, so that every caller has one way of hearing about failure; who shows data asks again when it is open.
 */
import { createBirpc } from "birpc";
import { Packr } from "msgpackr/index-no-eval";
import type { ApiError, RecordingApi, RecordingNotice, ViewerNotices } from "../src-main/api/api.ts";
import { createStore, type Readable } from "./state/store.ts";

export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  /** Both on the clock of `performance.now()`. */
  | { readonly state: "lost"; readonly since: number; readonly retryAt: number };

export interface Client {
  readonly api: RecordingApi;
  readonly connection: Readable<Connection>;
  onChanged(listener: (notice: RecordingNotice) => void): () => void;
  onListChanged(listener: () => void): () => void;
  /** Tries now instead of when the pause is over. */
  retry(): void;
  close(): void;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8000;
/** A question over a large recording may take its time; a dead host is seen by the socket, not by this. */
const ANSWER_WITHIN_MS = 120_000;

const LOST: ApiError = {
  code: "failed",
  message: "The connection to Stallscope is lost.",
  hint: "Start `stallscope serve` again, or open the address it printed.",
};

export function connectClient(address: string): Client {
  const connection = createStore<Connection>({ state: "connecting" });
  const changed = new Set<(notice: RecordingNotice) => void>();
  const listChanged = new Set<() => void>();
  const notices: ViewerNotices = {
    changed: (notice) => changed.forEach((listener) => listener(notice)),
    listChanged: () => listChanged.forEach((listener) => listener()),
  };
  let host: RecordingApi | undefined;
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = FIRST_PAUSE_MS;
  let lostSince: number | undefined;
  let over = false;

  const open = (): void => {
    const line = new WebSocket(address);
    line.binaryType = "arraybuffer";
    socket = line;
    const { rpc, end } = speak(line, notices);
    line.addEventListener("open", () => {
      host = rpc;
      pause = FIRST_PAUSE_MS;
      lostSince = undefined;
      connection.set({ state: "open" });
    });
    line.addEventListener("close", () => {
      end();
      if (socket !== line || over) return;
      host = undefined;
      const now = performance.now();
      lostSince ??= now;
      connection.set({ state: "lost", since: lostSince, retryAt: now + pause });
      timer = setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    });
  };
  open();

  return {
    api: questions(() => host, connection),
    connection,
    onChanged: (listener) => listen(changed, listener),
    onListChanged: (listener) => listen(listChanged, listener),
    retry() {
      if (connection.get().state !== "lost" || socket?.readyState === WebSocket.CONNECTING) return;
      clearTimeout(timer);
      open();
    },
    close() {
      over = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}

/** What a refused or failed question says, whatever was thrown. */
export function toApiError(reason: unknown): ApiError {
  if (typeof reason === "object" && reason !== null && "code" in reason && "message" in reason && "hint" in reason) {
    return reason as ApiError;
  }
  const said = reason instanceof Error ? reason.message : String(reason);
  return { code: "failed", message: said, hint: "Load the page again; if it stays, start `stallscope serve` again." };
}

/** Both ends pack alike: typed arrays travel as typed arrays, NaN stays NaN. */
function speak(line: WebSocket, notices: ViewerNotices): { readonly rpc: RecordingApi; readonly end: () => void } {
  const packr = new Packr({ moreTypes: true });
  const rpc = createBirpc<RecordingApi, ViewerNotices>(notices, {
    post: (data: Uint8Array<ArrayBuffer>) => line.send(data),
    on: (receive) => line.addEventListener("message", ({ data }) => receive(data)),
    serialize: (value) => packr.pack(value),
    deserialize: (data: ArrayBuffer) => packr.unpack(new Uint8Array(data)),
    timeout: ANSWER_WITHIN_MS,
  });
  // The library settles what is pending with an Error of its own; callers know ApiError.
  const end = (): void => {
    void rpc.$rejectPendingCalls(({ reject }) => reject(LOST));
    rpc.$close();
  };
  return { rpc, end };
}

function questions(host: () => RecordingApi | undefined, connection: Readable<Connection>): RecordingApi {
  const ready = async (): Promise<RecordingApi> => {
    if (connection.get().state === "connecting") await untilDecided(connection);
    const answering = host();
    // eslint-disable-next-line typescript/only-throw-error -- door 2 refuses with plain objects
    if (answering === undefined) throw LOST;
    return answering;
  };
  return {
    recordings: async () => (await ready()).recordings(),
    remove: async (recording) => (await ready()).remove(recording),
    overview: async (recording) => (await ready()).overview(recording),
    tracks: async (recording) => (await ready()).tracks(recording),
    tile: async (recording, query) => (await ready()).tile(recording, query),
    strip: async (...args) => (await ready()).strip(...args),
    details: async (recording, selection) => (await ready()).details(recording, selection),
    stuck: async (recording) => (await ready()).stuck(recording),
    exportStall: async (recording, stall) => (await ready()).exportStall(recording, stall),
    promiseTasks: async (recording, query) => (await ready()).promiseTasks(recording, query),
    runDemo: async () => (await ready()).runDemo(),
    watch: async (recording) => (await ready()).watch(recording),
  };
}

function untilDecided(connection: Readable<Connection>): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.subscribe(() => {
      stop();
      resolve();
    });
  });
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
