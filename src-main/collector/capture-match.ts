/**
 * Finds the functions of a profile in the captures of the same stall. Pure.
 *
 *     profile    parse()  starts at 12:3        evenly sampled, also inside native calls; knows where functions begin
 *     capture    Parser.parse  stands at 18:9   a whole stack now and then; knows where callers stand, and better names
 */
import type { Frame } from "../api/api.ts";
import type { TimedStack } from "./blame.ts";

export interface CaptureMatches {
  /** Where captures saw the function standing for longest, and its name where the profile has none. */
  seen(profiled: Frame): Partial<Pick<Frame, "function" | "line" | "column">> | undefined;
  /**
   * V8's sampler loses a function's frame in the moments in which it calls something native, and often where it was
   * inlined: its caller then seems to stand at the line of the call itself, or at one of the callee's. Captures walk
   * whole stacks, so they tell whom it had called.
   */
  withLostCallees(profiled: readonly TimedStack[]): readonly TimedStack[];
}

interface Seen {
  readonly places: Map<string, { readonly frame: Frame; length: number }>;
  /** The profile's function that it was calling in every capture; undefined where it was not always the same. */
  callee: Frame | undefined;
  /** Lines of the same file at which that one stood. */
  readonly calleeLines: Set<number>;
}

/** A function of a profile, by where it begins. */
export function functionKey({ function: name, file, line, column }: Frame): string {
  return `${name}\0${file}\0${line}:${column}`;
}

export function matchCaptures(profiled: readonly TimedStack[], captured: readonly TimedStack[]): CaptureMatches {
  const functions = functionsByFile(profiled);
  const seen = new Map<string, Seen>();
  for (const { frames, length } of captured) {
    const matched = frames.map((frame) => functionOf(frame, functions.get(frame.file) ?? []));
    for (const [index, frame] of frames.entries()) {
      const match = matched[index];
      if (match === undefined) continue;
      const key = functionKey(match);
      const above = frames[index - 1];
      const callee = above === undefined || above.origin === "node" ? undefined : (matched[index - 1] ?? above);
      const known = seen.get(key) ?? { places: new Map(), callee, calleeLines: new Set() };
      if (callee === undefined || known.callee === undefined || functionKey(callee) !== functionKey(known.callee))
        known.callee = undefined;
      if (above?.file === frame.file) known.calleeLines.add(above.line);
      const place = `${frame.line}:${frame.column}`;
      const at = known.places.get(place) ?? { frame, length: 0 };
      at.length += length;
      known.places.set(place, at);
      seen.set(key, known);
    }
  }

  return {
    seen(frame) {
      const places = [...(seen.get(functionKey(frame))?.places.values() ?? [])];
      const [longest] = places.sort((a, b) => b.length - a.length);
      if (longest === undefined) return undefined;
      const { function: name, line, column } = longest.frame;
      return { ...(frame.function === "(anonymous)" ? { function: name } : {}), line, column };
    },
    withLostCallees: (stacks) =>
      stacks.map((stack) => {
        const [leaf] = stack.frames;
        const known = leaf === undefined || leaf.origin === "node" ? undefined : seen.get(functionKey(leaf));
        if (known?.callee === undefined) return stack;
        return isElsewhere(leaf, stack.hotLine, known) ? { ...stack, frames: [known.callee, ...stack.frames] } : stack;
      }),
  };
}

/** Whether the line that took most of a function's own time is not its own. */
function isElsewhere(leaf: Frame | undefined, hotLine: number, { places, calleeLines }: Seen): boolean {
  if (hotLine === 0 || hotLine < (leaf?.line ?? 0) || calleeLines.has(hotLine)) return true;
  return [...places.values()].some(({ frame }) => frame.line === hotLine);
}

function functionsByFile(profiled: readonly TimedStack[]): ReadonlyMap<string, readonly Frame[]> {
  const known = new Set<string>();
  const files = new Map<string, Frame[]>();
  for (const { frames } of profiled) {
    for (const frame of frames) {
      const key = functionKey(frame);
      if (frame.file === "" || known.has(key)) continue;
      known.add(key);
      const list = files.get(frame.file) ?? [];
      list.push(frame);
      files.set(frame.file, list);
    }
  }
  return files;
}

/**
 * Of the same name, else without one; the last that begins before the place where the capture stands. A loader that was
 * gone before it could be asked leaves a profile with the places of transformed code: there the only one of that name.
 */
function functionOf(captured: Frame, functions: readonly Frame[]): Frame | undefined {
  const before = functions.filter(
    ({ line, column }) => line < captured.line || (line === captured.line && column <= captured.column),
  );
  const last = before.toSorted((a, b) => a.line - b.line || a.column - b.column).at(-1);
  const named = (isSame: (name: string) => boolean): Frame | undefined => {
    const same = before.filter(({ function: name }) => isSame(name));
    if (same.length > 0) return same.toSorted((a, b) => a.line - b.line || a.column - b.column).at(-1);
    // Where a loader alone knew the places of transformed code, the profile may have come too late to ask it.
    const [only, ...others] = functions.filter(({ function: name }) => isSame(name));
    return others.length === 0 ? only : undefined;
  };
  return (
    named((name) => name === captured.function) ??
    named((name) => isSameMethod(name, captured.function)) ??
    onlyOne(functions.filter(({ function: name }) => name !== "(anonymous)" && name === captured.function)) ??
    (last?.function === "(anonymous)" ? last : undefined)
  );
}

function onlyOne(functions: readonly Frame[]): Frame | undefined {
  return functions.length === 1 ? functions[0] : undefined;
}

/** A call site says `Parser.parse` where the profile says `parse`. */
function isSameMethod(profiled: string, captured: string): boolean {
  if (profiled.includes(".") && captured.includes(".")) return false;
  return profiled !== "(anonymous)" && profiled.split(".").at(-1) === captured.split(".").at(-1);
}
