/**
 * Runs a program of the corpus under one detector, or none, and brings what the detector said into one shape.
 *
 * CPU of the traced process is what the program itself reads at exit; CPU of all processes together is what the kernel
 * has added to this process for children that have ended.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../../src-main/queries/report.ts";
import { fromBlockedAt, startSentryServer } from "./peers/reports.ts";
import { ROOT, type Program } from "./programs.ts";
import type { Blamed, Reported } from "./score.ts";
import { readTruth, type Reference, type TruthFile } from "./truth-file.ts";

export type Detector = "untraced" | "stallscope" | "blocked-at" | "sentry";

export interface RunOptions {
  readonly folder: string;
  readonly thresholdMs: number;
  readonly sizes?: Readonly<Record<string, number>>;
  /** For `stallscope`. */
  readonly level?: string;
}

export interface Run {
  readonly truth: TruthFile;
  readonly reports: readonly Reported[];
  readonly cpuMs: number;
  readonly allCpuMs: number;
}

const STALLSCOPE = join(ROOT, "src-main/cli/stallscope.js");
const PEERS = join(ROOT, "test/corpus/peers");
const LIMIT_MS = 60_000;
const TICK_MS = 10;

export function readReference(): Reference {
  return JSON.parse(readFileSync(join(ROOT, "test/corpus/reference.json"), "utf8")) as Reference;
}

/** Throws when the program or the detector did not come to a good end. */
export async function runProgram(
  detector: Detector,
  program: Program,
  reference: Reference,
  options: RunOptions,
): Promise<Run> {
  const file = (name: string): string => join(options.folder, name);
  const [truthFile, sizesFile, peerFile, reportFile] = ["truth", "sizes", "peer", "report"].map(file) as [
    string,
    string,
    string,
    string,
  ];
  for (const path of [truthFile, sizesFile, peerFile, reportFile]) rmSync(path, { force: true });
  const env: Record<string, string> = { CORPUS_TRUTH: truthFile };
  if (options.sizes !== undefined) {
    writeFileSync(sizesFile, JSON.stringify(options.sizes));
    env["CORPUS_SIZES"] = sizesFile;
  }
  const words = [...program.flags, program.file];
  const before = childrenCpuMs();
  let reports: readonly Reported[] = [];
  if (detector === "untraced") {
    await runNode(words, env);
  } else if (detector === "stallscope") {
    const flags = ["--quiet", "--level", options.level ?? "tasks", "--stall-threshold", String(options.thresholdMs)];
    const files = ["--report", reportFile, "-o", file("recording.stallscope")];
    rmSync(file("recording.stallscope"), { force: true });
    await runNode([STALLSCOPE, "run", ...flags, ...files, "--", process.execPath, ...words], env);
    reports = fromStallscope(JSON.parse(readFileSync(reportFile, "utf8")) as Report);
  } else if (detector === "blocked-at") {
    const peerEnv = { ...env, PEER_REPORTS: peerFile, PEER_THRESHOLD: String(options.thresholdMs) };
    await runNode(["--require", join(PEERS, "blocked-at.cjs"), ...words], peerEnv);
    reports = fromBlockedAt(existsSync(peerFile) ? readFileSync(peerFile, "utf8") : "");
  } else {
    const server = await startSentryServer();
    const peerEnv = { ...env, PEER_TUNNEL: server.url, PEER_THRESHOLD: String(options.thresholdMs) };
    try {
      await runNode(["--import", join(PEERS, "sentry.mjs"), ...words], peerEnv);
    } finally {
      reports = await server.close();
    }
  }
  const allCpuMs = childrenCpuMs() - before;
  const truth = readTruth(existsSync(truthFile) ? readFileSync(truthFile, "utf8") : "", program.name, reference);
  if (truth.usage === undefined) throw new Error(`${program.name} under ${detector} did not come to its end.`);
  return { truth, reports, cpuMs: truth.usage.cpuMs, allCpuMs };
}

function fromStallscope(report: Report): readonly Reported[] {
  const pid = report.process?.pid;
  return report.stalls
    .filter((stall) => stall.pid === pid)
    .map((stall) => ({
      thread: stall.thread,
      phase: stall.phase,
      at: stall.start,
      durationMs: stall.durationMs,
      blame: stall.blame,
      stack: stall.frames satisfies readonly Blamed[],
      cause: stall.cause,
      capturedDuring: stall.capturedDuring,
    }));
}

function runNode(words: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:NODE_|VITEST)/.test(name)));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      cwd: ROOT,
      env: { ...inherited, ...env },
      stdio: ["ignore", "ignore", "pipe"],
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
    });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${words.join(" ")} ended with ${signal ?? code}.\n${errors.slice(-2000)}`));
    });
  });
}

/** User and system time of children that have been waited for; NaN where the system does not tell. */
function childrenCpuMs(): number {
  if (process.platform !== "linux") return NaN;
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}
