/**
 * Whether a TypeScript program needs a compiler. Node strips types, but not enums, namespaces, parameter properties or
 * JSX; such a program runs under `tsx` instead. The entry and what it imports by relative paths is looked through.
 */
import { readFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const MAX_FILES = 300;
/** Cheap test before the real one: only what matches can need a compiler. */
const SUSPECT =
  /\b(?:enum|namespace|module)\s+[\w$.]+\s*\{|constructor\s*\([^)]*\b(?:public|private|protected|readonly|override)\s|\bimport\s+[\w$]+\s*=|\bexport\s*=/;
const RELATIVE_IMPORT = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*["'](\.{1,2}\/[^"']+)["']/g;
const EXTENSIONS = [".ts", ".mts", ".cts", ".tsx"];

export function needsCompiler(program: string): boolean {
  const seen = new Set<string>();
  const queue = [resolve(program)];
  for (let file = queue.shift(); file !== undefined && seen.size < MAX_FILES; file = queue.shift()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (extname(file) === ".tsx" || extname(file) === ".jsx") return true;
    const source = read(file);
    if (source === undefined) continue;
    if (SUSPECT.test(source) && !strips(source)) return true;
    for (const [, specifier] of source.matchAll(RELATIVE_IMPORT)) {
      const target = locate(join(dirname(file), specifier ?? ""));
      if (target !== undefined) queue.push(target);
      // Node wants the file's own extension; a bundler-style import is a compiler's business.
      else if (specifier !== undefined && extname(specifier) === "" && locateBare(join(dirname(file), specifier)))
        return true;
    }
  }
  return false;
}

/** The loader of `tsx`: the program's own where it has one, else ours. */
export function tsxLoader(program: string): string {
  for (const from of [resolve(program), import.meta.url]) {
    try {
      return pathToFileURL(createRequire(from).resolve("tsx")).href;
    } catch {
      continue;
    }
  }
  throw new Error("tsx is not installed");
}

function strips(source: string): boolean {
  // Node warns that the function is experimental; what the user runs is not our warning's business.
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    stripTypeScriptTypes(source);
    return true;
  } catch {
    return false;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function locate(path: string): string | undefined {
  return EXTENSIONS.includes(extname(path)) && read(path) !== undefined ? path : undefined;
}

function locateBare(path: string): boolean {
  return EXTENSIONS.some((extension) => read(path + extension) !== undefined);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
