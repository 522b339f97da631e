/** What the coexistence tests share: a program run plain and under tracing, which must look the same from outside. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";
import type { Report } from "../../src-main/queries/report.ts";
import { PROGRAMS, recordProgram, runCommand, runStalls, type Ended, type RunOptions } from "./stallscope.ts";

export const FIXTURES = join(PROGRAMS, "coexistence");

/** Ends as a shell says that the command did: its code, or 128 and the signal that killed it. */
const AS_A_SHELL = `
  const [command, ...args] = process.argv.slice(1);
  const { status, signal } = require("node:child_process").spawnSync(command, args, { stdio: "inherit" });
  process.exit(status ?? 128 + require("node:os").constants.signals[signal]);
`;

export interface BothOptions extends RunOptions {
  readonly flags?: readonly string[];
  /** Takes out of an output what differs from run to run (a time, a port). */
  readonly settle?: (output: string) => string;
}

/** Runs a command plain and traced: streams and exit code must be the same. Answers the traced one's report. */
export async function runBoth(
  home: string,
  [command = "", ...args]: readonly string[],
  { settle = (output) => output, ...options }: BothOptions = {},
): Promise<Ended & { readonly report: Report }> {
  const plain = await runCommand(process.execPath, ["-e", AS_A_SHELL, command, ...args], home, options);
  const traced = await recordProgram(home, ["--", command, ...args], options);
  expect({ code: traced.code, stdout: settle(traced.stdout), stderr: settle(traced.stderr) }).toEqual({
    code: plain.code,
    stdout: settle(plain.stdout),
    stderr: settle(plain.stderr),
  });
  return traced;
}

/** The run stall blamed on the function; fails with all that there were. */
export function stallOf(report: Report, fn: string): Report["stalls"][number] {
  const found = runStalls(report).find(({ blame }) => blame?.function === fn);
  expect(found, JSON.stringify(report.stalls)).toBeDefined();
  return found!;
}

/** Expects the stall in a line of a source that has those words. */
export function expectBlame(report: Report, fn: string, file: string, words: string): void {
  const lines = readFileSync(file, "utf8").split("\n");
  const line = lines.findIndex((text) => text.includes(words)) + 1;
  const stall = stallOf(report, fn);
  expect(stall.blame).toMatchObject({ line, package: null });
  expect(stall.blame?.file).toMatch(new RegExp(`(?:^|/)${basename(file).replaceAll(".", "\\.")}$`));
}
