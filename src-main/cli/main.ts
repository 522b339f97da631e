/**
 * The command line: one program, one file a command. Everything that goes wrong ends here as one sentence on stderr,
 * what to do next, and the exit code of the contract.
 */
import { Command, CommanderError } from "commander";
import type { BuiltParts } from "../launch/built-parts.ts";
import { addDelete } from "./delete.ts";
import { addDemo } from "./demo.ts";
import { addExport } from "./export.ts";
import { failureOf, type Failure } from "./failure.ts";
import { addList } from "./list.ts";
import { addReport } from "./report.ts";
import { addRun } from "./run.ts";
import { addServe } from "./serve.ts";
import { addStuck } from "./stuck.ts";
import { VERSION } from "./version.ts";

const USAGE = 2;
/** Help or the version was printed: nothing is left to say. */
const HELP = new Set(["commander.help", "commander.helpDisplayed", "commander.version"]);

export async function main(argv: readonly string[], parts: BuiltParts): Promise<void> {
  const program = new Command("stallscope")
    .description("The event-loop debugger for AI agents.")
    .version(VERSION)
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: false })
    // What is wrong is said below, like everything else.
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  addRun(program, parts, argv);
  addDemo(program, parts);
  addReport(program);
  addStuck(program);
  addExport(program);
  addServe(program, parts);
  addList(program);
  addDelete(program);
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && HELP.has(error.code)) {
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    const { message, hint, exitCode } =
      error instanceof CommanderError ? usageFailure(error, program, argv) : failureOf(error);
    process.stderr.write(`stallscope: ${message}${hint === "" ? "" : ` ${hint}`}\n`);
    process.exitCode = exitCode;
  }
}

function usageFailure(error: CommanderError, program: Command, argv: readonly string[]): Failure {
  const words = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  const command = program.commands.find((candidate) => candidate.name() === argv[0]);
  const help =
    command === undefined
      ? "stallscope --help lists every command."
      : `stallscope ${command.name()} --help lists its options.`;
  return { message: /[.?)]$/.test(sentence) ? sentence : `${sentence}.`, hint: help, exitCode: USAGE };
}
