/** A server as it is deployed: one bundled file, its map beside it or in it, minified; Node told of maps or not. */
import { join } from "node:path";
import { rolldown } from "rolldown";
import { afterAll, expect, test } from "vitest";
import { expectBlame, FIXTURES, runBoth, stallOf } from "./coexistence.ts";
import { createHome } from "./stallscope.ts";

const home = createHome();
afterAll(home.dispose);

async function bundle(sourcemap: true | "inline", minify: boolean): Promise<string> {
  const file = join(home.path, `server-${sourcemap}-${minify}.mjs`);
  const built = await rolldown({ input: join(FIXTURES, "server/server.ts"), platform: "node" });
  await built.write({ file, sourcemap, minify });
  await built.close();
  return file;
}

test.each([
  { sourcemap: true, minify: false, flags: [] },
  { sourcemap: true, minify: true, flags: ["--enable-source-maps"] },
  { sourcemap: "inline", minify: true, flags: [] },
  { sourcemap: "inline", minify: false, flags: ["--enable-source-maps"] },
] as const)("map $sourcemap, minified $minify, $flags", async ({ sourcemap, minify, flags }) => {
  const file = await bundle(sourcemap, minify);
  const { code, report } = await runBoth(home.path, [process.execPath, ...flags, file]);
  expect(code).toBe(0);
  expectBlame(report, "renderPage", join(FIXTURES, "server/render.ts"), "while (performance.now()");
  expect(stallOf(report, "renderPage").task?.name).toMatch(/^GET /);
});
