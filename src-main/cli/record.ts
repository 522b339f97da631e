/**
 * One recorded run: place, writer, collector, program, summary. What `run` and `demo` share.
 *
 * Invariant: the program runs to its own end whatever happens to the recording; a recording that failed is said on
 * stderr and in the exit code.
 */
import { randomUUID } from "node:crypto";
import { accessSync, constants, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { nanos } from "../../src-runtime/protocol/time.ts";
import type { Level } from "../../src-runtime/protocol/message.ts";
import { startCollector, type Collector } from "../collector/collector.ts";
import type { BuiltParts } from "../launch/built-parts.ts";
import { exitCodeOf, launch, type Exit } from "../launch/launch.ts";
import type { Target } from "../launch/target.ts";
import { report, type Report } from "../queries/report.ts";
import {
  clearPlace,
  enforceCap,
  FOLDER_CAP,
  newRecordingPath,
  recordingsFolder,
  removeFiles,
} from "../store/folder.ts";
import { processStart } from "../store/meta.ts";
import { openRecording } from "../store/recording.ts";
import { createRecordingWriter, type RecordingWriter } from "../store/writer.ts";
import { formatBytes } from "../api/format.ts";
import { CliError, failureOf, writeFailure } from "./failure.ts";
import { stallOver, STALLED } from "./fail-on-stall.ts";
import { reportText } from "./report-text.ts";
import type { Served } from "./serving.ts";
import { VERSION } from "./version.ts";

/** How long the last events of a program that has ended may take to arrive. */
const DRAIN_MS = 2000;
/** Why nobody calls, besides that there is nobody or no time. */
const SILENT = "Node's permission model keeps tracing out without --allow-worker";

export interface RecordOptions {
  readonly level: Level;
  readonly thresholdMs: number;
  readonly captureContent: boolean;
  readonly out: string | undefined;
  readonly json: boolean;
  readonly report: string | undefined;
  readonly quiet: boolean;
  readonly open: boolean;
  /** Milliseconds. */
  readonly failOnStall: number | undefined;
}

/** Answers the exit code of the command line. */
export async function record(
  target: Target,
  nodeFrom: string,
  parts: BuiltParts,
  options: RecordOptions,
): Promise<number> {
  const path = placeFor(target, options);
  assertWritable(dirname(path));
  let failure: CliError | undefined;
  let writer: RecordingWriter | undefined;
  const fail = (error: unknown): void => {
    failure ??= writeFailure(error, path);
    closeQuietly(writer);
    writer = undefined;
  };
  const collector = await startCollector(
    {
      write: (changes, end) => writer?.write(changes, end),
      handles: (batch) => writer?.handles(batch),
      promises: (batch) => writer?.promises(batch),
    },
    fail,
    [dirname(path), "/dev/shm"],
  );
  let served: Served | undefined;
  try {
    const { pid, exit: ended } = launch(target, {
      register: parts.register,
      config: {
        socket: collector.socket,
        token: collector.token,
        level: options.level,
        threshold: options.thresholdMs,
        captureContent: options.captureContent,
      },
      stdoutToStderr: options.json,
    });
    // The file is made while the program starts.
    try {
      writer = createWriter(path, target, nodeFrom, collector, options);
    } catch (error) {
      fail(error);
    }
    if (options.open && writer !== undefined) {
      const { serveRecording } = await import("./serving.ts");
      served = await serveRecording(parts, path, { port: 0, openBrowser: true });
      process.stderr.write(`stallscope: live at ${served.url}\n`);
    }
    const exit = await ended.catch((error: unknown) => {
      closeQuietly(writer);
      writer = undefined;
      removeFiles(path);
      throw error;
    });
    await collector.drained(DRAIN_MS);
    if (collector.threads().seen === 0) writeUntraced(writer, target, pid, collector);
    finish(writer, collector, exit, fail);
    writer = undefined;
    if (failure !== undefined) throw failure;
    return tell(path, options, exitCodeOf(exit));
  } finally {
    closeQuietly(writer);
    await collector.close();
    await served?.close();
  }
}

function placeFor(target: Target, options: RecordOptions): string {
  if (options.out !== undefined) {
    const path = resolve(options.out);
    clearPlace(path);
    return path;
  }
  const folder = recordingsFolder(process.env);
  const deleted = enforceCap(folder, FOLDER_CAP);
  if (deleted.length > 0) {
    const bytes = deleted.reduce((sum, file) => sum + file.bytes, 0);
    process.stderr.write(
      `stallscope: The recordings folder was over ${formatBytes(FOLDER_CAP)}: deleted the oldest ${deleted.length} (${formatBytes(bytes)}).\n`,
    );
  }
  return newRecordingPath(folder, target.name, new Date());
}

function assertWritable(folder: string): void {
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new CliError(
      125,
      `The folder ${folder} can't be written (${code}).`,
      "Name another place with -o, or set STALLSCOPE_HOME.",
    );
  }
}

function createWriter(
  path: string,
  target: Target,
  nodeFrom: string,
  collector: Collector,
  options: RecordOptions,
): RecordingWriter {
  return createRecordingWriter(path, {
    id: randomUUID(),
    name: target.name,
    anchorMs: collector.anchorMs,
    level: options.level,
    thresholdMs: options.thresholdMs,
    captureContent: options.captureContent,
    nodeFrom,
    stallscope: VERSION,
    recorderPid: process.pid,
    recorderStart: processStart(process.pid),
    pinned: false,
  });
}

/** A program whose tracer never called: what the launcher itself knows of it. */
function writeUntraced(
  writer: RecordingWriter | undefined,
  target: Target,
  pid: number | undefined,
  collector: Collector,
): void {
  const { program } = target;
  const end = nanos(Number(process.hrtime.bigint()) - collector.originMonoNs);
  if (program === undefined) {
    writer?.write([{ do: "notSeen", what: `the whole program: no Node process in it called (${SILENT})` }], end);
    return;
  }
  writer?.write(
    [
      {
        do: "process",
        row: {
          id: 1,
          pid: pid ?? 0,
          ppid: process.pid,
          program: resolve(program),
          argCount: target.args.length - target.args.indexOf(program) - 1,
          cwd: process.cwd(),
          execPath: target.command,
          node: target.command === process.execPath ? process.versions.node : "",
          platform: process.platform,
          arch: process.arch,
          start: nanos(0),
        },
      },
      { do: "notSeen", what: `the whole program: it ended before tracing had begun (${SILENT})` },
    ],
    end,
  );
}

function finish(
  writer: RecordingWriter | undefined,
  collector: Collector,
  exit: Exit,
  fail: (error: unknown) => void,
): void {
  const isWhole = collector.firstSaidBye() || collector.threads().seen === 0;
  try {
    writer?.finish({
      state: isWhole ? "closed" : "cut",
      ...(exit.code === undefined ? {} : { exitCode: exit.code }),
      ...(exit.signal === undefined ? {} : { signal: exit.signal }),
    });
  } catch (error) {
    fail(error);
  }
}

/** Says what happened, as far as it was asked for. Answers the exit code of the command line. */
function tell(path: string, options: RecordOptions, exitCode: number): number {
  const { quiet, json, failOnStall } = options;
  if (quiet && !json && options.report === undefined && failOnStall === undefined) return exitCode;
  const recording = openRecording(path);
  let made: Report;
  try {
    made = report(recording);
  } finally {
    recording.close();
  }
  if (options.report !== undefined) writeReport(options.report, made);
  if (json) process.stdout.write(`${JSON.stringify(made)}\n`);
  if (!quiet) process.stderr.write(reportText(made, process.stderr.isTTY, process.stderr.columns));
  const broken = failOnStall === undefined || exitCode !== 0 ? undefined : stallOver(made, failOnStall);
  if (broken === undefined) return exitCode;
  process.stderr.write(`stallscope: ${broken}\n`);
  return STALLED;
}

function writeReport(file: string, made: Report): void {
  try {
    writeFileSync(file, `${JSON.stringify(made)}\n`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? failureOf(error).message;
    throw new CliError(
      125,
      `The report ${file} can't be written (${code}).`,
      `The recording is whole: stallscope report ${made.recording.path} --json`,
    );
  }
}

function closeQuietly(writer: RecordingWriter | undefined): void {
  try {
    writer?.close();
  } catch {
    // It failed before; what is in the file stays.
  }
}
