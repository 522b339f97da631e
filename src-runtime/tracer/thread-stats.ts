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
  /** A capture was asked for, and answered (also: refused). */
  asked(at: number): void;
  answered(at: number): void;
  /** By names of StallEvidence. Of a stall that is over, or up to now. */
  figures(beat: number, from: number, to: number): Readonly<Record<string, number>>;
  close(): void;
}

/** Columns of readings; all but `at` and `late` are added up. */
interface Readings {
  readonly at: Float64Array;
  readonly cpu: Float64Array;
  readonly delay: Float64Array;
  readonly stopped: Float64Array;
  /** Milliseconds that the watchdog came late at this reading. */
  readonly late: Float64Array;
}

export function createThreadStats(source: ThreadSource | undefined): ThreadStats {
  const column = (): Float64Array => new Float64Array(KEPT);
  const readings: Readings = { at: column(), cpu: column(), delay: column(), stopped: column(), late: column() };
  /** Readings so far: the slot is the count modulo KEPT. */
  let count = 0;
  let stopped = 0;
  let isReady = false;
  let canRead = source !== undefined;
  /** What hung last: figures of a stall longer than the readings reach back start here. */
  const open = { beat: -1, since: 0, cpu: 0, delay: 0, stopped: 0, late: 0, boot: Number.NaN };
  /** Of the open stall: the longest time without an answer, and the last question. */
  const answers = { longest: 0, from: Number.NaN, to: Number.NaN };
  /** How far the clock that counts sleep is ahead of ours: now, and at the reading before. */
  const boot = { at: -Infinity, ahead: Number.NaN, before: Number.NaN };

  function readBoot(at: number): void {
    boot.before = boot.ahead;
    boot.ahead = (source?.bootMs() ?? Number.NaN) - at;
    boot.at = at;
  }

  /** A column at an instant, by proportion between the readings around it. */
  function valueAt(values: Float64Array, at: number): number {
    const oldest = Math.max(0, count - KEPT);
    let index = count - 1;
    while (index > oldest && (readings.at[index % KEPT] ?? 0) > at) index--;
    const value = values[index % KEPT] ?? 0;
    const here = readings.at[index % KEPT] ?? 0;
    if (index + 1 >= count || at <= here) return value;
    const next = readings.at[(index + 1) % KEPT] ?? 0;
    return value + (((values[(index + 1) % KEPT] ?? 0) - value) * (at - here)) / (next - here);
  }

  /** The longest lateness within the window. */
  function latest(from: number, to: number): number {
    let longest = 0;
    for (let index = Math.max(0, count - KEPT); index < count; index++) {
      const end = readings.at[index % KEPT] ?? 0;
      const late = readings.late[index % KEPT] ?? 0;
      longest = Math.max(longest, Math.min(end, to) - Math.max(end - late, from));
    }
    return longest;
  }

  return {
    tick(at, lateMs, isBlocked) {
      canRead &&= source?.read() === true;
      const slot = count % KEPT;
      const last = (count + KEPT - 1) % KEPT;
      const cpu = canRead ? (source?.cpuMs ?? 0) : 0;
      const delay = canRead ? (source?.delayMs ?? 0) : 0;
      isReady = false;
      if (isBlocked && canRead && count > 0) {
        const state = source?.state() ?? "";
        isReady = state === "R";
        const ran = cpu - (readings.cpu[last] ?? 0) + delay - (readings.delay[last] ?? 0);
        if (state === "T" || state === "t") stopped += Math.max(0, at - (readings.at[last] ?? 0) - ran);
      }
      readings.at[slot] = at;
      readings.cpu[slot] = cpu;
      readings.delay[slot] = delay;
      readings.stopped[slot] = stopped;
      readings.late[slot] = Math.max(0, lateMs);
      count++;
      if (isBlocked) open.late = Math.max(open.late, Math.min(lateMs, at - open.since));
      if (canRead && at - boot.at >= BOOT_EVERY_MS) readBoot(at);
    },
    open(beat, since) {
      open.beat = beat;
      open.since = since;
      open.cpu = valueAt(readings.cpu, since);
      open.delay = valueAt(readings.delay, since);
      open.stopped = valueAt(readings.stopped, since);
      open.late = latest(since, Infinity);
      open.boot = boot.at <= since ? boot.ahead : boot.before;
      answers.longest = 0;
      answers.from = Number.NaN;
      answers.to = Number.NaN;
    },
    asked(at) {
      answers.from = at;
      answers.to = Number.NaN;
    },
    answered(at) {
      if (!Number.isNaN(answers.to)) return;
      answers.to = at;
      answers.longest = Math.max(answers.longest, at - answers.from);
    },
    figures(beat, from, to) {
      const isOpen = beat === open.beat;
      const reaches = count <= KEPT || (readings.at[count % KEPT] ?? 0) <= from;
      const figures: Record<string, number> = {};
      if (canRead && count > 0 && (reaches || isOpen)) {
        const since = (values: Float64Array, mark: number): number =>
          Math.max(0, valueAt(values, to) - (reaches ? valueAt(values, from) : mark));
        const delay = since(readings.delay, open.delay);
        const stopped = since(readings.stopped, open.stopped);
        const off = to - from - since(readings.cpu, open.cpu) - delay - stopped;
        figures["runDelayMs"] = rounded(delay);
        figures["stoppedMs"] = rounded(stopped);
        // The kernel adds up the delay of a thread once it runs: ready at the last look, it has waited for a CPU.
        figures[isReady ? "runDelayMs" : "parkedMs"] = rounded(Math.max(0, off) + (isReady ? delay : 0));
        if (at0(to)) readBoot(to);
        const slept = boot.ahead - (isOpen ? open.boot : boot.at <= from ? boot.ahead : boot.before);
        if (!Number.isNaN(slept)) figures["sleptMs"] = slept < LEAST_SLEEP_MS ? 0 : Math.round(slept);
      }
      figures["watchdogLateMs"] = rounded(Math.max(latest(from, to), isOpen && !reaches ? open.late : 0));
      if (isOpen && !Number.isNaN(answers.from)) {
        const last = Math.min(to, Number.isNaN(answers.to) ? to : answers.to) - answers.from;
        figures["unansweredMs"] = rounded(Math.max(Math.min(answers.longest, to - from), last, 0));
      }
      return figures;
    },
    close() {
      source?.close();
    },
  };
}
