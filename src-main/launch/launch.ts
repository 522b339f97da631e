/**
 * Starts the traced program as a child that keeps its stdin, stdout, stderr, working directory and signals, and says
 * how it ended. Tracing reaches it, and the Node processes under it, by NODE_OPTIONS.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { COLLECTOR_VARIABLE, encodeConfig, type TracerConfig } from "../../src-runtime/tracer/config.ts";
import { LaunchError } from "./launch-error.ts";
import type { Target } from "./target.ts";

export interface Exit {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

export interface LaunchOptions {
  readonly register: string;
  readonly config: TracerConfig;
  /** The program's stdout goes to our stderr, so that our stdout can hold the report alone. */
  readonly stdoutToStderr: boolean;
}

/** Signals passed on. At a terminal the child already gets the keyboard's itself. */
const PASSED_ON: readonly NodeJS.Signals[] = ["SIGTERM", "SIGUSR2"];
const KEYBOARD: readonly NodeJS.Signals[] = ["SIGINT", "SIGHUP", "SIGQUIT"];

export function launch(
  target: Target,
  options: LaunchOptions,
): { readonly pid: number | undefined; readonly exit: Promise<Exit> } {
  const env = {
    ...process.env,
    [COLLECTOR_VARIABLE]: encodeConfig(options.config),
    NODE_OPTIONS: withRegister(process.env["NODE_OPTIONS"], options.register),
  };
  const child = spawn(target.command, target.args, {
    stdio: ["inherit", options.stdoutToStderr ? 2 : "inherit", "inherit"],
    env,
    shell: process.platform === "win32" && target.command.endsWith(".cmd"),
  });
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const signal of PASSED_ON) handlers.set(signal, () => child.kill(signal));
  for (const signal of KEYBOARD) handlers.set(signal, () => (process.stdin.isTTY ? undefined : child.kill(signal)));
  for (const [signal, handler] of handlers) process.on(signal, handler);
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const missing = error.code === "ENOENT";
      reject(
        new LaunchError(
          missing ? 127 : 126,
          `${target.command} could not be started (${error.code ?? error.message}).`,
          "Check that it can be run by itself.",
        ),
      );
    });
    child.once("exit", (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
  });
  const done = exit.finally(() => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  });
  return { pid: child.pid, exit: done };
}

/** As a shell says it: the program's own code, or 128 + the signal that killed it. */
export function exitCodeOf(exit: Exit): number {
  if (exit.code !== undefined) return exit.code;
  return 128 + (exit.signal === undefined ? 0 : constants.signals[exit.signal]);
}

/** NODE_OPTIONS takes double quotes around a path, with backslashes before quotes and backslashes. */
export function withRegister(nodeOptions: string | undefined, register: string): string {
  const quoted = `"${register.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return [nodeOptions ?? "", `--require ${quoted}`].filter((part) => part !== "").join(" ");
}
