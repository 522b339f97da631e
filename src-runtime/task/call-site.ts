/** Where in the program a call of ours came from. A stack costs some microseconds: only taken in debug mode. */

/** Sources lie in folders beside each other, a bundle in one. */
const OWN = new URL(import.meta.url.endsWith(".ts") ? ".." : ".", import.meta.url).href;

/** The stack above the runtime's own frames, as text: a frame a line. */
export function callSite(): string {
  const { stack = "" } = new Error();
  const frames = stack.split("\n").slice(1);
  return frames.filter((frame) => !frame.includes(OWN) && !frame.includes(PATH)).join("\n");
}

/** V8 gives URLs for modules and paths for scripts. */
const PATH = new URL(OWN).pathname;
