/** The report for a pull request. */
import { formatCount, formatMs } from "../api/format.ts";
import { reasonWords } from "../api/reason-words.ts";
import type { ReportStall } from "../queries/report-stalls.ts";
import type { Report } from "../queries/report.ts";
import { targetText } from "./report-text.ts";
import { aroundText, causeText, flameLines, lengthText, siteText, victimsText, worstFirst } from "./stall-text.ts";

/** Stalls whose self times are drawn, and how wide. */
const FLAMES = 3;
const FLAME_WIDTH = 90;

export function reportMarkdown(report: Report): string {
  const { recording, process, eventLoop, tasks } = report;
  const busy = eventLoop.utilization === null ? "unknown" : `${Math.round(eventLoop.utilization * 100)} %`;
  const exit =
    process === null
      ? "no Node process was seen"
      : (process.signal ?? (process.exitCode === null ? recording.state : `exit ${process.exitCode}`));
  return `${[
    "## Stallscope",
    "",
    `${code(process?.argv[0] ?? "?")} ran for ${formatMs(recording.durationMs)} (${exit}), the event loop busy ${busy}; ${formatCount(tasks.created)} tasks, ${formatCount(tasks.failed)} failed, ${formatCount(tasks.cancelled)} cancelled, ${formatCount(tasks.open)} open. Level ${recording.level}, ${formatCount(recording.dropped.total)} events dropped.`,
    ...stalls(report),
    ...cancellations(report),
    ...waits(report),
    ...models(report),
    ...tools(report),
    ...(recording.notSeen.length === 0 ? [] : ["", `Not seen: ${recording.notSeen.map(cell).join("; ")}.`]),
  ].join("\n")}\n`;
}

function stalls(report: Report): string[] {
  const ordered = [
    ...worstFirst(report.stalls.filter(({ phase }) => phase === "run")),
    ...worstFirst(report.stalls.filter(({ phase }) => phase !== "run")),
  ];
  const rows = ordered.map((stall) => [
    lengthText(stall),
    stall.phase,
    causeText(stall),
    stall.blame === null ? "cannot tell" : code(siteText(stall.blame)),
    aroundText(stall),
    victimsText(stall),
    formatMs(stall.start - report.recording.startedAt),
  ]);
  return [
    ...table("Stalls", ["Duration", "Phase", "Cause", "Where", "In", "Victims", "At"], rows),
    ...ordered
      .filter(({ phase }) => phase === "run")
      .slice(0, FLAMES)
      .flatMap(flame),
  ];
}

/** Where a stall's time went. Indented, so that no name of the program's can end the block. */
function flame(stall: ReportStall): string[] {
  const lines = flameLines(stall, FLAME_WIDTH);
  if (lines.length === 0) return [];
  const title = `Self time of the ${lengthText(stall)}${stall.blame === null ? "" : ` in ${code(siteText(stall.blame))}`}:`;
  return ["", cell(title), "", ...lines.map((line) => `    ${line.replaceAll(/[\r\n]+/g, " ").trimEnd()}`)];
}

function cancellations(report: Report): string[] {
  const rows = report.cancellations.map(({ task, source, by, reason, latencyMs, ignored, site }) => [
    task.name,
    by === null ? source : `${source} by ${by.name}`,
    reasonWords(source, reason),
    ignored ? "ignored" : latencyMs === null ? "not seen" : formatMs(latencyMs),
    site === null ? "" : code(siteText(site)),
  ]);
  return table("Cancellations", ["Task", "Asked by", "Reason", "Settled in", "Where"], rows);
}

function waits({ waitTargets }: Report): string[] {
  const rows = waitTargets.map((target) => [
    targetText(target),
    formatCount(target.count),
    formatMs(target.totalMs),
    formatMs(target.maxMs),
    target.heldLongestBy === null ? "" : `${target.heldLongestBy.name}, ${formatMs(target.heldLongestBy.ms)}`,
  ]);
  return table("Waits", ["For", "Times", "In all", "Longest", "Held longest by"], rows);
}

function models(report: Report): string[] {
  const rows = report.models.map(
    ({ model, provider, calls, failed, cancelled, inputTokens, outputTokens, timeToFirstChunkMs }) => [
      model,
      provider ?? "",
      ...[calls, failed, cancelled].map(formatCount),
      inputTokens === null ? "" : formatCount(inputTokens),
      outputTokens === null ? "" : formatCount(outputTokens),
      timeToFirstChunkMs === null ? "" : formatMs(timeToFirstChunkMs.p50),
    ],
  );
  return table(
    "Models",
    ["Model", "Provider", "Calls", "Failed", "Cancelled", "Tokens in", "Tokens out", "First chunk (median)"],
    rows,
  );
}

function tools(report: Report): string[] {
  const rows = report.tools.map(({ name, calls, failed, cancelled, totalMs }) => [
    name,
    ...[calls, failed, cancelled].map(formatCount),
    formatMs(totalMs),
  ]);
  return table("Tools", ["Tool", "Calls", "Failed", "Cancelled", "Total"], rows);
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return ["", `### ${title}`, "", line(head), line(head.map(() => "---")), ...rows.map(line)];
}

/** Names come from the program: they may hold anything. */
function cell(text: string): string {
  return text
    .replaceAll(/[\r\n]+/g, " ")
    .replaceAll("|", "\\|")
    .replaceAll("<", "&lt;");
}

function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}
