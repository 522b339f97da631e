/** `stallscope export`: a part of a recording in another tool's format. */
import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { toCpuProfile } from "../exchange/cpuprofile.ts";
import { stallProfile, worstStallProfile } from "../queries/stall-profile.ts";
import { openRecording } from "../store/recording.ts";
import { CliError } from "./failure.ts";
import { wholeNumber } from "./options.ts";

/** Of the contract, in the order they are told. */
const FORMATS = ["cpuprofile", "otlp", "chrome", "speedscope"];
const USAGE = 2;
/** There is nothing of what was asked for. */
const NOTHING = 1;

interface ExportOptions {
  readonly format: string;
  readonly out?: string;
  readonly stall?: number;
}

export function addExport(program: Command): void {
  program
    .command("export")
    .summary("a stall's stacks as a .cpuprofile")
    .description(
      "Writes the stacks of one stall, of the worst where none is named, as a .cpuprofile for DevTools, VS Code or speedscope.",
    )
    .argument("<recording>", "the recording file")
    .requiredOption("--format <format>", "cpuprofile")
    .option("-o, --out <file>", "where to write (default: stdout)")
    .option("--stall <id>", "the id of a stall, as the report has it", wholeNumber)
    .action((path: string, options: ExportOptions) => {
      assertFormat(options.format);
      const text = `${JSON.stringify(profileOf(path, options.stall))}\n`;
      if (options.out === undefined) process.stdout.write(text);
      else write(options.out, text);
    });
}

function assertFormat(format: string): void {
  if (format === "cpuprofile") return;
  throw FORMATS.includes(format)
    ? new CliError(USAGE, `--format ${format} is not there yet.`, "This version exports cpuprofile.")
    : new CliError(USAGE, `There is no format ${format}.`, "This version exports cpuprofile.");
}

function profileOf(path: string, stall: number | undefined): ReturnType<typeof toCpuProfile> {
  const recording = openRecording(path);
  try {
    const { id, start, end, flame } =
      stall === undefined ? worstStallProfile(recording) : stallProfile(recording, stall);
    if (id === 0) {
      throw stall === undefined
        ? new CliError(NOTHING, `${path} has no stall in the program's run.`, "Start-up is exported by --stall <id>.")
        : new CliError(USAGE, `${path} has no stall ${stall}.`, "stallscope report --json lists them with their ids.");
    }
    if (flame === undefined)
      throw new CliError(NOTHING, `No stack was seen of stall ${id}.`, "Choose another with --stall <id>.");
    return toCpuProfile(flame, { start, end });
  } finally {
    recording.close();
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new CliError(125, `${file} can't be written (${code}).`, "Name another place with -o.");
  }
}
