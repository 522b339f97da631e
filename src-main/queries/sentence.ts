/** What happened, or happens now, in one sentence: measured things only. */
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { Sentence, StallRow, TaskRef } from "../api/api.ts";
import { formatCount, formatMs } from "../api/format.ts";
import type { RecordingMeta } from "../store/meta.ts";
import type { Recording } from "../store/recording.ts";
import { ancestorsOf } from "./tasks.ts";

type Part = Sentence["parts"][number];

export function sentenceOf(recording: Recording, meta: RecordingMeta, stalls: readonly StallRow[]): Sentence {
  const open = stalls.find(({ dur }) => dur === undefined);
  if (open !== undefined) return meta.state === "live" ? blockedNow(open, meta) : cutWhileBlocked(open, meta);
  if (recording.get<{ n: number }>("SELECT count(*) AS n FROM thread")?.n === 0) return noProcess(meta);
  return meta.state === "live" ? waiting(recording, meta, stalls) : ended(recording, meta, stalls);
}

function blockedNow(stall: StallRow, meta: RecordingMeta): Sentence {
  const parts: Part[] = [
    plain("Event loop blocked for "),
    { text: formatMs(nanosToMs(meta.end - stall.start)), role: "stall" },
    plain(", right now"),
    ...inCode(stall),
    plain("."),
  ];
  return { tone: "blocked", parts, since: stall.start };
}

function cutWhileBlocked(stall: StallRow, meta: RecordingMeta): Sentence {
  const parts: Part[] = [
    plain("Cut off while the event loop was blocked, for at least "),
    { text: formatMs(nanosToMs(Math.max(0, meta.end - stall.start))), role: "stall" },
    ...inCode(stall),
    plain("."),
  ];
  return { tone: "calm", parts };
}

function noProcess(meta: RecordingMeta): Sentence {
  const text =
    meta.state === "live" ? "No Node process has answered yet." : "No Node process was seen under this command.";
  return { tone: "calm", parts: [plain(text)] };
}

/** Live, and the event loop turns: what the oldest open work is. */
function waiting(recording: Recording, meta: RecordingMeta, stalls: readonly StallRow[]): Sentence {
  const row = recording.get<{ name: string; kind: TaskRef["kind"]; created: number }>(
    `SELECT name, kind, created FROM task AS t
     WHERE outcome = 'open' AND kind IN ('model', 'tool', 'request', 'promise')
       AND NOT EXISTS (SELECT 1 FROM task WHERE parent = t.id AND outcome = 'open')
     ORDER BY created LIMIT 1`,
  );
  const blocked = ofRun(stalls);
  const before: Part[] = blocked.length === 0 ? [] : [plain(" "), ...tally(blocked)];
  if (row === undefined) return { tone: "calm", parts: [plain("Event loop free."), ...before] };
  const parts: Part[] = [
    plain("Event loop free. Waiting "),
    { text: formatMs(nanosToMs(meta.end - row.created)), role: "number" },
    plain(` for ${KIND_WORDS[row.kind] ?? row.kind} `),
    { text: row.name, role: "name" },
    plain("."),
    ...before,
  ];
  return { tone: "calm", parts, since: row.created };
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  model: "model call",
  tool: "tool",
  request: "request",
  promise: "promise",
};

function ended(recording: Recording, meta: RecordingMeta, stalls: readonly StallRow[]): Sentence {
  const blocked = ofRun(stalls);
  const worst = blocked.reduce<StallRow | undefined>(
    (most, stall) => ((stall.dur ?? 0) > (most?.dur ?? -1) ? stall : most),
    undefined,
  );
  if (worst === undefined) {
    const parts: Part[] = [
      plain(`The event loop was never blocked for ${formatMs(meta.thresholdMs)} or more in `),
      { text: formatMs(nanosToMs(meta.end)), role: "number" },
      plain("."),
    ];
    return { tone: "calm", parts: [...parts, ...ending(meta)] };
  }
  const isOwn = worst.cause === "own-code" && worst.blame?.package === undefined;
  const subject = isOwn ? "Own code held the event loop for " : "The event loop was blocked for ";
  const parts: Part[] = [
    plain(subject),
    { text: formatMs(nanosToMs(worst.dur ?? 0)), role: "stall" },
    ...inCode(worst),
    ...calledBy(recording, worst),
    plain("."),
  ];
  const others: Part[] = blocked.length > 1 ? [plain(" "), ...tally(blocked)] : [];
  return { tone: "calm", parts: [...parts, ...others, ...ending(meta)] };
}

function tally(blocked: readonly StallRow[]): Part[] {
  const total = blocked.reduce((sum, { dur }) => sum + (dur ?? 0), 0);
  const times = blocked.length === 1 ? "once" : `${formatCount(blocked.length)} times`;
  return [
    plain(`It was blocked ${times}, `),
    { text: formatMs(nanosToMs(total)), role: "number" },
    plain(blocked.length === 1 ? "." : " in all."),
  ];
}

function ending(meta: RecordingMeta): Part[] {
  if (meta.signal !== undefined) return [plain(` The program was ended by ${meta.signal}.`)];
  if (meta.state === "cut") return [plain(" The recording was cut off.")];
  if (meta.exitCode !== undefined && meta.exitCode !== 0) return [plain(` The program exited with ${meta.exitCode}.`)];
  return [];
}

function inCode(stall: StallRow): Part[] {
  const { blame } = stall;
  if (blame === undefined) return [plain(stall.samples === 0 ? "; cannot tell by what" : ", in Node's own code")];
  const where: Part =
    blame.package === undefined ? plain(` ${blame.file}:${blame.line}`) : plain(` of ${blame.package}`);
  return [plain(" in "), { text: `${blame.function}()`, role: "code" }, where];
}

function calledBy(recording: Recording, stall: StallRow): Part[] {
  if (stall.task === undefined) return [];
  const chain = [...ancestorsOf(recording, stall.task.id), stall.task];
  const caller = chain.findLast(({ kind }) => kind === "tool") ?? stall.task;
  return [plain(`, called by ${caller.kind} `), { text: caller.name, role: "name" }];
}

function ofRun(stalls: readonly StallRow[]): readonly StallRow[] {
  return stalls.filter(({ phase, dur }) => phase === "run" && dur !== undefined);
}

function plain(text: string): Part {
  return { text, role: "plain" };
}
