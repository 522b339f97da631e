/** In a checkout the package's name leads to its sources, without anything built. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { linkRuntime } from "../../src-main/build/link.js";
import { createHome, ROOT, runCommand } from "./stallscope.ts";

const home = createHome();
const checkout = join(home.path, "checkout");

afterAll(home.dispose);

test('`import "stallscope"` is the sources, as they are now', async () => {
  mkdirSync(join(checkout, "src-runtime", "testing"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(checkout, "package.json"));
  const source = join(checkout, "src-runtime", "index.ts");
  writeFileSync(join(checkout, "agent.ts"), 'import { version } from "stallscope";\nconsole.log(version);\n');
  for (const version of [1, 2]) {
    writeFileSync(source, `export const version: number = ${version};\n`);
    linkRuntime(checkout);
    const ended = await runCommand(process.execPath, ["agent.ts"], home.path, { cwd: checkout });
    expect(ended).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  }
});

test("what was built is left alone", () => {
  const built = join(checkout, "dist", "index.js");
  writeFileSync(built, "export const version = 3;\n");
  linkRuntime(checkout);
  expect(readFileSync(built, "utf8")).toContain("version = 3");
  expect(existsSync(join(checkout, "dist", "testing.js"))).toBe(true);
});
