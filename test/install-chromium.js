/**
 * Installs Debian's Chromium where it is missing and can be had: the browser of the end-to-end tests. Elsewhere it says
 * what to install. Exits 1 when there is none in the end.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findChromium } from "./chromium.js";

const HOW_TO = "Install Chromium (Debian: apt-get install chromium), or name one in STALLSCOPE_CHROMIUM.";

/** @returns {string | undefined} what is missing and how to get it, undefined when there is a Chromium */
export function installChromium() {
  if (findChromium() !== undefined) return undefined;
  const named = process.env["STALLSCOPE_CHROMIUM"];
  if (named !== undefined && named !== "") return `STALLSCOPE_CHROMIUM names ${named}, which can't be run.`;
  if (spawnSync("apt-get", ["--version"]).status !== 0) return `There is no Chromium on this machine. ${HOW_TO}`;
  if (process.getuid?.() !== 0) return `There is no Chromium, and only root may install it. ${HOW_TO}`;
  console.log("Installing Chromium for the end-to-end tests…");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "--yes", "--no-install-recommends", "chromium"]]) {
    const { status, stderr } = spawnSync("apt-get", args, {
      env,
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
    if (status !== 0) return `apt-get ${args[0]} failed (${stderr.trim().split("\n").at(-1)}). ${HOW_TO}`;
  }
  return findChromium() === undefined ? `apt-get installed no Chromium that can be found. ${HOW_TO}` : undefined;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const missing = installChromium();
  console.log(missing ?? `Chromium: ${findChromium()}`);
  process.exitCode = missing === undefined ? 0 : 1;
}
