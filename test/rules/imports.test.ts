/** Imports run in one direction, and the guard that says so fires when a breach is planted. */
import { globSync, readFileSync } from "node:fs";
import { posix, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { checkImports } from "./check-imports.ts";
import { AREAS, DEBT } from "./import-rules.ts";

function readSources(): ReadonlyMap<string, string> {
  const files = globSync("src-*/**/*.{ts,tsx,js}").map((file) => file.split(sep).join(posix.sep));
  return new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
}

describe("the sources", () => {
  const sources = readSources();
  const { breaches, checked } = checkImports(sources, AREAS);

  test("import only what their folder may", () => {
    expect(breaches.filter(({ what }) => !DEBT.includes(what))).toEqual([]);
  });

  test("have no debt left that is paid", () => {
    expect(DEBT.filter((debt) => !breaches.some(({ what }) => what === debt))).toEqual([]);
  });

  test("were really read, in all three processes", () => {
    for (const area of ["src-runtime/tracer", "src-main/collector", "src-main/cli", "src-renderer/timeline"]) {
      const files = [...sources.keys()].filter((file) => file.startsWith(`${area}/`));
      if (files.length > 1) expect(checked.get(area), area).toBeGreaterThan(0);
    }
    expect([...checked.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(sources.size / 2);
  });
});

describe("a planted breach is caught", () => {
  test.each([
    ["the protocol imports nothing", "src-runtime/protocol/a.ts", `import "node:fs"`],
    ["the traced process has Node's own modules only", "src-runtime/tracer/a.ts", `import { z } from "zod"`],
    [
      "the traced process does not know the store process",
      "src-runtime/tracer/a.ts",
      `export * from "../../src-main/api/api.ts"`,
    ],
    ["only the store imports better-sqlite3", "src-main/queries/a.ts", `import Database from "better-sqlite3"`],
    ["a type is an import too", "src-main/collector/a.ts", `type A = import("better-sqlite3").Database`],
    ["so is import()", "src-main/server/a.ts", `await import("../cli/main.ts")`],
    ["so is require", "src-main/cli/a.js", `require("better-sqlite3")`],
    ["nothing imports the command line", "src-main/launch/a.ts", `import { main } from "../cli/main.ts"`],
    ["queries do not know the server", "src-main/queries/a.ts", `import "../server/host.ts"`],
    ["the store does not know the collector", "src-main/store/a.ts", `import "../collector/fold.ts"`],
    ["the collector sees the store's writer only", "src-main/collector/a.ts", `import "../store/recording-file.ts"`],
    ["the window has no Node", "src-renderer/app/a.ts", `import "node:fs"`],
    ["the window knows the door only", "src-renderer/app/a.tsx", `import "../../src-main/store/rows.ts"`],
    ["the timeline has no React", "src-renderer/timeline/paint.ts", `import { useState } from "react"`],
    ["the timeline does not know the frame", "src-renderer/timeline/paint.ts", `import "../app/frame.tsx"`],
    ["a new folder says where it stands", "src-main/utils/a.ts", `export {}`],
  ])("%s", (_rule, file, source) => {
    expect(checkImports(new Map([[file, source]]), AREAS).breaches).toHaveLength(1);
  });

  test("and what is allowed is not", () => {
    const allowed = new Map([
      [
        "src-runtime/tracer/a.ts",
        `import { read } from "node:fs"; import type { B } from "./b.ts"; import "../protocol/time.ts"`,
      ],
      ["src-renderer/timeline/timeline.tsx", `import { useState } from "react"; import "../state/viewport.ts"`],
      ["src-main/store/a.ts", `import Database from "better-sqlite3"`],
    ]);
    expect(checkImports(allowed, AREAS).breaches).toEqual([]);
  });
});
