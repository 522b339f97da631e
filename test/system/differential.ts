/**
 * Runs one program plainly and under `stallscope run`, and says in what the two differ: standard output, standard
 * error, how it ended, and the order of both outputs when they go to one file.
 *
 * A difference is either undone by a rule of docs/permitted-differences.md or reported. A program tells how it wants to
 * be run in a comment anywhere in it: `// differential: {"args":["a"],"stdin":"text"}`.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(ROOT, "src-main/cli/stallscope.js");

export interface Manner {
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The signal is sent once standard output holds `after`. */
  readonly signal?: { readonly name: NodeJS.Signals; readonly after: string };
}

export interface Observation {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code, or the signal's name. */
  readonly end: number | NodeJS.Signals;
  /** Both outputs, in the order they were written. Absent when the program is to be sent a signal. */
  readonly merged?: string;
}

/** Turns what the traced run showed into what the plain run would have shown. */
export interface PermittedDifference {
  /** Its heading in docs/permitted-differences.md. */
  readonly id: string;
  readonly undo: (traced: Observation, plain: Observation) => Observation;
}

export interface Comparison {
  readonly plain: Observation;
  /** As it was, and after the rules. */
  readonly traced: Observation;
  readonly undone: Observation;
  /** Rules that changed something. */
  readonly used: readonly string[];
}

export function compare(
  plain: Observation,
  traced: Observation,
  permitted: readonly PermittedDifference[],
): Comparison {
  const used: string[] = [];
  let undone = traced;
  if (!isSame(plain, traced)) {
    for (const rule of permitted) {
      const next = rule.undo(undone, plain);
      if (isSame(next, undone)) continue;
      used.push(rule.id);
      undone = next;
    }
  }
  return { plain, traced, undone, used };
}

export function isSame(a: Observation, b: Observation): boolean {
  return a.stdout === b.stdout && a.stderr === b.stderr && a.end === b.end && a.merged === b.merged;
}

export function mannerOf(program: string): Manner {
  const [, json] = /^\/\/ differential: (\{.*\})$/m.exec(readFileSync(program, "utf8")) ?? [];
  return json === undefined ? {} : (JSON.parse(json) as Manner);
}

export function runPlainly(program: string, manner: Manner): Promise<Observation> {
  return observe([program, ...(manner.args ?? [])], manner, {});
}

export interface TracedObservation extends Observation {
  /** What the recording's report says: proof that the program was traced. */
  readonly report: { readonly recording: { readonly level: string }; readonly process: { readonly pid: number } };
}

export async function runTraced(program: string, manner: Manner, level: string): Promise<TracedObservation> {
  const home = mkdtempSync(join(tmpdir(), "stallscope-differential-"));
  try {
    const report = join(home, "report.json");
    const options = ["--quiet", "--level", level, "--node", process.execPath, "--report", report];
    const command = [BIN, "run", ...options, program, ...(manner.args ?? [])];
    const observation = await observe(command, manner, { STALLSCOPE_HOME: home });
    return { ...observation, report: JSON.parse(readFileSync(report, "utf8")) as TracedObservation["report"] };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** One run with two pipes, one with both outputs into one file. */
async function observe(
  command: readonly string[],
  manner: Manner,
  env: Readonly<Record<string, string>>,
): Promise<Observation> {
  const apart = await runOnce(command, manner, env, undefined);
  const end = apart.signal ?? apart.code;
  if (manner.signal !== undefined) return { stdout: apart.stdout, stderr: apart.stderr, end };
  const folder = mkdtempSync(join(tmpdir(), "stallscope-merged-"));
  const file = join(folder, "output");
  const descriptor = openSync(file, "a");
  try {
    await runOnce(command, manner, env, descriptor);
    return { stdout: apart.stdout, stderr: apart.stderr, end, merged: readFileSync(file, "utf8") };
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
  readonly signal: NodeJS.Signals | undefined;
}

function runOnce(
  command: readonly string[],
  manner: Manner,
  extraEnv: Readonly<Record<string, string>>,
  output: number | undefined,
): Promise<Ended> {
  const env = { ...cleanEnvironment(), ...manner.env, ...extraEnv };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, {
      cwd: ROOT,
      env,
      stdio: ["pipe", output ?? "pipe", output ?? "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let isSent = false;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (manner.signal === undefined || isSent || !stdout.includes(manner.signal.after)) return;
      isSent = true;
      child.kill(manner.signal.name);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    // A program that ends without reading its input closes the pipe under us.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(manner.stdin ?? "");
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ stdout, stderr, code: code ?? 0, signal: signal ?? undefined }));
  });
}

/** Without what the test runner and npm put there: both runs start from what a shell would give them. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(?:NODE_|VITEST|VITE_|npm_|TEST$|PROD$|DEV$|MODE$|BASE_URL$|FORCE_COLOR$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}
