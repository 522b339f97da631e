/**
 * Which files are the agent runtime's own, so that what they do is not told as the program's. Learnt from a stack that
 * is known to begin in them: the runtime's files lie together, and its sources in folders beside each other.
 *
 * Bundled into the program they cannot be told from it, and nothing is left out.
 */
import type { WireFrame } from "../../protocol/message.ts";

/** Where the package lies installed, or a checkout keeps what it has built. */
const PACKAGE = /[\\/]node_modules[\\/](?:\.cache[\\/])?stallscope[\\/]/;

export interface RuntimeFiles {
  /** The frames of a stack that begins in the runtime, without the runtime's. None: the program had no part in it. */
  program(stack: readonly WireFrame[]): readonly WireFrame[];
  /** A file of the runtime, as far as it has been met and lies apart from the program's. */
  has(file: string): boolean;
}

/** `beside`: a file that lies with the runtime's, when they are of one installation. */
export function createRuntimeFiles(beside: string): RuntimeFiles {
  const folders = new Set<string>();
  const own = folderOf(beside);

  function has(file: string): boolean {
    for (const folder of folders) if (file.startsWith(folder)) return true;
    return false;
  }

  function isApart(file: string): boolean {
    // Nobody bundles into sources.
    return file.endsWith(".ts") || PACKAGE.test(file) || (own !== "" && folderOf(file).endsWith(own));
  }

  return {
    has,
    program(stack) {
      const file = stack[0]?.[1] ?? "";
      const folder = file.endsWith(".ts") ? folderOf(folderOf(file).slice(0, -1)) : folderOf(file);
      if (folder === "") return stack;
      if (isApart(file)) folders.add(folder);
      const program = stack.filter((frame) => !frame[1].startsWith(folder));
      const isBundled = !has(file) && program.every((frame) => frame[1].startsWith("node:"));
      return isBundled ? stack : program;
    },
  };
}

/** With its last separator. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
