/** The interface, served: host, HTTP, and the browser where there is one. What `serve`, `run --open` and `demo` share. */
import { spawn } from "node:child_process";
import type { BuiltParts } from "../launch/built-parts.ts";
import { canonicalPath, createCatalog } from "../server/catalog.ts";
import { createHost } from "../server/host.ts";
import { startHttp } from "../server/http.ts";
import { newRecordingPath, recordingsFolder } from "../store/folder.ts";
import { openRecording } from "../store/recording.ts";
import { CliError } from "./failure.ts";

const DEMO_START_MS = 20_000;
const DEMO_LOOK_MS = 50;

export interface Served {
  /** Whoever opens it is let in; leads to the recording where one was given. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

export async function serveRecording(
  parts: BuiltParts,
  recording: string | undefined,
  options: { readonly port: number; readonly openBrowser: boolean },
): Promise<Served> {
  const paths = recording === undefined ? [] : [canonicalPath(recording)];
  const catalog = createCatalog(recordingsFolder(process.env), paths);
  const host = createHost(catalog, () => startDemo(parts));
  try {
    const http = await startHttp(host, await parts.rendererDir(), options.port);
    const [path] = paths;
    const url = path === undefined ? http.url : `${http.url}#/recording/${catalog.idOf(path)}`;
    if (options.openBrowser) openBrowser(url);
    return {
      url,
      async close() {
        await http.close();
        host.close();
      },
    };
  } catch (error) {
    host.close();
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") {
      throw new CliError(125, `Port ${options.port} is in use.`, "Give another with --port, or none for any free one.");
    }
    if ((error as NodeJS.ErrnoException).code === "EACCES") {
      throw new CliError(
        125,
        `Port ${options.port} may not be used by this user.`,
        "Give another with --port, or none for any free one.",
      );
    }
    throw error;
  }
}

/** Runs the bundled example in a process of its own; answers the path of its recording once that can be read. */
export async function startDemo(parts: BuiltParts): Promise<string> {
  const path = newRecordingPath(recordingsFolder(process.env), "research-agent", new Date());
  const child = spawn(process.execPath, [parts.bin, "demo", "--quiet", "-o", path], {
    stdio: "ignore",
    detached: false,
  });
  let ended = false;
  child.once("exit", () => (ended = true));
  child.once("error", () => (ended = true));
  const until = performance.now() + DEMO_START_MS;
  while (performance.now() < until) {
    if (hasStarted(path)) return path;
    if (ended) break;
    await new Promise((resolve) => setTimeout(resolve, DEMO_LOOK_MS));
  }
  throw new CliError(125, "The example agent did not start.", "Run stallscope demo in a terminal to see why.");
}

function hasStarted(path: string): boolean {
  try {
    const recording = openRecording(path);
    const { version } = recording.meta();
    recording.close();
    return version > 0;
  } catch {
    return false;
  }
}

/** Opens the user's browser where there is a desktop. Failing is no harm: the address was printed. */
function openBrowser(url: string): void {
  const isDesktop = process.platform !== "linux" || Boolean(process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"]);
  if (!isDesktop || process.env["CI"] === "true") return;
  const [command, ...args] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler", url]
        : ["xdg-open", url];
  const child = spawn(command ?? "", args, { stdio: "ignore", detached: true });
  child.once("error", () => undefined);
  child.unref();
}
