/**
 * The collector: listens on a socket in a private folder (a named pipe on Windows), gives every connection a session,
 * folds what they say and hands the rows to the sink, one call a read.
 *
 * Invariant: a connection that talks nonsense, or without the token, is closed and harms no other.
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HelloMessage } from "../../src-runtime/protocol/message.ts";
import { nanos, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { Change } from "../store/rows.ts";
import { createBacklog } from "./backlog.ts";
import { createFold } from "./fold.ts";
import { createFrameResolver } from "./frames.ts";
import { makeSocketFolder } from "./socket-folder.ts";
import { createSession, type HandleBatch, type PromiseBatch, type SessionEvent } from "./session.ts";

/** A thread that ends waits only a moment for its last bytes to be taken. */
const TOO_LATE = "what a thread did last (it ended before all it had said was taken)";

/**
 * Turns of the event loop in which a connection that waits to be accepted is: on a busy machine a process may have come
 * and gone before we look.
 */
const ACCEPT_TURNS = 3;

export interface RecordingSink {
  /** One transaction. `end` is the last instant anything is known of. */
  write(changes: readonly Change[], end: Nanos): void;
  handles(batch: HandleBatch): void;
  promises(batch: PromiseBatch): void;
}

export interface Collector {
  readonly socket: string;
  readonly token: string;
  /** CLOCK_MONOTONIC at the recording's zero, nanoseconds. */
  readonly originMonoNs: number;
  /** Wall clock at the recording's zero, epoch milliseconds. */
  readonly anchorMs: number;
  /** Threads that said hello so far, and those of them still connected. */
  threads(): { readonly seen: number; readonly connected: number };
  /** Of the first process: whether its main thread said goodbye. */
  firstSaidBye(): boolean;
  /**
   * Resolves when every connection has ended (soon when there is none), at the latest after `ms`, and all that was
   * received is written.
   */
  drained(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** `places` are folders for the socket besides the system's temporary one. */
export async function startCollector(
  sink: RecordingSink,
  onError: (error: unknown) => void,
  places: readonly string[] = [],
): Promise<Collector> {
  const token = randomBytes(16).toString("hex");
  const folder = process.platform === "win32" ? undefined : await makeSocketFolder([tmpdir(), ...places]);
  const path = folder === undefined ? `\\\\.\\pipe\\stallscope-${token.slice(0, 12)}` : join(folder, "s");
  const anchorMs = Date.now();
  const originMonoNs = Number(process.hrtime.bigint());
  const fold = createFold();
  const backlog = createBacklog();
  const sockets = new Set<Socket>();
  const processes = new Map<number, number>();
  let waiters: (() => void)[] = [];
  let threads = 0;
  let connected = 0;
  let firstSaidBye = false;
  let failed = false;

  function deliver(changes: readonly Change[], end: Nanos): void {
    if (failed || (changes.length === 0 && end === 0)) return;
    try {
      sink.write(changes, end);
    } catch (error) {
      failed = true;
      onError(error);
    }
  }

  function admit(hello: HelloMessage): {
    thread: number;
    process: number;
    frames: ReturnType<typeof createFrameResolver>;
  } {
    let process = processes.get(hello.pid);
    if (process === undefined) {
      process = processes.size + 1;
      processes.set(hello.pid, process);
    }
    threads++;
    return { thread: threads, process, frames: createFrameResolver(hello.cwd) };
  }

  function onEvents(events: readonly SessionEvent[]): void {
    const changes: Change[] = [];
    let end = 0;
    for (const event of events) {
      if ("at" in event && event.at > end) end = event.at;
      if (event.kind === "bye" && event.thread === 1) firstSaidBye = true;
      fold.apply(event, changes);
    }
    deliver(changes, nanos(end));
  }

  function inBulk(hand: () => void): void {
    if (failed) return;
    try {
      hand();
    } catch (error) {
      failed = true;
      onError(error);
    }
  }

  function onConnection(socket: Socket): void {
    sockets.add(socket);
    connected++;
    let saidBye = false;
    let isNonsense = false;
    function events(said: readonly SessionEvent[]): void {
      if (said.some(({ kind }) => kind === "bye")) saidBye = true;
      onEvents(said);
    }
    const session = createSession({
      token,
      originMonoNs,
      admit,
      events,
      handles: (batch) => inBulk(() => sink.handles(batch)),
      promises: (batch) => inBulk(() => sink.promises(batch)),
    });
    function take(bytes: Uint8Array): void {
      if (isNonsense) return;
      try {
        session.push(bytes);
      } catch (error) {
        isNonsense = true;
        const text = error instanceof Error ? error.message : String(error);
        deliver([{ do: "notSeen", what: `the rest of a connection that sent nonsense (${text})` }], nanos(0));
        socket.destroy();
      }
    }
    socket.on("data", (bytes) => {
      if (backlog.add(bytes.length, () => take(bytes))) return;
      socket.pause();
      backlog.whenRoom(() => socket.resume());
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      const wasBehind = backlog.held > 0;
      backlog.add(0, () => {
        session.end();
        if (wasBehind && !saidBye && !isNonsense) deliver([{ do: "notSeen", what: TOO_LATE }], nanos(0));
      });
      sockets.delete(socket);
      connected--;
      if (connected === 0) {
        for (const waiter of waiters) waiter();
        waiters = [];
      }
    });
  }

  const server: Server = createServer(onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });

  return {
    socket: path,
    token,
    originMonoNs,
    anchorMs,
    threads: () => ({ seen: threads, connected }),
    firstSaidBye: () => firstSaidBye,
    async drained(ms) {
      for (let turn = 0; turn < ACCEPT_TURNS; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
      await new Promise<void>((resolve) => {
        if (connected === 0) return resolve();
        const timer = setTimeout(resolve, ms);
        waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
      await backlog.done();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
