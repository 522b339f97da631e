/**
 * Writes one recording while it runs. One transaction a batch, so that a reader sees whole batches and a killed
 * recorder leaves a file that is right up to its last one (WAL). Nothing here is asynchronous.
 */
import Database from "better-sqlite3";
import type { Outcome } from "../../src-runtime/protocol/record.ts";
import type { SliceKind } from "../api/api.ts";
import { encodeHandles } from "./handle-chunk.ts";
import { classOf, createLevelBuilder, UNMERGED_CLASS } from "./level.ts";
import { createLoopLevels } from "./loop-levels.ts";
import type { RecordingMeta } from "./meta.ts";
import type { Change, StallChange } from "./rows.ts";
import { createPromiseWriter, type PromiseBatch } from "./promise-writer.ts";
import { applyRuntime, type RuntimeChange } from "./runtime-writer.ts";
import { APPLICATION_ID, FORMAT, SCHEMA } from "./schema.ts";
import { createStatements, type Statements } from "./statements.ts";
import { createYoungRows, type YoungRows } from "./young-rows.ts";

/** Handle records a chunk, and how long fewer may wait for more. */
const CHUNK_RECORDS = 4096;
const CHUNK_WAIT_MS = 500;

export interface HandleBatch {
  readonly thread: number;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly offsetNs: number;
  readonly created: ReadonlyMap<string, number>;
}

export type Ending = Pick<RecordingMeta, "state" | "exitCode" | "signal">;

export interface RecordingWriter {
  /** One transaction. `end` is the last instant anything is known of. */
  write(changes: readonly Change[], end: number): void;
  handles(batch: HandleBatch): void;
  promises(batch: PromiseBatch): void;
  /** Writes how it ended and leaves one self-contained file. */
  finish(ending: Ending): void;
  /** Leaves the file as it is: after an error. */
  close(): void;
}

interface PendingHandles {
  batches: Uint8Array[];
  count: number;
  from: number;
  to: number;
  offsetNs: number;
  since: number;
}

interface OpenSlice {
  readonly track: number;
  readonly depth: number;
  readonly start: number;
  readonly kind: SliceKind;
  readonly subject: number;
  readonly label: string;
}

/** Creates the file; it must not exist. */
export function createRecordingWriter(
  path: string,
  meta: Omit<RecordingMeta, "state" | "end" | "version" | "events">,
): RecordingWriter {
  const db = new Database(path, { timeout: 200 });
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = NORMAL");
  db.pragma("temp_store = MEMORY");
  db.exec(`BEGIN; ${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}; COMMIT;`);
  const sql = createStatements(db);
  const young = createYoungRows(sql);
  const levels = createLevelBuilder();
  const loop = createLoopLevels();
  const openSlices = new Map<number, OpenSlice>();
  const handles = new Map<number, PendingHandles>();
  const promises = createPromiseWriter(sql);
  let end = 0;
  let version = 0;
  let events = 0;

  function setMeta(values: Partial<RecordingMeta>): void {
    for (const [key, value] of Object.entries(values)) {
      if (value !== undefined) sql.meta.run(key, typeof value === "boolean" ? Number(value) : value);
    }
  }

  function inTransaction(body: () => void): void {
    db.exec("BEGIN");
    try {
      body();
      for (const run of levels.takeChanged()) {
        sql.run.run(
          run.track,
          run.level,
          run.start,
          run.depth,
          run.end - run.start,
          run.kind,
          run.outcome,
          run.count,
          run.subject,
          run.label,
        );
      }
      for (const bucket of loop.takeChanged()) {
        sql.loop.run(bucket.thread, bucket.level, bucket.start, bucket.dur, bucket.busyMs, bucket.delayMs);
      }
      version++;
      setMeta({ end, version, events });
      db.exec("COMMIT");
    } catch (error) {
      if (db.inTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }

  function openSlice(row: Extract<Change, { do: "slice" }>["row"]): void {
    const { id, track, depth, kind, subject, start, label } = row;
    openSlices.set(id, { track, depth, start, kind, subject, label });
    young.slice(row);
  }

  function closeSlice(id: number, at: number, outcome: Outcome, firstChunk: number | undefined): void {
    const slice = openSlices.get(id);
    if (slice === undefined) return;
    openSlices.delete(id);
    const dur = Math.max(0, at - slice.start);
    const isMerged = slice.kind !== "culprit";
    young.endSlice(id, isMerged ? classOf(dur) : UNMERGED_CLASS, dur, outcome, firstChunk);
    if (isMerged) levels.add({ ...slice, end: slice.start + dur, outcome });
  }

  function flushHandles(isLast: boolean): void {
    const now = performance.now();
    for (const [thread, pending] of handles) {
      if (!isLast && pending.count < CHUNK_RECORDS && now - pending.since < CHUNK_WAIT_MS) continue;
      const bytes = encodeHandles(Buffer.concat(pending.batches), pending.offsetNs);
      sql.handleChunk.run(thread, pending.from, pending.to, pending.count, bytes);
      handles.delete(thread);
    }
  }

  setMeta({ ...meta, state: "live", end, version, events });

  return {
    write(changes, to) {
      if (to > end) end = to;
      events += changes.length;
      inTransaction(() => {
        for (const change of changes) {
          if (change.do === "slice") openSlice(change.row);
          else if (change.do === "endSlice") closeSlice(change.slice, change.end, change.outcome, change.firstChunk);
          else if (change.do === "loop") loop.add(change.thread, change.at, change.dur, change.busyMs, change.delayMs);
          else apply(sql, young, change);
        }
        young.flush();
        flushHandles(false);
        events += promises.flush(false);
      });
    },
    handles(batch) {
      if (batch.to > end) end = batch.to;
      events += batch.count;
      const pending = handles.get(batch.thread);
      if (pending === undefined) {
        const { from, to, count, bytes, offsetNs } = batch;
        handles.set(batch.thread, { batches: [bytes], count, from, to, offsetNs, since: performance.now() });
      } else {
        pending.batches.push(batch.bytes);
        pending.count += batch.count;
        pending.from = Math.min(pending.from, batch.from);
        pending.to = Math.max(pending.to, batch.to);
      }
      if (batch.created.size === 0 && (pending?.count ?? 0) < CHUNK_RECORDS) return;
      inTransaction(() => {
        for (const [type, count] of batch.created) sql.handleType.run(batch.thread, type, count);
        flushHandles(false);
      });
    },
    promises(batch) {
      const taken = promises.push(batch);
      if (taken.end > end) end = taken.end;
      if (taken.isDue) inTransaction(() => void (events += promises.flush(false)));
    },
    finish(ending) {
      inTransaction(() => {
        flushHandles(true);
        events += promises.flush(true);
        setMeta(ending);
      });
      db.pragma("wal_checkpoint(TRUNCATE)");
      leaveWal(db);
      db.close();
    },
    close: () => void db.close(),
  };
}

/** One file with nothing beside it, unless a viewer has it open right now: then it stays as it is, and is as good. */
function leaveWal(db: Database.Database): void {
  try {
    db.pragma("journal_mode = DELETE");
  } catch (error) {
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
  }
}

/** Every change but those that levels are made of. */
function apply(
  sql: Statements,
  young: YoungRows,
  change: Exclude<Change, { do: "slice" | "endSlice" | "loop" }>,
): void {
  switch (change.do) {
    case "trackLabel":
      sql.trackLabel.run(change.label, change.track);
      return;
    case "process": {
      const { id, pid, ppid, program, argCount, args, cwd, execPath, node, platform, arch, start } = change.row;
      const argsText = args === undefined ? null : JSON.stringify(args);
      sql.process.run(id, pid, ppid, program ?? null, argCount, argsText, cwd, execPath, node, platform, arch, start);
      return;
    }
    case "thread": {
      const { id, process, threadId, level, start } = change.row;
      sql.thread.run(id, process, threadId, level, start);
      return;
    }
    case "endThread":
      sql.endThread.run(change.at, change.exitCode ?? null, change.thread);
      return;
    case "track": {
      const { id, parent, thread, kind, task, label, start } = change.row;
      sql.track.run(id, parent, thread, kind, task, label, start);
      return;
    }
    case "trackDepths":
      sql.trackDepths.run(change.depths, change.track);
      return;
    case "task":
      young.task(change.row);
      return;
    case "endTask":
      young.endTask(change);
      return;
    case "taskAttributes":
      young.settleTask(change.task);
      sql.taskAttributes.run(JSON.stringify(change.attributes), change.task);
      return;
    case "taskChunks":
      young.settleTask(change.task);
      sql.taskChunks.run(change.firstChunk, change.chunks, change.task);
      return;
    case "voidSlice":
      sql.voidSlice.run(change.slice);
      return;
    case "span": {
      const { id, thread, task, name, start } = change.row;
      sql.span.run(id, thread, task, name, start);
      return;
    }
    case "endSpan":
      sql.endSpan.run(change.at, change.outcome, change.error ?? null, change.span);
      return;
    case "spanAttributes":
      sql.spanAttributes.run(JSON.stringify(change.attributes), change.span);
      return;
    case "stall":
      putStall(sql, change.row);
      return;
    case "voidStall":
      sql.voidStall.run(change.stall);
      sql.voidSamples.run(change.stall);
      sql.voidProfile.run(change.stall);
      sql.voidVictims.run(change.stall);
      sql.victimCount.run(change.stall, 0);
      return;
    case "own":
      sql.own.run(change.thread, change.what, change.at, change.dur);
      return;
    case "profile":
      sql.profile.run(change.stall, JSON.stringify(change.flame));
      return;
    case "victims":
      sql.voidVictims.run(change.stall);
      for (const { kind, name, task, due, ran, exact, cancelled } of change.rows)
        sql.victim.run(change.stall, kind, name, task, due, ran, Number(exact), cancelled);
      sql.victimCount.run(change.stall, change.count);
      return;
    case "sample": {
      const { stall, at, tookMs, task, span, frames } = change.row;
      sql.sample.run(stall, at, tookMs, task, span, JSON.stringify(frames));
      return;
    }
    case "cancellation": {
      const { id, cancel, task, requested, source, reason, by, stack, scope } = change.row;
      sql.cancellation.run(id, cancel, task, requested, source, reason, by, JSON.stringify(stack), scope);
      return;
    }
    case "settleCancellation":
      sql.settleCancellation.run(change.at, Number(change.ignored), change.cancellation);
      return;
    case "link":
      sql.link.run(change.kind, change.from, change.to, change.at);
      return;
    case "handles":
      sql.handleType.run(change.thread, change.type, change.count);
      return;
    case "dropped":
      sql.dropped.run(change.kind, change.count);
      return;
    case "notSeen":
      sql.notSeen.run(change.what);
      return;
    default:
      applyRuntime(sql, young, change satisfies RuntimeChange);
  }
}

function putStall(sql: Statements, row: StallChange): void {
  sql.stall.run(
    row.id,
    row.thread,
    row.start,
    row.dur ?? null,
    row.phase,
    row.cause,
    row.task,
    row.span,
    row.blame === undefined ? null : JSON.stringify(row.blame),
    JSON.stringify(row.frames),
    row.samples,
    Number(row.capturedDuring),
    JSON.stringify(row.evidence),
    row.seen,
  );
}
