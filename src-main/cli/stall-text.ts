/** What a report says of one stall, in words and a few bars: the terminal's and the pull request's. */
import { causeWords, evidenceWords } from "../api/cause-words.ts";
import { formatCountOf, formatMs } from "../api/format.ts";
import type { ReportSite } from "../queries/report-parts.ts";
import type { ReportStall, ReportVictim } from "../queries/report-stalls.ts";
import type { SelfTime } from "../queries/self-times.ts";

/** Frames drawn, and the share of the stall from which on one is worth a line. */
const BARS = 3;
const SMALLEST_SHARE = 0.05;
const LONGEST_BAR = 24;
const SHORTEST_BAR = 8;
/** Eighths of a character. */
const PARTS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;
/** Figures named for a cause. */
const EVIDENCE = 2;
const KINDS = 2;

const KIND_WORDS: Readonly<Record<ReportVictim["kind"], readonly [one: string, many: string]>> = {
  timer: ["timer", "timers"],
  sleep: ["sleep", "sleeps"],
  deadline: ["deadline", "deadlines"],
  promise: ["promise reaction", "promise reactions"],
  request: ["request", "requests"],
  stream: ["stream", "streams"],
  child: ["child process", "child processes"],
};

/** Those that nobody saw the end of by what was seen of them. */
export function worstFirst(stalls: readonly ReportStall[]): readonly ReportStall[] {
  return stalls.toSorted((a, b) => knownMs(b) - knownMs(a));
}

/** How long it lasted, or was seen to last at least. */
export function knownMs({ durationMs, seenMs }: ReportStall): number {
  return durationMs ?? seenMs ?? 0;
}

/** `398 ms`, `at least 3.2 s`. */
export function lengthText(stall: ReportStall): string {
  if (stall.durationMs !== null) return formatMs(stall.durationMs);
  return stall.seenMs === undefined ? "unfinished" : `at least ${formatMs(stall.seenMs)}`;
}

export function siteText(site: ReportSite | null): string {
  if (site === null) return "cannot tell where";
  return `${site.function}() ${site.package === null ? "" : `of ${site.package} `}${site.file}:${site.line}`;
}

/** `tool search, Step 2, agent researcher`: what it happened in, from the inside. "": nothing is known. */
export function aroundText({ task, span, step, agent }: ReportStall): string {
  const tool = span?.tool ?? null;
  const isNamed = task === null || [tool, step, agent].includes(task.name);
  return [
    ...(isNamed ? [] : [task.name]),
    ...(tool === null ? [] : [`tool ${tool}`]),
    ...(step === null ? [] : [step]),
    ...(agent === null ? [] : [`agent ${agent}`]),
  ].join(", ");
}

/** `own code: CPU 0.97, V8 answered` */
export function causeText(stall: ReportStall): string {
  const evidence = evidenceWords(stall.cause, stall.evidence, knownMs(stall)).slice(0, EVIDENCE);
  return `${causeWords(stall.cause, stall.phase)}${evidence.length === 0 ? "" : `: ${evidence.join(", ")}`}`;
}

/** `3 timers up to 240 ms late, 1 deadline fired because of it`. "": nobody was late, as far as was seen. */
export function victimsText({ victims, victimCount }: ReportStall): string {
  const fired = victims.filter(({ cancelled }) => cancelled !== null).length;
  const late = victims.filter(({ cancelled }) => cancelled === null);
  const because = fired === 0 ? [] : [`${formatCountOf(fired, "deadline")} fired because of it`];
  if (late.length === 0) return because.join("");
  const most = Math.max(...late.map(({ lateMs }) => lateMs));
  const isExact = late.some(({ lateMs, exact }) => exact && lateMs === most);
  const who = victimCount > victims.length ? `${formatCountOf(victimCount - fired, "victim")}` : kindsText(late);
  const byHow = `${late.length === 1 ? "" : "up to "}${isExact ? "" : "about "}${formatMs(most)} late`;
  return [`${who} ${byHow}`, ...because].join(", ");
}

function kindsText(victims: readonly ReportVictim[]): string {
  const counts = new Map<ReportVictim["kind"], number>();
  for (const { kind } of victims) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const rest = sorted.slice(KINDS).reduce((sum, [, count]) => sum + count, 0);
  const words = sorted.slice(0, KINDS).map(([kind, count]) => formatCountOf(count, ...KIND_WORDS[kind]));
  return [...words, ...(rest === 0 ? [] : [`${rest} more`])].join(", ");
}

/**
 * Where the time went, a bar a function, without what it called. By the characters alone, no colour is needed.
 * @param width columns to fill at most.
 */
export function flameLines(stall: ReportStall, width: number): readonly string[] {
  const whole = knownMs(stall);
  const told = stall.selfTimes.filter(({ selfMs }) => selfMs >= SMALLEST_SHARE * whole).slice(0, BARS);
  const longest = Math.max(SHORTEST_BAR, Math.min(LONGEST_BAR, Math.floor(width / 4)));
  return told.map((self) => {
    const figures = `${bar(self.selfMs / whole, longest)} ${formatMs(self.selfMs).padStart(7)}  `;
    return `${figures}${shortened(placeText(self), Math.max(SHORTEST_BAR, width - figures.length))}`;
  });
}

function bar(share: number, longest: number): string {
  const eighths = Math.max(1, Math.round(Math.min(1, share) * longest * PARTS.length));
  return `${"█".repeat(Math.floor(eighths / PARTS.length))}${PARTS[eighths % PARTS.length] ?? ""}`.padEnd(longest);
}

function placeText({ function: fn, file, line, package: from }: SelfTime): string {
  if (file === "") return fn;
  const place = line > 0 ? `${file}:${line}` : file;
  return `${fn} ${from === null ? place : `of ${from}`}`;
}

/** What is left out is left out in the middle: the function and the line are at the ends. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.ceil((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}
