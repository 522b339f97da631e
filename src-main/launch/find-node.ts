/**
 * Which Node runs the program: the one asked for, else the `node` on the path where it is recent enough, else the one
 * this command line runs on. The recording says which.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { LaunchError } from "./launch-error.ts";

/** Node 22 is traced with what it allows; below, loading us could crash it. */
export const OLDEST_MAJOR = 22;
/** Fully traced from here on. */
export const FULL_MAJOR = 24;

export interface ChosenNode {
  readonly path: string;
  /** As in the report: `option`, `path` or `bundled`. */
  readonly from: "option" | "path" | "bundled";
}

export function findNode(asked: string | undefined, env: NodeJS.ProcessEnv): ChosenNode {
  if (asked !== undefined) {
    const major = majorOf(asked);
    if (major === undefined)
      throw new LaunchError(127, `${asked} is not a Node that runs.`, "Give --node the path of a node executable.");
    if (major < OLDEST_MAJOR) {
      throw new LaunchError(
        126,
        `${asked} is Node ${major}; tracing needs Node ${OLDEST_MAJOR} or later.`,
        "Leave --node out to use a recent one.",
      );
    }
    return { path: asked, from: "option" };
  }
  const onPath = which("node", env);
  if (onPath !== undefined) {
    if (realpathSync(onPath) === realpathSync(process.execPath)) return { path: onPath, from: "path" };
    const major = majorOf(onPath);
    if (major !== undefined && major >= FULL_MAJOR) return { path: onPath, from: "path" };
  }
  return { path: process.execPath, from: "bundled" };
}

/** The executable a command name stands for, undefined when there is none. */
export function which(command: string, env: NodeJS.ProcessEnv): string | undefined {
  const names = process.platform === "win32" ? [command, `${command}.exe`, `${command}.cmd`] : [command];
  const folders = /[\\/]/.test(command) ? [""] : (env["PATH"] ?? "").split(delimiter);
  for (const folder of folders) {
    for (const name of names) {
      const path = folder === "" ? name : join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        continue;
      }
    }
  }
  return undefined;
}

function majorOf(node: string): number | undefined {
  try {
    const env = { ...process.env, NODE_OPTIONS: "" };
    const text = execFileSync(node, ["--version"], { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] });
    const major = Number(/^v(\d+)\./.exec(text)?.[1]);
    return Number.isFinite(major) ? major : undefined;
  } catch {
    return undefined;
  }
}
