/**
 * Opens a recording to read, live or not, without ever changing it. Says in a sentence why a file is none.
 */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import Database from "better-sqlite3";
import type { Level } from "../../src-runtime/protocol/message.ts";
import type { RecordingState } from "../api/api.ts";
import { stateNow, type RecordingMeta } from "./meta.ts";
import { RecordingError } from "./recording-error.ts";
import { APPLICATION_ID, FORMAT } from "./schema.ts";

const SQLITE_MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;
const APPLICATION_ID_AT = 68;
const USER_VERSION_AT = 60;

type Value = string | number | null | Uint8Array;

/** A recording open for reading. Every read sees the file's newest whole batch. */
export interface Recording {
  readonly path: string;
  /** Its format version: what tables there are. */
  readonly format: number;
  meta(): RecordingMeta;
  /** Runs `body` on one unchanging view of the recording. */
  snapshot<T>(body: () => T): T;
  all<Row>(sql: string, ...values: readonly Value[]): readonly Row[];
  get<Row>(sql: string, ...values: readonly Value[]): Row | undefined;
  /** Rows as arrays, for what becomes columns. */
  rows(sql: string, ...values: readonly Value[]): readonly (readonly unknown[])[];
  close(): void;
}

export function openRecording(path: string): Recording {
  checkFile(path);
  let db: Database.Database;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: 2000 });
    // A truncated file opens, and fails on the first page that is missing.
    db.prepare("SELECT count(*) FROM meta").get();
    checkPages(db, path);
  } catch (error) {
    throw asRecordingError(error, path);
  }
  const format = db.pragma("user_version", { simple: true }) as number;
  const statements = new Map<string, Database.Statement>();

  function prepare(sql: string): Database.Statement {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  function read<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw asRecordingError(error, path);
    }
  }

  return {
    path,
    format,
    meta: () => read(() => readMeta(prepare("SELECT key, value FROM meta").raw().all() as [string, unknown][])),
    snapshot: (body) => read(() => (db.inTransaction ? body() : db.transaction(body)())),
    all: <Row>(sql: string, ...values: readonly Value[]) =>
      read(
        () =>
          prepare(sql)
            .raw(false)
            .all(...values) as Row[],
      ),
    get: <Row>(sql: string, ...values: readonly Value[]) =>
      read(
        () =>
          prepare(sql)
            .raw(false)
            .get(...values) as Row | undefined,
      ),
    rows: (sql, ...values) =>
      read(
        () =>
          prepare(sql)
            .raw(true)
            .all(...values) as unknown[][],
      ),
    close: () => void db.close(),
  };
}

/** What the file's first bytes and its place say, before SQLite is let near it. */
function checkFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new RecordingError(
      "not-found",
      `There is no recording ${path}.`,
      "stallscope list shows the recordings there are.",
    );
  if (stats.isDirectory())
    throw new RecordingError("foreign", `${path} is a folder, not a recording.`, "Name a .stallscope file in it.");
  const header = readHeader(path);
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, 16) !== SQLITE_MAGIC) {
    throw new RecordingError(
      "foreign",
      `${path} is not a Stallscope recording.`,
      "Recordings are made by stallscope run, and end in .stallscope.",
    );
  }
  const format = header.readUInt32BE(USER_VERSION_AT);
  // A recording whose first pages still lie in its write-ahead log has zeros here.
  if (header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID && !hasLog(path)) {
    throw new RecordingError(
      "foreign",
      `${path} is an SQLite file, but not a Stallscope recording.`,
      "Recordings are made by stallscope run, and end in .stallscope.",
    );
  }
  if (format > FORMAT) {
    throw new RecordingError(
      "format-too-new",
      `${path} has recording format ${format}; this Stallscope reads up to ${FORMAT}.`,
      "Install a newer Stallscope to open it.",
    );
  }
}

/** The file must be as long as its header says, or pages at its end are gone. */
function checkPages(db: Database.Database, path: string): void {
  if (hasLog(path)) return;
  const pages = db.pragma("page_count", { simple: true }) as number;
  const pageSize = db.pragma("page_size", { simple: true }) as number;
  const application = db.pragma("application_id", { simple: true });
  if (application !== APPLICATION_ID) throw new Error("not a database");
  const header = readHeader(path);
  const promised = header.readUInt32BE(28);
  if (statSync(path).size < promised * pageSize || pages < promised) {
    throw new RecordingError(
      "unreadable",
      `${path} is truncated: ${Math.round(statSync(path).size / 1024)} of ${Math.round((promised * pageSize) / 1024)} KiB are there.`,
      "Copy the whole file again; what is missing can't be restored.",
    );
  }
}

function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function readHeader(path: string): Buffer {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new RecordingError(
      "unreadable",
      `${path} can't be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"}).`,
      "Check its permissions.",
    );
  }
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    return header.subarray(0, readSync(file, header, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function asRecordingError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof RecordingError) return error;
  const code = (error as { code?: string }).code ?? "";
  if (code === "SQLITE_BUSY" || code === "SQLITE_LOCKED") {
    return new RecordingError("unreadable", `${path} is locked by another program.`, "Close it there and try again.");
  }
  if (
    code.startsWith("SQLITE_CORRUPT") ||
    code.startsWith("SQLITE_IOERR") ||
    error.message.includes("no such table") ||
    error instanceof SyntaxError
  ) {
    return new RecordingError(
      "unreadable",
      `${path} is damaged (${code === "" ? "text in it can't be parsed" : code}).`,
      "Copy the whole file again; what is missing can't be restored.",
    );
  }
  if (code.startsWith("SQLITE_NOTADB") || error.message.includes("not a database")) {
    return new RecordingError(
      "foreign",
      `${path} is not a Stallscope recording.`,
      "Recordings are made by stallscope run, and end in .stallscope.",
    );
  }
  if (code.startsWith("SQLITE_")) {
    return new RecordingError(
      "unreadable",
      `${path} can't be read (${code}).`,
      "Check its permissions and those of its folder.",
    );
  }
  return error;
}

function readMeta(rows: readonly (readonly [string, unknown])[]): RecordingMeta {
  const values = new Map(rows);
  const text = (key: string): string => {
    const value = values.get(key);
    return typeof value === "string" ? value : "";
  };
  const number = (key: string): number => Number(values.get(key) ?? 0);
  const meta: RecordingMeta = {
    id: text("id"),
    name: text("name"),
    anchorMs: number("anchorMs"),
    level: text("level") as Level,
    thresholdMs: number("thresholdMs"),
    captureContent: number("captureContent") === 1,
    nodeFrom: text("nodeFrom"),
    stallscope: text("stallscope"),
    recorderPid: number("recorderPid"),
    recorderStart: text("recorderStart"),
    state: text("state") as RecordingState,
    end: number("end"),
    version: number("version"),
    events: number("events"),
    pinned: number("pinned") === 1,
    ...(values.has("exitCode") ? { exitCode: number("exitCode") } : {}),
    ...(values.has("signal") ? { signal: text("signal") } : {}),
  };
  return { ...meta, state: stateNow(meta) };
}
