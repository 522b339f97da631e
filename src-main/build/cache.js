/**
 * The built parts of a checkout, built on first use and kept under `node_modules/.cache/stallscope/<part>-<key>`.
 *
 * The key is a hash of everything a part is made of, so a stale part cannot be used. An entry appears whole or not at
 * all: it is built beside and renamed into place, and of two first users the slower throws its copy away. Nothing heavy
 * is imported here unless something has to be built: every `stallscope` command passes through.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { linkRuntime } from "./link.js";

/** @typedef {"program" | "renderer"} Part program: the command line and what a traced program loads. */

/** @type {Readonly<Record<Part, readonly string[]>>} */
const MADE_OF = {
  program: ["src-runtime", "src-main", "package.json", "package-lock.json"],
  renderer: [
    "src-renderer",
    "src-main/api",
    "src-main/build",
    "src-runtime/protocol",
    "package.json",
    "package-lock.json",
  ],
};

const KEPT = 3;
/** An entry used within this time may still be in use: a traced program loads its parts again in every worker. */
const IN_USE_MS = 60 * 60 * 1000;
/** A build that took longer was cut off. */
const ABANDONED_MS = 10 * 60 * 1000;

/**
 * The folder with the built part, built now where it is missing.
 * @param {string} root
 * @param {Part} part
 * @returns {Promise<string>}
 */
export async function builtPart(root, part) {
  if (part === "program") linkRuntime(root);
  const folder = join(root, "node_modules", ".cache", "stallscope");
  const found = join(folder, `${part}-${keyOf(root, part)}`);
  if (existsSync(found)) {
    touch(found);
    return found;
  }
  const { buildPart } = await import("./build.js");
  mkdirSync(folder, { recursive: true });
  const beside = join(folder, `.${part}-${process.pid}-${process.hrtime.bigint()}`);
  try {
    // A source saved while it was being built would be kept under the wrong key.
    for (let before = keyOf(root, part); ;) {
      await buildPart(root, part, beside);
      const after = keyOf(root, part);
      if (after === before) return settle(beside, join(folder, `${part}-${after}`), folder, part);
      before = after;
      rmSync(beside, { recursive: true, force: true });
    }
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

/**
 * @param {string} beside
 * @param {string} place
 * @param {string} folder
 * @param {Part} part
 */
function settle(beside, place, folder, part) {
  try {
    renameSync(beside, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  }
  prune(folder, part);
  return place;
}

/**
 * @param {string} root
 * @param {Part} part
 */
function keyOf(root, part) {
  const hash = createHash("sha256");
  for (const source of MADE_OF[part]) addTo(hash, root, source);
  return hash.digest("hex").slice(0, 20);
}

/**
 * @param {import("node:crypto").Hash} hash
 * @param {string} root
 * @param {string} path
 */
function addTo(hash, root, path) {
  const full = join(root, path);
  const stats = statSync(full, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isDirectory()) {
    for (const name of readdirSync(full).sort()) addTo(hash, root, join(path, name));
    return;
  }
  const content = readFileSync(full);
  hash.update(`${path}\0${content.length}\0`).update(content);
}

/** @param {string} entry */
function touch(entry) {
  const now = Date.now();
  try {
    if (now - statSync(entry).mtimeMs > IN_USE_MS / 10) utimesSync(entry, now / 1000, now / 1000);
  } catch {
    // A checkout that can't be written is used as it is.
  }
}

/**
 * @param {string} folder
 * @param {Part} part
 */
function prune(folder, part) {
  const now = Date.now();
  const entries = readdirSync(folder).flatMap((name) => {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ path: join(folder, name), name, age: now - stats.mtimeMs }];
  });
  const cutOff = entries.filter(({ name, age }) => name.startsWith(`.${part}-`) && age > ABANDONED_MS);
  const old = entries
    .filter(({ name }) => name.startsWith(`${part}-`))
    .sort((a, b) => a.age - b.age)
    .slice(KEPT)
    .filter(({ age }) => age > IN_USE_MS);
  for (const { path } of [...cutOff, ...old]) rmSync(path, { recursive: true, force: true });
}
