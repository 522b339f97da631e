/**
 * Where the program called the agent runtime: the call sites below a function of ours, without the runtime's own. The
 * runtime's files lie together, beside the innermost frame; bundled into the program they cannot be told from it, and
 * are left in.
 */
import type { WireFrame } from "../../protocol/message.ts";
import { createCallSites, type CallSites } from "../instrumentations/call-sites.ts";

export function createProgramSites(): CallSites {
  const sitesBelow = createCallSites();
  return (below) => {
    const frames = sitesBelow(below);
    const own = folderOf(frames[0]);
    const program = frames.filter(([, file]) => !file.startsWith(own));
    const isBundled = program.every(([, file]) => file.startsWith("node:"));
    return own === "" || isBundled ? frames : program;
  };
}

/** Sources lie in folders beside each other, what is built in one. */
function folderOf(frame: WireFrame | undefined): string {
  const file = frame?.[1] ?? "";
  const folder = file.slice(0, lastSlash(file) + 1);
  return file.endsWith(".ts") ? folder.slice(0, lastSlash(folder.slice(0, -1)) + 1) : folder;
}

function lastSlash(path: string): number {
  return Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
}
