import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  createThreadStats,
  openThreadSource,
  ownThreadFolder,
  stallsIn,
  type ThreadSource,
  type ThreadStats,
} from "../../../src-runtime/tracer/thread-stats.ts";
import { createRing, createRingReader, createRingWriter } from "../../../src-runtime/tracer/ring.ts";
import { RECORD_BYTES, RecordKind } from "../../../src-runtime/protocol/record.ts";

interface Drawn {
  readonly stats: ThreadStats;
  /** One tick of 10 ms, of which so much was CPU and run delay. */
  tick(cpuMs: number, delayMs?: number, state?: string, lateMs?: number): void;
  /** The machine sleeps: our clock stands still. */
  sleep(ms: number): void;
  readonly now: number;
}

/** A thread as drawn, its watchdog ticking every 10 ms from 0 on. */
function draw(): Drawn {
  let now = -10;
  let cpuMs = 0;
  let delayMs = 0;
  let slept = 0;
  let letter = "S";
  const source: ThreadSource = {
    read: () => true,
    get cpuMs() {
      return cpuMs;
    },
    get delayMs() {
      return delayMs;
    },
    state: () => letter,
    bootMs: () => 1_000_000 + now + slept,
    close() {},
  };
  const stats = createThreadStats(source);
  const drawn: Drawn = {
    stats,
    tick(cpu, delay = 0, state = "", lateMs = 0) {
      now += 10;
      cpuMs += cpu;
      delayMs += delay;
      letter = state;
      stats.tick(now, lateMs, state !== "");
    },
    sleep(ms) {
      slept += ms;
    },
    get now() {
      return now;
    },
  };
  drawn.tick(0);
  return drawn;
}

function times(count: number, run: () => void): void {
  for (let turn = 0; turn < count; turn++) run();
}

test("a computing thread was neither delayed nor parked", () => {
  const { tick, stats } = draw();
  times(20, () => tick(10));
  expect(stats.figures(1, 50, 150)).toMatchObject({ runDelayMs: 0, parkedMs: 0, stoppedMs: 0, watchdogLateMs: 0 });
});

test("borders between two ticks are reckoned by proportion", () => {
  const { tick, stats } = draw();
  times(10, () => tick(5, 5));
  expect(stats.figures(1, 12, 57)).toMatchObject({ runDelayMs: 22.5, parkedMs: 0 });
});

test("off the CPU and not ready is parked; what was before and after does not count", () => {
  const { tick, stats } = draw();
  times(5, () => tick(10));
  stats.open(7, 50);
  times(10, () => tick(0, 0, "S"));
  times(5, () => tick(10));
  expect(stats.figures(7, 50, 150)).toMatchObject({ parkedMs: 100, runDelayMs: 0, stoppedMs: 0 });
});

test("off the CPU in state T is stopped", () => {
  const { tick, stats } = draw();
  stats.open(1, 0);
  times(8, () => tick(0, 0, "T"));
  times(2, () => tick(0, 0, "S"));
  expect(stats.figures(1, 0, 100)).toMatchObject({ stoppedMs: 80, parkedMs: 20 });
});

test("a thread that is ready has not been told its delay yet: nothing is said of being parked", () => {
  const { tick, stats } = draw();
  stats.open(1, 0);
  times(5, () => tick(0, 0, "R"));
  expect(stats.figures(1, 0, 50)).not.toHaveProperty("parkedMs");
  tick(5, 55);
  expect(stats.figures(1, 0, 60)).toMatchObject({ runDelayMs: 55, parkedMs: 0 });
});

test("how late the watchdog was counts within the stall only", () => {
  const { tick, stats } = draw();
  times(10, () => tick(10));
  tick(10, 0, "", 80);
  expect(stats.figures(1, 50, 100)).toMatchObject({ watchdogLateMs: 50 });
  expect(stats.figures(1, 30, 110)).toMatchObject({ watchdogLateMs: 80 });
  expect(stats.figures(1, 0, 20)).toMatchObject({ watchdogLateMs: 0 });
});

test("sleep is how far the clock that counts it went ahead during the stall", () => {
  const { tick, stats, sleep } = draw();
  times(50, () => tick(1));
  sleep(5000);
  times(10, () => tick(1));
  expect(stats.figures(1, 450, 600)).toMatchObject({ sleptMs: 5000 });
  times(50, () => tick(1));
  expect(stats.figures(2, 1000, 1100)).toMatchObject({ sleptMs: 0 });
});

test("a stall longer than the readings that are kept has its figures from its beginning on", () => {
  const { tick, stats } = draw();
  times(5, () => tick(10));
  stats.open(3, 50);
  times(3000, () => tick(5, 5, "R"));
  tick(10);
  const figures = stats.figures(3, 50, 30_060);
  expect(figures).toMatchObject({ runDelayMs: 15_000, parkedMs: 0 });
  // Of another stall as far back nothing is known.
  expect(stats.figures(2, 50, 30_060)).not.toHaveProperty("runDelayMs");
});

test("what began before the watchdog is not measured", () => {
  const { tick, stats } = draw();
  times(5, () => tick(10));
  expect(stats.figures(0, -40, 50)).toEqual({ watchdogLateMs: 0 });
  stats.open(0, -40);
  expect(stats.figures(0, -40, 50)).toEqual({ watchdogLateMs: 0 });
});

test("the longest time without an answer: answered, and still under way, within the stall", () => {
  const { tick, stats } = draw();
  stats.open(1, 0);
  expect(stats.figures(1, 0, 10)).not.toHaveProperty("unansweredMs");
  stats.asked(10);
  expect(stats.figures(1, 0, 40)).toMatchObject({ unansweredMs: 30 });
  stats.answered(50);
  stats.asked(60);
  stats.answered(65);
  times(10, () => tick(10));
  expect(stats.figures(1, 0, 100)).toMatchObject({ unansweredMs: 40 });
  stats.asked(70);
  stats.answered(130);
  expect(stats.figures(1, 0, 100)).toMatchObject({ unansweredMs: 40 });
  expect(stats.figures(1, 0, 120)).toMatchObject({ unansweredMs: 50 });
  expect(stats.figures(2, 0, 120)).not.toHaveProperty("unansweredMs");
});

test("what could not be asked was not left unanswered", () => {
  const { stats } = draw();
  stats.open(1, 0);
  stats.asked(10);
  stats.refused();
  expect(stats.figures(1, 0, 100)).not.toHaveProperty("unansweredMs");
});

test("without a source, or when it dries up, only the watchdog's own figures remain", () => {
  const stats = createThreadStats(undefined);
  stats.tick(0, 0, false);
  stats.tick(10, 5, true);
  expect(stats.figures(1, 0, 10)).toEqual({ watchdogLateMs: 5 });
  let canRead = true;
  const drying = createThreadStats({
    read: () => canRead,
    cpuMs: 1,
    delayMs: 1,
    state: () => "S",
    bootMs: () => Number.NaN,
    close() {},
  });
  drying.tick(0, 0, false);
  drying.tick(10, 0, false);
  expect(drying.figures(1, 0, 10)).toEqual({ watchdogLateMs: 0, runDelayMs: 0, stoppedMs: 0, parkedMs: 10 });
  canRead = false;
  drying.tick(20, 0, false);
  expect(drying.figures(1, 0, 10)).toEqual({ watchdogLateMs: 0 });
});

test("the stalls among drained records", () => {
  const ring = createRing(64);
  const writer = createRingWriter(ring);
  writer.write(RecordKind.beat, 0, 100, 41, 0, 0, 10);
  writer.write(RecordKind.stall, 0, 180.5, 41, 0, 0, 70.5);
  writer.write(RecordKind.start, 0, 181, 9, 9, 9, 9);
  writer.write(RecordKind.stall, 0, 400, 52, 0, 0, 100);
  const reader = createRingReader(ring);
  const bytes = new Uint8Array(5 + 4 * RECORD_BYTES);
  reader.drain(reader.head(), bytes, 5);
  expect(stallsIn(bytes, 5)).toEqual([
    { beat: 41, from: 110, to: 180.5 },
    { beat: 52, from: 300, to: 400 },
  ]);
});

test("a folder without the kernel's files, or with nonsense in them, is no source", () => {
  const folder = mkdtempSync(join(tmpdir(), "stallscope-proc-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  expect(openThreadSource(undefined)).toBeUndefined();
  expect(openThreadSource(folder)).toBeUndefined();
  writeFileSync(join(folder, "schedstat"), "0 0 0\n");
  expect(openThreadSource(folder)).toBeUndefined();
  writeFileSync(join(folder, "schedstat"), "5000000 2500000 9\n");
  const source = openThreadSource(folder);
  expect(source).toMatchObject({ cpuMs: 5, delayMs: 2.5 });
  expect(source?.state()).toBe("");
  writeFileSync(join(folder, "stat"), "12 (a ) b) D 1 2 3\n");
  expect(source?.state()).toBe("D");
  source?.close();
});

test.skipIf(process.platform !== "linux")("the kernel tells of this thread and of one that is stopped", async () => {
  const folder = ownThreadFolder();
  expect(folder).toMatch(/^\/proc\/\d+\/task\/\d+$/);
  const own = openThreadSource(folder);
  expect(own?.cpuMs).toBeGreaterThan(0);
  expect(own?.state()).toBe("R");
  expect(own?.bootMs()).toBeGreaterThan(0);
  own?.close();

  const child = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1000)"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const source = openThreadSource(`/proc/${child.pid}/task/${child.pid}`);
  child.kill("SIGSTOP");
  await expect.poll(() => source?.state()).toBe("T");
  child.kill("SIGCONT");
  await expect.poll(() => source?.state()).toMatch(/[RS]/);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
  expect(source?.read()).toBe(false);
  source?.close();
});
