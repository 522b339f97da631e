/** Whatever a user gets wrong is said in one sentence with what to do, with the contract's exit code; nothing is lost. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FORMAT } from "../../src-main/store/schema.ts";
import { BIN, createHome, runCommand, stallscope, type Ended } from "./stallscope.ts";

const home = createHome();
const at = (name: string): string => join(home.path, name);
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  writeFileSync(at("ok.mjs"), 'console.log("ok");\n');
  writeFileSync(
    at("busy.mjs"),
    "const end = performance.now() + 700; const timer = setInterval(() => performance.now() > end && clearInterval(timer), 1);\n",
  );
  writeFileSync(at("notes.txt"), "my notes");
  writeFileSync(at("script"), "echo hello\n");
  chmodSync(at("script"), 0o644);
  writeFileSync(at("old-node"), "#!/bin/sh\necho v20.11.0\n");
  chmodSync(at("old-node"), 0o755);
  mkdirSync(at("folder.js"));
  expect((await stallscope(home.path, ["run", "--quiet", "-o", at("good.stallscope"), at("ok.mjs")])).code).toBe(0);
  copyFileSync(at("good.stallscope"), at("newer.stallscope"));
  const newer = new Database(at("newer.stallscope"));
  newer.pragma(`user_version = ${FORMAT + 1}`);
  newer.close();
  copyFileSync(at("good.stallscope"), at("truncated.stallscope"));
  truncateSync(at("truncated.stallscope"), 20_000);
  const foreign = new Database(at("foreign.stallscope"));
  foreign.exec("CREATE TABLE mine (x)");
  foreign.close();
});

afterAll(home.dispose);

/** One line of what happened and what to do, and nothing on stdout. */
function expectFailure(ended: Ended, code: number, ...words: readonly string[]): void {
  expect(ended.stderr).toMatch(/^stallscope: \S.+\n$/);
  for (const word of words) expect(ended.stderr).toContain(word);
  expect(ended.stdout).toBe("");
  expect(ended.code).toBe(code);
}

describe("run", () => {
  test.each([
    ["no such program", ["nowhere.mjs"], 127, ["nowhere.mjs", "Check the path"]],
    ["a program without its extension", ["ok"], 127, ["Did you mean ok.mjs?"]],
    ["a folder", ["folder.js"], 126, ["is a folder"]],
    ["not a program", ["notes.txt"], 126, ["is not a Node program", "stallscope run -- notes.txt"]],
    ["no such command", ["--", "no-such-command-anywhere"], 127, ["There is no command"]],
    ["a file that may not be executed", ["--", "./script"], 126, ["is not executable", "chmod +x"]],
    ["no such Node", ["--node", "./nowhere", "ok.mjs"], 127, ["is not a Node that runs"]],
    ["a Node that is too old", ["--node", "./old-node", "ok.mjs"], 126, ["is Node 20", "needs Node 22 or later"]],
    ["an unknown option", ["--wat", "ok.mjs"], 2, ["--wat"]],
    ["a length of stalls that is no number", ["--fail-on-stall", "soon", "ok.mjs"], 2, ["soon", "greater than 0"]],
    ["a level there is not", ["--level", "deeper", "ok.mjs"], 2, ["deeper", "light, tasks, deep"]],
    ["a threshold that is no number", ["--stall-threshold", "soon", "ok.mjs"], 2, ["soon", "greater than 0"]],
    ["no program at all", [], 2, ["program"]],
    ["a recording over something else", ["-o", "notes.txt", "ok.mjs"], 4, ["is not a Stallscope recording"]],
    ["a recording over a folder", ["-o", "folder.js", "ok.mjs"], 125, ["is a folder"]],
    ["a recording in no folder", ["-o", "nowhere/a.stallscope", "ok.mjs"], 125, ["can't be written", "-o"]],
  ])("%s", async (_name, args, code, words) => {
    const ended = await stallscope(home.path, ["run", ...args], { cwd: home.path });
    expectFailure(ended, code, ...words);
    expect(readFileSync(at("notes.txt"), "utf8")).toBe("my notes");
    expect(existsSync(at("nowhere"))).toBe(false);
  });

  test.skipIf(isRoot)("an unwritable recordings folder (skipped for root, who may write anywhere)", async () => {
    mkdirSync(at("locked"), { mode: 0o500 });
    expectFailure(await stallscope(at("locked"), ["run", at("ok.mjs")]), 125, "STALLSCOPE_HOME");
  });

  test("a recordings folder that can't be made", async () => {
    const ended = await stallscope(at("notes.txt"), ["run", at("ok.mjs")]);
    expectFailure(ended, 125, "can't be made", "STALLSCOPE_HOME");
  });

  test("a recording that another run is writing", async () => {
    const file = at("live.stallscope");
    let refused: Promise<Ended> | undefined;
    writeFileSync(
      at("waits.mjs"),
      'console.log("ready"); process.on("SIGTERM", () => process.exit(0)); setInterval(() => undefined, 1000);\n',
    );
    const running = await stallscope(home.path, ["run", "--quiet", "-o", file, at("waits.mjs")], {
      onOutput(child) {
        refused ??= stallscope(home.path, ["run", "--quiet", "-o", file, at("ok.mjs")]).then(async (ended) => {
          expectFailure(await stallscope(home.path, ["delete", file]), 125, "is being written");
          child.kill("SIGTERM");
          return ended;
        });
      },
    });
    expect(running.code).toBe(0);
    expectFailure((await refused) as Ended, 125, "is being written by another run");
    expect((await stallscope(home.path, ["report", file, "--json"])).code).toBe(0);
  });

  test.skipIf(process.platform === "win32")("a full disk: the program runs on, what was written is kept", async () => {
    const file = at("full.stallscope");
    // A limit on the size of files stands for the disk's end: writing past it fails the same way.
    const script = `ulimit -f 1024; exec "${process.execPath}" "${BIN}" run --quiet --node "${process.execPath}" -o "${file}" "${at("chatty.mjs")}"`;
    writeFileSync(
      at("chatty.mjs"),
      "for (let i = 0; i < 1000; i++) await new Promise((r) => setTimeout(r, 1)).then(() => Promise.all(Array.from({ length: 200 }, () => new Promise(setImmediate))));\nconsole.log('finished');\n",
    );
    const ended = await runCommand("sh", ["-c", script], home.path);
    expect(ended.stdout).toBe("finished\n");
    expect(ended.stderr).toMatch(/^stallscope: .*full.* What was recorded up to then is kept\.\n$/);
    expect(ended.code).toBe(125);
    const kept = await stallscope(home.path, ["report", file, "--json"]);
    expect(kept.code).toBe(0);
    expect(JSON.parse(kept.stdout)).toMatchObject({ recording: { state: "cut" }, process: { runtime: "node" } });
  });
});

describe("a recording", () => {
  test.each([
    ["that is missing", "nowhere.stallscope", "There is no recording"],
    ["that is a folder", "folder.js", "is a folder"],
    ["that is a text", "notes.txt", "is not a Stallscope recording"],
    ["of another program", "foreign.stallscope", "not a Stallscope recording"],
    ["that is truncated", "truncated.stallscope", "truncated"],
    ["of a newer format", "newer.stallscope", "Install a newer Stallscope"],
  ])("%s", async (_name, file, words) => {
    expectFailure(await stallscope(home.path, ["report", at(file)]), 4, words);
    expectFailure(await stallscope(home.path, ["serve", at(file)]), 4, words);
    const before = readdirSync(home.path);
    expectFailure(await stallscope(home.path, ["delete", at(file)]), 4, words);
    expect(readdirSync(home.path)).toEqual(before);
  });

  test("that is locked by another program", async () => {
    copyFileSync(at("good.stallscope"), at("locked.stallscope"));
    const lock = new Database(at("locked.stallscope"));
    lock.exec("BEGIN EXCLUSIVE");
    expectFailure(await stallscope(home.path, ["report", at("locked.stallscope")]), 4, "is locked by another program");
    lock.close();
  });
});

describe("the rest", () => {
  test("a port in use", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as AddressInfo;
    expectFailure(
      await stallscope(home.path, ["serve", "--port", String(port)]),
      125,
      `Port ${port} is in use`,
      "--port",
    );
    taken.close();
  });

  test.each([
    ["a port that is none", ["serve", "--port", "99999"], "99999"],
    ["two forms of a report at once", ["report", "--json", "--markdown", "good.stallscope"], "exclude each other"],
    ["an unknown command", ["frobnicate"], "frobnicate"],
    ["a command of a later version", ["compare", "a", "b"], "compare"],
    ["a report of nothing", ["report"], "recording"],
  ])("%s", async (_name, args, words) => {
    expectFailure(await stallscope(home.path, args, { cwd: home.path }), 2, words);
  });

  test("an example that isn't there", async () => {
    expectFailure(
      await stallscope(home.path, ["demo", "nothing"]),
      127,
      "There is no example nothing",
      "research-agent",
    );
    expectFailure(await stallscope(home.path, ["demo", "../package"]), 127, "There is no example");
  });

  test("no command at all", async () => {
    const ended = await stallscope(home.path, []);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toContain("stallscope");
  });

  test("a report that can't be written: the recording is whole", async () => {
    const ended = await stallscope(
      home.path,
      ["run", "--quiet", "--report", "nowhere/r.json", "-o", at("whole.stallscope"), at("ok.mjs")],
      { cwd: home.path },
    );
    expect(ended.stdout).toBe("ok\n");
    expect(ended.stderr).toMatch(/^stallscope: The report nowhere\/r\.json can't be written/);
    expect(ended.code).toBe(125);
    expect((await stallscope(home.path, ["report", at("whole.stallscope")])).code).toBe(0);
  });
});
