/** What is published runs by itself: built, nothing of the checkout beside it, and only its own dependencies. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Report } from "../../src-main/queries/report.ts";
import { createHome, ROOT, runCommand } from "./stallscope.ts";

const home = createHome();
const project = join(home.path, "project");
const installed = join(project, "node_modules", "stallscope");

interface PackageJson {
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

const packageJson = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as PackageJson;

/** As npm would: the files of the package, and its dependencies beside it. */
beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, "src-main/build/build.js"), join(home.path, "dist")], { stdio: "ignore" });
  mkdirSync(installed, { recursive: true });
  for (const name of [...packageJson.files.filter((file) => file !== "dist"), "package.json"]) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(installed, name), { recursive: true });
  }
  cpSync(join(home.path, "dist"), join(installed, "dist"), { recursive: true });
  for (const name of Object.keys(packageJson.dependencies)) {
    symlinkSync(join(ROOT, "node_modules", name), join(project, "node_modules", name), "junction");
  }
  writeFileSync(join(project, "hello.mjs"), 'setTimeout(() => console.log("hello", process.execArgv.length), 50);\n');
});

afterAll(home.dispose);

const bin = (): string => join(installed, packageJson.bin["stallscope"] ?? "");

test("it depends on what can't be bundled, and on no Node", () => {
  expect(Object.keys(packageJson.dependencies).sort()).toEqual(["better-sqlite3", "tsx"]);
  const shipped = readdirSync(installed, { recursive: true, encoding: "utf8" });
  expect(shipped.filter((name) => /\.tsx?$/.test(name) && !name.startsWith("examples"))).toEqual([]);
  expect(readFileSync(join(installed, "dist", "third-party-licenses.txt"), "utf8")).toContain("react ");
});

test("it records a program, and reports it", async () => {
  const report = join(home.path, "report.json");
  const ended = await runCommand(
    process.execPath,
    [bin(), "run", "--quiet", "--report", report, "hello.mjs"],
    home.path,
    { cwd: project },
  );
  expect(ended).toEqual({ code: 0, stdout: "hello 0\n", stderr: "" });
  expect(JSON.parse(readFileSync(report, "utf8")) as Report).toMatchObject({
    recording: { state: "closed" },
    process: { exitCode: 0 },
  });
});

test("it runs its example, from the built files", async () => {
  const ended = await runCommand(process.execPath, [bin(), "demo"], home.path, { cwd: project });
  expect(ended.code).toBe(0);
  expect(ended.stdout).toContain("I look in four places at once.");
  expect(ended.stderr).toMatch(/tool summarise/);
});

test("the register module is inert without a collector", async () => {
  const ended = await runCommand(process.execPath, ["--import", "stallscope/register", "hello.mjs"], home.path, {
    cwd: project,
  });
  expect(ended).toEqual({ code: 0, stdout: "hello 2\n", stderr: "" });
});

test("the interface is served from the built files", async () => {
  const ended = await runCommand(process.execPath, [bin(), "serve"], home.path, {
    cwd: project,
    onOutput(child, stdout) {
      const url = /http:\S+/.exec(stdout)?.[0];
      if (url === undefined) return;
      void fetch(url, { redirect: "manual" }).then(async (first) => {
        const cookie = first.headers.getSetCookie()[0]?.split(";")[0] ?? "";
        const page = await fetch(new URL("/", url), { headers: { cookie } });
        const isPage = (await page.text()).includes("<title>Stallscope");
        child.kill(isPage ? "SIGTERM" : "SIGKILL");
      });
    },
  });
  expect(ended.code).toBe(0);
});
