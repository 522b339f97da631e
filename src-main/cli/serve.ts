/** `stallscope serve`: the interface in a browser, on 127.0.0.1, behind a token. */
import type { Command } from "commander";
import type { BuiltParts } from "../launch/built-parts.ts";
import { recordingFiles, recordingsFolder } from "../store/folder.ts";
import { openRecording } from "../store/recording.ts";
import { portNumber } from "./options.ts";

interface ServeOptions {
  readonly port: number;
  readonly firstRun?: boolean;
}

export function addServe(program: Command, parts: BuiltParts): void {
  program
    .command("serve")
    .summary("the interface in a browser")
    .description("Serves the interface on 127.0.0.1, behind a token, until it is stopped.")
    .argument("[recording]", "a recording to open at once")
    .option("--port <n>", "port to listen on (default: any free one)", portNumber, 0)
    .option("--first-run", "open the browser, and run the example agent when there are no recordings yet")
    .action(async (path: string | undefined, options: ServeOptions) => {
      const { serveRecording, startDemo } = await import("./serving.ts");
      if (path !== undefined) openRecording(path).close();
      const isFirst =
        options.firstRun === true && path === undefined && recordingFiles(recordingsFolder(process.env)).length === 0;
      const first = isFirst ? await startDemo(parts) : path;
      const served = await serveRecording(parts, first, { port: options.port, openBrowser: options.firstRun === true });
      process.stderr.write(
        isFirst ? "There are no recordings yet: the example agent runs, and this shows it live.\n" : "",
      );
      process.stdout.write(`Stallscope is at ${served.url}\n`);
      await stopped();
      await served.close();
    });
}

/** Ctrl-C is how a server is stopped: no failure. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}
