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
/** Where hooks wake it with the first callback, and where nothing does. */
const IDLE_MS = 40;
const UNHOOKED_IDLE_MS = 20;
/** Utilisation is reported in buckets of at least this length. */
const BUCKET_MS = 50;
/** Below this share of busy time over a bucket the event loop counts as idle. */
const IDLE_SHARE = 0.05;
const UNKNOWN_RATIO = 0xffff_ffff;

/** The longest stretch of a gap in which no callback began. Stamps. */
export interface Longest {
  readonly from: number;
  readonly to: number;
}

export interface HeartbeatHost {
  readonly thresholdMs: number;
  /** Whether `wake` is called with every callback. */
  readonly isHooked: boolean;
  readonly trouble: Emitter["trouble"];
  /** The traced thread's watchdog is gone. */
  isDead(): boolean;
  /** Runs `create`; the handles it makes are ours. */
  own(create: () => void): void;
  /** Ends what is counted between beats; undefined without hooks. */
  longest(at: number): Longest | undefined;
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
  const idleMs = host.isHooked ? IDLE_MS : UNHOOKED_IDLE_MS;
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
    const busy = Math.min(gap, Math.max(0, gap - (idle - lastIdle)));
    if (busy >= host.thresholdMs) {
      const { from, to } = bounds(at, busy);
      const ratio =
        cpu === undefined || lastCpu === undefined
          ? UNKNOWN_RATIO
          : Math.round(Math.min(1, (cpu.user + cpu.system - lastCpu.user - lastCpu.system) / 1000 / busy) * 1e6);
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

  /** The longest stretch, if it is all of the busy time but what short callbacks before and after may have taken. */
  function bounds(at: number, busy: number): Longest {
    const longest = host.longest(at);
    if (longest !== undefined && longest.to - longest.from >= host.thresholdMs) {
      if (busy - (longest.to - longest.from) <= ACTIVE_MS) return longest;
    }
    return { from: at - busy, to: at };
  }

  function flush(at: number): void {
    const length = at - bucketStart;
    const late = Math.max(0, Math.round(bucketDelay * 1000));
    writer.write(RecordKind.beat, 0, at, beat, late, Math.round(bucketBusy * 1000), length);
    const wanted = bucketBusy / length < IDLE_SHARE ? idleMs : ACTIVE_MS;
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
