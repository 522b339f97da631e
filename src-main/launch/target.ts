/**
 * What is to be run: a Node program (by its extension) or any command; checked before anything is started.
 */
import { accessSync, constants, statSync, type Stats } from "node:fs";
import { basename, extname } from "node:path";
import { which, type ChosenNode } from "./find-node.ts";
import { LaunchError } from "./launch-error.ts";
import { needsCompiler, tsxLoader } from "./typescript.ts";

const PROGRAM_EXTENSIONS = new Set([".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"]);
const TYPESCRIPT_EXTENSIONS = new Set([".ts", ".mts", ".cts", ".tsx", ".jsx"]);

export interface Target {
  readonly command: string;
  readonly args: readonly string[];
  /** What the recording is called. */
  readonly name: string;
  /** The program file; undefined for a command. */
  readonly program: string | undefined;
}

/** `isCommand`: the user wrote `--` before it, so that it may be a command. */
export function resolveTarget(
  words: readonly string[],
  isCommand: boolean,
  findNode: () => ChosenNode,
  env: NodeJS.ProcessEnv,
): Target {
  const [first, ...args] = words;
  if (first === undefined)
    throw new LaunchError(127, "No program was given.", "Write: stallscope run <program> [args…]");
  if (PROGRAM_EXTENSIONS.has(extname(first))) {
    const stats = statOf(first);
    if (stats === undefined)
      throw new LaunchError(
        127,
        `There is no program ${first}.`,
        "Check the path; it is relative to the current folder.",
      );
    if (stats.isDirectory()) throw directory(first);
    assertReadable(first);
    const loader =
      TYPESCRIPT_EXTENSIONS.has(extname(first)) && needsCompiler(first) ? ["--import", tsxLoader(first)] : [];
    return {
      command: findNode().path,
      args: [...loader, first, ...args],
      name: basename(first, extname(first)),
      program: first,
    };
  }
  if (isCommand) {
    const path = which(first, env);
    if (path !== undefined && statOf(path)?.isDirectory() === true) throw directory(first);
    if (path === undefined) {
      if (statOf(first) !== undefined)
        throw new LaunchError(
          126,
          `${first} is not executable.`,
          `Make it so (chmod +x ${first}), or run it with its interpreter.`,
        );
      throw new LaunchError(127, `There is no command ${first}.`, "Check its name, and that it is on the PATH.");
    }
    return { command: path, args, name: basename(first), program: undefined };
  }
  const stats = statOf(first);
  if (stats === undefined) {
    const near = [...PROGRAM_EXTENSIONS].find((extension) => statOf(first + extension) !== undefined);
    const hint =
      near === undefined
        ? `Check the path; to run a command write: stallscope run -- ${words.join(" ")}`
        : `Did you mean ${first}${near}?`;
    throw new LaunchError(127, `There is no program ${first}.`, hint);
  }
  if (stats.isDirectory()) throw directory(first);
  throw new LaunchError(
    126,
    `${first} is not a Node program (.js .mjs .cjs .ts .mts .tsx).`,
    `To run it as a command write: stallscope run -- ${words.join(" ")}`,
  );
}

function directory(path: string): LaunchError {
  return new LaunchError(126, `${path} is a folder, not a program.`, "Name the program file in it.");
}

function assertReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch {
    throw new LaunchError(126, `${path} can't be read.`, "Check its permissions.");
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
