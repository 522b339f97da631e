/** A traced program behaves as without us: in everything but a written list. */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { PERMITTED } from "./differential-rules.ts";
import { compare, isSame, mannerOf, runPlainly, runTraced } from "./differential.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LEVELS = ["light", "tasks", "deep"];

const programs = programsIn("test/fixtures/programs/diff");
const planted = programsIn("test/fixtures/programs/diff-planted");
const used = new Set<string>();

function programsIn(folder: string): readonly string[] {
  return globSync(`${folder}/*.{mjs,cjs,ts}`, { cwd: ROOT })
    .sort()
    .map((file) => join(ROOT, file));
}

describe("a program under tracing behaves as without", () => {
  test.each(programs.map((program) => ({ name: basename(program), program })))("$name", async ({ program }) => {
    const manner = mannerOf(program);
    const plain = await runPlainly(program, manner);
    for (const level of LEVELS) {
      const { report, ...traced } = await runTraced(program, manner, level);
      expect(report.recording.level).toBe(level);
      expect(report.process.pid).toBeGreaterThan(0);
      const comparison = compare(plain, traced, PERMITTED);
      for (const id of comparison.used) used.add(id);
      expect(comparison.undone, `level ${level}`).toEqual(plain);
    }
  });

  afterAll(() => {
    expect(programs.length).toBeGreaterThan(0);
    expect(
      PERMITTED.map(({ id }) => id).filter((id) => !used.has(id)),
      "rules no program needs",
    ).toEqual([]);
  });
});

describe("a planted difference is caught", () => {
  test.each(planted.map((program) => ({ name: basename(program), program })))("$name", async ({ program }) => {
    const manner = mannerOf(program);
    const plain = await runPlainly(program, manner);
    const { report: _report, ...traced } = await runTraced(program, manner, "tasks");
    expect(isSame(compare(plain, traced, PERMITTED).undone, plain)).toBe(false);
  });

  test("there are some", () => {
    expect(planted.map((program) => basename(program))).toEqual(
      expect.arrayContaining(["exit-code.mjs", "order.mjs", "stderr.mjs", "stdout.mjs"]),
    );
  });
});

test("every rule has its paragraph in the list, and every paragraph its rule", () => {
  const text = readFileSync(join(ROOT, "docs/permitted-differences.md"), "utf8");
  const headings = [...text.matchAll(/^## `(.+)`$/gm)].map(([, id]) => id);
  expect(headings).toEqual(PERMITTED.map(({ id }) => id));
});
