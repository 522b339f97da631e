/**
 * The watchdog: a worker thread beside each traced thread, with its own clock and its own socket.
 *
 *     every 15 ms (40 while the event loop idles):
 *       messages, then the ring  ──▶  socket
 *       heartbeat late?          ──▶  stack of the blocked thread, again with back-off, each shipped at once
 *
 * It never lets the traced thread wait, but for the end handshake, which it answers as soon as the last bytes are in
 * the kernel's hands. If the collector goes away it says "dead" in the ring and ends.
 */
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { allocateRecords, encodeMessages, FRAME_HEADER_BYTES } from "../protocol/frame.ts";
import type { Message, ProfileMessage } from "../protocol/message.ts";
import { RecordKind } from "../protocol/record.ts";
import { createPromiseDrain } from "./promise-drain.ts";
import { INTERVAL_US, type RawProfile } from "./profile.ts";
import { profileWindows, withPlaces } from "./profile-windows.ts";
import { Control, createRingReader, viewRing } from "./ring.ts";
import { createCapture, openMainSession, type Capture } from "./stack-session.ts";
import { createThreadStats, openThreadSource, stallsIn, type MeasuredStall } from "./thread-stats.ts";
import type { WatchdogData } from "./tracer.ts";

const TICK_MS = 15;
const IDLE_TICK_MS = 40;
const ALIVE_MS = 250;
/** While the thread is blocked: what is missing when it is killed then. */
const BLOCKED_ALIVE_MS = 40;
/** The first stack is taken when the heartbeat is this share of the threshold late. */
const FIRST_CAPTURE_SHARE = 0.6;
/** After the goodbye. */
const EXIT_TICK_MS = 10;
const EXIT_CAPTURE_MS = 250;
const EXIT_BEAT = -2;
const BACK_OFF = 1.5;
const MAX_CAPTURE_PAUSE_MS = 1000;
/** Unsent bytes above which the ring is left to fill (and its drops are counted). */
const MAX_UNSENT_BYTES = 32 * 1024 * 1024;
/** A frame is folded in one go: short ones let the collector read in between. */
const MAX_RECORDS_A_FRAME = 2048;

function startWatchdog(data: WatchdogData): void {
  const ring = viewRing(data.buffer);
  const { control } = ring;
  const reader = createRingReader(ring);
  const clock = threadClock(data);
  const socket = connect(data.socket);
  const promises =
    data.promises === undefined
      ? undefined
      : createPromiseDrain(data.promises, (frame) => void socket.write(frame), hurry);
  const capture = data.canCapture
    ? createCapture(openMainSession, (why) =>
        send([{ t: "notSeen", what: `stacks of stalls while they last (${why})` }]),
      )
    : undefined;
  const stats = createThreadStats(openThreadSource(data.threadFolder));
  const ownCpu = process.threadCpuUsage?.bind(process);
  const kindNames = new Map<number, string>(Object.entries(RecordKind).map(([name, kind]) => [kind, name]));
  let timer: NodeJS.Timeout | undefined;
  let expected = clock.now();
  let lastCpuMs = 0;
  let lastAlive = expected;
  let worstLate = 0;
  let ended = false;
  let hasLoaderPlaces = false;
  /** Held back until the last records are out. */
  let bye: Message | undefined;
  const stall = { beat: -1, nextCapture: 0, pause: 0 };

  function send(messages: readonly Message[]): void {
    if (messages.length > 0) socket.write(encodeMessages(messages));
  }

  function drain(): void {
    const profiles = drainRecords();
    for (const profile of profiles) sendProfile(profile);
  }

  /** Everything but the profiles: they take a while to cut. */
  function drainRecords(): readonly RawProfile[] {
    const profiles: RawProfile[] = [];
    if (socket.writableLength > MAX_UNSENT_BYTES) return profiles;
    let left = true;
    const stalls: MeasuredStall[] = [];
    while (left) {
      // The head first: strings are posted before the records that name them.
      const head = reader.head();
      const messages: Message[] = [];
      for (let item = receiveMessageOnPort(parentPort!); item !== undefined; item = receiveMessageOnPort(parentPort!)) {
        const message = item.message as Message | RawProfile;
        if (message.t === "bye") bye = message;
        else if (message.t === "rawProfile") profiles.push(message);
        else messages.push(message);
        Atomics.add(control, Control.taken, 1);
      }
      send(messages);
      const available = reader.available(head);
      const count = Math.min(available, MAX_RECORDS_A_FRAME);
      if (count > 0) {
        const frame = allocateRecords(count);
        reader.drain((head - (available - count)) >>> 0, frame, FRAME_HEADER_BYTES);
        socket.write(frame);
        stalls.push(...stallsIn(frame, FRAME_HEADER_BYTES));
      }
      left = available > count;
    }
    if (stalls.length > 0) stats.tick(clock.now(), 0, false);
    for (const { beat, from, to } of stalls) send([{ t: "evidence", beat, figures: stats.figures(beat, from, to) }]);
    promises?.drain(clock.now());
    sendDropped();
    return profiles;
  }

  /** After the records of its stalls. */
  function sendProfile(raw: RawProfile): void {
    for (const message of windowsOf(raw)) {
      if (!hasLoaderPlaces || capture === undefined || ended) send([message]);
      else
        capture.mapPlaces(
          message.frames.map(([fn, file, line, column]) => [fn, file, line, column]),
          (places) => send([withPlaces(message, places)]),
        );
    }
  }

  function windowsOf(raw: RawProfile): readonly ProfileMessage[] {
    try {
      return profileWindows(raw, data.ownFile, INTERVAL_US / 1000);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      send([{ t: "notSeen", what: `a profile that V8 told unreadably (${text.slice(0, 200)})` }]);
      return [];
    }
  }

  function sendDropped(): void {
    const byKind: Record<string, number> = {};
    for (const [kind, count] of reader.takeDropped()) byKind[kindNames.get(kind) ?? String(kind)] = count;
    promises?.addDropped(byKind);
    const messages = Atomics.exchange(control, Control.droppedMessages, 0);
    if (messages > 0) byKind["message"] = messages;
    if (Object.keys(byKind).length > 0) send([{ t: "dropped", byKind }]);
  }

  function watch(now: number): void {
    const beat = Atomics.load(control, Control.beat);
    const lastBeat = ring.beat[0] ?? now;
    const late = now - lastBeat;
    const grace = Atomics.load(control, Control.idle) === 1 ? IDLE_TICK_MS : TICK_MS;
    if (stall.beat !== beat) {
      if (late < grace + data.thresholdMs * FIRST_CAPTURE_SHARE) return;
      stall.beat = beat;
      stall.nextCapture = 0;
      stall.pause = data.thresholdMs / 2;
      stats.open(beat, lastBeat);
      send([{ t: "stallOpen", beat, at: lastBeat }]);
      drainAfter(beat);
    }
    if (capture === undefined || now < stall.nextCapture || capture.busy()) return;
    stall.nextCapture = now + stall.pause;
    stall.pause = Math.min(MAX_CAPTURE_PAUSE_MS, stall.pause * BACK_OFF);
    stats.asked(now);
    const onAnswer: Parameters<Capture["take"]>[1] = (answer, at, tookMs) => {
      if (ended || answer.beat !== beat || Atomics.load(control, Control.beat) !== beat) return;
      const { frames, task, span } = answer;
      const sample: Message = { t: "sample", beat, at, tookMs, frames, task, span };
      hasLoaderPlaces ||= answer.loaderPlaces;
      if (answer.loaderPlaces)
        capture.mapPlaces(frames, (mapped) => send(ended ? [] : [{ ...sample, frames: mapped }]));
      else if (!answer.loaderMaps) send([sample]);
      else capture.takeSourceMaps(frames, (maps) => send(ended ? [] : [...maps, sample]));
    };
    capture.take(clock.now, onAnswer, stats.answered);
    if (!capture.busy()) stats.refused();
  }

  /** As soon as the thread turns again its own measurement goes out: it may be killed before the next tick. */
  function drainAfter(beat: number): void {
    const turned = Atomics.waitAsync(control, Control.beat, beat);
    if (turned.async) void turned.value.then(() => (ended ? undefined : drain()));
  }

  /** Promises come in a flood: not at the usual time but now. */
  function hurry(): void {
    if (ended) return;
    clearTimeout(timer);
    tick();
  }

  function tick(): void {
    const now = clock.now();
    // What it was busy with itself (profiles) says nothing about the host.
    const late = now - expected - (cpuMs() - lastCpuMs);
    worstLate = Math.max(worstLate, late);
    stats.tick(now, late, stall.beat === Atomics.load(control, Control.beat));
    drain();
    watch(now);
    const isBlocked = stall.beat === Atomics.load(control, Control.beat);
    if (now - lastAlive >= (isBlocked ? BLOCKED_ALIVE_MS : ALIVE_MS)) {
      send([{ t: "alive", at: now, lateMs: worstLate }]);
      if (isBlocked) sendFiguresTo(now);
      lastAlive = now;
      worstLate = 0;
    }
    const usual = Atomics.load(control, Control.idle) === 1 ? IDLE_TICK_MS : TICK_MS;
    const pause = promises?.pause(usual) ?? usual;
    expected = clock.now() + pause;
    lastCpuMs = cpuMs();
    timer = setTimeout(tick, pause);
  }

  function sendFiguresTo(now: number): void {
    const figures = stats.figures(stall.beat, ring.beat[0] ?? now, now);
    send([{ t: "evidence", beat: stall.beat, figures }]);
  }

  /** CPU time of this thread, 0 where Node does not tell it. */
  function cpuMs(): number {
    const used = ownCpu?.();
    return used === undefined ? 0 : (used.user + used.system) / 1000;
  }

  /** The traced thread is at its end: everything out, then let it go. */
  function finish(): void {
    if (ended) return;
    clearTimeout(timer);
    capture?.release();
    const profiles = drainRecords();
    ended = true;
    send(bye === undefined ? [] : [bye]);
    for (const profile of profiles) sendProfile(profile);
    socket.write(encodeMessages([]), () => acknowledge());
    const from = clock.now();
    timer = setTimeout(() => watchExit(from), EXIT_TICK_MS);
  }

  /**
   * Exit handlers of the program may still run. When this thread says nothing more, the process is gone. One stack
   * only, and late: a capture under way when the process ends makes Node say on its stderr that it waits for it.
   */
  function watchExit(from: number): void {
    const at = clock.now();
    const beat = Atomics.load(control, Control.beat);
    if (at - from >= data.thresholdMs) {
      if (stall.beat !== EXIT_BEAT) send([{ t: "stallOpen", beat, at: from }]);
      stall.beat = EXIT_BEAT;
      send([{ t: "alive", at, lateMs: 0 }]);
      if (at - from >= EXIT_CAPTURE_MS && stall.pause !== Infinity) {
        stall.pause = Infinity;
        capture?.take(clock.now, ({ frames, task, span }, taken, tookMs) => {
          capture.release();
          send([{ t: "sample", beat, at: taken, tookMs, frames, task, span }]);
        });
      }
    }
    timer = setTimeout(() => watchExit(from), EXIT_TICK_MS);
  }

  function acknowledge(): void {
    Atomics.store(control, Control.acknowledged, 1);
    Atomics.notify(control, Control.acknowledged);
  }

  /** The collector is gone: the traced thread unhooks at its next heartbeat. */
  function die(): void {
    clearTimeout(timer);
    if (ended) return;
    ended = true;
    capture?.stop();
    Atomics.store(control, Control.dead, 1);
    acknowledge();
    socket.destroy();
  }

  socket.on("error", die);
  socket.on("close", die);
  send([data.hello]);
  const closing = Atomics.waitAsync(control, Control.closing, 0);
  if (closing.async) void closing.value.then(finish);
  else finish();
  if (!ended) tick();
}

/** The traced thread's `performance.now()`, read from this thread. */
function threadClock(data: WatchdogData): { now: () => number } {
  const { clock } = data.hello;
  const own = performance.now();
  const mono = Number(process.hrtime.bigint());
  const offset = clock.now + (mono - clock.monoNs) / 1e6 - own;
  return { now: () => performance.now() + offset };
}

startWatchdog(workerData as WatchdogData);
