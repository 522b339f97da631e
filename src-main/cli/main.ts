/**
 * The command line: one program, one file a command. Everything that goes wrong ends here as one sentence on stderr,
 * what to do next, and the exit code of the contract.
 */
import { Command, CommanderError } from "commander";
import type { BuiltParts } from "../launch/built-parts.ts";
import { addDelete } from "./delete.ts";
import { addDemo } from "./demo.ts";
import { failureOf } from "./failure.ts";
import { addList } from "./list.ts";
import { addReport } from "./report.ts";
import { addRun } from "./run.ts";
import { addServe } from "./serve.ts";
import { VERSION } from "./version.ts";

const USAGE = 2;

export async function main(argv: readonly string[], parts: BuiltParts): Promise<void> {
  const program = new Command("stallscope")
    .description("The event-loop debugger for AI agents.")
    .version(VERSION)
    .enablePositionalOptions()
    .showHelpAfterError("(stallscope --help lists every command and option)")
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "stallscope: ")) })
    .exitOverride();
  addRun(program, parts, argv);
  addDemo(program, parts);
  addReport(program);
  addServe(program, parts);
  addList(program);
  addDelete(program);
  for (const command of program.commands)
    command.exitOverride().showHelpAfterError(`(stallscope ${command.name()} --help lists its options)`);
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    const { message, hint, exitCode } = failureOf(error);
    process.stderr.write(`stallscope: ${message}${hint === "" ? "" : ` ${hint}`}\n`);
    process.exitCode = exitCode;
  }
}
