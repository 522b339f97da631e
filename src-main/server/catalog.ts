/**
 * The recordings a viewer may name: those of the folder, and those given on the command line. A viewer names one by its
 * id and never by a path. Keeps the ones in use open, and what the list says of the others as long as a file is as it was.
 */
import { createHash } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { ApiError, RecordingRow } from "../api/api.ts";
import { recordingRow } from "../queries/recording-row.ts";
import { recordingFiles } from "../store/folder.ts";
import { openRecording, type Recording } from "../store/recording.ts";
import { EXTENSION } from "../store/schema.ts";
import { Refusal, toRefusal } from "./refusal.ts";

const KEPT_OPEN = 8;

interface Entry {
  readonly path: string;
  readonly stamp: string;
  readonly row: RecordingRow;
}

export interface Catalog {
  /** Newest first. */
  rows(): readonly RecordingRow[];
  /** @throws a Refusal when there is none of this id, or it can't be read. */
  open(id: string): Recording;
  pathOf(id: string): string;
  /** The id under which a file is listed. */
  idOf(path: string): string;
  /** Lets go of the file, so that it can be deleted. */
  release(id: string): void;
  /** Changes whenever the list may have. */
  stamp(): string;
  close(): void;
}

export function createCatalog(folder: string, extra: readonly string[]): Catalog {
  const entries = new Map<string, Entry>();
  const opened = new Map<string, Recording>();

  function files(): readonly string[] {
    return [...new Set([...extra, ...recordingFiles(folder)])];
  }

  function entryOf(path: string): Entry | undefined {
    const stamp = stampOf(path);
    const known = entries.get(path);
    if (stamp === undefined) {
      entries.delete(path);
      return undefined;
    }
    // A live recording can turn into a cut one without a write.
    if (known !== undefined && known.stamp === stamp && known.row.state !== "live") return known;
    const entry = { path, stamp, row: describe(path) };
    entries.set(path, entry);
    return entry;
  }

  function list(): readonly Entry[] {
    const found = files().flatMap((path) => entryOf(path) ?? []);
    const seen = new Set<string>();
    return found.map((entry) => {
      const id = seen.has(entry.row.id) ? idByPath(entry.path) : entry.row.id;
      seen.add(id);
      return id === entry.row.id ? entry : { ...entry, row: { ...entry.row, id } };
    });
  }

  function find(id: string): Entry {
    const entry = list().find(({ row }) => row.id === id);
    if (entry === undefined)
      throw new Refusal({
        code: "not-found",
        message: "This recording is not there any more.",
        hint: "Go back to the list.",
      });
    return entry;
  }

  function release(id: string): void {
    opened.get(id)?.close();
    opened.delete(id);
  }

  return {
    rows: () =>
      list()
        .map(({ row }) => row)
        .sort((a, b) => b.startedAtMs - a.startedAtMs),
    open(id) {
      const known = opened.get(id);
      if (known !== undefined) {
        opened.delete(id);
        opened.set(id, known);
        return known;
      }
      const recording = openRecording(find(id).path);
      opened.set(id, recording);
      const [oldest] = opened.keys();
      if (opened.size > KEPT_OPEN && oldest !== undefined) release(oldest);
      return recording;
    },
    pathOf: (id) => find(id).path,
    idOf: (path) => list().find((entry) => entry.path === path)?.row.id ?? idByPath(path),
    release,
    stamp: () =>
      files()
        .map((path) => `${path}:${stampOf(path) ?? ""}`)
        .join("\n"),
    close() {
      for (const recording of opened.values()) recording.close();
      opened.clear();
    },
  };
}

/** What changes when the file does. */
function stampOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return `${stats.mtimeMs} ${stats.size} ${log?.mtimeMs ?? 0} ${log?.size ?? 0}`;
}

function idByPath(path: string): string {
  return `file-${createHash("sha256").update(path).digest("hex").slice(0, 16)}`;
}

function describe(path: string): RecordingRow {
  try {
    const recording = openRecording(path);
    try {
      return recordingRow(recording);
    } finally {
      recording.close();
    }
  } catch (error) {
    return unreadableRow(path, toRefusal(error).said);
  }
}

function unreadableRow(path: string, error: ApiError): RecordingRow {
  const stats = statSync(path, { throwIfNoEntry: false });
  return {
    id: idByPath(path),
    name: basename(path, EXTENSION),
    startedAtMs: stats?.mtimeMs ?? 0,
    durationMs: 0,
    state: "cut",
    level: "tasks",
    pid: 0,
    sizeBytes: stats?.size ?? 0,
    stalls: 0,
    blockedMs: 0,
    cancellations: 0,
    tasks: 0,
    failed: 0,
    modelCalls: 0,
    tools: 0,
    tokens: 0,
    dropped: 0,
    busy: [],
    stallMarks: [],
    sentence: { tone: "calm", parts: [{ text: error.message, role: "plain" }] },
    error,
  };
}

/** The file itself, whatever links lead to it. */
export function canonicalPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
