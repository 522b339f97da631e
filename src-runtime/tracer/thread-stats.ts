/**
 * What the kernel knows of a traced thread, read from its watchdog's thread at every tick: time on a CPU, time ready
 * without one, and, while it hangs, its state. From the readings come the figures of one stall.
 *
 *     tick ─ ● ────── ● ────── ● ────── ● ────── ●     readings: CPU and run delay, added up since the thread began
 *                  ▕◀──────── stall ────────▶▏         its borders lie between two, and are reckoned by proportion
 *
 * Off the CPU and not ready is parked (asleep in the kernel) or stopped. Linux only; elsewhere, without /proc or
 * without leave to read it, these figures are absent and only the watchdog's own remain.
 */
import { closeSync, openSync, readSync, readlinkSync } from "node:fs";
import { RECORD_BYTES, RecordKind } from "../protocol/record.ts";

/** Readings kept: half a minute at least of an idle thread, 15 s of one that hangs. */
const KEPT = 1024;
/** How often the clock that counts while the machine sleeps is read. Milliseconds. */
const BOOT_EVERY_MS = 200;
/** That clock is told in hundredths of a second; a machine never sleeps for less than this. */
const LEAST_SLEEP_MS = 200;
const NS_PER_MS = 1e6;

/** The reader of one thread. Values are those of the last `read`. */
export interface ThreadSource {
  /** False: nothing to be had any more. */
  read(): boolean;
  /** Since the thread began, milliseconds. */
  readonly cpuMs: number;
  readonly delayMs: number;
  /** The kernel's letter (R, S, D, T, t …), "" unknown. */
  state(): string;
  /** Time since the machine started, while it slept too; milliseconds, NaN unknown. */
  bootMs(): number;
  close(): void;
}

/** The directory of the calling thread in /proc; undefined where there is none. */
export function ownThreadFolder(): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return `/proc/${readlinkSync("/proc/thread-self")}`;
  } catch {
    return undefined;
  }
}

export function openThreadSource(folder: string | undefined): ThreadSource | undefined {
  if (folder === undefined) return undefined;
  const buffer = new Uint8Array(512);
  const files = new Map<string, number>();
  let cpuMs = 0;
  let delayMs = 0;
  let at = 0;

  /** The number of bytes read from the beginning, 0 when it can't be read. */
  function load(path: string): number {
    try {
      let file = files.get(path);
      if (file === undefined) {
        file = openSync(path, "r");
        files.set(path, file);
      }
      return readSync(file, buffer, 0, buffer.length, 0);
    } catch {
      return 0;
    }
  }

  /** The whole number at `at`, which moves behind what follows it. */
  function number(): number {
    let value = 0;
    for (let digit = (buffer[at] ?? 0) - 48; digit >= 0 && digit <= 9; digit = (buffer[++at] ?? 0) - 48)
      value = value * 10 + digit;
    at++;
    return value;
  }

  const source: ThreadSource = {
    read() {
      // "on-CPU ns, run-delay ns, slices"
      if (load(`${folder}/schedstat`) < 3) return false;
      at = 0;
      cpuMs = number() / NS_PER_MS;
      delayMs = number() / NS_PER_MS;
      return true;
    },
    get cpuMs() {
      return cpuMs;
    },
    get delayMs() {
      return delayMs;
    },
    state() {
      // "pid (name) S …": the name may hold anything, the last bracket ends it.
      const length = load(`${folder}/stat`);
      const bracket = buffer.subarray(0, length).lastIndexOf(41);
      return bracket < 0 ? "" : String.fromCharCode(buffer[bracket + 2] ?? 0);
    },
    bootMs() {
      // "12345.67 …"
      if (load("/proc/uptime") < 4) return Number.NaN;
      at = 0;
      const seconds = number();
      return seconds * 1000 + number() * 10;
    },
    close() {
      for (const file of files.values()) closeSync(file);
      files.clear();
    },
  };
  // Without scheduler statistics in the kernel the file is missing, or says nothing but noughts.
  if (source.read() && source.cpuMs > 0) return source;
  source.close();
  return undefined;
}

export interface ThreadStats {
  /**
   * A tick of the watchdog at `at`, which it had meant to be earlier (and was not itself busy in between). `state` is
   * read only while the thread hangs.
   */
  tick(at: number, lateMs: number, isBlocked: boolean): void;
  /** The watchdog sees the thread hang since the beat at `since`. */
  open(beat: number, since: number): void;
  /** A capture was asked for; it was answered; it will never be, because it could not even be asked. */
  asked(at: number): void;
  answered(at: number): void;
  refused(): void;
  /** By names of StallEvidence. Of a stall that is over, or up to now. */
  figures(beat: number, from: number, to: number): Readonly<Record<string, number>>;
  close(): void;
}

/** Columns of readings. */
interface Readings {
  readonly at: Float64Array;
  /** Added up. */
  readonly cpu: Float64Array;
  readonly delay: Float64Array;
  readonly stopped: Float64Array;
  /** How far the clock that counts sleep is ahead of ours. */
  readonly ahead: Float64Array;
  /** How late the watchdog came to it. */
  readonly late: Float64Array;
}

export function createThreadStats(source: ThreadSource | undefined): ThreadStats {
  const column = (): Float64Array => new Float64Array(KEPT);
  const readings: Readings = {
    at: column(),
    cpu: column(),
    delay: column(),
    stopped: column(),
    ahead: column(),
    late: column(),
  };
  /** Readings so far: the slot is the count modulo KEPT. */
  let count = 0;
  let canRead = source !== undefined;
  let stopped = 0;
  let ahead = Number.NaN;
  let aheadAt = -Infinity;
  /** It was ready to run at the last reading, and hung. */
  let isReady = false;
  /** What hung last, and the columns at its beginning: it may last for longer than readings are kept. */
  const open = { beat: -1, isKnown: false, since: 0, cpu: 0, delay: 0, stopped: 0, ahead: Number.NaN, late: 0 };
  /** Of what hung last: the longest time without an answer, and the last question. */
  const answers = { longest: 0, from: Number.NaN, to: Number.NaN };

  function readAhead(at: number): void {
    ahead = (source?.bootMs() ?? Number.NaN) - at;
    aheadAt = at;
  }

  /** The last reading not after `at`, else the oldest. Counts from the first ever. */
  function indexAt(at: number): number {
    const oldest = Math.max(0, count - KEPT);
    let index = count - 1;
    while (index > oldest && (readings.at[index % KEPT] ?? 0) > at) index--;
    return index;
  }

  /** By proportion between the readings around `at`. */
  function valueAt(values: Float64Array, at: number): number {
    const index = indexAt(at);
    const value = values[index % KEPT] ?? 0;
    const here = readings.at[index % KEPT] ?? 0;
    if (index + 1 >= count || at <= here) return value;
    const next = (index + 1) % KEPT;
    return value + (((values[next] ?? 0) - value) * (at - here)) / ((readings.at[next] ?? 0) - here);
  }

  function latest(from: number, to: number): number {
    let longest = 0;
    for (let index = Math.max(0, count - KEPT); index < count; index++) {
      const end = readings.at[index % KEPT] ?? 0;
      const late = readings.late[index % KEPT] ?? 0;
      longest = Math.max(longest, Math.min(end, to) - Math.max(end - late, from));
    }
    return longest;
  }

  /** Whether the readings reach back to it: they begin with the watchdog, and old ones are overwritten. */
  function isKept(at: number): boolean {
    return count > 0 && (readings.at[count <= KEPT ? 0 : count % KEPT] ?? 0) <= at;
  }

  function addThread(figures: Record<string, number>, from: number, to: number): void {
    const kept = isKept(from);
    const grown = (values: Float64Array, mark: number): number =>
      Math.max(0, valueAt(values, to) - (kept ? valueAt(values, from) : mark));
    const delayMs = grown(readings.delay, open.delay);
    const stoppedMs = grown(readings.stopped, open.stopped);
    const parkedMs = to - from - grown(readings.cpu, open.cpu) - delayMs - stoppedMs;
    figures["runDelayMs"] = rounded(delayMs);
    figures["stoppedMs"] = rounded(stoppedMs);
    // The kernel adds up the delay only once the thread runs again: until then the two cannot be told apart.
    if (!isReady) figures["parkedMs"] = rounded(Math.max(0, parkedMs));
    readAhead(readings.at[(count - 1) % KEPT] ?? to);
    const slept = ahead - (kept ? (readings.ahead[indexAt(from) % KEPT] ?? Number.NaN) : open.ahead);
    if (!Number.isNaN(slept)) figures["sleptMs"] = slept < LEAST_SLEEP_MS ? 0 : Math.round(slept);
  }

  return {
    tick(at, lateMs, isBlocked) {
      const slot = count % KEPT;
      const last = (count + KEPT - 1) % KEPT;
      canRead &&= source?.read() === true;
      const { cpuMs: cpu = 0, delayMs: delay = 0 } = (canRead ? source : undefined) ?? {};
      const state = isBlocked && canRead && count > 0 ? (source?.state() ?? "") : "";
      isReady = state === "R";
      if (state === "T" || state === "t") {
        const ran = cpu - (readings.cpu[last] ?? 0) + delay - (readings.delay[last] ?? 0);
        stopped += Math.max(0, at - (readings.at[last] ?? 0) - ran);
      }
      if (canRead && at - aheadAt >= BOOT_EVERY_MS) readAhead(at);
      readings.at[slot] = at;
      readings.cpu[slot] = cpu;
      readings.delay[slot] = delay;
      readings.stopped[slot] = stopped;
      readings.ahead[slot] = ahead;
      readings.late[slot] = Math.max(0, lateMs);
      count++;
      if (isBlocked) open.late = Math.max(open.late, Math.min(lateMs, at - open.since));
    },
    open(beat, since) {
      open.beat = beat;
      open.isKnown = isKept(since);
      open.since = since;
      open.cpu = valueAt(readings.cpu, since);
      open.delay = valueAt(readings.delay, since);
      open.stopped = valueAt(readings.stopped, since);
      open.ahead = readings.ahead[indexAt(since) % KEPT] ?? Number.NaN;
      open.late = latest(since, Infinity);
      answers.longest = 0;
      answers.from = Number.NaN;
      answers.to = Number.NaN;
    },
    asked(at) {
      if (!Number.isNaN(answers.to)) answers.longest = Math.max(answers.longest, answers.to - answers.from);
      answers.from = at;
      answers.to = Number.NaN;
    },
    answered(at) {
      if (Number.isNaN(answers.from) || !Number.isNaN(answers.to)) return;
      answers.to = at;
    },
    refused() {
      answers.from = Number.NaN;
    },
    figures(beat, from, to) {
      const isOpen = beat === open.beat;
      const figures: Record<string, number> = {};
      if (canRead && ((isOpen && open.isKnown) || isKept(from))) addThread(figures, from, to);
      figures["watchdogLateMs"] = rounded(Math.max(latest(from, to), isOpen && !isKept(from) ? open.late : 0));
      if (isOpen && !Number.isNaN(answers.from)) {
        const last = Math.min(to, Number.isNaN(answers.to) ? to : answers.to) - answers.from;
        figures["unansweredMs"] = rounded(Math.max(answers.longest, last));
      }
      return figures;
    },
    close() {
      source?.close();
    },
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** The stalls that a thread measured itself, among records as they lay in the ring (from `offset` on). */
export function stallsIn(bytes: Uint8Array, offset: number): readonly MeasuredStall[] {
  const stalls: MeasuredStall[] = [];
  for (let at = offset; at < bytes.length; at += RECORD_BYTES) {
    if (bytes[at + 8] !== RecordKind.stall) continue;
    const record = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_BYTES);
    const end = record.getFloat64(0, true);
    stalls.push({ beat: record.getUint32(12, true), from: end - record.getFloat64(24, true), to: end });
  }
  return stalls;
}

export interface MeasuredStall {
  readonly beat: number;
  readonly from: number;
  readonly to: number;
}
