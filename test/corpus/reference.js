/**
 * Writes reference.json: the frames of packages that may be blamed, from V8's own profiles of untraced runs; and says
 * where a profile contradicts what a program states of its own code.
 *
 *     node test/corpus/reference.js [words in names]
 *
 * To be run again when a package of the corpus is updated.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LEAST_UPPER_BOUND, originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { parse } from "acorn";
import { framesToBlame } from "./profile-blame.ts";
import { programs, ROOT } from "./programs.ts";
import { readTruth } from "./truth-file.ts";

/**
 * Of a function that was inlined V8's profile often knows only its caller, a stack taken by hand knows both: so one run
 * as it is, and one without inlining.
 */
const RUNS = [[], ["--no-turbo-inlining", "--no-maglev-inlining"]];
const target = fileURLToPath(new URL("reference.json", import.meta.url));

/** @typedef {import("./score.ts").RightFrame} RightFrame */
/** @typedef {import("./profile-blame.ts").CallFrame} CallFrame */

/** @type {Record<string, Record<string, RightFrame[]>>} */
const reference = existsSync(target) ? JSON.parse(readFileSync(target, "utf8")) : {};
for (const program of programs(process.argv.slice(2))) {
  if (program.isControl) continue;
  /** @type {Record<string, RightFrame[]>} */
  const frames = {};
  for (const extra of RUNS) profileOnce(program, frames, extra);
  if (Object.keys(frames).length > 0) reference[program.name] = frames;
}
const sorted = Object.fromEntries(Object.entries(reference).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(target, `${JSON.stringify(sorted, undefined, 2)}\n`);

/** @param {import("./programs.ts").Program} program @param {Record<string, RightFrame[]>} frames @param {readonly string[]} extra */
function profileOnce(program, frames, extra) {
  const folder = mkdtempSync(join(tmpdir(), "corpus-reference-"));
  const truthFile = join(folder, "truth.jsonl");
  const flags = [...extra, "--cpu-prof", "--cpu-prof-interval", "500", "--cpu-prof-dir", folder, ...program.flags];
  execFileSync(process.execPath, [...flags, program.file], {
    cwd: ROOT,
    env: { ...process.env, CORPUS_TRUTH: truthFile },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const truth = readTruth(readFileSync(truthFile, "utf8"), program.name, {});
  const names = readdirSync(folder).filter((name) => /^CPU\..*\.0\.\d+\.cpuprofile$/.test(name));
  const profile = JSON.parse(readFileSync(join(folder, names[0] ?? ""), "utf8"));
  rmSync(folder, { recursive: true });
  const { usage } = truth;
  if (usage === undefined) throw new Error(`${program.name} did not come to its end.`);
  for (const stall of truth.stalls) {
    if ((stall.kind !== "stall" && stall.kind !== "startup") || stall.thread !== 0) continue;
    const toUs = (/** @type {number} */ at) => usage.monotonicUs + (at - usage.end) * 1000;
    const blamed = framesToBlame(profile, toUs(stall.start), toUs(stall.end));
    if (stall.package === null) {
      const names = stall.right.map((frame) => frame.function);
      const isStated = blamed.some((frame) => names.includes(frame.functionName.split(".").at(-1) ?? ""));
      if (!isStated && program.flags.length === 0 && extra.length > 0) {
        const seen = blamed.map(({ functionName, url, lineNumber }) => `${functionName} ${url}:${lineNumber + 1}`);
        console.log(`${program.name} ${stall.id}: states ${names.join()}, profiled ${seen.join(", ")}`);
      }
    } else {
      const list = (frames[stall.id] ??= []);
      for (const frame of blamed.flatMap(rightFrames)) {
        if (!list.some((other) => JSON.stringify(other) === JSON.stringify(frame))) list.push(frame);
      }
    }
  }
}

/**
 * A frame as it runs, and as its package's source map says where it has one.
 * @param {CallFrame} frame @returns {RightFrame[]}
 */
function rightFrames(frame) {
  const path = frame.url.startsWith("file:") ? fileURLToPath(frame.url) : frame.url;
  const source = readFileSync(path, "utf8");
  const node = functionAt(source, frame.lineNumber + 1, frame.columnNumber);
  const name = frame.functionName;
  const file = relative(ROOT, path);
  const from = packageOf(file);
  /** @type {RightFrame[]} */
  const frames = [{ function: name, file, lines: [node.start.line, node.end.line], package: from }];
  const map = mapOf(path, source);
  if (map === undefined) return frames;
  const start = originOf(map.json, frame.lineNumber + 1, frame.columnNumber);
  let end = originOf(map.json, node.end.line, Math.max(0, node.end.column - 1));
  // A closing brace alone on its line may have no mapping.
  for (let line = node.end.line - 1; end.line === null && line > node.start.line; line--) {
    end = originOf(map.json, line, 10_000);
  }
  if (start.source === null || end.line === null) return frames;
  const mapped = relative(ROOT, resolve(map.folder, start.source));
  /** @type {readonly [number, number]} */
  const lines = [start.line, Math.max(start.line, end.line)];
  for (const known of new Set([name, start.name ?? name]))
    frames.push({ function: known, file: mapped, lines, package: from });
  return frames;
}

/** @param {string} path @param {string} source */
function mapOf(path, source) {
  const url = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(source)?.[1];
  if (url === undefined) return undefined;
  const inline = /^data:[^,]*;base64,(.*)$/.exec(url)?.[1];
  if (inline !== undefined) return { json: Buffer.from(inline, "base64").toString(), folder: dirname(path) };
  const file = resolve(dirname(path), url);
  return existsSync(file) ? { json: readFileSync(file, "utf8"), folder: dirname(file) } : undefined;
}

/** The mapping at or before a position, else the next on its line. @param {string} json @param {number} line @param {number} column */
function originOf(json, line, column) {
  const map = new TraceMap(json);
  const before = originalPositionFor(map, { line, column });
  return before.source === null ? originalPositionFor(map, { line, column, bias: LEAST_UPPER_BOUND }) : before;
}

/** @param {string} file */
function packageOf(file) {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? null;
}

/**
 * The innermost function that holds a position.
 * @param {string} source @param {number} line from 1 @param {number} column from 0
 */
function functionAt(source, line, column) {
  /** @typedef {{ type?: string, loc?: { start: { line: number, column: number }, end: { line: number, column: number } } } & Record<string, unknown>} Node */
  const isModule = /^\s*(?:import|export)\b/m.test(source) || /[;}](?:import|export)[ {*]/.test(source);
  const root = /** @type {Node} */ (
    /** @type {unknown} */ (
      parse(source, {
        ecmaVersion: "latest",
        sourceType: isModule ? "module" : "script",
        locations: true,
        allowReturnOutsideFunction: true,
        allowHashBang: true,
      })
    )
  );
  let best = root.loc ?? { start: { line: 1, column: 0 }, end: { line: source.split("\n").length, column: 0 } };
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const { loc, type } = node;
    if (loc !== undefined) {
      const isAfterStart = line > loc.start.line || (line === loc.start.line && column >= loc.start.column);
      const isBeforeEnd = line < loc.end.line || (line === loc.end.line && column < loc.end.column);
      if (!isAfterStart || !isBeforeEnd) continue;
      if (/Function/.test(type ?? "")) best = loc;
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (typeof child === "object" && child !== null && "type" in child) waiting.push(child);
      }
    }
  }
  return best;
}
