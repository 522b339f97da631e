/** Runs the programs of test/fixtures/programs/runtime-core, each in a process of its own. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { PROGRAMS, ROOT } from "./stallscope.ts";

export interface Ended {
  readonly code: number | null;
  /** That killed it, where it did not exit by itself. */
  readonly killedBy: NodeJS.Signals | null;
  readonly lines: readonly string[];
  readonly stderr: string;
  /** Since the first line, milliseconds. */
  readonly ms: number;
}

export interface CoreOptions {
  readonly args?: readonly string[];
  readonly nodeArgs?: readonly string[];
  /** Sent one after the other: each when the line that is its key has been printed. */
  readonly signals?: readonly (readonly [line: string, signal: NodeJS.Signals])[];
}

export function runCore(program: string, options: CoreOptions = {}): Promise<Ended> {
  const { args = [], nodeArgs = [], signals = [] } = options;
  const path = join(PROGRAMS, "runtime-core", program);
  const child = spawn(process.execPath, [...nodeArgs, path, ...args], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const waiting = [...signals];
  let stdout = "";
  let stderr = "";
  let began = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (stdout === "") began = performance.now();
    stdout += text;
    while (waiting.length > 0 && stdout.includes(`${waiting[0]![0]}\n`)) child.kill(waiting.shift()![1]);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.on("error", reject);
  child.on("close", (code, killedBy) => {
    const lines = stdout.split("\n").filter((line) => line !== "");
    resolve({ code, killedBy, lines, stderr, ms: performance.now() - began });
  });
  return promise;
}
