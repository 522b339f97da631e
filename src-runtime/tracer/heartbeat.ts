/**
 * The heartbeat of a traced thread: a timer that says "the event loop turned", measures how long it did not, and
 * feeds the utilisation strip. It slows down while the event loop idles.
 *
 * A gap between two beats is idle time plus busy time; busy time over the threshold is a stall, whatever filled it
 * (one long callback, a microtask storm, a burst of timers). The event loop's own idle counter tells the two apart.
 */
import { performance } from "node:perf_hooks";
import { clearInterval, setInterval } from "node:timers";
import type { Emitter } from "./emitter.ts";
import { RecordKind } from "../protocol/record.ts";
import { Control, type RingView, type RingWriter } from "./ring.ts";

const ACTIVE_MS = 10;
const IDLE_MS = 40;
/** Utilisation is reported in buckets of at least this length. */
const BUCKET_MS = 50;
/** Below this share of busy time over a bucket the event loop counts as idle. */
const IDLE_SHARE = 0.05;
const UNKNOWN_RATIO = 0xffff_ffff;

export interface Heartbeat {
  /** The last beat, from the exit handler: what blocked until the end is a stall too. */
  finish(): void;
  stop(): void;
}

export function startHeartbeat(
  ring: RingView,
  writer: RingWriter,
  thresholdMs: number,
  emitter: Pick<Emitter, "trouble">,
  isDead: () => boolean,
  ownHandle: (create: () => void) => void,
): Heartbeat {
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

  function pulse(): void {
    const at = now();
    const idle = utilization().idle;
    const cpu = threadCpu?.();
    const gap = at - last;
    const busy = Math.min(gap, Math.max(0, gap - (idle - lastIdle)));
    if (busy >= thresholdMs) {
      const ratio =
        cpu === undefined || lastCpu === undefined
          ? UNKNOWN_RATIO
          : Math.round(Math.min(1, (cpu.user + cpu.system - lastCpu.user - lastCpu.system) / 1000 / gap) * 1e6);
      writer.write(RecordKind.stall, 0, at, beat, ratio, 0, busy);
    }
    bucketBusy += busy;
    bucketDelay = Math.max(bucketDelay, gap - interval);
    if (at - bucketStart >= BUCKET_MS) {
      flush(at);
    }
    last = at;
    lastIdle = idle;
    lastCpu = cpu;
    beat += 1;
    ring.beat[0] = at;
    Atomics.store(control, Control.beat, beat);
    // A process may be killed as soon as it turns again (test runners do so): the watchdog waits for this.
    if (busy >= thresholdMs) Atomics.notify(control, Control.beat);
  }

  function flush(at: number): void {
    const length = at - bucketStart;
    const late = Math.max(0, Math.round(bucketDelay * 1000));
    writer.write(RecordKind.beat, 0, at, beat, late, Math.round(bucketBusy * 1000), length);
    const wanted = bucketBusy / length < IDLE_SHARE ? IDLE_MS : ACTIVE_MS;
    bucketStart = at;
    bucketBusy = 0;
    bucketDelay = 0;
    if (wanted !== interval && timer !== undefined) {
      interval = wanted;
      Atomics.store(control, Control.idle, wanted === IDLE_MS ? 1 : 0);
      arm();
    }
  }

  function arm(): void {
    clearInterval(timer);
    ownHandle(() => {
      timer = setInterval(onTimer, interval);
      timer.unref();
    });
  }

  function onTimer(): void {
    try {
      if (isDead()) return;
      pulse();
    } catch (error) {
      stop();
      emitter.trouble("heartbeat", error);
    }
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  arm();
  return {
    finish() {
      stop();
      pulse();
      flush(ring.beat[0] ?? 0);
    },
    stop,
  };
}
