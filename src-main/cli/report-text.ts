/** The report for a terminal: one screen, the worst first. */
import { styleText } from "node:util";
import { formatCount, formatCountOf, formatMs } from "../api/format.ts";
import { reasonWords } from "../api/reason-words.ts";
import type { WaitTarget } from "../queries/report-waits.ts";
import type { ReportStall } from "../queries/report-stalls.ts";
import type { Report } from "../queries/report.ts";
import { aroundText, causeText, flameLines, lengthText, siteText, victimsText, worstFirst } from "./stall-text.ts";

const STALLS = 5;
const CANCELLATIONS = 5;
const WAITS = 5;
const TOOLS = 6;
const LENGTH_WIDTH = 10;
const NO_TERMINAL = 80;

/** @param width of the terminal, in columns; what fits into 80 where there is none. */
export function reportText(report: Report, isColour: boolean, width = NO_TERMINAL): string {
  const bold = (text: string): string => (isColour ? styleText("bold", text) : text);
  const dim = (text: string): string => (isColour ? styleText("dim", text) : text);
  const lines = [
    "",
    `${bold("Stallscope")} ${whatRan(report)}`,
    ...stallLines(report, bold, dim, width),
    ...cancellationLines(report, bold, dim),
    ...waitLines(report, bold, dim),
    ...agentLines(report, bold),
    ...lossLines(report, bold),
    dim(`Recording  ${report.recording.path}`),
    dim(`See it     stallscope serve ${quote(report.recording.path)}`),
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function whatRan({ process, recording, eventLoop, tasks }: Report): string {
  const parts = [
    process?.argv[0] === undefined ? "no Node process was seen" : lastOf(process.argv[0]),
    formatMs(recording.durationMs),
    ...(recording.state === "closed" ? [] : [recording.state]),
    ...(process === null ? [] : [howItEnded(process)]),
    ...(eventLoop.utilization === null ? [] : [`event loop busy ${Math.round(eventLoop.utilization * 100)} %`]),
    `${formatCount(tasks.created)} tasks${tasks.failed === 0 ? "" : `, ${formatCount(tasks.failed)} failed`}${tasks.open === 0 ? "" : `, ${formatCount(tasks.open)} open`}`,
    `level ${recording.level}`,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function howItEnded({ exitCode, signal }: NonNullable<Report["process"]>): string {
  if (signal !== null) return signal;
  return exitCode === null ? "" : `exit ${exitCode}`;
}

type Style = (text: string) => string;

function stallLines(report: Report, bold: Style, dim: Style, width: number): string[] {
  const { stalls, eventLoop } = report;
  const ofRun = worstFirst(stalls.filter(({ phase }) => phase === "run"));
  const startup = stalls.filter(({ phase }) => phase === "startup");
  const lines: string[] = [];
  if (ofRun.length === 0) lines.push("", bold("No stall"));
  else {
    lines.push(
      "",
      bold(`${formatCountOf(ofRun.length, "stall")}, event loop blocked ${formatMs(eventLoop.blockedMs)}`),
      ...ofRun.slice(0, STALLS).flatMap((stall) => oneStall(stall, report, dim, width)),
    );
    if (ofRun.length > STALLS) lines.push(dim(`  and ${formatCount(ofRun.length - STALLS)} shorter ones`));
  }
  const total = startup.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  if (total > 0) lines.push(dim(`  start-up held the event loop for ${formatMs(total)}; not counted`));
  return lines;
}

/** Where and in what, why, who was late, and where the time went. */
function oneStall(stall: ReportStall, { recording }: Report, dim: Style, width: number): string[] {
  const around = aroundText(stall);
  const victims = victimsText(stall);
  const indent = " ".repeat(LENGTH_WIDTH + 4);
  const length = lengthText(stall).padStart(LENGTH_WIDTH);
  const at = dim(`  at ${formatMs(stall.start - recording.startedAt)}`);
  return [
    `  ${length}  ${siteText(stall.blame)}${around === "" ? "" : `  in ${around}`}${at}`,
    `${indent}${causeText(stall)}${victims === "" ? "" : ` · ${victims}`}`,
    ...flameLines(stall, width - indent.length).map((line) => dim(`${indent}${line}`)),
  ];
}

function cancellationLines({ cancellations }: Report, bold: Style, dim: Style): string[] {
  if (cancellations.length === 0) return [];
  const lines = [
    "",
    bold(`${formatCount(cancellations.length)} ${cancellations.length === 1 ? "cancellation" : "cancellations"}`),
  ];
  for (const { task, by, reason, source, latencyMs, ignored, site } of cancellations.slice(0, CANCELLATIONS)) {
    const settled = ignored
      ? "ignored"
      : latencyMs === null
        ? "settling not seen"
        : `settled in ${formatMs(latencyMs)}`;
    const who = by === null ? source : `${source} by ${by.name}`;
    const words = reasonWords(source, reason);
    const why = words === "" ? who : `${who}: ${words}`;
    lines.push(`  ${task.name}  ${why}, ${settled}${site === null ? "" : dim(`  ${siteText(site)}`)}`);
  }
  if (cancellations.length > CANCELLATIONS)
    lines.push(dim(`  and ${formatCount(cancellations.length - CANCELLATIONS)} more`));
  return lines;
}

function waitLines({ waitTargets, resilience }: Report, bold: Style, dim: Style): string[] {
  const lines: string[] = [];
  if (waitTargets.length > 0) lines.push("", bold("Waits"));
  for (const target of waitTargets.slice(0, WAITS)) {
    const { count, open, totalMs, maxMs, heldLongestBy } = target;
    const times = `${formatCountOf(count, "time")}${open === 0 ? "" : ` (${formatCount(open)} still)`}`;
    const length = count === 1 ? formatMs(totalMs) : `${formatMs(totalMs)} in all, ${formatMs(maxMs)} at most`;
    const held =
      heldLongestBy === null ? "" : dim(`  held longest by ${heldLongestBy.name}, ${formatMs(heldLongestBy.ms)}`);
    lines.push(`  ${targetText(target)}  ${times}, ${length}${held}`);
  }
  if (waitTargets.length > WAITS) lines.push(dim(`  and ${formatCount(waitTargets.length - WAITS)} more`));
  const { retries, gaveUp, fallbacks, breakersOpened } = resilience;
  const tried = [
    ...(retries === 0 ? [] : [formatCountOf(retries, "retry", "retries")]),
    ...(gaveUp === 0 ? [] : [`${formatCount(gaveUp)} given up`]),
    ...(fallbacks === 0 ? [] : [formatCountOf(fallbacks, "fallback")]),
    ...(breakersOpened === 0 ? [] : [`a circuit breaker opened ${formatCountOf(breakersOpened, "time")}`]),
  ];
  return tried.length === 0 ? lines : [...lines, "", tried.join(" · ")];
}

/** `limiter connections`. What has no name of its own is called by its kind. */
export function targetText({ kind, name }: WaitTarget): string {
  const word = KIND_WORDS[kind] ?? kind;
  return name === null || name === kind ? word : `${word} ${name}`;
}

const KIND_WORDS: Readonly<Partial<Record<WaitTarget["kind"], string>>> = {
  rate: "rate limiter",
  external: "promises from elsewhere",
};

function agentLines({ models, tools, spans }: Report, bold: Style): string[] {
  const lines: string[] = [];
  if (models.length > 0) lines.push("", bold("Models"));
  for (const { model, provider, calls, failed, cancelled, inputTokens, outputTokens, timeToFirstChunkMs } of models) {
    const tokens =
      inputTokens === null && outputTokens === null
        ? "tokens not told"
        : `${formatCount(inputTokens ?? 0)} tokens in, ${formatCount(outputTokens ?? 0)} out`;
    const first = timeToFirstChunkMs === null ? "" : `, first chunk after ${formatMs(timeToFirstChunkMs.p50)}`;
    lines.push(
      `  ${model}${provider === null ? "" : ` (${provider})`}  ${callsText(calls, failed, cancelled)}, ${tokens}${first}`,
    );
  }
  if (tools.length > 0) lines.push("", bold("Tools"));
  for (const { name, calls, failed, cancelled, totalMs } of tools.slice(0, TOOLS))
    lines.push(`  ${name}  ${callsText(calls, failed, cancelled)}, ${formatMs(totalMs)}`);
  if (tools.length > TOOLS) lines.push(`  and ${formatCount(tools.length - TOOLS)} more`);
  if (spans.total > 0) lines.push("", `${formatCount(spans.total)} OpenTelemetry spans`);
  return lines;
}

function callsText(calls: number, failed: number, cancelled: number): string {
  const rest = [...(failed === 0 ? [] : [`${failed} failed`]), ...(cancelled === 0 ? [] : [`${cancelled} cancelled`])];
  return `${formatCount(calls)} ${calls === 1 ? "call" : "calls"}${rest.length === 0 ? "" : ` (${rest.join(", ")})`}`;
}

function lossLines({ recording }: Report, bold: Style): string[] {
  const { dropped, notSeen } = recording;
  const lines = [""];
  if (dropped.total > 0) {
    const kinds = Object.entries(dropped.byKind).map(([kind, count]) => `${formatCount(count)} ${kind}`);
    lines.push(`${bold("Dropped")}    ${kinds.join(", ")}`);
  }
  if (notSeen.length > 0) lines.push(`${bold("Not seen")}   ${notSeen.join(" · ")}`);
  return lines;
}

function lastOf(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

function quote(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
