/** What is published runs by itself: built, nothing of the checkout beside it, and only its own dependencies. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Report } from "../../src-main/queries/report.ts";
import { createHome, ROOT, runCommand } from "./stallscope.ts";

const home = createHome();
const project = join(home.path, "project");
const installed = join(project, "node_modules", "stallscope");

interface PackageJson {
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
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
  const { dependencies, peerDependencies } = packageJson;
  for (const name of [...Object.keys(dependencies), ...Object.keys(peerDependencies), "@types/node"]) {
    mkdirSync(dirname(join(project, "node_modules", name)), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(project, "node_modules", name), "junction");
  }
  writeFileSync(join(project, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(project, "hello.mjs"), 'setTimeout(() => console.log("hello", process.execArgv.length), 50);\n');
});

afterAll(home.dispose);

const bin = (): string => join(installed, packageJson.bin["stallscope"] ?? "");

test("it depends on what can't be bundled, and on no Node", () => {
  expect(Object.keys(packageJson.dependencies).sort()).toEqual(["better-sqlite3", "piscina", "tsx"]);
  const shipped = readdirSync(installed, { recursive: true, encoding: "utf8" });
  const sources = shipped.filter((name) => /(?<!\.d)\.tsx?$/.test(name) && !name.startsWith("examples"));
  expect(sources).toEqual([]);
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

test("the runtime runs, and is recorded with its tasks", async () => {
  writeFileSync(
    join(project, "agent.ts"),
    `import { createTask, run, sleep, taskGroup } from "stallscope";
     const main = async () => {
       await taskGroup(async (group) => void group.createTask(() => sleep(20), { name: "pause" }));
       return await createTask(async () => "done");
     };
     console.log(await run(main));\n`,
  );
  const report = join(home.path, "agent.json");
  const args = [bin(), "run", "--quiet", "--report", report, "agent.ts"];
  const ended = await runCommand(process.execPath, args, home.path, { cwd: project });
  expect(ended).toEqual({ code: 0, stdout: "done\n", stderr: "" });
  expect((JSON.parse(readFileSync(report, "utf8")) as Report).process).toMatchObject({ exitCode: 0 });
});

test("`stallscope` and `stallscope/testing` are one runtime", async () => {
  writeFileSync(
    join(project, "agent.test.ts"),
    `import { TimeoutError, createTask, sleep, timeout } from "stallscope";
     import { asyncMock, expect, test } from "stallscope/testing";
     test("time is the test's own", async ({ rt }) => {
       const search = asyncMock<[string], string[]>().delay(1000).returns(["a"]);
       await expect(search("q")).resolves.toEqual(["a"]);
       await expect(timeout(3_600_000, () => sleep(Infinity))).rejects.toThrow(TimeoutError);
       expect(rt.clock.now()).toBe(3_601_000);
       expect({ stalls: [] }).toHaveNoStallOver(50);
     });
     test("leaks", async () => void createTask(() => sleep(1), { name: "forgotten" }));\n`,
  );
  const vitest = join(project, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--root", project, "--reporter=json", "--outputFile=vitest.json", "agent.test.ts"];
  await runCommand(process.execPath, args, home.path, { cwd: project });
  const { testResults } = JSON.parse(readFileSync(join(project, "vitest.json"), "utf8")) as {
    readonly testResults: readonly {
      readonly assertionResults: readonly { readonly status: string; readonly failureMessages: readonly string[] }[];
    }[];
  };
  const [first, second] = testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(first).toMatchObject({ status: "passed" });
  expect(second).toMatchObject({ status: "failed" });
  expect(second?.failureMessages.join()).toMatch(/task forgotten \(T\d+\)[^]*created at .*agent\.test\.ts:10/);
});

test.each(["nodenext", "bundler"])("its types are found with moduleResolution %s", async (moduleResolution) => {
  const folder = join(project, `types-${moduleResolution}`);
  mkdirSync(folder);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        target: "es2022",
        lib: ["es2024", "esnext.disposable"],
        module: moduleResolution === "bundler" ? "esnext" : "nodenext",
        moduleResolution,
        types: ["node"],
        skipLibCheck: true,
      },
      include: ["*.ts"],
    }),
  );
  // Were anything `any`, an error that is expected would be missing.
  writeFileSync(
    join(folder, "uses.ts"),
    `import { createTask, gather, Queue, run, type Task } from "stallscope";
     import { asyncMock, expect, test } from "stallscope/testing";
     const task: Task<number> = createTask(async () => 1);
     // @ts-expect-error
     const text: string = await task;
     const [a, b] = await gather([async () => 1, async () => "b"]);
     const both: [number, string] = [a, b];
     // @ts-expect-error
     const wrong: [string, number] = [a, b];
     const queue = new Queue<number>(3);
     // @ts-expect-error
     queue.putNowait("x");
     test("t", async ({ rt }) => {
       const now: number = rt.clock.now();
       // @ts-expect-error
       rt.nothing();
       const mock = asyncMock<[string], number>();
       // @ts-expect-error
       await mock(1);
       expect("run.stallscope").toHaveNoStallOver(50);
       // @ts-expect-error
       expect("run.stallscope").toHaveNoStallOver("50");
     });
     await run(async () => [text, both, wrong].length);\n`,
  );
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const ended = await runCommand(process.execPath, [tsc, "-p", folder], home.path, { cwd: project });
  expect(ended).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("its types hold without the optional peers, for a program that checks its libraries", async () => {
  const bare = join(home.path, "bare");
  const packages = join(bare, "node_modules");
  cpSync(join(installed, "package.json"), join(packages, "stallscope", "package.json"), { recursive: true });
  cpSync(join(home.path, "dist", "types"), join(packages, "stallscope", "dist", "types"), { recursive: true });
  for (const name of ["@types/node", "@opentelemetry/api"]) {
    mkdirSync(dirname(join(packages, name)), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(packages, name), "junction");
  }
  writeFileSync(join(bare, "package.json"), '{ "type": "module" }\n');
  writeFileSync(
    join(bare, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        target: "es2022",
        lib: ["es2024", "esnext.disposable"],
        module: "nodenext",
        types: ["node"],
        skipLibCheck: false,
      },
      files: ["uses.ts"],
    }),
  );
  writeFileSync(
    join(bare, "uses.ts"),
    `import { run } from "stallscope";
     const answer: number = await run(async () => 1);
     // @ts-expect-error
     const text: string = answer;
     console.log(text);\n`,
  );
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const ended = await runCommand(process.execPath, [tsc, "-p", bare], home.path, { cwd: bare });
  expect(ended).toEqual({ code: 0, stdout: "", stderr: "" });
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
