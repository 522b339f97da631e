/** `stallscope report`: what happened, for a terminal, a script, a pull request. */
import type { Command } from "commander";
import { report } from "../queries/report.ts";
import { openRecording } from "../store/recording.ts";
import { CliError } from "./failure.ts";
import { reportMarkdown } from "./report-markdown.ts";
import { reportText } from "./report-text.ts";

interface ReportOptions {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

export function addReport(program: Command): void {
  program
    .command("report")
    .summary("what happened in a recording")
    .description("Says what happened in a recording, finished or still running.")
    .argument("<recording>", "the recording file")
    .option("--json", "as JSON, for scripts")
    .option("--markdown", "as Markdown, for a pull request")
    .action((path: string, options: ReportOptions) => {
      if (options.json === true && options.markdown === true) {
        throw new CliError(2, "--json and --markdown exclude each other.", "Give one of the two.");
      }
      const recording = openRecording(path);
      try {
        const made = report(recording);
        if (options.json === true) process.stdout.write(`${JSON.stringify(made)}\n`);
        else
          process.stdout.write(
            options.markdown === true
              ? reportMarkdown(made)
              : reportText(made, process.stdout.isTTY, process.stdout.columns),
          );
      } finally {
        recording.close();
      }
    });
}
