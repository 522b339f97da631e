/** What is stuck, for a terminal: the event loop first, then the oldest work and what it waits for. */
import { styleText } from "node:util";
import type { PendingTask, PendingWait, Site, Stuck, StuckLoop, TaskRef } from "../api/api.ts";
import { causeWords, evidenceWords } from "../api/cause-words.ts";
import { formatCount, formatCountOf, formatDuration, formatMs } from "../api/format.ts";
import { waitWords } from "../api/wait-words.ts";
import { blockedFor } from "../queries/report-stuck.ts";

const LISTED = 12;
const FRAMES = 6;
/** Signs of life come every 100 ms at the latest; later than this the whole process stands still. Milliseconds. */
const SILENT_MS = 1000;

type Style = (text: string) => string;

export function stuckText(stuck: Stuck, name: string, isColour: boolean): string {
  const bold = (text: string): string => (isColour ? styleText("bold", text) : text);
  const dim = (text: string): string => (isColour ? styleText("dim", text) : text);
  const lines = [
    "",
    `${bold("Stallscope")} ${name} · ${stuck.state} · ${formatDuration(stuck.at)}`,
    ...silence(stuck),
    "",
    ...stuck.loops.flatMap((loop) => loopLines(loop, stuck, bold, dim)),
    ...(stuck.loops.length === 0 ? [bold(noLoop(stuck))] : []),
    ...cycleLines(stuck, bold),
    ...pendingLines(stuck, bold, dim),
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function silence({ heardAgoMs }: Stuck): readonly string[] {
  if (heardAgoMs === undefined || heardAgoMs < SILENT_MS) return [];
  return [`Nothing was heard for ${formatMs(heardAgoMs)}: the whole process stands still, or the machine slept.`];
}

function noLoop({ state }: Stuck): string {
  return state === "live" ? "No Node process is running in it" : "No Node process was seen";
}

function loopLines({ thread, blocked }: StuckLoop, stuck: Stuck, bold: Style, dim: Style): readonly string[] {
  const whose =
    stuck.loops.length === 1
      ? ""
      : thread.threadId === 0
        ? ` of process ${thread.pid}`
        : ` of worker ${thread.threadId} in process ${thread.pid}`;
  const isLive = stuck.state === "live";
  if (blocked === undefined) return [bold(`Event loop${whose} ${isLive ? "turns" : "was not blocked at the end"}`)];
  const { stall, evidence, ancestors, frames, span } = blocked;
  const length = formatDuration(blockedFor(blocked));
  const task = [...ancestors, ...(stall.task === undefined ? [] : [stall.task])].reverse();
  const evidenceText = evidenceWords(stall.cause, evidence, blockedFor(blocked) / 1e6).join(", ");
  return [
    bold(
      `Event loop${whose} ${isLive ? `blocked for ${length}, right now` : `blocked at the end, for at least ${length}`}`,
    ),
    `  ${stall.blame === undefined ? "cannot tell where" : siteText(stall.blame)}${task.length === 0 ? "" : `  in ${chainText(task)}`}`,
    ...(span === undefined ? [] : [`  span ${span}`]),
    dim(`  cause so far: ${causeWords(stall.cause, stall.phase)}${evidenceText === "" ? "" : ` (${evidenceText})`}`),
    ...frames.slice(0, FRAMES).map((frame) => dim(`    at ${siteText(frame)}`)),
    ...(frames.length > FRAMES ? [dim(`    and ${formatCountOf(frames.length - FRAMES, "frame")} more`)] : []),
  ];
}

function cycleLines({ cycles }: Stuck, bold: Style): readonly string[] {
  if (cycles.length === 0) return [];
  const lines = cycles.map((cycle) => {
    const [first] = cycle;
    const around = first === undefined ? cycle : [...cycle, first];
    return `  ${around.map(nameOf).join(" waits for ")}`;
  });
  return [
    "",
    bold(
      formatCountOf(
        cycles.length,
        "circle of waits: nothing in it can go on",
        "circles of waits: nothing in them can go on",
      ),
    ),
    ...lines,
  ];
}

function pendingLines(stuck: Stuck, bold: Style, dim: Style): readonly string[] {
  const { pending, pendingCount, state, at, loops } = stuck;
  const verb = state === "live" ? "pending" : "pending at the end";
  if (pendingCount === 0) return ["", bold(`No task ${verb}`)];
  const holds = state === "live" ? "holds the event loop" : "held the event loop";
  const holding = new Set(loops.flatMap(({ blocked }) => blocked?.stall.task?.id ?? []));
  const head = `${formatCountOf(pendingCount, "task")} ${verb}${pendingCount === 1 ? "" : ", the oldest first"}`;
  const lines = ["", bold(head)];
  for (const item of pending.slice(0, LISTED)) {
    const { task, since, site, chain } = item;
    const what = holding.has(task.id) ? holds : whatFor(item, at);
    lines.push(`  ${formatDuration(at - since).padStart(12)}  ${nameOf(task)}  ${what}`);
    const where = [
      ...(chain.length === 0 ? [] : [`in ${chainText(chain)}`]),
      ...(site === undefined ? [] : [siteText(site)]),
    ];
    if (where.length > 0) lines.push(dim(`${" ".repeat(16)}${where.join("  ")}`));
  }
  if (pendingCount > LISTED) lines.push(dim(`  and ${formatCount(pendingCount - LISTED)} younger ones`));
  return lines;
}

function whatFor({ task, waits, firstChunk }: PendingTask, at: number): string {
  if (waits.length > 0) return `waits for ${waits.map((wait) => waitText(wait, at)).join(", ")}`;
  return unseenWait(task, firstChunk !== undefined);
}

function waitText(wait: PendingWait, at: number): string {
  const { target, holders, since } = wait;
  const what = target === undefined ? waitWords(wait) : nameOf(target);
  const held =
    holders.length === 0
      ? ""
      : `, held by ${holders.slice(0, 3).map(nameOf).join(", ")}${holders.length > 3 ? " and others" : ""}`;
  return `${what}${held} (for ${formatDuration(Math.max(0, at - since))})`;
}

/** What its kind waits for where no wait was recorded of it. */
function unseenWait({ kind }: TaskRef, hasBegun: boolean): string {
  switch (kind) {
    case "request":
      return hasBegun ? "waits for the rest of the response" : "waits for the response";
    case "model":
      return hasBegun ? "waits for the rest of the answer" : "waits for the answer's first chunk";
    default:
      return "waits for what is not traced";
  }
}

function chainText(chain: readonly TaskRef[]): string {
  return chain.map(nameOf).join(" ‹ ");
}

function nameOf({ kind, name }: TaskRef): string {
  if (name === "") return kind;
  return name.toLowerCase().startsWith(kind) ? name : `${kind} ${name}`;
}

function siteText({
  function: fn,
  file,
  line,
  package: from,
}: Pick<Site, "function" | "file" | "line" | "package">): string {
  const where = line > 0 ? `${file}:${line}` : file;
  return `${fn}()${from === undefined ? "" : ` of ${from}`} ${where}`;
}
