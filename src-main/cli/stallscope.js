#!/usr/bin/env node
/**
 * The bin: finds a Node recent enough and the built parts, then hands over to the command line.
 *
 * It must parse on any Node from 12 on, so that an old one gets a sentence and not a syntax error (better-sqlite3 would
 * even crash it). In a checkout it goes on with the Node the checkout brings along.
 */
import { spawn } from "child_process";
import { existsSync, realpathSync } from "fs";
import { constants } from "os";
import { dirname, join } from "path";
import { fileURLToPath, pathToFileURL } from "url";

const OLDEST = { major: 22, minor: 15 };
/** The Node-API version better-sqlite3 was built for. */
const NODE_API = 10;
/** Stallscope itself failed. */
const FAILED = 125;

const root = dirname(dirname(dirname(realpathSync(fileURLToPath(import.meta.url)))));
const isCheckout = existsSync(join(root, "src-main", "cli", "main.ts"));

function isRecentEnough() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isNew = major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
  return isNew && Number(process.versions["napi"]) >= NODE_API;
}

/**
 * @param {string} node
 */
function runOn(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url)].concat(process.argv.slice(2)), { stdio: "inherit" });
  /** @type {readonly ("SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT" | "SIGUSR2")[]} */
  const passedOn = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"];
  for (const signal of passedOn) {
    process.on(signal, () => {
      // At a terminal the child gets the keyboard's signals itself.
      if (signal === "SIGTERM" || signal === "SIGUSR2" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => fail(`${node} could not be started (${error.message}).`, "Run npm install again."));
  child.on("exit", (code, signal) => {
    process.exitCode = code === null ? 128 + (signal === null ? 0 : constants.signals[signal]) : code;
    for (const name of passedOn) process.removeAllListeners(name);
  });
}

/**
 * @param {string} sentence
 * @param {string} hint
 */
function fail(sentence, hint) {
  process.stderr.write(`stallscope: ${sentence} ${hint}\n`);
  process.exitCode = FAILED;
}

async function partsOfCheckout() {
  const { builtPart } = await import("../build/cache.js");
  return { folder: await builtPart(root, "program"), rendererDir: () => builtPart(root, "renderer") };
}

async function partsOfPackage() {
  const folder = join(root, "dist");
  return { folder, rendererDir: async () => join(folder, "renderer") };
}

async function start() {
  const { folder, rendererDir } = await (isCheckout ? partsOfCheckout() : partsOfPackage());
  const { enableCompileCache } = await import("module");
  if (isCheckout) enableCompileCache(join(root, "node_modules", ".cache", "stallscope", "compiled"));
  else enableCompileCache();
  /** @type {{ main(argv: readonly string[], parts: import("../launch/built-parts.ts").BuiltParts): Promise<void> }} */
  const { main } = await import(pathToFileURL(join(folder, "cli.js")).href);
  await main(process.argv.slice(2), {
    bin: fileURLToPath(import.meta.url),
    register: join(folder, "register.cjs"),
    watchdog: join(folder, "watchdog.cjs"),
    rendererDir,
    examplesDir: isCheckout ? join(root, "examples") : join(folder, "examples"),
    exampleExtension: isCheckout ? ".ts" : ".js",
  });
}

const own = join(root, "node_modules", ".bin", process.platform === "win32" ? "node.exe" : "node");
if (isRecentEnough()) {
  start().catch((error) => {
    fail(
      error instanceof Error ? error.message : String(error),
      isCheckout ? "Run npm install, then try again." : "Install stallscope again.",
    );
  });
} else if (isCheckout && existsSync(own) && realpathSync(own) !== realpathSync(process.execPath)) {
  runOn(own);
} else {
  fail(
    `It needs Node 22.15 or later, and this is ${process.version}.`,
    "Install a recent Node from https://nodejs.org and try again.",
  );
}
