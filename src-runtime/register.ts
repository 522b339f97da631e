/**
 * `stallscope/register`: tracing for any Node program, loaded before it by `--require` or `--import`.
 *
 * Inert unless a launcher named a collector. Loaded again in every worker thread and child process, and traces each;
 * never its own watchdog, and never a package manager on the way to the program.
 */
import { basename, join } from "node:path";
import { COLLECTOR_VARIABLE, decodeConfig } from "./tracer/config.ts";
import { startTracer } from "./tracer/tracer.ts";

const PACKAGE_MANAGERS = new Set([
  "npm-cli.js",
  "npx-cli.js",
  "pnpm.cjs",
  "pnpm.mjs",
  "yarn.js",
  "corepack.js",
  "npm",
  "npx",
  "pnpm",
  "yarn",
]);

function register(): void {
  const config = decodeConfig(process.env[COLLECTOR_VARIABLE]);
  if (config === undefined) return;
  if (PACKAGE_MANAGERS.has(basename(process.argv[1] ?? ""))) return;
  try {
    startTracer(config, __filename, join(__dirname, "watchdog.cjs"));
  } catch {
    // The program must run as without us; the launcher sees that nobody called and says so.
  }
}

register();
