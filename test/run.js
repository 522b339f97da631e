/**
 * `npm test`: everything that has to hold, in one command.
 *
 *     types of every folder · lint · format · what nobody uses        two at a time
 *     the built parts                                                 the tests run what ships
 *     unit (with the import rules) · system · end to end in Chromium  vitest
 *
 * The last line is always "N passed, N failed". A check that looked at nothing fails.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_MAJOR = 24;
const PARALLEL = 2;

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {() => Promise<{ readonly ok: boolean, readonly output: string }>} run
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");

/** @returns {readonly Check[]} */
function checks() {
  const types = ["src-runtime", "src-main", "src-renderer", "examples", "test"].map((folder) => ({
    name: `types of ${folder}`,
    run: () => tool("tsc", ["-p", folder], filesIn(folder, /\.tsx?$/).length > 0),
  }));
  return [
    ...types,
    {
      name: "lint",
      run: () =>
        tool("oxlint", ["-c", "test/oxlintrc.json", "--type-aware", "--deny-warnings", "."], /on [1-9]\d* files/),
    },
    { name: "format", run: () => tool("oxfmt", ["-c", "test/oxfmtrc.json", "--check", "."], /on [1-9]\d* files/) },
    {
      name: "nothing unused",
      run: () => tool("knip", ["-c", "test/knip.json", "--no-progress"], filesIn("src-main", /\.ts$/).length > 0),
    },
  ];
}

/** @returns {readonly Check[]} */
function builds() {
  const parts = existsSync(join(root, "src-renderer", "index.html")) ? ["program", "renderer"] : ["program"];
  return parts.map((part) => ({
    name: `build of the ${part}`,
    async run() {
      try {
        const { builtPart } = await import("../src-main/build/cache.js");
        await builtPart(root, /** @type {import("../src-main/build/cache.js").Part} */ (part));
        return { ok: true, output: "" };
      } catch (error) {
        return { ok: false, output: error instanceof Error ? error.message : String(error) };
      }
    },
  }));
}

/**
 * Runs a tool; good when it exits 0 and has looked at something: its output says so, or there are files for it.
 * @param {string} name
 * @param {readonly string[]} args
 * @param {RegExp | boolean} looked
 */
async function tool(name, args, looked) {
  const { code, output } = await run(join(bin, name), args);
  const sawSomething = typeof looked === "boolean" ? looked : looked.test(output);
  if (code === 0 && !sawSomething) return { ok: false, output: `${name} checked nothing.\n${output}` };
  return { ok: code === 0, output };
}

/**
 * @param {string} folder
 * @param {RegExp} name
 */
function filesIn(folder, name) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: "utf8" }).filter((file) => name.test(file));
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<{ readonly code: number, readonly output: string }>}
 */
function run(command, args) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    let output = "";
    child.stdout.on("data", (bytes) => (output += bytes));
    child.stderr.on("data", (bytes) => (output += bytes));
    child.on("error", (error) => done({ code: 1, output: `${command} could not be started: ${error.message}` }));
    child.on("close", (code) => done({ code: code ?? 1, output }));
  });
}

/**
 * @param {readonly Check[]} list
 * @returns {Promise<{ passed: number, failed: number }>}
 */
async function runChecks(list) {
  const count = { passed: 0, failed: 0 };
  const waiting = [...list];
  async function worker() {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const start = performance.now();
      const { ok, output } = await check.run();
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      if (ok) count.passed++;
      else count.failed++;
      console.log(`${ok ? "✓" : "✗"} ${check.name} (${seconds} s)${ok ? "" : `\n${output.trimEnd()}\n`}`);
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return count;
}

/**
 * @param {boolean} withBrowser
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
async function runTests(withBrowser) {
  const folder = mkdtempSync(join(tmpdir(), "stallscope-test-"));
  const report = join(folder, "vitest.json");
  const projects = ["unit", "system", ...(withBrowser ? ["e2e"] : [])].flatMap((name) => ["--project", name]);
  const args = [
    "run",
    "--config",
    "test/vitest.config.ts",
    ...projects,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const code = await new Promise((done) => {
    const child = spawn(join(bin, "vitest"), args, {
      cwd: root,
      stdio: "inherit",
      shell: process.platform === "win32",
    });
    child.on("error", () => done(1));
    child.on("close", (exitCode) => done(exitCode ?? 1));
  });
  const count = { passed: 0, failed: 0, skipped: 0 };
  if (existsSync(report)) {
    const result = JSON.parse(readFileSync(report, "utf8"));
    count.passed = result.numPassedTests;
    count.failed = result.numFailedTests;
    count.skipped = result.numPendingTests + result.numTodoTests;
  }
  rmSync(folder, { recursive: true, force: true });
  // A file that could not be loaded, or an error outside any test, has no failed test to its name.
  if (code !== 0 && count.failed === 0) count.failed = 1;
  if (count.passed === 0 && count.failed === 0) count.failed = 1;
  return count;
}

async function main() {
  const start = performance.now();
  const { installChromium } = await import("./install-chromium.js");
  const missing = installChromium();
  const checked = await runChecks(checks());
  const built = await runChecks(builds());
  const tested = await runTests(missing === undefined);
  const isRequired = process.env["CI"] === "true";
  const browserTests = filesIn("test/e2e", /\.test\.ts$/);
  const notRun = missing !== undefined && browserTests.length > 0;

  const passed = checked.passed + built.passed + tested.passed;
  const failed = checked.failed + built.failed + tested.failed + (notRun && isRequired ? 1 : 0);
  console.log("");
  if (tested.skipped > 0) console.log(`SKIPPED: ${tested.skipped} tests; they say why above.`);
  if (notRun) {
    console.log(`NOT RUN: the end-to-end tests. ${missing}`);
    for (const file of browserTests) console.log(`    test/e2e/${file}`);
    if (isRequired) console.log("CI=true requires them, so this counts as one failure.");
  }
  console.log(
    `Checks: ${checked.passed} passed, ${checked.failed} failed. Builds: ${built.passed} passed, ${built.failed} failed.`,
  );
  console.log(
    `Tests: ${tested.passed} passed, ${tested.failed} failed. ${Math.round((performance.now() - start) / 1000)} s in all.`,
  );
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (Number(process.versions.node.split(".")[0]) < OLDEST_MAJOR) {
  console.error(
    `The tests need Node ${OLDEST_MAJOR}, and this is ${process.version}. Run "npm install && npm test": npm puts the checkout's own Node first.`,
  );
  process.exitCode = 2;
} else {
  await main();
}
