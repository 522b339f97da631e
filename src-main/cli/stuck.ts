/** `stallscope stuck`: what a program waits for right now, or waited for at its end. Read from the file alone. */
import type { Command } from "commander";
import { stuckReport } from "../queries/report-stuck.ts";
import { stuck } from "../queries/stuck.ts";
import { openRecording } from "../store/recording.ts";
import { stuckText } from "./stuck-text.ts";

export function addStuck(program: Command): void {
  program
    .command("stuck")
    .summary("what a recorded program waits for, right now or at its end")
    .description(
      "Says whether the event loop is blocked and in what, and what is pending: now in a recording still being made, else at its end.",
    )
    .argument("<recording>", "the recording file")
    .option("--json", "as JSON, for scripts")
    .action((path: string, options: { readonly json?: boolean }) => {
      const recording = openRecording(path);
      try {
        const found = stuck(recording, Date.now());
        process.stdout.write(
          options.json === true
            ? `${JSON.stringify(stuckReport(recording, found))}\n`
            : stuckText(found, recording.meta().name, process.stdout.isTTY),
        );
      } finally {
        recording.close();
      }
    });
}
