/** Runs the command line as a user would: the real bin, a real process, a recordings folder of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Report } from "../../src-main/queries/report.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BIN = join(ROOT, "src-main/cli/stallscope.js");
export const PROGRAMS = join(ROOT, "test/fixtures/programs");

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the running process and what it has printed so far, whenever it prints. */
  readonly onOutput?: (child: ChildProcess, stdout: string, stderr: string) => void;
}

/** A folder for a test file: recordings, reports, programs. Gone with `dispose`. */
export function createHome(): { readonly path: string; readonly dispose: () => void } {
  const path = mkdtempSync(join(tmpdir(), "stallscope-home-"));
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
}

export function stallscope(home: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runCommand(process.execPath, [BIN, ...args], home, options);
}

export function runCommand(
  command: string,
  args: readonly string[],
  home: string,
  options: RunOptions = {},
): Promise<Ended> {
  const ours = /^(?:NODE_OPTIONS|VITEST|npm_|TEST$|FORCE_COLOR$)/;
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
  const env = { ...inherited, NO_COLOR: "1", CI: "true", STALLSCOPE_HOME: home, ...options.env };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd ?? ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      options.onOutput?.(child, stdout, stderr);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      options.onOutput?.(child, stdout, stderr);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === null) reject(new Error(`${command} ${args.join(" ")} was killed by ${signal}\n${stderr}`));
      else resolve({ code, stdout, stderr });
    });
  });
}

/** Runs a program under tracing; answers how it ended and the report of its recording. */
export async function recordProgram(
  home: string,
  words: readonly string[],
  options: RunOptions & { readonly flags?: readonly string[] } = {},
): Promise<Ended & { readonly report: Report }> {
  const file = join(home, `report-${process.hrtime.bigint()}.json`);
  const flags = ["--quiet", "--node", process.execPath, "--report", file, ...(options.flags ?? [])];
  const ended = await stallscope(home, ["run", ...flags, ...words], options);
  return { ...ended, report: JSON.parse(readFileSync(file, "utf8")) as Report };
}

/** The stalls of the run phase, the longest first. */
export function runStalls(report: Report): Report["stalls"] {
  return report.stalls
    .filter(({ phase }) => phase === "run")
    .sort((a, b) => (b.durationMs ?? Infinity) - (a.durationMs ?? Infinity));
}
