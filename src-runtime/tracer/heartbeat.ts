/**
 * The heartbeat of a traced thread: a timer that says "the event loop turned", measures how long it did not, and
 * feeds the utilisation strip. It slows down while the event loop idles.
 *
 * A gap between two beats is idle time plus busy time; busy time over the threshold is a stall, whatever filled it
 * (one long callback, a microtask storm, a burst of timers). The event loop's own idle counter tells the two apart.
 * Where hooks see the callbacks, the longest stretch between two of them says where exactly it began and ended.
 */
import { performance } from "node:perf_hooks";
import { clearInterval, setInterval } from "node:timers";
import type { Emitter } from "./emitter.ts";
import { RecordKind } from "../protocol/record.ts";
import { Control, type RingView, type RingWriter } from "./ring.ts";

const ACTIVE_MS = 10;
/** Until hooks, where there are any, wake it with the first callback. */
const IDLE_MS = 40;
/** Utilisation is reported in buckets of at least this length. */
const BUCKET_MS = 50;
/** Below this share of busy time over a bucket the event loop counts as idle. */
const IDLE_SHARE = 0.05;
/** A beat that comes by so much too late had something before it. */
const LATE_MS = 3;
const UNKNOWN_RATIO = 0xffff_ffff;

/** What a gap between two beats was made of, where hooks see the callbacks. Stamps. */
export interface Seen {
  /** The longest stretch in which no callback began. */
  readonly from: number;
  readonly to: number;
  /** When the first callback began, undefined without one. */
  readonly first: number | undefined;
}

interface Busy {
  readonly from: number;
  readonly to: number;
}

export interface HeartbeatHost {
  readonly thresholdMs: number;
  readonly trouble: Emitter["trouble"];
  /** The traced thread's watchdog is gone. */
  isDead(): boolean;
  /** Runs `create`; the handles it makes are ours. */
  own(create: () => void): void;
  /** Ends what is counted between beats; undefined without hooks. */
  seen(at: number): Seen | undefined;
  /** A stall was measured, before its record is written. */
  stalled(beat: number, from: number, to: number): void;
  /** Work of ours after a beat was measured. Whether it took a while: that is not counted to the next. */
  tend(at: number): boolean;
  /** The next gap begins. */
  restart(at: number): void;
}

export interface Heartbeat {
  /** A callback begins while the event loop idled: it beats fast again. */
  wake(at: number): void;
  readonly isIdle: boolean;
  /** The last beat, from the exit handler: what blocked until the end is a stall too. */
  finish(): void;
  stop(): void;
}

export function startHeartbeat(ring: RingView, writer: RingWriter, host: HeartbeatHost): Heartbeat {
  const now = performance.now.bind(performance);
  const utilization = performance.eventLoopUtilization.bind(performance);
  const threadCpu = process.threadCpuUsage?.bind(process);
  const { control } = ring;
  let beat = 0;
  let last = now();
  let lastIdle = utilization().idle;
  let lastCpu = threadCpu?.();
  let bucketStart = last;
  let bucketBusy = 0;
  let bucketDelay = 0;
  let interval = ACTIVE_MS;
  let timer: NodeJS.Timeout | undefined;

  ring.beat[0] = last;
  host.restart(last);

  function pulse(): void {
    const at = now();
    const idle = utilization().idle;
    const cpu = threadCpu?.();
    const gap = at - last;
    const cpuMs =
      cpu === undefined || lastCpu === undefined
        ? undefined
        : (cpu.user + cpu.system - lastCpu.user - lastCpu.system) / 1000;
    const { from, to } = busyPart(at, gap, Math.min(gap, Math.max(0, gap - (idle - lastIdle))), cpuMs);
    const busy = to - from;
    if (busy >= host.thresholdMs) {
      const ratio = cpuMs === undefined ? UNKNOWN_RATIO : Math.round(Math.min(1, cpuMs / busy) * 1e6);
      host.stalled(beat, from, to);
      writer.write(RecordKind.stall, 0, to, beat, ratio, 0, to - from);
    }
    bucketBusy += busy;
    bucketDelay = Math.max(bucketDelay, gap - interval);
    if (at - bucketStart >= BUCKET_MS) {
      flush(at);
    }
    beat += 1;
    ring.beat[0] = at;
    Atomics.store(control, Control.beat, beat);
    if (busy >= host.thresholdMs) Atomics.notify(control, Control.beat);
    const isLater = host.tend(at);
    last = isLater ? now() : at;
    lastIdle = isLater ? utilization().idle : idle;
    lastCpu = isLater ? threadCpu?.() : cpu;
    host.restart(last);
  }

  /**
   * The busy part of a gap. The event loop's idle counter loses what it had waited when a signal wakes it, and the
   * profiler sends one every few milliseconds; so with hooks it is only the most that it can have been. Nothing is busy
   * before the first callback, a beat that is on time has no more behind it than its CPU time, and one stretch that is
   * all but what may have been idle is all.
   */
  function busyPart(at: number, gap: number, counted: number, cpuMs: number | undefined): Busy {
    const seen = host.seen(at);
    if (seen === undefined) return { from: at - counted, to: at };
    const { first = at - counted } = seen;
    const most = Math.min(counted, at - first);
    if (gap - interval < LATE_MS) return { from: at - Math.min(most, cpuMs ?? most), to: at };
    const from = Math.max(seen.from, at - most);
    return most - (seen.to - from) <= interval + LATE_MS
      ? { from, to: Math.max(from, seen.to) }
      : { from: at - most, to: at };
  }

  function flush(at: number): void {
    const length = at - bucketStart;
    const late = Math.max(0, Math.round(bucketDelay * 1000));
    writer.write(RecordKind.beat, 0, at, beat, late, Math.round(bucketBusy * 1000), length);
    const wanted = bucketBusy / length < IDLE_SHARE ? IDLE_MS : ACTIVE_MS;
    bucketStart = at;
    bucketBusy = 0;
    bucketDelay = 0;
    pace(wanted);
  }

  function pace(wanted: number): void {
    if (wanted === interval || timer === undefined) return;
    interval = wanted;
    Atomics.store(control, Control.idle, wanted === ACTIVE_MS ? 0 : 1);
    arm();
  }

  function arm(): void {
    clearInterval(timer);
    host.own(() => {
      timer = setInterval(onTimer, interval);
      timer.unref();
    });
  }

  function onTimer(): void {
    try {
      if (host.isDead()) return;
      pulse();
    } catch (error) {
      stop();
      host.trouble("heartbeat", error);
    }
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  arm();
  return {
    wake(at) {
      ring.beat[0] = at;
      pace(ACTIVE_MS);
    },
    get isIdle() {
      return interval !== ACTIVE_MS;
    },
    finish() {
      stop();
      pulse();
      flush(ring.beat[0] ?? 0);
    },
    stop,
  };
}
