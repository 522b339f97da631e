/**
 * The recording file, format 3: SQLite, one file, readable with any SQLite tool while it is written. Each table's
 * paragraph is in docs/recording-format.md. Times are integer nanoseconds since the recording started.
 */

/** "stls" in the file's header: tells our files from other SQLite files. */
export const APPLICATION_ID = 0x73746c73;
/** `user_version`. Raised with every change that an older reader could misread. */
export const FORMAT = 3;
export const EXTENSION = ".stallscope";

export const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE process (
  id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, ppid INTEGER NOT NULL, program TEXT, arg_count INTEGER NOT NULL,
  args TEXT, cwd TEXT NOT NULL, exec_path TEXT NOT NULL, node TEXT NOT NULL, platform TEXT NOT NULL, arch TEXT NOT NULL,
  start INTEGER NOT NULL
);

CREATE TABLE thread (
  id INTEGER PRIMARY KEY, process INTEGER NOT NULL REFERENCES process, thread_id INTEGER NOT NULL, level TEXT NOT NULL,
  start INTEGER NOT NULL, end INTEGER, exit_code INTEGER
);

CREATE TABLE task (
  id INTEGER PRIMARY KEY, thread INTEGER NOT NULL, parent INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  origin TEXT NOT NULL, created INTEGER NOT NULL, settled INTEGER, outcome TEXT NOT NULL DEFAULT 'open', error TEXT,
  first_chunk INTEGER, chunks INTEGER NOT NULL DEFAULT 0, attributes TEXT NOT NULL DEFAULT '{}',
  scope INTEGER NOT NULL, started INTEGER, site TEXT
);
CREATE INDEX task_parent ON task (parent);
CREATE INDEX task_kind ON task (kind, created);

CREATE TABLE cancellation (
  id INTEGER PRIMARY KEY, cancel INTEGER NOT NULL, task INTEGER NOT NULL, requested INTEGER NOT NULL, settled INTEGER,
  source TEXT NOT NULL, reason TEXT NOT NULL, by INTEGER NOT NULL, stack TEXT NOT NULL, ignored INTEGER NOT NULL DEFAULT 0,
  scope INTEGER NOT NULL, delivered INTEGER
);
CREATE INDEX cancellation_task ON cancellation (task);
CREATE INDEX cancellation_cancel ON cancellation (cancel);

CREATE TABLE scope (
  id INTEGER PRIMARY KEY, task INTEGER NOT NULL, parent INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  opened INTEGER NOT NULL, closed INTEGER, deadline INTEGER, shielded INTEGER NOT NULL, cancelled_at INTEGER,
  cancel INTEGER
);
CREATE INDEX scope_task ON scope (task);

CREATE TABLE subject (id INTEGER PRIMARY KEY, thread INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL);

CREATE TABLE wait (
  id INTEGER PRIMARY KEY, task INTEGER NOT NULL, kind TEXT NOT NULL, target INTEGER NOT NULL, holder INTEGER NOT NULL,
  asked_ms REAL, start INTEGER NOT NULL, dur INTEGER, outcome TEXT NOT NULL DEFAULT 'open', by INTEGER
);
CREATE INDEX wait_task ON wait (task);

CREATE TABLE hold (
  id INTEGER PRIMARY KEY, task INTEGER NOT NULL, subject INTEGER NOT NULL, acquired INTEGER NOT NULL, dur INTEGER,
  waited INTEGER NOT NULL
);
CREATE INDEX hold_task ON hold (task);
CREATE INDEX hold_subject ON hold (subject, acquired);

CREATE TABLE depth (
  subject INTEGER NOT NULL, at INTEGER NOT NULL, depth INTEGER NOT NULL, waiters INTEGER NOT NULL,
  passed INTEGER NOT NULL
);
CREATE INDEX depth_subject ON depth (subject, at);

CREATE TABLE runtime_event (
  at INTEGER NOT NULL, thread INTEGER NOT NULL, kind TEXT NOT NULL, task INTEGER NOT NULL, subject INTEGER NOT NULL,
  a REAL NOT NULL, b REAL NOT NULL, text TEXT
);
CREATE INDEX runtime_event_task ON runtime_event (task);

CREATE TABLE span (
  id INTEGER PRIMARY KEY, thread INTEGER NOT NULL, task INTEGER NOT NULL, name TEXT NOT NULL, start INTEGER NOT NULL,
  end INTEGER, outcome TEXT NOT NULL DEFAULT 'open', error TEXT, attributes TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX span_task ON span (task);

CREATE TABLE stall (
  id INTEGER PRIMARY KEY, thread INTEGER NOT NULL, start INTEGER NOT NULL, dur INTEGER, phase TEXT NOT NULL,
  cause TEXT NOT NULL, task INTEGER NOT NULL, span INTEGER NOT NULL,
  blame TEXT, frames TEXT NOT NULL, samples INTEGER NOT NULL, captured_during INTEGER NOT NULL, evidence TEXT NOT NULL,
  seen INTEGER NOT NULL
);
CREATE INDEX stall_task ON stall (task);

CREATE TABLE sample (
  stall INTEGER NOT NULL, at INTEGER NOT NULL, took_ms REAL NOT NULL, task INTEGER NOT NULL, span INTEGER NOT NULL,
  frames TEXT NOT NULL
);
CREATE INDEX sample_stall ON sample (stall);

CREATE TABLE profile (stall INTEGER PRIMARY KEY, flame TEXT NOT NULL);

CREATE TABLE own (thread INTEGER NOT NULL, what TEXT NOT NULL, at INTEGER NOT NULL, dur INTEGER NOT NULL);

CREATE TABLE victim (
  stall INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, task INTEGER NOT NULL, due INTEGER NOT NULL,
  ran INTEGER NOT NULL, exact INTEGER NOT NULL, cancelled INTEGER NOT NULL
);
CREATE INDEX victim_stall ON victim (stall);
CREATE TABLE victim_count (stall INTEGER PRIMARY KEY, count INTEGER NOT NULL);

CREATE TABLE link (kind TEXT NOT NULL, source INTEGER NOT NULL, target INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE INDEX link_source ON link (source);
CREATE INDEX link_target ON link (target);

CREATE TABLE track (
  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, thread INTEGER NOT NULL, kind TEXT NOT NULL, task INTEGER NOT NULL,
  label TEXT NOT NULL, start INTEGER NOT NULL, depths INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE slice (
  id INTEGER PRIMARY KEY, track INTEGER NOT NULL, class INTEGER NOT NULL, start INTEGER NOT NULL, dur INTEGER,
  depth INTEGER NOT NULL, kind TEXT NOT NULL, outcome TEXT NOT NULL, subject INTEGER NOT NULL, label TEXT NOT NULL,
  first_chunk INTEGER
);
CREATE INDEX slice_place ON slice (track, class, start);

CREATE TABLE run (
  track INTEGER NOT NULL, level INTEGER NOT NULL, start INTEGER NOT NULL, depth INTEGER NOT NULL, dur INTEGER NOT NULL,
  kind TEXT NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL, subject INTEGER NOT NULL, label TEXT NOT NULL,
  PRIMARY KEY (track, level, start, depth)
) WITHOUT ROWID;

CREATE TABLE loop (
  thread INTEGER NOT NULL, level INTEGER NOT NULL, start INTEGER NOT NULL, dur INTEGER NOT NULL, busy_ms REAL NOT NULL,
  delay_ms REAL NOT NULL, PRIMARY KEY (thread, level, start)
) WITHOUT ROWID;

CREATE TABLE handle_type (thread INTEGER NOT NULL, type TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (thread, type)) WITHOUT ROWID;

CREATE TABLE handle_chunk (
  id INTEGER PRIMARY KEY, thread INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, count INTEGER NOT NULL,
  bytes BLOB NOT NULL
);

CREATE TABLE promise_chunk (
  id INTEGER PRIMARY KEY, thread INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
  first_id INTEGER NOT NULL, last_id INTEGER NOT NULL, count INTEGER NOT NULL, bytes BLOB NOT NULL
);
CREATE INDEX promise_chunk_time ON promise_chunk (thread, end, start, count);
CREATE INDEX promise_chunk_ids ON promise_chunk (thread, last_id, first_id);

CREATE TABLE promise_count (thread INTEGER PRIMARY KEY, created INTEGER NOT NULL, settled INTEGER NOT NULL);

CREATE TABLE dropped (kind TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE not_seen (what TEXT PRIMARY KEY) WITHOUT ROWID;
`;
