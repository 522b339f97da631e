/** `stallscope delete`: a recording, and nothing that is not one. */
import type { Command } from "commander";
import { deleteRecording } from "../store/folder.ts";

export function addDelete(program: Command): void {
  program
    .command("delete")
    .summary("delete a recording")
    .description("Deletes a recording. Refuses while it is being written, and what is no recording.")
    .argument("<recording>", "the recording file")
    .action((path: string) => {
      deleteRecording(path);
      process.stderr.write(`Deleted ${path}.\n`);
    });
}
