/** The report tells what the drawing shows, in the contract's fields. */
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SessionEvent } from "../../../src-main/collector/session.ts";
import type { Frame } from "../../../src-main/api/api.ts";
import { overview } from "../../../src-main/queries/overview.ts";
import { report, type Report } from "../../../src-main/queries/report.ts";
import { openRecording } from "../../../src-main/store/recording.ts";
import { nanos } from "../../../src-runtime/protocol/time.ts";
import { drawRecording, inFolder } from "../../fixtures/drawn-recording.ts";
import { drawnTasks } from "../../fixtures/drawn-timeline.ts";

const T = 2 ** 32;
const frame = (fn: string, file: string, origin: Frame["origin"]): Frame => ({
  function: fn,
  file,
  line: 7,
  column: 3,
  origin,
  selfMs: 0,
});
const FRAMES = [
  frame("test", "node:internal/re", "node"),
  frame("parsePdf", "src/pdf.ts", "own"),
  frame("execute", "src/tools.ts", "own"),
];

const AGENT = drawnTasks(`
  agent research   [==========================)
    step plan       [=====)
      model gpt      [=c=)
    tool search           [====x
    tool slow             [======/
    model gpt                    [c===
`);
const attributes = (task: number, values: Record<string, string | number>): SessionEvent => ({
  kind: "attributes",
  thread: 1,
  task: T + task,
  attributes: values,
});
const STORY: readonly SessionEvent[] = [
  ...AGENT,
  attributes(3, {
    "gen_ai.provider.name": "local",
    "gen_ai.request.model": "gpt",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 20,
  }),
  attributes(6, { "gen_ai.provider.name": "local", "gen_ai.request.model": "gpt" }),
  { kind: "stallOpen", thread: 1, beat: 4, at: nanos(70e6) },
  { kind: "sample", thread: 1, beat: 4, at: nanos(110e6), tookMs: 2, frames: FRAMES, task: T + 4, span: 0 },
  { kind: "stall", thread: 1, beat: 4, at: nanos(170e6), duration: 100, cpuRatio: 0.97 },
  { kind: "beat", thread: 1, at: nanos(170e6), delay: 99, busy: 100, length: 110 },
  { kind: "beat", thread: 1, at: nanos(260e6), delay: 1, busy: 0, length: 90 },
  { kind: "dropped", thread: 1, byKind: { handleInit: 12 } },
  { kind: "notSeen", thread: 1, what: "single promises (level tasks)" },
];

async function reported(events: readonly SessionEvent[], state: "closed" | "cut" = "closed"): Promise<Report> {
  return inFolder((folder) => {
    const path = join(folder, "a.stallscope");
    drawRecording(path, events, { state, exitCode: 0 });
    const recording = openRecording(path);
    try {
      return Object.assign(report(recording), { sentence: overview(recording).sentence });
    } finally {
      recording.close();
    }
  });
}

test("counts, models, tools, cancellations and losses", async () => {
  const made = await reported(STORY);
  expect(made).toMatchObject({
    format: "stallscope-report/1",
    recording: {
      state: "closed",
      level: "tasks",
      notSeen: ["single promises (level tasks)"],
      durationMs: 270,
      dropped: { total: 12, byKind: { handleInit: 12 } },
    },
    process: {
      pid: 1001,
      version: "24.21.0",
      platform: "linux-x64",
      exitCode: 0,
      signal: null,
      argv: ["/home/me/agent.ts"],
    },
    tasks: { created: 6, completed: 3, failed: 1, cancelled: 1, abandoned: 0, open: 1 },
    promises: null,
    ledger: [],
    verdict: null,
    findings: [],
    spans: { total: 0, byScope: {} },
  });
  expect(made.models).toEqual([
    {
      provider: "local",
      model: "gpt",
      calls: 2,
      failed: 0,
      cancelled: 0,
      inputTokens: 100,
      outputTokens: 20,
      timeToFirstChunkMs: { p50: 20, p95: 20 },
    },
  ]);
  expect(made.tools.map(({ name, failed, cancelled, totalMs }) => [name, failed, cancelled, totalMs])).toEqual([
    ["slow", 0, 1, 70],
    ["search", 1, 0, 50],
  ]);
});

test("a stall with its blame, its task and its tool", async () => {
  const { stalls, eventLoop } = await reported(STORY);
  expect(stalls).toMatchObject([
    {
      durationMs: 100,
      phase: "run",
      cause: "own-code",
      evidence: { cpuRatio: 0.97, gcMs: null },
      task: { id: String(T + 4), name: "search" },
      span: { name: null, tool: "search", spanId: null },
      blame: { function: "parsePdf", file: "src/pdf.ts", line: 7, column: 3, package: null },
      samples: 1,
      capturedDuring: true,
      victims: [],
    },
  ]);
  expect(stalls[0]?.start).toBe(Date.UTC(2026, 10, 23, 9, 30) + 70);
  expect(eventLoop).toMatchObject({ blockedMs: 100, utilization: 0.5, delay: { p50: 99, max: 99 } });
});

test("a recording cut during a stall knows its start and its stack, and no duration", async () => {
  const { stalls } = await reported(STORY.slice(0, -6), "cut");
  expect(stalls).toMatchObject([
    { durationMs: null, cause: "unknown", blame: null, samples: 0, capturedDuring: false },
  ]);
  const cut = await reported(STORY.slice(0, -5), "cut");
  expect(cut.stalls).toMatchObject([
    { durationMs: null, cause: "unknown", blame: { function: "parsePdf" }, samples: 1 },
  ]);
});

test("the sentence names the number, the function and who called it", async () => {
  const made = (await reported(STORY)) as Report & {
    readonly sentence: { readonly parts: readonly { readonly text: string }[] };
  };
  expect(made.sentence.parts.map(({ text }) => text).join("")).toBe(
    "Own code held the event loop for 100 ms in parsePdf() src/pdf.ts:7, called by tool search.",
  );
});
