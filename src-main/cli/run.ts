/**
 * `stallscope run`: a program, or any command with the Node processes under it, with tracing, into one recording.
 *
 * The program's own streams, signals and exit code come through; ours is stderr, and stdout only for `--json`.
 */
import { Option, type Command } from "commander";
import type { Level } from "../../src-runtime/protocol/message.ts";
import type { BuiltParts } from "../launch/built-parts.ts";
import { findNode, type ChosenNode } from "../launch/find-node.ts";
import { resolveTarget } from "../launch/target.ts";
import { positiveNumber } from "./options.ts";

interface RunOptions {
  readonly out?: string;
  readonly level: Level;
  readonly stallThreshold: number;
  readonly json?: boolean;
  readonly report?: string;
  readonly quiet?: boolean;
  readonly open?: boolean;
  readonly failOnStall?: number;
  readonly captureContent?: boolean;
  readonly node?: string;
}

export function addRun(program: Command, parts: BuiltParts, argv: readonly string[]): void {
  program
    .command("run")
    .summary("run a program, or any command after --, with tracing")
    .description(
      "Runs a Node program (.js .mjs .cjs .ts .mts .tsx), or after -- any command with the Node processes under it, with tracing.",
    )
    .usage("[options] [--] <program> [args…]")
    .argument("<program...>", "the program and its arguments")
    .option("-o, --out <file>", "recording to write (default: the recordings folder)")
    .addOption(new Option("--level <level>", "how deep to look").choices(["light", "tasks", "deep"]).default("tasks"))
    .option("--stall-threshold <ms>", "shortest stall to report", positiveNumber, 50)
    .option("--json", "at exit, print the report as JSON, alone, on stdout; the program's stdout goes to stderr")
    .option("--report <file>", "at exit, write the report as JSON to a file")
    .option("--quiet", "no summary")
    .option("--open", "open the viewer on the live recording")
    .option(
      "--fail-on-stall <ms>",
      "exit 3 if own code held the event loop that long and the program exited 0",
      positiveNumber,
    )
    .option("--capture-content", "record prompts, tool arguments and results")
    .option("--node <path>", "the Node to run it with")
    .passThroughOptions()
    .action(async (words: string[], options: RunOptions) => {
      const isCommand = argv[argv.length - words.length - 1] === "--";
      let node: ChosenNode | undefined;
      const target = resolveTarget(words, isCommand, () => (node ??= findNode(options.node, process.env)), process.env);
      // Only what records needs the collector.
      const { record } = await import("./record.ts");
      process.exitCode = await record(target, node?.from ?? "path", parts, {
        level: options.level,
        // What is to fail has to be reported.
        thresholdMs: Math.min(options.stallThreshold, options.failOnStall ?? Infinity),
        captureContent: options.captureContent === true,
        out: options.out,
        json: options.json === true,
        report: options.report,
        quiet: options.quiet === true,
        open: options.open === true,
        failOnStall: options.failOnStall,
      });
    });
}
