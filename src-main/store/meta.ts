/**
 * What a recording says of itself, one row a key. The recorder's process identity tells a live recording from one
 * whose recorder died: the file says "live" until the recorder closes it.
 */
import { readFileSync } from "node:fs";
import type { Level } from "../../src-runtime/protocol/message.ts";
import type { RecordingState } from "../api/api.ts";

export interface RecordingMeta {
  /** Unique to this recording, whatever the file is called. */
  readonly id: string;
  readonly name: string;
  /** Wall clock at time 0, epoch milliseconds. */
  readonly anchorMs: number;
  readonly level: Level;
  readonly thresholdMs: number;
  readonly captureContent: boolean;
  /** Where the Node that ran the program came from. */
  readonly nodeFrom: string;
  readonly stallscope: string;
  readonly recorderPid: number;
  /** Distinguishes this process from a later one with the same pid; "" where the system doesn't tell. */
  readonly recorderStart: string;
  readonly state: RecordingState;
  /** The last instant anything is known of, nanoseconds since the recording started. */
  readonly end: number;
  /** Grows by one with every transaction. */
  readonly version: number;
  readonly events: number;
  readonly pinned: boolean;
  readonly exitCode?: number;
  readonly signal?: string;
}

/** When a process started, as the kernel counts it; "" unknown (the process is gone, or not on Linux). */
export function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command in parentheses may hold anything; the start time is the 20th field after it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** The state a reader sees: what the file says, unless its recorder is gone. */
export function stateNow(meta: RecordingMeta): RecordingState {
  if (meta.state !== "live") return meta.state;
  return isRunning(meta.recorderPid, meta.recorderStart) ? "live" : "cut";
}

function isRunning(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return start === "" || processStart(pid) === start;
}
