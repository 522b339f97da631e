/** Every behavioural case has a test that names it, or a stated reason why it can have none. */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ADOPTED, MAPPED, NOT_APPLICABLE, OURS } from "./cases.ts";

const ALL = [...ADOPTED, ...MAPPED, ...OURS];

/** Ids that titles of tests begin with: `test("H01 …`, `test.for(…)("I02 …`. Skipped tests don't count. */
function idsOf(source: string): readonly string[] {
  const titles = source.matchAll(/\b(?:test|it)(?!\.skip|\.todo)(?:\.\w+(?:\([^)]*\))?)*\(\s*["'`]([A-Q]\d\d)\b/g);
  return Array.from(titles, ([, id]) => id ?? "");
}

function missingOf(
  ids: readonly string[],
  tested: ReadonlySet<string>,
  excused: Readonly<Record<string, string>>,
): string[] {
  return ids.filter((id) => !tested.has(id) && excused[id] === undefined);
}

describe("the cases", () => {
  const files = globSync("test/{unit,system}/**/*.test.ts");
  const tested = new Set(files.flatMap((file) => idsOf(readFileSync(file, "utf8"))));

  test("are each tested, or not applicable for a reason", () => {
    expect(missingOf(ALL, tested, NOT_APPLICABLE)).toEqual([]);
  });

  test("are not excused and tested at once, nor excused without a reason", () => {
    expect(Object.keys(NOT_APPLICABLE).filter((id) => tested.has(id))).toEqual([]);
    expect(Object.keys(NOT_APPLICABLE).filter((id) => !ALL.includes(id))).toEqual([]);
    expect(Object.values(NOT_APPLICABLE).filter((reason) => reason.length < 20)).toEqual([]);
  });

  test("are named by tests as they are listed", () => {
    expect([...tested].filter((id) => !ALL.includes(id))).toEqual([]);
    expect(new Set(ALL).size).toBe(ALL.length);
    expect(ALL.length).toBeGreaterThan(200);
  });
});

test("a missing case is caught", () => {
  const source = `test("A01 is here", f); test.skip("A02 is skipped", f); test.each([1])("A03 %s", f);`;
  const tested = new Set(idsOf(source));
  expect([...tested]).toEqual(["A01", "A03"]);
  expect(missingOf(["A01", "A02", "A03", "A04"], tested, { A04: "cannot be said in our API" })).toEqual(["A02"]);
});
