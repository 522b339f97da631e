/**
 * The recordings folder: where it is, what a new recording is called, what has to go when it grows over its cap.
 */
import { globSync, mkdirSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { openRecording } from "./recording.ts";
import { RecordingError } from "./recording-error.ts";
import { EXTENSION } from "./schema.ts";

/** Recordings beyond this are deleted, oldest first. Bytes. */
export const FOLDER_CAP = 2 * 1024 ** 3;

/** `STALLSCOPE_HOME`, else the platform's data folder of the user. */
export function dataFolder(env: NodeJS.ProcessEnv): string {
  const named = env["STALLSCOPE_HOME"];
  if (named !== undefined && named !== "") return named;
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", "stallscope");
  if (process.platform === "win32") return join(env["APPDATA"] ?? join(homedir(), "AppData", "Roaming"), "stallscope");
  const base = env["XDG_DATA_HOME"];
  return join(base === undefined || base === "" ? join(homedir(), ".local", "share") : base, "stallscope");
}

export function recordingsFolder(env: NodeJS.ProcessEnv): string {
  return join(dataFolder(env), "recordings");
}

/** Every recording file in the folder. */
export function recordingFiles(folder: string): readonly string[] {
  return globSync(`*${EXTENSION}`, { cwd: folder }).map((name) => join(folder, name));
}

/** `<program>-<date>-<time>.stallscope`, not there yet. Creates the folder. */
export function newRecordingPath(folder: string, program: string, at: Date): string {
  try {
    makeFolder(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new RecordingError(
      "cannot-write",
      `The recordings folder ${folder} can't be made (${code}).`,
      "Set STALLSCOPE_HOME to a folder that can be written.",
    );
  }
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
  const name = `${program.replaceAll(/[^\w.-]+/g, "_").slice(0, 80) || "program"}-${date}-${time}`;
  for (let count = 1; ; count++) {
    const path = join(folder, count === 1 ? `${name}${EXTENSION}` : `${name}-${count}${EXTENSION}`);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return path;
  }
}

/**
 * The folder and those above it that are missing. Not by `recursive`: Node then asks for ever below a folder that says
 * "no such file" of whatever is made in it, as /proc does.
 */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another run was faster.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

/** Deletes a recording and what SQLite keeps beside it. Refuses while it is being written. */
export function deleteRecording(path: string): void {
  assertNotLive(path);
  removeFiles(path);
}

/** Makes room at `path` for a new recording: an older recording there goes, anything else stays. */
export function clearPlace(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() === true) return;
    throw new RecordingError(
      "cannot-write",
      `${path} can't be written: there is no such folder.`,
      "Make the folder, or give -o another place.",
    );
  }
  if (stats.isDirectory())
    throw new RecordingError("cannot-write", `${path} is a folder.`, "Give -o the name of a file.");
  if (stats.size > 0) assertNotLive(path);
  removeFiles(path);
}

function assertNotLive(path: string): void {
  const recording = openRecording(path);
  const { state, recorderPid } = recording.meta();
  recording.close();
  if (state === "live") {
    throw new RecordingError(
      "in-use",
      `${path} is being written by another run (process ${recorderPid}).`,
      "Stop that run first.",
    );
  }
}

/** The file and what SQLite keeps beside it. */
export function removeFiles(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
}

/**
 * Deletes the oldest recordings until the folder is under its cap. Never a pinned, a live or an unreadable one.
 * @returns what was deleted.
 */
export function enforceCap(folder: string, cap: number): readonly { readonly path: string; readonly bytes: number }[] {
  const files = recordingFiles(folder)
    .map((path) => ({ path, stats: statSync(path, { throwIfNoEntry: false }) }))
    .flatMap(({ path, stats }) => (stats === undefined ? [] : [{ path, bytes: stats.size, at: stats.mtimeMs }]))
    .sort((a, b) => a.at - b.at);
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const deleted: { path: string; bytes: number }[] = [];
  for (const { path, bytes } of files) {
    if (total <= cap) break;
    if (!isDisposable(path)) continue;
    removeFiles(path);
    deleted.push({ path, bytes });
    total -= bytes;
  }
  return deleted;
}

function isDisposable(path: string): boolean {
  try {
    const recording = openRecording(path);
    const { state, pinned } = recording.meta();
    recording.close();
    return state !== "live" && !pinned;
  } catch {
    return false;
  }
}
