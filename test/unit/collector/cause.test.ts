import { expect, test } from "vitest";
import type { Frame, Site, StallEvidence } from "../../../src-main/api/api.ts";
import type { TimedStack } from "../../../src-main/collector/blame.ts";
import { causeOf, syncCallMs, type StallFacts } from "../../../src-main/collector/cause.ts";
import { msToNanos } from "../../../src-runtime/protocol/time.ts";

const BLAME: Site = { function: "work", file: "app.ts", line: 1, column: 1 };

/** "leaf < caller", each `name@file`: no file is the program's own, `@` none at all, `@node:…` Node's. */
function stack(text: string, ms: number): TimedStack {
  const frames = text.split(" < ").map((part): Frame => {
    const [name = "", file = "app.ts"] = part.split("@");
    const isNode = file === "" || file.startsWith("node:") || file.startsWith("wasm:");
    const origin = isNode ? "node" : file.startsWith("node_modules/") ? "dependency" : "own";
    return { function: name, file, line: 1, column: 1, origin, selfMs: 0 };
  });
  return { from: 0, length: msToNanos(ms), frames, hotLine: 0 };
}

/** A profiled stall of 200 ms that computed in `work`, but for what is said. */
function stalled(evidence: StallEvidence, stacks = "work", more: Partial<StallFacts> = {}): StallFacts {
  const durMs = more.durMs ?? 200;
  return {
    durMs,
    evidence: { cpuRatio: 0.95, ...evidence },
    stacks: [stack(stacks, durMs)],
    isProfiled: true,
    captures: 3,
    blame: BLAME,
    ...more,
  };
}

const SHELL =
  "spawn@ < spawnSync@node:internal/child_process < spawnSync@node:child_process < execSync@node:child_process < work";

test("computing in JavaScript is own code, with and without a profile", () => {
  expect(causeOf(stalled({}))).toBe("own-code");
  expect(causeOf(stalled({}, "encode@node_modules/tokenizer/index.js < work"))).toBe("own-code");
  expect(causeOf(stalled({}, "sort@ < work", { isProfiled: false }))).toBe("own-code");
  expect(causeOf(stalled({}, "RegExp: ^(a+)+$@ < work"))).toBe("own-code");
  expect(causeOf(stalled({}, "hash@wasm://wasm/8a6f < work"))).toBe("own-code");
  expect(causeOf(stalled({}, "formatValue@node:internal/util/inspect < work"))).toBe("own-code");
});

test("a loop that asks the clock how late it is computes", () => {
  expect(causeOf(stalled({}, "now@ < now@node:internal/perf/performance < work"))).toBe("own-code");
  expect(causeOf(stalled({}, "hrtimeBigInt@ < hrtimeBigInt@node:internal/process/per_thread < work"))).toBe("own-code");
});

test("own code needs someone to blame, stacks and a CPU that was measured", () => {
  expect(causeOf(stalled({}, "work", { blame: undefined }))).toBe("unknown");
  expect(causeOf(stalled({}, "work", { stacks: [] }))).toBe("unknown");
  const { cpuRatio: _, ...unmeasured } = stalled({}).evidence;
  expect(causeOf({ ...stalled({}), evidence: unmeasured })).toBe("unknown");
});

test("where Node does not tell CPU time, the kernel's figures do", () => {
  const { cpuRatio: _, ...unmeasured } = stalled({ runDelayMs: 5, parkedMs: 4, stoppedMs: 0 }).evidence;
  expect(causeOf({ ...stalled({}), evidence: unmeasured })).toBe("own-code");
  expect(causeOf({ ...stalled({}), evidence: { ...unmeasured, parkedMs: 190 } })).toBe("unknown");
});

test("computing is judged by the time that the thread was let run", () => {
  expect(causeOf(stalled({ cpuRatio: 0.69 }))).toBe("unknown");
  expect(causeOf(stalled({ cpuRatio: 0.69, runDelayMs: 40 }))).toBe("own-code");
  expect(causeOf(stalled({ cpuRatio: 0.45, runDelayMs: 100 }))).toBe("own-code");
});

test("work too short for a stall that the host made one of is not blamed on the program", () => {
  const contended = { cpuRatio: 0.5, runDelayMs: 32 };
  expect(causeOf(stalled(contended, "work", { durMs: 70 }))).toBe("unknown");
  expect(causeOf(stalled({ cpuRatio: 0.3, runDelayMs: 60 }, "work", { durMs: 90 }))).toBe("host");
  expect(causeOf(stalled({ cpuRatio: 0.7, runDelayMs: 50 }, "work", { durMs: 180 }))).toBe("own-code");
});

test("host: ready without a CPU for most of it", () => {
  expect(causeOf(stalled({ cpuRatio: 0.24, runDelayMs: 130 }))).toBe("host");
  expect(causeOf(stalled({ cpuRatio: 0.26, runDelayMs: 130 }))).toBe("own-code");
  expect(causeOf(stalled({ cpuRatio: 0.1, runDelayMs: 130 }, SHELL))).toBe("host");
});

test("what would have been a stall without the host is the program's, unless the host took nearly all of it", () => {
  const long = { durMs: 400 };
  expect(causeOf(stalled({ cpuRatio: 0.3, runDelayMs: 270 }, "work", long))).toBe("own-code");
  expect(causeOf(stalled({ cpuRatio: 0.3, runDelayMs: 270 }, "writeSync@ < gzipSync@node:zlib < work", long))).toBe(
    "native",
  );
  expect(causeOf(stalled({ cpuRatio: 0.12, runDelayMs: 1700 }, "work", { durMs: 2000 }))).toBe("host");
});

test("host: stopped by a signal, or the whole process stood still", () => {
  expect(causeOf(stalled({ cpuRatio: 0.02, stoppedMs: 150 }))).toBe("host");
  const frozen = { cpuRatio: 0.02, watchdogLateMs: 180, sleptMs: 0 };
  const unsampled = { stacks: [stack("work", 10)] };
  expect(causeOf(stalled(frozen, "work", unsampled))).toBe("host");
  expect(causeOf(stalled(frozen, "work", { stacks: [], captures: 0, blame: undefined }))).toBe("host");
});

test("a late watchdog alone does not make it the host", () => {
  expect(causeOf(stalled({ watchdogLateMs: 180, sleptMs: 0 }))).toBe("own-code");
  // The profiler went on sampling: the thread was parked, not frozen.
  const parked = { cpuRatio: 0.02, watchdogLateMs: 180, sleptMs: 0, parkedMs: 190 };
  expect(causeOf(stalled(parked))).toBe("unknown");
  expect(causeOf(stalled(parked, SHELL))).toBe("sync-io");
  // It was frozen in the middle of a call that waits; without a profile that cannot be told.
  expect(causeOf(stalled(parked, SHELL, { stacks: [stack(SHELL, 10)] }))).toBe("host");
  expect(causeOf(stalled(parked, SHELL, { isProfiled: false }))).toBe("unknown");
});

test("where sleep is not measured a watchdog late by seconds may have slept", () => {
  const frozen = { cpuRatio: 0, watchdogLateMs: 5000 };
  const unsampled = { durMs: 5100, stacks: [stack("work", 10)] };
  expect(causeOf(stalled(frozen, "work", unsampled))).toBe("unknown");
  expect(causeOf(stalled({ ...frozen, sleptMs: 0 }, "work", unsampled))).toBe("host");
  expect(causeOf(stalled({ ...frozen, watchdogLateMs: 160 }, "work", { stacks: [] }))).toBe("host");
});

test("sleep: the machine slept for most of it and the thread did not compute", () => {
  expect(causeOf(stalled({ cpuRatio: 0.1, sleptMs: 60_000 }))).toBe("sleep");
  expect(causeOf(stalled({ cpuRatio: 0.1, sleptMs: 60_000, watchdogLateMs: 190, runDelayMs: 150 }))).toBe("sleep");
  // Where the clock stands still while the machine sleeps, a computing thread's stall was there besides.
  expect(causeOf(stalled({ sleptMs: 60_000 }))).toBe("own-code");
  expect(causeOf(stalled({ cpuRatio: 0.1, sleptMs: 60 }))).toBe("unknown");
});

test("gc: half and more of it, whatever the code was", () => {
  expect(causeOf(stalled({ gcMs: 100 }))).toBe("gc");
  expect(causeOf(stalled({ gcMs: 99 }))).toBe("own-code");
  expect(causeOf(stalled({ gcMs: 150, cpuRatio: 0.45, parkedMs: 100, unansweredMs: 150 }))).toBe("gc");
  expect(causeOf(stalled({ gcMs: 120, gaveWay: 4, longestTurnMs: 1 }))).toBe("gc");
});

test("starvation: promises that let what was queued among them come round", () => {
  expect(causeOf(stalled({ gaveWay: 4, longestTurnMs: 2, callbacks: 1, longestCallbackMs: 0.1 }))).toBe("starvation");
  expect(causeOf(stalled({ gaveWay: 1, longestTurnMs: 2 }, "work", { durMs: 80 }))).toBe("starvation");
  expect(causeOf(stalled({ gaveWay: 2, longestTurnMs: 1, cpuRatio: 0.6, runDelayMs: 70 }))).toBe("starvation");
});

test("starvation: a burst of ticks or timers, between which the probe cannot come round", () => {
  const burst = { callbacks: 100, longestCallbackMs: 3, longestStretchMs: 4 };
  expect(causeOf(stalled({ ...burst, gaveWay: 0, longestTurnMs: 150 }))).toBe("starvation");
  expect(causeOf(stalled(burst, "work", { blame: undefined }))).toBe("starvation");
  // One of them was interrupted by the host for a while.
  const interrupted = { callbacks: 15_000, longestCallbackMs: 55, longestStretchMs: 55 };
  expect(causeOf(stalled(interrupted, "work", { durMs: 2000 }))).toBe("starvation");
});

test("a thread that hardly ran did not starve its event loop", () => {
  expect(causeOf(stalled({ gaveWay: 1, longestTurnMs: 0.1, cpuRatio: 0.15 }, "work", { durMs: 105 }))).toBe("unknown");
  const short = { gaveWay: 2, longestTurnMs: 0.1, cpuRatio: 0.5, runDelayMs: 32 };
  expect(causeOf(stalled(short, "work", { durMs: 70 }))).toBe("unknown");
});

test("one long callback is no starvation", () => {
  // What was queued in it comes round with its end.
  expect(causeOf(stalled({ gaveWay: 1, longestTurnMs: 140, callbacks: 1, longestCallbackMs: 0.1 }))).toBe("own-code");
  expect(causeOf(stalled({ gaveWay: 4, longestTurnMs: 1, callbacks: 9, longestCallbackMs: 110 }))).toBe("own-code");
  // Many short callbacks before a long continuation of one of them.
  const before = { callbacks: 20, longestCallbackMs: 3, longestStretchMs: 160, longestTurnMs: 150, gaveWay: 0 };
  expect(causeOf(stalled(before))).toBe("own-code");
  // Each of them would have been a stall by itself.
  expect(causeOf(stalled({ gaveWay: 8, longestTurnMs: 60, callbacks: 9 }, "work", { durMs: 900 }))).toBe("own-code");
});

test("neither one long nor many short continuations: cannot tell", () => {
  expect(causeOf(stalled({ gaveWay: 8, longestTurnMs: 60, runDelayMs: 90 }, "work", { durMs: 900 }))).toBe("unknown");
  expect(causeOf(stalled({ gaveWay: 2, longestTurnMs: 49 }, "work", { durMs: 130 }))).toBe("unknown");
  expect(causeOf(stalled({ gaveWay: 1, longestTurnMs: 1 }, "work", { durMs: 55 }))).toBe("unknown");
});

test("sync-io: files and child processes, parked or kept busy by the kernel", () => {
  expect(causeOf(stalled({ cpuRatio: 0.01, parkedMs: 198, unansweredMs: 170 }, SHELL))).toBe("sync-io");
  expect(causeOf(stalled({}, "stat@ < statSync@node:fs < work"))).toBe("sync-io");
  expect(causeOf(stalled({}, "readSync@node:fs < Dir.readSync@node:internal/fs/dir < work"))).toBe("sync-io");
  expect(causeOf(stalled({}, "execSync@node:child_process < work", { isProfiled: false }))).toBe("sync-io");
});

test("sync-io is said of most of the time only, and not of the program called back by Node", () => {
  const mixed = (readingMs: number): StallFacts =>
    stalled({}, "", { stacks: [stack("readFileSync@node:fs < work", readingMs), stack("work", 200 - readingMs)] });
  expect(causeOf(mixed(125))).toBe("sync-io");
  expect(causeOf(mixed(110))).toBe("unknown");
  expect(causeOf(mixed(40))).toBe("own-code");
  expect(causeOf(stalled({}, "filter < cpSync@node:fs < work"))).toBe("own-code");
});

test("sync-io: parked inside a native call of a dependency or of a stream", () => {
  const parked = { cpuRatio: 0.05, parkedMs: 185, unansweredMs: 150 };
  expect(causeOf(stalled(parked, "run@ < insert@node_modules/better-sqlite3/lib/methods.js < work"))).toBe("sync-io");
  expect(causeOf(stalled(parked, "writeUtf8String@ < handleWriteReq@node:internal/stream_base_commons < work"))).toBe(
    "sync-io",
  );
});

test("parked in JavaScript is neither: Atomics.wait, a debugger's pause", () => {
  expect(causeOf(stalled({ cpuRatio: 0.01, parkedMs: 198, unansweredMs: 1 }))).toBe("unknown");
  expect(causeOf(stalled({ cpuRatio: 0.01, parkedMs: 198, unansweredMs: 190 }))).toBe("unknown");
});

test("native: calls out of V8, of Node or of a dependency", () => {
  expect(causeOf(stalled({}, "writeSync@ < processChunkSync@node:zlib < gzipSync@node:zlib < work"))).toBe("native");
  expect(causeOf(stalled({}, "run@ < pbkdf2Sync@node:internal/crypto/pbkdf2 < work"))).toBe("native");
  expect(causeOf(stalled({}, "structuredClone@node:internal/worker/js_transferable < work"))).toBe("native");
  expect(causeOf(stalled({}, "all@ < query@node_modules/better-sqlite3/lib/methods.js < work"))).toBe("native");
  expect(causeOf(stalled({}, "pbkdf2Sync@node:internal/crypto/pbkdf2 < work", { isProfiled: false }))).toBe("native");
});

test("native: V8 did not answer for most of it, though the profile shows only the caller (JSON.parse)", () => {
  expect(causeOf(stalled({ unansweredMs: 150 }))).toBe("native");
  expect(causeOf(stalled({ unansweredMs: 25 }, "work", { durMs: 70, captures: 0 }))).toBe("native");
  expect(causeOf(stalled({ unansweredMs: 12 }, "work", { durMs: 60, captures: 0 }))).toBe("own-code");
});

test("silence for want of a CPU, or while garbage was collected, is not a native call's", () => {
  expect(causeOf(stalled({ unansweredMs: 110, runDelayMs: 100, cpuRatio: 0.45 }))).toBe("own-code");
  expect(causeOf(stalled({ unansweredMs: 110, gcMs: 95 }))).toBe("own-code");
  expect(causeOf(stalled({ unansweredMs: 30, watchdogLateMs: 25 }, "work", { durMs: 70, captures: 1 }))).toBe(
    "own-code",
  );
  // Nor is there a sign that it was JavaScript.
  expect(causeOf(stalled({ unansweredMs: 30, watchdogLateMs: 25 }, "work", { durMs: 70, captures: 0 }))).toBe(
    "unknown",
  );
  // More silence than the host and the collector can answer for.
  expect(causeOf(stalled({ unansweredMs: 589, runDelayMs: 369, cpuRatio: 0.42 }, "work", { durMs: 644 }))).toBe(
    "native",
  );
});

test("half native and half script: cannot tell", () => {
  const stacks = [stack("update@ < update@node:internal/crypto/hash < work", 110), stack("work", 90)];
  expect(causeOf(stalled({}, "", { stacks }))).toBe("unknown");
});

test("time in waiting calls adds up", () => {
  const stacks = [stack(SHELL, 30), stack("work", 50), stack("readFileSync@node:fs < work", 12)];
  expect(syncCallMs(stacks, true)).toBe(42);
});
