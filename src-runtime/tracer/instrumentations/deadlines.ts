/**
 * `AbortSignal.timeout`: nothing of the program is called when such a signal aborts, and a listener of ours would keep
 * it from being collected. So a timer of our own, unreferenced and of the same length, looks just after Node's; whoever
 * meets the reason earlier (work ends inside Node's timer already) asks by `find`.
 *
 * Most deadlines pass long after what they were set for has ended. They cancel nothing: one that was set by a task
 * which is over counts only when work that we see ends by it.
 */
import type { WireFrame } from "../../protocol/message.ts";
import type { OwnTimers } from "../emitter.ts";
import type { Part } from "./part.ts";

/** Signals watched at once, at most: the oldest make room. */
const MAX_WATCHED = 2000;
/** Unannounced deadlines remembered, at most. */
const MAX_PASSED = 100;
/** Longer timers overflow and would fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

export interface Deadline {
  /** Task that set it, 0 none. */
  readonly by: number;
  readonly site: readonly WireFrame[];
  /** When it should pass, a stamp. */
  readonly due: number;
}

export interface Deadlines {
  watch(signal: AbortSignal, delay: number, deadline: Deadline): void;
  /** The deadline whose signal aborted for this reason. It is then over. */
  find(reason: object): Deadline | undefined;
}

interface Watched extends Deadline {
  readonly signal: WeakRef<AbortSignal>;
  timer: NodeJS.Timeout | undefined;
}

export function createDeadlines(
  part: Part,
  records: OwnTimers,
  isOpen: (task: number) => boolean,
  onPassed: (deadline: Deadline, reason: unknown) => void,
): Deadlines {
  const { setTimeout, clearTimeout } = globalThis;
  const watched = new Set<Watched>();
  /** Those that passed unannounced, latest last. */
  const passed = new Set<Watched>();

  function forget(entry: Watched): void {
    watched.delete(entry);
    passed.delete(entry);
    clearTimeout(entry.timer);
  }

  const look = part.guard((entry: Watched) => {
    if (!watched.delete(entry)) return;
    const signal = entry.signal.deref();
    if (signal?.aborted !== true) return;
    if (entry.by === 0 || isOpen(entry.by)) return onPassed(entry, signal.reason);
    // Work that listens to it may still be on its way to its end.
    passed.add(entry);
    if (passed.size > MAX_PASSED) passed.delete(passed.values().next().value as Watched);
  });

  part.onStop(() => {
    for (const entry of watched) clearTimeout(entry.timer);
    watched.clear();
    passed.clear();
  });

  return {
    watch(signal, delay, { by, site, due }) {
      if (watched.size >= MAX_WATCHED) forget(watched.values().next().value as Watched);
      const entry: Watched = { by, site, due, signal: new WeakRef(signal), timer: undefined };
      watched.add(entry);
      if (delay <= MAX_DELAY) records.own(() => void (entry.timer = setTimeout(look, delay, entry).unref()));
    },
    find(reason) {
      for (const entry of [...passed, ...watched]) {
        const signal = entry.signal.deref();
        if (signal?.aborted !== true || signal.reason !== reason) continue;
        forget(entry);
        return entry;
      }
      return undefined;
    },
  };
}
