/**
 * Call sites of a traced process to frames a person can read: source maps applied, paths made relative, packages
 * named. The only part of the collector that reads files (scripts and their maps), each at most once.
 */
import { readFileSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { decodedMappings, originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import type { ProfileFrame, WireFrame } from "../../src-runtime/protocol/message.ts";
import type { Frame } from "../api/api.ts";

const MAX_SCRIPT_BYTES = 32 * 1024 * 1024;
const MAP_COMMENT = /\/\/[#@] sourceMappingURL=([^\s'"]+)\s*$/gm;

interface Script {
  readonly map: TraceMap;
  /** What relative sources of the map are relative to. */
  readonly folder: string;
}

export interface FrameResolver {
  /** A map that exists only inside the traced process (a loader such as tsx made it). */
  addMap(file: string, json: string): void;
  /** A stack, innermost first. */
  resolve(stack: readonly WireFrame[]): readonly Frame[];
  /** A function of a profile, by where it starts; and the line in the sources of its hot line, 0 unknown. */
  resolveFunction(frame: ProfileFrame): { readonly frame: Frame; readonly hotLine: number };
}

interface Original {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** The name in the sources at that place: in a caller's frame, of the function it calls. */
  readonly name: string | undefined;
}

export function createFrameResolver(cwd: string): FrameResolver {
  const scripts = new Map<string, Script | undefined>();

  function scriptOf(path: string): Script | undefined {
    if (!scripts.has(path)) scripts.set(path, loadMap(path));
    return scripts.get(path);
  }

  /** Where a frame is in the sources, if a map says so. */
  function originalOf([, file, line, column]: WireFrame): Original | undefined {
    const path = toPath(file);
    const script = isAbsolute(path) && line > 0 ? scriptOf(path) : undefined;
    if (script === undefined) return undefined;
    const found = originalPositionFor(script.map, { line, column: Math.max(0, column - 1) });
    if (found.source === null) return undefined;
    return {
      path: resolve(script.folder, toPath(found.source)),
      line: found.line,
      column: found.column + 1,
      name: found.name ?? undefined,
    };
  }

  /** A minifier's name is none of the sources' names; the caller's place says what it was called there. */
  function nameOf([fn, file]: WireFrame, caller: Original | undefined): string {
    if (fn === "") return "(anonymous)";
    const names = scripts.get(toPath(file))?.map.names;
    const isMinified = names !== undefined && names.length > 0 && !names.includes(fn.split(".").at(-1) ?? fn);
    return isMinified ? (caller?.name ?? fn) : fn;
  }

  function toFrame(frame: WireFrame, original: Original | undefined, caller: Original | undefined): Frame {
    const [fn, file, line, column] = frame;
    // Built-ins and WebAssembly have no line to point at: the blame goes to who called them.
    if (file === "" || file.startsWith("node:") || file.startsWith("wasm:")) {
      return { function: fn === "" ? "(anonymous)" : fn, file, line, column, origin: "node", selfMs: 0 };
    }
    const path = original?.path ?? toPath(file);
    const packageName = packageOf(path);
    return {
      function: nameOf(frame, caller),
      file: shorten(path, cwd),
      ...(isAbsolute(path) ? { path } : {}),
      line: original?.line ?? line,
      column: original?.column ?? column,
      ...(packageName === undefined ? {} : { package: packageName }),
      origin: packageName === undefined ? "own" : "dependency",
      selfMs: 0,
    };
  }

  return {
    addMap(file, json) {
      const path = toPath(file);
      const map = parseMap(json);
      if (map !== undefined) scripts.set(path, { map, folder: dirname(path) });
    },
    resolve(stack) {
      const originals = stack.map(originalOf);
      return stack.map((frame, index) => toFrame(frame, originals[index], originals[index + 1]));
    },
    resolveFunction([fn, file, line, column, hotLine]) {
      const original = originalOf([fn, file, line, column]);
      const script = scripts.get(toPath(file));
      const hot = script === undefined || hotLine === 0 ? hotLine : onlyLineOf(script.map, hotLine);
      return { frame: toFrame([fn, file, line, column], original, original), hotLine: hot };
    },
  };
}

/** The line in the sources of a whole generated line; 0 where it was made of several, as in a minified file. */
function onlyLineOf(map: TraceMap, generated: number): number {
  const lines = new Set<number>();
  for (const [, , line] of decodedMappings(map)[generated - 1] ?? []) if (line !== undefined) lines.add(line + 1);
  const [only = 0] = lines;
  return lines.size === 1 ? only : 0;
}

function toPath(file: string): string {
  if (!file.startsWith("file:")) return file;
  try {
    return fileURLToPath(file);
  } catch {
    return file;
  }
}

function shorten(path: string, cwd: string): string {
  if (!isAbsolute(path) || cwd === "") return path;
  const short = relative(cwd, path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}

/** The package a path under node_modules belongs to. */
export function packageOf(path: string): string | undefined {
  const parts = path.split(/[\\/]/);
  const at = parts.lastIndexOf("node_modules");
  if (at < 0) return undefined;
  const name = parts[at + 1];
  if (name === undefined) return undefined;
  return name.startsWith("@") ? `${name}/${parts[at + 2] ?? ""}` : name;
}

function loadMap(path: string): Script | undefined {
  try {
    if (statSync(path).size > MAX_SCRIPT_BYTES) return undefined;
    const source = readFileSync(path, "utf8");
    const url = [...source.matchAll(MAP_COMMENT)].at(-1)?.[1];
    if (url === undefined) return undefined;
    const folder = dirname(path);
    if (url.startsWith("data:")) {
      const comma = url.indexOf(",");
      const body = url.slice(comma + 1);
      const json = url.slice(0, comma).endsWith(";base64")
        ? Buffer.from(body, "base64").toString("utf8")
        : decodeURIComponent(body);
      const map = parseMap(json);
      return map === undefined ? undefined : { map, folder };
    }
    const mapPath = resolve(folder, decodeURIComponent(url));
    const map = parseMap(readFileSync(mapPath, "utf8"));
    return map === undefined ? undefined : { map, folder: dirname(mapPath) };
  } catch {
    return undefined;
  }
}

function parseMap(json: string): TraceMap | undefined {
  try {
    return new TraceMap(json);
  } catch {
    return undefined;
  }
}
